//! Who is meant by an account at a provider: a person of ours, by issuer and subject, linked once. The store keeps a keyed hash of both, so
//! that nothing there tells who somebody is elsewhere.

use diesel::prelude::*;
use sync_core::id::UserId;
use sync_core::time::Millis;

use super::ProviderRefused;
use super::id_token::Claims;
use crate::access::Gate;
use crate::on_each;
use crate::store::schema::provider_links;
use crate::store::{At, Conn, Db, Failure, StoreError};

/// The account that a token is of.
#[derive(Debug, Clone)]
pub(super) struct Account(Vec<u8>);

impl Account {
    pub(super) fn of(gate: &Gate, claims: &Claims) -> Self {
        Self(gate.name(&[b"account at a provider", claims.iss.as_bytes(), claims.sub.as_bytes()]))
    }

    /// Who is linked with it.
    pub(super) fn person(&self, tx: &mut Conn<'_>) -> Result<Option<UserId>, StoreError> {
        let row: Option<Db<UserId>> = on_each!(tx, |c| provider_links::table
            .find(&self.0)
            .select(provider_links::user_id)
            .first(c)
            .optional())?;
        Ok(row.map(|Db(user)| user))
    }

    /// Links somebody with it, in the place of an account that they were linked with before.
    pub(super) fn link(
        &self,
        tx: &mut Conn<'_>,
        user: UserId,
        now: Millis,
    ) -> Result<(), Failure<ProviderRefused>> {
        if self.person(tx)?.is_some_and(|linked| linked != user) {
            return Err(ProviderRefused::LinkedWithAnother.into());
        }
        on_each!(tx, |c| diesel::delete(provider_links::table)
            .filter(provider_links::user_id.eq(Db(user)))
            .execute(c))?;
        on_each!(tx, |c| diesel::insert_into(provider_links::table)
            .values((
                provider_links::account.eq(&self.0),
                provider_links::user_id.eq(Db(user)),
                provider_links::linked_at.eq(At(now)),
            ))
            .execute(c))?;
        Ok(())
    }
}

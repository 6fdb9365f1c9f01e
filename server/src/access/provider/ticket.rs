//! What a sign-in rests on, between its beginning and its end: sealed, and kept by the program of whoever signs in. It never passes through
//! the browser, so that a code that somebody else caught there is worth nothing without it.
//!
//! Whoever begins costs the store nothing. Only that a sign-in was finished is kept, for as long as its ticket would hold.

use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::OrganisationId;
use sync_core::time::Millis;

use super::ProviderRefused;
use crate::access::{Gate, secret};
use crate::on_each;
use crate::store::schema::finished_sign_ins;
use crate::store::{At, Conn, StoreError};

pub(super) const MINUTES: i64 = 10;
const PURPOSE: &[u8] = b"tickets of sign-ins";

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) organisation: OrganisationId,
    /// Comes back through the browser: the answer is of this sign-in.
    pub(super) state: String,
    /// Comes back in the token: the token is of this sign-in.
    pub(super) nonce: String,
    /// Of PKCE: who redeems the code is who asked for it.
    pub(super) verifier: String,
    pub(super) redirect_uri: String,
    expires_at: i64,
}

impl Ticket {
    pub(super) fn new(organisation: OrganisationId, redirect_uri: String, now: Millis) -> Self {
        let [state, nonce, verifier] = [(); 3].map(|()| secret::token());
        Self { organisation, state, nonce, verifier, redirect_uri, expires_at: now.plus_minutes(MINUTES).0 }
    }

    pub(super) fn sealed(&self, gate: &Gate) -> String {
        let plain = serde_json::to_vec(self).expect("texts and numbers are JSON");
        BASE64URL_NOPAD.encode(&gate.seal(PURPOSE, &[], &plain))
    }

    /// # Errors
    /// [`ProviderRefused::Ticket`] where it is none of this service, or holds no longer.
    pub(super) fn open(gate: &Gate, sealed: &str, now: Millis) -> Result<Self, ProviderRefused> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).map_err(|_| ProviderRefused::Ticket)?;
        let plain = gate.open(PURPOSE, &[], &bytes).ok_or(ProviderRefused::Ticket)?;
        let ticket: Self = serde_json::from_slice(&plain).map_err(|_| ProviderRefused::Ticket)?;
        if now.0 < ticket.expires_at { Ok(ticket) } else { Err(ProviderRefused::Ticket) }
    }

    /// Notes that the sign-in is finished; false where it was before, whatever the provider says of its code.
    pub(super) fn finish(&self, tx: &mut Conn<'_>) -> Result<bool, StoreError> {
        let noted = on_each!(tx, |c| diesel::insert_into(finished_sign_ins::table)
            .values((
                finished_sign_ins::state.eq(secret::hash(&self.state)),
                finished_sign_ins::expires_at.eq(At(Millis(self.expires_at))),
            ))
            .on_conflict_do_nothing()
            .execute(c))?;
        Ok(noted == 1)
    }
}

/// Forgets sign-ins whose tickets hold no longer.
pub(in crate::access) fn forget_finished(tx: &mut Conn<'_>, now: Millis) -> Result<usize, StoreError> {
    on_each!(tx, |c| diesel::delete(finished_sign_ins::table)
        .filter(finished_sign_ins::expires_at.le(At(now)))
        .execute(c))
}

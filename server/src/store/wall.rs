//! The second wall, on PostgreSQL: row-level security, so that a query with a hole in it still gives nobody rows of others.
//!
//! Policies on the tables (the migration `row_security`) compare each row with who asks. Two roles that nobody logs in as have privileges:
//!
//! - `ihuriro_caller`: the transaction of a request takes it on, and says who asks in settings that end with the transaction. Until a
//!   [`Permit`](crate::scope::Permit) said who asks, nobody does, and sees no record.
//! - `ihuriro_worker`: all rows. The service's own login is a member of it, for what no person asks: facts, publishing, backups, what
//!   tablets hand in (where `merge::plan` decides about each change).
//!
//! The wall holds a query that forgot its filter. It does not hold somebody who makes the service run SQL of their own: they could say
//! that another one asks. SQLite has no such wall.

use std::sync::{Arc, OnceLock};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use sync_core::id::{Id, OrganisationId, UserId};

use super::{Conn, Pg, Store, StoreError};

const CALLER: &str = "SET LOCAL ROLE ihuriro_caller";
const LOGIN: &str = "SET LOCAL ROLE NONE";

/// Who asks, as the policies of the database compare them with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub user: UserId,
    pub organisation: Option<OrganisationId>,
    /// The code of a role.
    pub role: &'static str,
    /// Whether they are a protection officer of their organisation.
    pub protects: bool,
}

/// On whose behalf a store is used.
#[derive(Debug, Clone, Default)]
pub(super) enum Behalf {
    /// The service itself.
    #[default]
    Worker,
    /// Whoever asks with one request: nobody, until it is said who.
    Request(Arc<OnceLock<Asker>>),
}

impl Behalf {
    /// What a transaction of theirs begins with; empty where the login's own role is right.
    pub(super) fn takes_on(&self) -> String {
        let Self::Request(asker) = self else { return String::new() };
        let Some(Asker { user, organisation, role, protects }) = asker.get() else {
            return CALLER.to_owned();
        };
        let organisation = organisation.map(|id| id.uuid().simple().to_string()).unwrap_or_default();
        // These are ids and codes of ours: nothing in them needs a quote.
        format!(
            "{CALLER}; SET LOCAL ihuriro.user_id = '{}'; SET LOCAL ihuriro.organisation_id = '{organisation}'; \
             SET LOCAL ihuriro.user_role = '{role}'; SET LOCAL ihuriro.protects = '{protects}'",
            user.uuid().simple(),
        )
    }
}

impl Store {
    /// The same store, for one request: it sees what whoever asks may see, and nobody asks until [`Store::is_asked_by`] says who.
    pub fn for_request(&self) -> Self {
        Self { behalf: Behalf::Request(Arc::default()), ..self.clone() }
    }

    /// Says who asks with this request, to all clones of its store. Nobody else does later.
    pub fn is_asked_by(&self, asker: Asker) {
        if let Behalf::Request(who) = &self.behalf {
            let _ = who.set(asker);
        }
    }

    /// The login with which this store works.
    ///
    /// # Errors
    /// Those of [`Login::of`].
    pub async fn login(&self) -> Result<Login, StoreError> {
        self.as_worker().read("database login", Login::of).await
    }

    /// The same store, for what the service decides by itself.
    pub fn as_worker(&self) -> Self {
        Self { behalf: Behalf::Worker, ..self.clone() }
    }
}

/// Does a part of a request's transaction as the service itself: what follows from something that whoever asks was allowed, and reaches
/// further than they do.
///
/// # Errors
/// What `work` answers, or a [`StoreError`] turned into it.
pub(crate) fn as_worker<T, E: From<StoreError>>(
    tx: &mut Conn<'_>,
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, E>,
) -> Result<T, E> {
    if !is_request(tx)? {
        return work(tx);
    }
    switch(tx, LOGIN)?;
    let done = work(tx);
    // After an error of the database the transaction takes no more statements, and ends.
    let back = switch(tx, CALLER);
    done.and_then(|value| back.map(|()| value).map_err(E::from))
}

fn is_request(tx: &mut Conn<'_>) -> Result<bool, StoreError> {
    #[derive(QueryableByName)]
    struct Role {
        #[diesel(sql_type = Bool)]
        caller: bool,
    }
    let Conn::Postgres(c) = tx else { return Ok(false) };
    let role: Role =
        diesel::sql_query("SELECT current_setting('role') = 'ihuriro_caller' AS caller").get_result(*c)?;
    Ok(role.caller)
}

fn switch(tx: &mut Conn<'_>, role: &str) -> Result<(), StoreError> {
    match tx {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(c) => Ok(c.batch_execute(role)?),
    }
}

/// The login with which a service works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// There are no logins in SQLite.
    None,
    /// It may do everything in every database.
    Superuser,
    /// It owns the tables, and could take the wall down.
    Owner,
    /// It serves tables that another login owns.
    Servant,
}

impl Login {
    /// For whoever watches over the service.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "one wall: SQLite has no row-level security",
            Self::Superuser => {
                "two walls, but the database's login is a superuser, who could take the second one down: see the guide, Deployment"
            }
            Self::Owner => {
                "two walls, but the database's login owns the tables, and could take the second one down: see the guide, Deployment"
            }
            Self::Servant => "two walls: the database's login owns no tables",
        }
    }

    /// # Errors
    /// [`StoreError::Login`] where it may not become what it must, and those of the store.
    pub fn of(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        let Conn::Postgres(c) = tx else { return Ok(Self::None) };
        let found = Found::of(c)?;
        if !found.member {
            return Err(StoreError::Login(found.name));
        }
        Ok(match found {
            Found { superuser: true, .. } => Self::Superuser,
            Found { owner: true, .. } => Self::Owner,
            _ => Self::Servant,
        })
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    superuser: bool,
    #[diesel(sql_type = Bool)]
    owner: bool,
    /// Of both roles, so that it sees all, and may become a caller.
    #[diesel(sql_type = Bool)]
    member: bool,
}

impl Found {
    fn of(c: &mut Pg) -> Result<Self, StoreError> {
        let query = "SELECT rolname::text AS name, rolsuper AS superuser,
                EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('streams') AND pg_has_role(relowner, 'USAGE')) AS owner,
                EXISTS (SELECT FROM pg_roles WHERE rolname = 'ihuriro_caller' AND pg_has_role(oid, 'MEMBER'))
                    AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'ihuriro_worker' AND pg_has_role(oid, 'USAGE')) AS member
            FROM pg_roles WHERE rolname = current_user";
        Ok(diesel::sql_query(query).get_result(c)?)
    }
}

//! Who looks after which of the quarantined changes.

use diesel::dsl::exists;
use diesel::prelude::*;
use sync_core::id::{GroupId, Id, StreamId};

use crate::access::{Caller, Role};
use crate::on_each;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::store::schema::groups;
use crate::store::{Conn, Db, StoreError};

/// Somebody who may look at some of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeper {
    /// Managers and supervisors: those for the groups that they may see.
    Of(Scope),
    /// Administrators: those that name no group that there is, and of these only that they exist and why.
    Strays,
}

impl Keeper {
    /// # Errors
    /// 403 `role-not-allowed`.
    pub(super) fn of(caller: &Caller) -> Result<Self, Problem> {
        caller.require(&[Role::Supervisor, Role::Manager, Role::Administrator])?;
        match caller.role {
            Role::Administrator => Ok(Self::Strays),
            _ => Scope::of(caller).map(Self::Of),
        }
    }

    /// As [`Keeper::of`], for who must see the record itself.
    ///
    /// # Errors
    /// 403 `role-not-allowed`.
    pub(super) fn scope(caller: &Caller) -> Result<Scope, Problem> {
        caller.require(&[Role::Supervisor, Role::Manager])?;
        Scope::of(caller)
    }

    /// Whether what waits for this stream is theirs to look after.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn holds(self, tx: &mut Conn<'_>, stream: StreamId) -> Result<bool, StoreError> {
        match self {
            Self::Of(scope) => scope.holds(tx, group_of(stream)),
            Self::Strays => is_stray(tx, stream),
        }
    }
}

/// A group's stream bears its id.
pub(super) fn group_of(stream: StreamId) -> GroupId {
    GroupId::from_uuid(stream.uuid())
}

fn is_stray(tx: &mut Conn<'_>, stream: StreamId) -> Result<bool, StoreError> {
    let known: bool = on_each!(tx, |c| diesel::select(exists(groups::table.find(Db(stream)))).get_result(c))?;
    Ok(!known)
}

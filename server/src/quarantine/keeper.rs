//! Who looks after which of the quarantined changes.

use diesel::dsl::exists;
use diesel::prelude::*;
use sync_core::id::{GroupId, Id, StreamId};
use sync_core::record::Kind;

use crate::on_each;
use crate::problem::Problem;
use crate::scope::{Permit, Scope};
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
    /// Those of [`Permit::scope`].
    pub(super) fn of(permit: Permit) -> Result<Self, Problem> {
        if permit.is_of_strays() { Ok(Self::Strays) } else { permit.scope().map(Self::Of) }
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

    /// Whether they may know of which record of a group they are, and so decide about a change to it: of a referral, an incident or a
    /// screening not every manager may.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn knows(self, tx: &mut Conn<'_>, kind: Kind, stream: StreamId) -> Result<bool, StoreError> {
        match self {
            Self::Of(scope) => scope.groups_of(kind.level()).hold(tx, group_of(stream)),
            Self::Strays => Ok(true),
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

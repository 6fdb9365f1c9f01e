//! Who looks after which of the quarantined changes.

use diesel::dsl::exists;
use diesel::prelude::*;
use sync_core::id::{GroupId, Id, StreamId};
use sync_core::record::{Home, Kind};

use crate::ledger::StreamKind;
use crate::on_each;
use crate::problem::Problem;
use crate::scope::{Permit, Scope};
use crate::store::schema::{groups, streams};
use crate::store::{Code, Conn, Db, StoreError};

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
            Self::Of(scope) => Ok(scope.is_of_organisation(stream) || scope.holds(tx, group_of(stream))?),
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
            Self::Of(scope) if kind.lives_in() == Home::Organisation => Ok(scope.is_of_organisation(stream)),
            Self::Of(scope) => scope.groups_of(kind.level()).hold(tx, group_of(stream)),
            Self::Strays => Ok(true),
        }
    }
}

/// A group's stream bears its id.
pub(super) fn group_of(stream: StreamId) -> GroupId {
    GroupId::from_uuid(stream.uuid())
}

/// The streams for which managers and supervisors keep what waits: those of groups that there are, and of organisations.
#[diesel::dsl::auto_type]
pub(super) fn streams_with_keepers() -> _ {
    let of_organisation: Code<StreamKind> = Code(StreamKind::Organisation);
    let there = streams::id.eq_any(groups::table.select(groups::id));
    streams::table.filter(there.or(streams::kind.eq(of_organisation))).select(streams::id)
}

fn is_stray(tx: &mut Conn<'_>, stream: StreamId) -> Result<bool, StoreError> {
    let keeps_it = streams_with_keepers().filter(streams::id.eq(Db(stream)));
    let kept: bool = on_each!(tx, |c| diesel::select(exists(keeps_it)).get_result(c))?;
    Ok(!kept)
}

//! Whom tokens are for, and which of them belong together.

use serde::{Deserialize, Serialize};
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::{Millis, Moment};
use uuid::Uuid;

use super::Role;
use crate::audit::Who;

/// Whom a pair of tokens is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) user: UserId,
    pub(super) organisation: Option<OrganisationId>,
    pub(super) role: Role,
}

impl Holder {
    /// As the audit log names them.
    pub(super) fn who(&self) -> Who {
        Who { user: Some(self.user), role: self.role.code(), organisation: self.organisation }
    }
}

/// One login and all that was refreshed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Family(Uuid);

impl Family {
    pub(super) fn new(moment: &Moment) -> Self {
        Self(moment.uuid())
    }

    pub(super) fn of(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// When the login began: its id is of that moment.
    pub(super) fn begun(&self) -> Millis {
        let seconds = self.0.get_timestamp().map(|at| at.to_unix());
        Millis(seconds.map_or(0, |(seconds, nanos)| {
            i64::try_from(seconds * 1000 + u64::from(nanos) / 1_000_000).unwrap_or(i64::MAX)
        }))
    }

    pub(super) fn uuid(&self) -> Uuid {
        self.0
    }
}

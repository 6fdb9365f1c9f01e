//! What a caller may do and see, decided once for every room that answers people. [`POLICY`] says it in one table; a handler takes a
//! [`Permit`], which is the caller with what the table allows at this address. A list takes its groups from [`groups_in!`], a single
//! record is found by [`Scope::record`], and what can be asked of groups is [`Asked`].

mod asked;
mod groups;
pub(crate) mod conditions;
mod looking_as;
mod permissions;
mod permit;
mod policy;
mod record;

pub use asked::Asked;
pub(crate) use asked::{AskedQuery, anywhere, each_word, known_area};
pub use groups::{Groups, Whose};
pub(crate) use groups::{below, groups_in, led_by, led_by_teams_of};
pub use looking_as::{HEADER as VIEW_AS, may_be_looked_at_as};
pub use permit::Permit;
pub(crate) use permit::judge_first;
pub use policy::{Action, Entry, POLICY, Reach};
pub(crate) use record::{Seen, no_such, no_such_record};

use sync_core::id::{GroupId, OrganisationId, StreamId};
use sync_core::record::Level;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::store::{Conn, StoreError};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(permissions::what_i_may);
}

/// The groups whose records a caller may see. Records of level S are told of fewer groups than the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub groups: Groups,
    /// Those of which the caller may also see referrals, incidents and screenings.
    pub sensitive: Groups,
    /// The organisation of which the caller may see what belongs to no group.
    pub organisation: Option<OrganisationId>,
}

impl Scope {
    /// What of it somebody else sees, too.
    fn within(self, seer: Self) -> Self {
        Self {
            groups: self.groups.within(seer.groups),
            sensitive: self.sensitive.within(seer.sensitive),
            organisation: self.organisation.filter(|own| seer.organisation == Some(*own)),
        }
    }

    /// The groups of which records of this level are seen.
    pub fn groups_of(self, level: Level) -> Groups {
        if level == Level::Sensitive { self.sensitive } else { self.groups }
    }

    /// Whether a stream is that of the caller's organisation, which bears its id.
    pub fn is_of_organisation(self, stream: StreamId) -> bool {
        self.organisation.is_some_and(|own| StreamId::from(own) == stream)
    }

    /// Whether the caller may see records of this group, but for those of level S.
    ///
    /// # Errors
    /// Those of the store.
    pub fn holds(self, tx: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
        self.groups.hold(tx, group)
    }
}

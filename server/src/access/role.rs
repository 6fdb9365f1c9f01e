//! What a person is in the partnership.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sync_core::authority::Authority;
use sync_core::id::DeviceId;
use utoipa::ToSchema;

/// A person's role; see the table of roles in ARCHITECTURE.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Leads groups and records them on a tablet.
    Facilitator,
    /// Looks after the groups of their teams.
    Supervisor,
    /// Answers for one organisation.
    Manager,
    /// Sees the partnership as a whole.
    Secretariat,
    /// Reads protected totals.
    Donor,
    /// Runs the service; sees no records.
    Administrator,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Facilitator,
        Self::Supervisor,
        Self::Manager,
        Self::Secretariat,
        Self::Donor,
        Self::Administrator,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Facilitator => "facilitator",
            Self::Supervisor => "supervisor",
            Self::Manager => "manager",
            Self::Secretariat => "secretariat",
            Self::Donor => "donor",
            Self::Administrator => "administrator",
        }
    }

    /// What they may do in the records of their groups. `own` are the authors under which they write.
    pub fn authority(self, own: impl IntoIterator<Item = DeviceId>) -> Authority {
        match self {
            Self::Manager => Authority::Manager,
            Self::Supervisor => Authority::Supervisor,
            _ => Authority::Facilitator { devices: own.into_iter().collect() },
        }
    }

    /// With its article: `a manager`, `an administrator`.
    pub fn with_article(self) -> String {
        let article = if self.code().starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {self}")
    }

    /// Whether people of this role belong to one organisation. The others stand beside all of them.
    pub const fn in_organisation(self) -> bool {
        matches!(self, Self::Facilitator | Self::Supervisor | Self::Manager)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of facilitator, supervisor, manager, secretariat, donor, administrator")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.code() == text).ok_or(NotARole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_written_the_same_everywhere() {
        for role in Role::ALL {
            assert_eq!(role.code().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).expect("JSON"), format!("\"{role}\""));
        }
    }

    #[test]
    fn a_role_has_its_article() {
        assert_eq!(Role::Administrator.with_article(), "an administrator");
        assert_eq!(Role::Manager.with_article(), "a manager");
    }
}

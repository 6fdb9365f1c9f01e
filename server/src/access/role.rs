//! What a person is in the partnership.

use sync_core::authority::Authority;
use sync_core::codes;
use sync_core::id::DeviceId;
use utoipa::ToSchema;

codes! {
    /// A person's role; see the table of roles in ARCHITECTURE.md.
    #[derive(ToSchema)]
    Role {
        /// Leads groups and records them on a tablet.
        Facilitator = "facilitator",
        /// Looks after the groups of their teams.
        Supervisor = "supervisor",
        /// Answers for one organisation.
        Manager = "manager",
        /// Sees the partnership as a whole.
        Secretariat = "secretariat",
        /// Reads protected totals.
        Donor = "donor",
        /// Runs the service; sees no records.
        Administrator = "administrator",
    }
}

impl Role {
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

    /// Whether people of this role must sign in with a code of an app beside their password: those who see or decide about more than a few
    /// groups. Who leads groups works on a tablet with a lock of its own.
    pub const fn needs_second_factor(self) -> bool {
        matches!(self, Self::Manager | Self::Secretariat | Self::Donor | Self::Administrator)
    }

    /// Whether people of this role look as people of another: their role is below their own.
    pub const fn looks_as(self, other: Self) -> bool {
        match self {
            Self::Manager => matches!(other, Self::Supervisor | Self::Facilitator),
            Self::Supervisor => matches!(other, Self::Facilitator),
            _ => false,
        }
    }

    /// Whether people of this role belong to one organisation. The others stand beside all of them.
    pub const fn in_organisation(self) -> bool {
        matches!(self, Self::Facilitator | Self::Supervisor | Self::Manager)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_its_article() {
        assert_eq!(Role::Administrator.with_article(), "an administrator");
        assert_eq!(Role::Manager.with_article(), "a manager");
    }
}

//! A group (itsinda): one healing space or dialogue circle in a village, meeting over a cycle.

use super::{Modality, Note, Pillar, record};
use crate::form::{Field, Fixed, Forward, Invalid, Ranked, Required, Revocable, Set};
use crate::id::{OrganisationId, UserId};
use crate::time::Date;
use crate::value::{Line, Village, Whole, Why, codes, textual};

codes! {
    GroupKind { HealingSpace = "healing_space", DialogueCircle = "dialogue_circle" }

    Setting {
        Community = "community",
        HealthFacility = "health_facility",
        Correctional = "correctional",
        School = "school",
    }

    Cohort { Adult = "adult", Youth = "youth", Mixed = "mixed", Family = "family" }

    /// Whom a group means to bring together. Held by the group, never by a person.
    Target {
        Survivors = "survivors",
        PerpetratorFamilies = "perpetrator_families",
        ReleasedPrisoners = "released_prisoners",
        Returnees = "returnees",
        HistoricallyMarginalised = "historically_marginalised",
        BornOfRape = "born_of_rape",
        BornAfter1994 = "born_after_1994",
        OpinionLeaders = "opinion_leaders",
        CommunityMembers = "community_members",
    }

    /// Moves forward; back only by a manager.
    GroupStatus {
        Planned = "planned",
        Forming = "forming",
        Active = "active",
        PhaseOut = "phase_out",
        Graduated = "graduated",
        Suspended = "suspended",
    }
}

textual!(GroupKind, Setting, Cohort, Target, GroupStatus);

impl Ranked for GroupStatus {
    const FIRST: Self = Self::Planned;
    fn rank(self) -> usize {
        self as usize
    }
}

impl GroupStatus {
    /// What is shown: a group is active as soon as one of its sessions counts, whatever was recorded of its status.
    pub fn shown(self, has_met: bool) -> Self {
        if has_met { self.max(Self::Active) } else { self }
    }
}

/// An activity code of the IASC "Who does What, Where and When" for mental health and psychosocial support: one of
/// eleven activities and a sub-activity, `5.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityCode {
    activity: u8,
    part: u8,
}

impl std::str::FromStr for ActivityCode {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let refused = || Why("must be a 4Ws activity code such as 5.2".into());
        let (activity, part) = text.split_once('.').ok_or_else(refused)?;
        let activity = activity.parse().map_err(|_| refused())?;
        let part = part.parse().map_err(|_| refused())?;
        let code = Self { activity, part };
        if (1..=11).contains(&activity) && (1..=20).contains(&part) && code.to_string() == text {
            Ok(code)
        } else {
            Err(refused())
        }
    }
}

impl std::fmt::Display for ActivityCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.activity, self.part)
    }
}
textual!(ActivityCode);

record! {
    /// One healing space or dialogue circle. Level I (internal to the partnership), `target_mix` O.
    Group edited by GroupEdit {
        organisation: Fixed<OrganisationId>,
        /// What people call it.
        name: Required<Line<80>>,
        kind: Required<GroupKind>,
        modality: Required<Modality>,
        protocol_version: Field<Line<20>>,
        pillar: Field<Pillar>,
        mhpss_4w: Field<ActivityCode>,
        setting: Field<Setting>,
        cohort: Field<Cohort>,
        target_mix: Set<Target>,
        /// The village in which it meets.
        area: Required<Village>,
        planned_sessions: Field<Whole<1, 200>>,
        starts_on: Field<Date>,
        facilitators: Set<UserId>,
        status: Forward<GroupStatus>,
        /// Why the group was recorded by mistake. It and all that belongs to it counts nowhere.
        void: Revocable<Note>,
    }
}

fn check(_: &Group) -> Result<(), Invalid> {
    Ok(())
}

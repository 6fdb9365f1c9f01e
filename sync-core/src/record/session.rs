//! A session: one meeting of a group.

use std::fmt;

use super::{AgeBand, Note, Sex, record};
use crate::form::{Entries, Field, Fixed, Forward, Invalid, Once, Ranked, Revocable, Set, Text};
use crate::id::{GroupId, ParticipantId, SessionId, UserId};
use crate::time::Date;
use crate::value::{Whole, Why, codes, textual};

codes! {
    /// When in the day a group met: a group may meet twice on one day.
    PartOfDay { Morning = "morning", Afternoon = "afternoon", Evening = "evening" }

    /// The six phases of community-based sociotherapy.
    Phase {
        Safety = "safety",
        Trust = "trust",
        Care = "care",
        Respect = "respect",
        NewOrientation = "new_orientation",
        Memory = "memory",
    }

    Theme {
        Grief = "grief",
        Trauma = "trauma",
        Forgiveness = "forgiveness",
        TruthTelling = "truth_telling",
        Reintegration = "reintegration",
        FamilyConflict = "family_conflict",
        IntergenerationalDialogue = "intergenerational_dialogue",
        GenderBasedViolence = "gender_based_violence",
        LandDispute = "land_dispute",
        Livelihood = "livelihood",
        YouthIdentity = "youth_identity",
        SelfCare = "self_care",
        Commemoration = "commemoration",
        SocialCohesion = "social_cohesion",
    }

    Attendance { Present = "present", Late = "late", Absent = "absent", Excused = "excused" }

    /// Moves forward; to `verified`, and back, only by a supervisor or manager.
    SessionState { Draft = "draft", Submitted = "submitted", Verified = "verified" }
}

textual!(PartOfDay, Phase, Theme, Attendance, SessionState);

impl Ranked for SessionState {
    const FIRST: Self = Self::Draft;
    fn rank(self) -> usize {
        self as usize
    }
}

impl PartOfDay {
    pub const fn ordinal(self) -> u8 {
        self as u8
    }
}

impl Attendance {
    /// Whether the person was there, if only for the end.
    pub const fn attended(self) -> bool {
        matches!(self, Self::Present | Self::Late)
    }
}

/// A cell of the headcount of an open circle: `female/16_24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub sex: Sex,
    pub age_band: AgeBand,
}

impl std::str::FromStr for Cell {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let (sex, age_band) =
            text.split_once('/').ok_or_else(|| Why("must be written as female/16_24".into()))?;
        Ok(Self { sex: sex.parse()?, age_band: age_band.parse()? })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.sex, self.age_band)
    }
}
textual!(Cell);

/// A time of day to the minute, `08:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    minutes: u16,
}

impl std::str::FromStr for TimeOfDay {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let refused = || Why("must be a time written as 08:30".into());
        let (hours, minutes) = text.split_once(':').ok_or_else(refused)?;
        let hours: u16 = hours.parse().map_err(|_| refused())?;
        let minutes: u16 = minutes.parse().map_err(|_| refused())?;
        let time = Self { minutes: hours.saturating_mul(60).saturating_add(minutes) };
        if hours < 24 && minutes < 60 && time.to_string() == text { Ok(time) } else { Err(refused()) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}
textual!(TimeOfDay);

pub type Minutes = Whole<1, 720>;
pub type Count = Whole<0, 5000>;
/// Which record of one part of a day it is, after the first.
pub type Nth = Whole<1, 99>;

record! {
    /// One meeting of a group. Level O.
    Session edited by SessionEdit {
        group: Fixed<GroupId>,
        date: Fixed<Date>,
        part: Fixed<PartOfDay>,
        /// Absent for the first record of this part of the day; 1 for the next, once that one is void, moved or a double.
        nth: Once<Nth>,
        starts_at: Field<TimeOfDay>,
        minutes: Field<Minutes>,
        phase: Field<Phase>,
        themes: Set<Theme>,
        facilitators_present: Set<UserId>,
        attendance: Entries<ParticipantId, Attendance>,
        /// Heads counted in an open circle, where people are not known one by one. Never added to `attendance`.
        headcount: Entries<Cell, Count>,
        /// How the meeting went, about the process; never about one person.
        summary: Text<20_000>,
        state: Forward<SessionState>,
        /// The session of the same group that is a record of the same meeting, and counts in its place.
        double_of: Field<SessionId>,
        /// The session of the same group under the right day, which holds what this one said and counts in its place.
        moved_to: Field<SessionId>,
        /// The session that was moved to this one. It counts only while that one's `moved_to` says so.
        moved_from: Once<SessionId>,
        /// What a supervisor who returned it to draft asks to be put right.
        returned: Field<Note>,
        /// Why it was recorded by mistake. Counts nowhere.
        void: Revocable<Note>,
    }
}

fn check(_: &Session) -> Result<(), Invalid> {
    Ok(())
}

impl Session {
    /// The id that this meeting has by nature.
    pub fn natural_id(&self) -> SessionId {
        SessionId::of(self.group, self.date, self.part.ordinal(), self.number())
    }

    /// Which record of its part of the day it is, from 0.
    pub fn number(&self) -> u8 {
        self.nth.map_or(0, |nth| u8::try_from(nth.get()).expect("at most 99"))
    }

    /// Whether somebody said that another record counts in its place, or none: it was looked at, and what is recorded of
    /// that day from now on stands under another id.
    pub fn is_set_aside(&self) -> bool {
        self.void.is_some() || self.moved_to.is_some() || self.double_of.is_some()
    }

    /// Whether it fell into the commemoration period, 7 April to 3 July.
    pub fn commemoration(&self) -> bool {
        let day = (self.date.month(), self.date.day());
        ((4, 7)..=(7, 3)).contains(&day)
    }

    /// How many known participants came.
    pub fn attended(&self) -> usize {
        self.attendance.values().filter(|mark| mark.attended()).count()
    }
}

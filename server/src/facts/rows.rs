//! The facts of a group as rows.

use diesel::prelude::*;
use sync_core::id::{GroupId, ParticipantId};

use super::level::{MEETINGS, plane};
use crate::store::Db;
use crate::store::schema::{fact_doubts, facts, person_months};

/// What was counted in a month, of all or of what a [`Cell`] tells apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = facts)]
pub(super) struct Fact {
    pub(super) group_id: Db<GroupId>,
    pub(super) month: String,
    #[diesel(embed)]
    pub(super) cell: Cell,
    #[diesel(embed)]
    pub(super) counts: Counts,
}

/// What a row of facts tells apart: either people (by sex, age band, or both), or meetings (by phase, part of the day and state), or nothing. What
/// is not told apart is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = facts)]
pub(super) struct Cell {
    pub(super) sex: String,
    pub(super) age_band: String,
    pub(super) phase: String,
    pub(super) part_of_day: String,
    pub(super) state: String,
}

impl Cell {
    /// Of its values in their order.
    pub(super) fn of(values: [&str; 5]) -> Self {
        let [sex, age_band, phase, part_of_day, state] = values.map(str::to_owned);
        Self { sex, age_band, phase, part_of_day, state }
    }

    pub(super) fn plane(&self) -> i32 {
        if self.state.is_empty() { plane(!self.sex.is_empty(), !self.age_band.is_empty()) } else { MEETINGS }
    }
}

/// The measures that add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = facts)]
pub(super) struct Counts {
    pub(super) sessions: i64,
    pub(super) by_register: i64,
    pub(super) by_headcount: i64,
    pub(super) attendances: i64,
    pub(super) heads: i64,
    pub(super) minutes: i64,
}

impl Counts {
    /// Each measure of one with that of another.
    pub(super) fn with(self, other: Self, each: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            sessions: each(self.sessions, other.sessions),
            by_register: each(self.by_register, other.by_register),
            by_headcount: each(self.by_headcount, other.by_headcount),
            attendances: each(self.attendances, other.attendances),
            heads: each(self.heads, other.heads),
            minutes: each(self.minutes, other.minutes),
        }
    }
}

/// A month in which a person came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = person_months, primary_key(group_id, person_id, month))]
pub(super) struct PersonMonth {
    pub(super) group_id: Db<GroupId>,
    pub(super) person_id: Db<ParticipantId>,
    pub(super) month: String,
    /// The month before it in which they came; empty for the first.
    pub(super) before: String,
    pub(super) sex: String,
    pub(super) age_band: String,
    pub(super) consents: bool,
}

/// What should be known of the totals of a month; of people where the month is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = fact_doubts)]
pub(super) struct MonthDoubts {
    pub(super) group_id: Db<GroupId>,
    pub(super) month: String,
    pub(super) doubles: i64,
    pub(super) moved: i64,
    pub(super) void: i64,
    pub(super) recorded_since: i64,
    pub(super) possible_doubles: i64,
    pub(super) date_doubts: i64,
    pub(super) void_attendances: i64,
    pub(super) without_record: i64,
    pub(super) one_or_two: i64,
    pub(super) consent_date_doubts: i64,
}

impl MonthDoubts {
    /// In the order of [`DOUBTS`](super::table::DOUBTS).
    pub(super) fn counts(&self) -> [i64; 10] {
        [
            self.doubles,
            self.moved,
            self.void,
            self.recorded_since,
            self.possible_doubles,
            self.date_doubts,
            self.void_attendances,
            self.without_record,
            self.one_or_two,
            self.consent_date_doubts,
        ]
    }

    pub(super) fn none(group: GroupId, month: &str) -> Self {
        Self {
            group_id: Db(group),
            month: month.to_owned(),
            doubles: 0,
            moved: 0,
            void: 0,
            recorded_since: 0,
            possible_doubles: 0,
            date_doubts: 0,
            void_attendances: 0,
            without_record: 0,
            one_or_two: 0,
            consent_date_doubts: 0,
        }
    }
}

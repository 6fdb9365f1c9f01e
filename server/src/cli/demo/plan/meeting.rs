//! One meeting, as two facilitators tell it. Most of what they say agrees; now and then they differ, and now and then
//! one of them comes back to it weeks later.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use sync_core::record::group::GroupKind;
use sync_core::record::session::{Attendance, Cell, Count, Phase, Theme};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;

use super::super::chance::Chance;
use super::group::GroupPlan;
use super::words;

use Attendance::{Absent, Excused, Late, Present};

/// After so many weeks nobody comes back to a meeting.
pub(super) const LATEST: u32 = 6;
/// The meeting that one of the two records under the day before: of which group, in which week.
const WRONG_DAY: (usize, u32) = (0, 7);

pub(in crate::cli::demo) struct Meeting<'p> {
    pub(in crate::cli::demo) group: &'p GroupPlan,
    pub(in crate::cli::demo) date: Date,
    /// Under which day the second of the pair records it, by mistake.
    pub(in crate::cli::demo) wrong_day: Option<Date>,
    /// What each facilitator of the pair records, if they do.
    pub(in crate::cli::demo) accounts: [Option<Account>; 2],
    pub(in crate::cli::demo) afterwards: Option<Afterwards>,
}

/// What one facilitator records of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::demo) struct Account {
    pub(in crate::cli::demo) minutes: i64,
    pub(in crate::cli::demo) phase: Option<Phase>,
    pub(in crate::cli::demo) themes: BTreeSet<Theme>,
    /// Marks of people by their place in the group.
    pub(in crate::cli::demo) marks: Vec<(usize, Attendance)>,
    /// Heads, in an open circle.
    pub(in crate::cli::demo) heads: BTreeMap<Cell, Count>,
    pub(in crate::cli::demo) summary: String,
    /// A mark that they correct the same evening.
    pub(in crate::cli::demo) correction: Option<(usize, Attendance)>,
}

/// What is done about a meeting in a later week, on one of the two tablets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::demo) struct Afterwards {
    pub(in crate::cli::demo) week: u32,
    pub(in crate::cli::demo) seat: usize,
    pub(in crate::cli::demo) change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::demo) enum Change {
    /// Adds to what the other recorded.
    Add { theme: Theme, summary: String },
    /// Settles what clashes, if anything does.
    Settle,
}

impl GroupPlan {
    /// The meeting of this group in a week, if it meets.
    pub(in crate::cli::demo) fn meeting(&self, week: u32) -> Option<Meeting<'_>> {
        let number = self.meeting_number(week)?;
        let mut chance = Chance::of(&[3, self.index as u64, u64::from(week)]);
        let recorded_by = chance.weighted(&[([true, true], 6), ([true, false], 2), ([false, true], 2)]);
        let date = self.calendar.on_day(week, self.day);
        let wrong_day = ((self.index, week) == WRONG_DAY).then(|| date.saturating_sub(Span::new().days(1)));
        let recorded_by = if wrong_day.is_some() { [true, true] } else { recorded_by };
        let came = if self.is_open() { Vec::new() } else { self.who_came(&mut chance) };
        let heads = if self.is_open() { heads(&mut chance) } else { BTreeMap::new() };
        let mut accounts =
            [0, 1].map(|seat| recorded_by[seat].then(|| self.account(seat, number, &came, &heads)));
        match &mut accounts {
            // Both tell all of it, each in a record of its own.
            [Some(_), Some(_)] if wrong_day.is_some() => {}
            [Some(first), Some(second)] if self.is_open() => {
                first.minutes += chance.pick(&[0, 0, 15]);
                // One of the two counted the young women as they left.
                if let Some(count) =
                    second.heads.get_mut(&Cell { sex: Sex::Female, age_band: AgeBand::From16To24 })
                {
                    *count = Count::try_from(i64::from(*count) + 2).unwrap_or(*count);
                }
            }
            [Some(first), Some(second)] => {
                self.share(first, second);
                self.differ(first, second, &mut chance);
            }
            [one, other] => {
                for alone in [one, other].into_iter().flatten() {
                    alone.minutes += chance.pick(&[0, 0, -15, 15]);
                }
            }
        }
        let afterwards =
            self.afterwards(week, number, recorded_by, &mut chance).filter(|_| wrong_day.is_none());
        Some(Meeting { group: self, date, wrong_day, accounts, afterwards })
    }

    /// From 75 to 95 of a hundred come, about as many each time, not always the same.
    fn who_came(&self, chance: &mut Chance) -> Vec<(usize, Attendance)> {
        let size = self.people.len();
        let percent = self.attendance as usize + chance.between(0, 6) - 3;
        let stayed = (size * (100 - percent) + 50) / 100;
        let stayed = stayed.clamp((size * 5).div_ceil(100), size * 25 / 100);
        let mut away = BTreeSet::new();
        while away.len() < stayed {
            away.insert(chance.between(0, size - 1));
        }
        let mark = |place| match away.contains(&place) {
            true => (place, chance.weighted(&[(Absent, 6), (Excused, 4)])),
            false => (place, chance.weighted(&[(Present, 93), (Late, 7)])),
        };
        (0..size).map(mark).collect()
    }

    fn account(
        &self,
        seat: usize,
        number: u32,
        came: &[(usize, Attendance)],
        heads: &BTreeMap<Cell, Count>,
    ) -> Account {
        Account {
            minutes: self.minutes,
            phase: words::phase(self.modality, number),
            themes: words::themes(self, number, seat),
            marks: came.to_vec(),
            heads: heads.clone(),
            summary: words::summary(self, number, seat).to_owned(),
            correction: None,
        }
    }

    /// Each marks those on their side of the circle, and some in the middle are marked twice.
    fn share(&self, first: &mut Account, second: &mut Account) {
        let third = self.people.len() / 3;
        first.marks.retain(|(place, _)| *place < self.people.len() - third);
        second.marks.retain(|(place, _)| *place >= third);
    }

    /// They differ in whether somebody was late or excused, never silently in whether somebody came; that the second one
    /// corrects the same evening, and a correction is written after all that the first one wrote, so it is what stands.
    fn differ(&self, first: &mut Account, second: &mut Account, chance: &mut Chance) {
        if chance.percent(10) {
            second.minutes += chance.pick(&[-30, -15, 15, 30]);
        }
        if chance.percent(8) {
            second.phase = second.phase.and_then(words::next_phase);
        }
        let middle = self.people.len() / 3;
        let Some((_, mark)) = second.marks.iter_mut().find(|(place, _)| *place == middle) else { return };
        if chance.percent(8) {
            *mark = match *mark {
                Present => Late,
                Late => Present,
                Absent => Excused,
                Excused => Absent,
            };
        } else if chance.percent(5) {
            let there = mark.attended();
            second.correction = Some((middle, if there { Absent } else { Present }));
        }
        debug_assert!(first.marks.iter().any(|(place, _)| *place == middle));
    }

    fn afterwards(
        &self,
        week: u32,
        number: u32,
        recorded_by: [bool; 2],
        chance: &mut Chance,
    ) -> Option<Afterwards> {
        let eagerness = if self.kind == GroupKind::HealingSpace { 40 } else { 60 };
        if !chance.percent(eagerness) {
            return None;
        }
        Some(match recorded_by {
            [true, true] => Afterwards { week: week + 5, seat: chance.between(0, 1), change: Change::Settle },
            [first, _] => {
                let summary = words::addition(number).to_owned();
                let change = Change::Add { theme: Theme::SelfCare, summary };
                Afterwards { week: week + 3, seat: usize::from(first), change }
            }
        })
    }
}

/// Who came to an open circle, as its facilitators see them: from the door, not from a register.
fn heads(chance: &mut Chance) -> BTreeMap<Cell, Count> {
    let ages = [
        (AgeBand::From16To24, 4, 9),
        (AgeBand::From25To35, 5, 12),
        (AgeBand::From36To59, 6, 14),
        (AgeBand::From60, 1, 5),
    ];
    let mut heads = BTreeMap::new();
    for sex in [Sex::Female, Sex::Male] {
        for (age_band, least, most) in ages {
            if let Ok(count) = Count::try_from(chance.between(least, most) as i64) {
                heads.insert(Cell { sex, age_band }, count);
            }
        }
    }
    heads
}

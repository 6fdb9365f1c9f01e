//! What questions are answered with, counted again from the records.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::id::{GroupId, ParticipantId};
use sync_core::person::people;
use sync_core::record::Participant;
use sync_core::record::participant::Exit;
use sync_core::record::session::Attendance;
use sync_core::time::Date;

use super::{Contribution, Records, quarter};

impl Records {
    /// The people who are registered, each once, with who they are.
    fn members(&self) -> impl Iterator<Item = (ParticipantId, &Participant)> {
        let people = people(&self.participants);
        let counts = move |id: ParticipantId, one: &Participant| {
            one.void.is_none() && one.erased.is_none() && people[&id] == id && !self.is_void_group(one.group)
        };
        self.participants.iter().map(|(id, one)| (*id, one)).filter(move |(id, one)| counts(*id, one))
    }

    /// How many people are registered by sex, age band and exit: `female/16_24/graduated`.
    pub fn members_by_exit(&self) -> BTreeMap<String, i64> {
        let mut all = BTreeMap::new();
        for (_, one) in self.members() {
            let word = |word: Option<String>| word.unwrap_or_else(|| "unknown".to_owned());
            let (sex, age_band) =
                (one.sex.map(|sex| sex.to_string()), one.age_band.map(|band| band.to_string()));
            let exit = one.exit.map_or_else(|| "still_there".to_owned(), |exit| exit.to_string());
            *all.entry(format!("{}/{}/{exit}", word(sex), word(age_band))).or_default() += 1;
        }
        all
    }

    /// Who graduated, by the quarter in which their group met last and their sex.
    pub fn graduates(&self) -> BTreeMap<(String, String), i64> {
        let last = self.last_met();
        let mut all = BTreeMap::new();
        for (_, one) in self.members().filter(|(_, one)| one.exit == Some(Exit::Graduated)) {
            let Some(day) = last.get(&one.group) else { continue };
            let sex = one.sex.map_or_else(|| "unknown".to_owned(), |sex| sex.to_string());
            *all.entry((quarter(*day), sex)).or_default() += 1;
        }
        all
    }

    /// How many groups met in each quarter.
    pub fn groups_met(&self) -> BTreeMap<String, i64> {
        let counted = self.counted();
        let met = counted.iter().map(|id| &self.sessions[id]);
        let met: BTreeSet<_> = met.map(|session| (quarter(session.date), session.group)).collect();
        let mut all = BTreeMap::new();
        met.into_iter().for_each(|(quarter, _)| *all.entry(quarter).or_default() += 1);
        all
    }

    /// By the phase of the last meeting to which somebody who dropped out came.
    pub fn dropped_out(&self) -> BTreeMap<String, i64> {
        let people = people(&self.participants);
        let mut last = BTreeMap::new();
        for id in self.counted() {
            let session = &self.sessions[&id];
            for one in self.contributions(id, &people) {
                let Contribution::Came(Some(who)) = one else { continue };
                let at = (session.date, id);
                if last.get(&who).is_none_or(|(before, _)| *before < at) {
                    last.insert(who, (at, session.phase));
                }
            }
        }
        let mut all = BTreeMap::new();
        for (id, _) in self.members().filter(|(_, one)| one.exit == Some(Exit::DroppedOut)) {
            let phase = last.get(&id).and_then(|(_, phase)| *phase);
            *all.entry(phase.map_or_else(|| "unknown".to_owned(), |phase| phase.to_string())).or_default() +=
                1;
        }
        all
    }

    /// Of meetings at which heads were counted and somebody came by the register: how many, the heads, and the people; by group.
    pub fn both_counted(&self) -> BTreeMap<GroupId, (i64, i64, i64)> {
        let people = people(&self.participants);
        let mut all: BTreeMap<GroupId, (i64, i64, i64)> = BTreeMap::new();
        for id in self.counted() {
            let session = &self.sessions[&id];
            if self.span.is_some_and(|(first, last)| !(first..=last).contains(&session.date)) {
                continue;
            }
            let (mut heads, mut came) = (0, 0);
            for one in self.contributions(id, &people) {
                match one {
                    Contribution::Came(_) => came += 1,
                    Contribution::Heads(_, _, count) => heads += count,
                    Contribution::Nobody => {}
                }
            }
            if heads > 0 && came > 0 {
                let row = all.entry(session.group).or_default();
                *row = (row.0 + 1, row.1 + heads, row.2 + came);
            }
        }
        all
    }

    /// How many meetings of each group count, in the span.
    pub fn held(&self) -> BTreeMap<GroupId, i64> {
        let mut all = BTreeMap::new();
        for id in self.counted() {
            let session = &self.sessions[&id];
            if self.span.is_none_or(|(first, last)| (first..=last).contains(&session.date)) {
                *all.entry(session.group).or_default() += 1;
            }
        }
        all
    }

    /// Whether a group was recorded by mistake.
    pub fn is_void_group(&self, group: GroupId) -> bool {
        self.groups.get(&group).is_some_and(|group| group.void.is_some())
    }

    /// The last day on which each group met.
    pub fn last_met(&self) -> BTreeMap<GroupId, Date> {
        let mut all: BTreeMap<GroupId, Date> = BTreeMap::new();
        for id in self.counted() {
            let session = &self.sessions[&id];
            let last = all.entry(session.group).or_insert(session.date);
            *last = session.date.max(*last);
        }
        all
    }

    /// The codes of those who are still there, and were absent at least so many times.
    pub fn absent(&self, times: i64) -> BTreeMap<String, i64> {
        let counted = self.counted();
        let mut all: BTreeMap<ParticipantId, i64> = BTreeMap::new();
        for (id, marks) in self.marks.iter().filter(|(id, _)| counted.contains(*id)) {
            let group = self.sessions[id].group;
            let own = |mark: &&super::Mark| {
                let known = self.known(group, mark.participant);
                known.is_some_and(|one| !one.split.contains_key(&mark.device))
            };
            let absent: BTreeSet<ParticipantId> = marks
                .iter()
                .filter(|mark| mark.shown && mark.mark == Attendance::Absent)
                .filter(own)
                .map(|mark| mark.participant)
                .collect();
            absent.into_iter().for_each(|id| *all.entry(id).or_default() += 1);
        }
        let there = |id: &ParticipantId| {
            let one = &self.participants[id];
            one.void.is_none() && one.erased.is_none() && one.exit.is_none() && !self.is_void_group(one.group)
        };
        let absent = all.into_iter().filter(|(id, count)| *count >= times && there(id));
        absent.map(|(id, count)| (self.participants[&id].code.to_string(), count)).collect()
    }
}

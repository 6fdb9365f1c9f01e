//! Totals as the tablets themselves count them: the union of their own documents by record id, each record once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sync_core::id::{GroupId, ParticipantId, SessionId};
use sync_core::tablet::Tablet;
use tablet::recording::Meetings;

use super::Failed;

/// What was counted, by id, so that counts of several tablets can be united.
#[derive(Default)]
pub(super) struct Count {
    sessions: BTreeSet<SessionId>,
    came: BTreeSet<(SessionId, ParticipantId)>,
    /// Heads of open circles.
    heads: BTreeMap<SessionId, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) sessions: u64,
    /// Present and late.
    pub(super) attendances: u64,
    /// People who came at least once.
    pub(super) people: u64,
    /// Heads counted in open circles.
    pub(super) heads: u64,
}

impl Count {
    /// Counts what is on a tablet of these groups.
    pub(super) fn add(&mut self, tablet: &Tablet, groups: &[GroupId]) {
        for group in groups {
            let Meetings { all, counted, .. } = Meetings::of(tablet, *group);
            for id in counted {
                self.sessions.insert(id);
                let came = all[&id].attendance.iter().filter(|(_, mark)| mark.attended());
                self.came.extend(came.map(|(participant, _)| (id, *participant)));
                let heads =
                    all[&id].headcount.values().map(|count| u64::try_from(count.get()).unwrap_or_default());
                self.heads.insert(id, heads.sum());
            }
        }
    }

    pub(super) fn unite(&mut self, other: Self) {
        self.sessions.extend(other.sessions);
        self.came.extend(other.came);
        self.heads.extend(other.heads);
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.iter().copied()
    }

    pub(super) fn totals(&self) -> Totals {
        let people: BTreeSet<ParticipantId> = self.came.iter().map(|(_, participant)| *participant).collect();
        Totals {
            sessions: self.sessions.len() as u64,
            attendances: self.came.len() as u64,
            people: people.len() as u64,
            heads: self.heads.values().sum(),
        }
    }
}

impl Totals {
    /// Totals as the API says them.
    pub(super) fn said(said: &Value) -> Result<Self, Failed> {
        let number = |field: &str| said[field].as_u64().ok_or_else(|| format!("the answer has no {field}"));
        Ok(Self {
            sessions: number("sessions")?,
            attendances: number("attendances")?,
            people: number("people")?,
            heads: number("heads")?,
        })
    }

    pub(super) fn each(self) -> [u64; 4] {
        [self.sessions, self.attendances, self.people, self.heads]
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            sessions: self.sessions + other.sessions,
            attendances: self.attendances + other.attendances,
            people: self.people + other.people,
            heads: self.heads + other.heads,
        }
    }
}

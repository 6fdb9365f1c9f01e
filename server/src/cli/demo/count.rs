//! Totals as the tablets themselves count them: the union of their own documents by record id, each record once.

use std::collections::BTreeSet;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) sessions: u64,
    /// Present and late.
    pub(super) attendances: u64,
    /// People who came at least once.
    pub(super) people: u64,
}

impl Count {
    /// Counts what is on a tablet of these groups.
    pub(super) fn add(&mut self, tablet: &Tablet, groups: &[GroupId]) {
        for group in groups {
            let Meetings { all, counted } = Meetings::of(tablet, *group);
            for id in counted {
                self.sessions.insert(id);
                let came = all[&id].attendance.iter().filter(|(_, mark)| mark.attended());
                self.came.extend(came.map(|(participant, _)| (id, *participant)));
            }
        }
    }

    pub(super) fn unite(&mut self, other: Self) {
        self.sessions.extend(other.sessions);
        self.came.extend(other.came);
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
        })
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            sessions: self.sessions + other.sessions,
            attendances: self.attendances + other.attendances,
            people: self.people + other.people,
        }
    }
}

//! What happened in this run, as the tablets saw it.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::conflict::{Claim, Conflict};
use sync_core::id::{DocumentId, SessionId};
use sync_core::record::{Group, Participant, Session};
use sync_core::tablet::{Report, Tablet};
use sync_core::time::{Date, Millis};
use tablet::link::Traffic;

/// A field of a session that two people set differently.
#[derive(Debug, Clone)]
pub(super) struct Clash {
    pub(super) group: String,
    pub(super) date: Date,
    /// `minutes`, `phase` or `mark of P07`.
    pub(super) what: String,
    /// Each value, who said so, and when; the earliest first.
    pub(super) claims: Vec<(String, String, Millis)>,
}

/// Clashes by the record and its field.
pub(super) type Clashes = BTreeMap<(SessionId, String), Clash>;

#[derive(Default)]
pub(super) struct Tally {
    /// Meetings of which there is a record, each once.
    pub(super) meetings: usize,
    /// The same, once for each tablet that recorded them.
    pub(super) recorded: usize,
    /// Records that somebody came back to.
    pub(super) edited: usize,
    pub(super) settled: usize,
    pub(super) syncs: usize,
    pub(super) requests: u32,
    /// Changes handed in, those the service had already, those of others that came, those quarantined.
    pub(super) accepted: u32,
    pub(super) duplicate: u32,
    pub(super) received: u32,
    pub(super) quarantined: usize,
    /// Records in which something of somebody else arrived.
    pub(super) merged: BTreeSet<DocumentId>,
    pub(super) traffic: Traffic,
    pub(super) clashes: Clashes,
    pub(super) mishaps: Vec<String>,
}

impl Tally {
    pub(super) fn synced(&mut self, tablet: &Tablet, report: &Report) {
        self.syncs += 1;
        self.requests += report.requests;
        self.accepted += report.accepted;
        self.duplicate += report.duplicate;
        self.received += report.received;
        self.quarantined += report.quarantined.len();
        self.merged.extend(&report.merged);
        for id in &report.clashing {
            self.clashes.extend(clashes(tablet, SessionId::from(*id)));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.meetings += other.meetings;
        self.recorded += other.recorded;
        self.edited += other.edited;
        self.settled += other.settled;
        self.syncs += other.syncs;
        self.requests += other.requests;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.received += other.received;
        self.quarantined += other.quarantined;
        self.merged.extend(other.merged);
        self.traffic.up += other.traffic.up;
        self.traffic.down += other.traffic.down;
        self.clashes.extend(other.clashes);
        self.mishaps.extend(other.mishaps);
    }
}

/// What clashes in a session as it stands on a tablet.
pub(super) fn clashes(tablet: &Tablet, id: SessionId) -> Clashes {
    let Ok(session) = tablet.read::<Session>(id) else { return Clashes::new() };
    let group = tablet.read::<Group>(session.group).map(|group| group.name.to_string()).unwrap_or_default();
    let found = tablet.conflicts(id).unwrap_or_default().into_iter();
    let clash = |Conflict { field, claims, .. }| {
        let mut claims: Vec<_> = claims
            .into_iter()
            .map(|Claim { value, device, at, .. }| {
                (value.replace('_', " "), tablet.name_of(device).unwrap_or("somebody").to_owned(), at)
            })
            .collect();
        claims.sort_by_key(|(_, _, at)| *at);
        let what = in_words(tablet, &field);
        ((id, field), Clash { group: group.clone(), date: session.date, what, claims })
    };
    found.map(clash).collect()
}

fn in_words(tablet: &Tablet, field: &str) -> String {
    let Some((of, participant)) = field.split_once('/') else { return field.to_owned() };
    if of == "headcount" {
        return format!("heads: {}", participant.replace('/', " ").replace('_', "–"));
    }
    let id = participant.parse::<sync_core::id::ParticipantId>().ok();
    match id.and_then(|id| tablet.read::<Participant>(id).ok()) {
        Some(participant) => format!("mark of {}", participant.code),
        None => "mark of somebody".to_owned(),
    }
}

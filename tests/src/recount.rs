//! Counting again, without the service: from the tablets' own records, and from the store's own documents.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use server::on_each;
use server::store::schema::{changes, documents, streams};
use server::store::{Conn, Db, Store, StoreError};
use sync_core::double::counted;
use sync_core::id::{GroupId, ParticipantId, SessionId, StreamId};
use sync_core::record::Session;
use tablet::device::Device;

/// Sessions, attendances and people, as `/v1/aggregates` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub sessions: i64,
    pub attendances: i64,
    pub people: i64,
}

impl Count {
    /// The total of an answer of `/v1/aggregates`.
    pub fn of_answer(answer: &serde_json::Value) -> Self {
        let number = |name: &str| answer["total"][name].as_i64().expect("a number");
        Self { sessions: number("sessions"), attendances: number("attendances"), people: number("people") }
    }

    /// What several tablets hold of some groups, every meeting once.
    pub fn of_tablets<'a>(tablets: impl IntoIterator<Item = &'a Device>, groups: &[GroupId]) -> Self {
        let mut sessions: BTreeMap<SessionId, Session> = BTreeMap::new();
        for tablet in tablets {
            for group in groups {
                let held = tablet.tablet().all::<Session>(StreamId::from(*group));
                sessions.extend(held.into_iter().map(|(id, session)| (id.into(), session)));
            }
        }
        Self::of_sessions(&sessions)
    }

    /// What these sessions come to, every meeting once.
    pub fn of_sessions(all: &BTreeMap<SessionId, Session>) -> Self {
        let counted = counted(all);
        let all = all.iter().filter(|(id, _)| counted.contains(id)).map(|(_, session)| session);
        let mut people: BTreeSet<ParticipantId> = BTreeSet::new();
        let (mut sessions, mut attendances) = (0, 0);
        for session in all {
            sessions += 1;
            let came = session.attendance.iter().filter(|(_, mark)| mark.attended());
            for (person, _) in came {
                people.insert(*person);
                attendances += 1;
            }
        }
        Self { sessions, attendances, people: people.len() as i64 }
    }
}

/// Looks at every stream: numbers from 1 without gaps, up to what the stream says, and no change twice.
pub fn check_streams(store: &Store) {
    type Rows = Vec<(Db<StreamId>, i64)>;
    let (last, all): (Rows, Rows) = store
        .read_blocking("check", |tx: &mut Conn<'_>| -> Result<(Rows, Rows), StoreError> {
            let last = on_each!(tx, |c| streams::table.select((streams::id, streams::last_seq)).load(c))?;
            let all = on_each!(tx, |c| changes::table
                .select((changes::stream_id, changes::seq))
                .order((changes::stream_id, changes::seq))
                .load(c))?;
            Ok((last, all))
        })
        .expect("the store answers");
    for (Db(stream), last) in last {
        let numbers: Vec<i64> = all.iter().filter(|(Db(of), _)| *of == stream).map(|(_, seq)| *seq).collect();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{stream}");
    }
}

/// How many changes and documents the store holds.
pub fn contents(store: &Store) -> (i64, i64) {
    store
        .read_blocking("contents", |tx: &mut Conn<'_>| -> Result<(i64, i64), StoreError> {
            let kept = on_each!(tx, |c| changes::table.count().get_result(c))?;
            let there = on_each!(tx, |c| documents::table.count().get_result(c))?;
            Ok((kept, there))
        })
        .expect("the store answers")
}

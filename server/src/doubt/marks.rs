//! Of whom marks of attendance are, read from rows as [`sync_core::person`] says it of documents.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool};
use sync_core::id::{DeviceId, GroupId, ParticipantId, SessionId};
use sync_core::person::Mark;

use crate::on_each;
use crate::store::schema::{attendances, participant_origins, participants};
use crate::store::{Conn, Db, StoreError};

/// How many ids one query names.
const AT_ONCE: usize = 500;

/// The codes of a group that a device gave to somebody else: whose its marks under such a code are.
#[derive(Debug, Default)]
pub(crate) struct Splits(BTreeMap<(ParticipantId, DeviceId), ParticipantId>);

type Row = (Db<ParticipantId>, Db<DeviceId>, Option<Db<ParticipantId>>);
const SPLIT: (
    participant_origins::participant_id,
    participant_origins::device_id,
    participant_origins::split_to,
) = (participant_origins::participant_id, participant_origins::device_id, participant_origins::split_to);

fn split((Db(of), Db(by), to): Row) -> Option<((ParticipantId, DeviceId), ParticipantId)> {
    Some(((of, by), to?.0))
}

/// The participants of a group.
#[diesel::dsl::auto_type]
fn members(group: GroupId) -> _ {
    let group: Db<GroupId> = Db(group);
    participants::table.filter(participants::group_id.eq(group)).select(participants::id)
}

impl Splits {
    /// All of a group.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn of_group(tx: &mut Conn<'_>, group: GroupId) -> Result<Self, StoreError> {
        let rows: Vec<Row> = on_each!(tx, |c| participant_origins::table
            .filter(participant_origins::participant_id.eq_any(members(group)))
            .filter(participant_origins::split_to.is_not_null())
            .select(SPLIT)
            .load(c))?;
        Ok(Self(rows.into_iter().filter_map(split).collect()))
    }

    /// Those that say whose marks under somebody's code are, and which under other codes are theirs.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn of_person(
        tx: &mut Conn<'_>,
        group: GroupId,
        person: ParticipantId,
    ) -> Result<Self, StoreError> {
        let rows: Vec<Row> = on_each!(tx, |c| participant_origins::table
            .filter(
                participant_origins::participant_id
                    .eq(Db(person))
                    .or(sql::<Bool>("split_to = ").bind::<Binary, _>(Db(person)))
            )
            .filter(participant_origins::participant_id.eq_any(members(group)))
            .filter(participant_origins::split_to.is_not_null())
            .select(SPLIT)
            .load(c))?;
        Ok(Self(rows.into_iter().filter_map(split).collect()))
    }

    /// Those that say whose some marks are, in sessions of some groups. However many codes were split: no others are read.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn of_marks<'a>(
        tx: &mut Conn<'_>,
        groups: &[GroupId],
        marks: impl IntoIterator<Item = &'a Mark>,
    ) -> Result<Self, StoreError> {
        let groups: Vec<Db<GroupId>> = groups.iter().copied().map(Db).collect();
        let (mut codes, mut devices) = (BTreeSet::new(), BTreeSet::new());
        for mark in marks {
            codes.insert(mark.participant);
            devices.insert(mark.device);
        }
        let codes: Vec<Db<ParticipantId>> = codes.into_iter().map(Db).collect();
        let devices: Vec<Db<DeviceId>> = devices.into_iter().map(Db).collect();
        let mut all = BTreeMap::new();
        for some in codes.chunks(AT_ONCE) {
            let rows: Vec<Row> = on_each!(tx, |c| participant_origins::table
                .filter(participant_origins::participant_id.eq_any(some))
                .filter(participant_origins::device_id.eq_any(&devices))
                .filter(
                    participant_origins::participant_id.eq_any(
                        participants::table
                            .filter(participants::group_id.eq_any(&groups))
                            .select(participants::id)
                    )
                )
                .filter(participant_origins::split_to.is_not_null())
                .select(SPLIT)
                .load(c))?;
            all.extend(rows.into_iter().filter_map(split));
        }
        Ok(Self(all))
    }

    /// To whom codes were given.
    pub(crate) fn owners(&self) -> impl Iterator<Item = ParticipantId> {
        self.0.values().copied()
    }

    /// Whose a mark is.
    pub(crate) fn owner(&self, mark: &Mark) -> ParticipantId {
        self.0.get(&(mark.participant, mark.device)).copied().unwrap_or(mark.participant)
    }

    /// The codes under which these were marked: their own, and each that a device had given to one of them.
    pub(crate) fn codes_of(&self, people: &BTreeSet<ParticipantId>) -> BTreeSet<ParticipantId> {
        let given = self.0.iter().filter(|(_, to)| people.contains(to)).map(|((code, _), _)| *code);
        given.chain(people.iter().copied()).collect()
    }
}

/// The codes that devices gave to somebody whom they had marked under another.
#[diesel::dsl::auto_type]
pub(crate) fn given_to(person: ParticipantId) -> _ {
    let person: Db<ParticipantId> = Db(person);
    participant_origins::table
        .filter(participant_origins::split_to.eq(person))
        .select(participant_origins::participant_id)
}

/// All marks of some sessions; where a person is said, those under their code, and under each that was given to them.
///
/// # Errors
/// Those of the store; [`StoreError::Damaged`] where a mark is none.
pub(crate) fn marks(
    tx: &mut Conn<'_>,
    sessions: &[SessionId],
    person: Option<ParticipantId>,
) -> Result<BTreeMap<SessionId, Vec<Mark>>, StoreError> {
    type Marked = (Db<SessionId>, Db<ParticipantId>, Db<DeviceId>, String, bool);
    let of: Vec<Db<SessionId>> = sessions.iter().copied().map(Db).collect();
    let mut all: BTreeMap<SessionId, Vec<Mark>> = BTreeMap::new();
    for some in of.chunks(AT_ONCE) {
        let rows: Vec<Marked> = on_each!(tx, |c| {
            let mut asked = attendances::table.filter(attendances::session_id.eq_any(some)).into_boxed();
            if let Some(person) = person {
                let own = attendances::participant_id.eq(Db(person));
                asked = asked.filter(own.or(attendances::participant_id.eq_any(given_to(person))));
            }
            let what = (
                attendances::session_id,
                attendances::participant_id,
                attendances::author,
                attendances::mark,
                attendances::shown,
            );
            asked.select(what).load(c)
        })?;
        for (Db(session), Db(participant), Db(device), mark, shown) in rows {
            let mark = mark.parse().map_err(|_| StoreError::Damaged("a mark of attendance"))?;
            all.entry(session).or_default().push(Mark { participant, mark, device, shown });
        }
    }
    Ok(all)
}

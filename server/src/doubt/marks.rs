//! Of whom marks of attendance are, read from rows as [`sync_core::person`] says it of documents.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
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

impl Splits {
    /// # Errors
    /// Those of the store.
    pub(crate) fn of_group(tx: &mut Conn<'_>, group: GroupId) -> Result<Self, StoreError> {
        let of = participants::table.filter(participants::group_id.eq(Db(group))).select(participants::id);
        let rows: Vec<Row> = on_each!(tx, |c| participant_origins::table
            .filter(participant_origins::participant_id.eq_any(of))
            .filter(participant_origins::split_to.is_not_null())
            .select(SPLIT)
            .load(c))?;
        Ok(Self(rows.into_iter().filter_map(split).collect()))
    }

    /// Those of some codes.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn of_codes(tx: &mut Conn<'_>, codes: &BTreeSet<ParticipantId>) -> Result<Self, StoreError> {
        let codes: Vec<Db<ParticipantId>> = codes.iter().copied().map(Db).collect();
        let mut all = BTreeMap::new();
        for some in codes.chunks(AT_ONCE) {
            let rows: Vec<Row> = on_each!(tx, |c| participant_origins::table
                .filter(participant_origins::participant_id.eq_any(some))
                .filter(participant_origins::split_to.is_not_null())
                .select(SPLIT)
                .load(c))?;
            all.extend(rows.into_iter().filter_map(split));
        }
        Ok(Self(all))
    }

    /// To whom codes were given.
    pub(crate) fn owners(&self) -> impl Iterator<Item = ParticipantId> + use<> {
        self.0.values().copied().collect::<BTreeSet<_>>().into_iter()
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

/// All marks of some sessions; where `under` is said, those under these codes.
///
/// # Errors
/// Those of the store; [`StoreError::Damaged`] where a mark is none.
pub(crate) fn marks(
    tx: &mut Conn<'_>,
    sessions: &[SessionId],
    under: Option<&BTreeSet<ParticipantId>>,
) -> Result<BTreeMap<SessionId, Vec<Mark>>, StoreError> {
    type Marked = (Db<SessionId>, Db<ParticipantId>, Db<DeviceId>, String, bool);
    let of: Vec<Db<SessionId>> = sessions.iter().copied().map(Db).collect();
    let under: Option<Vec<Db<ParticipantId>>> = under.map(|codes| codes.iter().copied().map(Db).collect());
    let mut all: BTreeMap<SessionId, Vec<Mark>> = BTreeMap::new();
    for some in of.chunks(AT_ONCE) {
        let rows: Vec<Marked> = on_each!(tx, |c| {
            let mut asked = attendances::table.filter(attendances::session_id.eq_any(some)).into_boxed();
            if let Some(codes) = &under {
                asked = asked.filter(attendances::participant_id.eq_any(codes));
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

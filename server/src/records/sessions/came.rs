//! How many people came, as totals count them.
//!
//! In simple queries by ids, not in the one of [`crate::doubt::CAME`]: where PostgreSQL has not counted yet what there is, that one takes a minute for a page
//! of meetings to which thousands came.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{GroupId, ParticipantId, SessionId};
use sync_core::person::{Mark, of_whom};

use crate::doubt::{Splits, marks};
use crate::on_each;
use crate::store::schema::{participants, people};
use crate::store::{Conn, Db, StoreError};

/// The marks of how many sessions are in memory at once: of 2,000 people each, some megabytes.
const AT_ONCE: usize = 20;
/// How many ids one query names.
const IDS: usize = 500;

/// How many people came to each of some sessions, each once; where nobody did, nothing.
///
/// # Errors
/// Those of the store.
pub(super) fn attended(
    tx: &mut Conn<'_>,
    sessions: &[(SessionId, GroupId)],
) -> Result<BTreeMap<SessionId, i64>, StoreError> {
    let mut counts = BTreeMap::new();
    for some in sessions.chunks(AT_ONCE) {
        let ids: Vec<SessionId> = some.iter().map(|(id, _)| *id).collect();
        let marks = marks(tx, &ids, None)?;
        let groups: Vec<GroupId> = some.iter().map(|(_, group)| *group).collect();
        let known = Known::of(tx, &groups, marks.values().flatten())?;
        for (id, group) in some {
            let came = known.who_came(*group, marks.get(id).map_or(&[], Vec::as_slice));
            counts.insert(*id, came.len() as i64);
        }
    }
    Ok(counts)
}

/// What is known of those who are marked.
struct Known {
    splits: Splits,
    /// The group of each participant, and whether they count nowhere.
    participants: BTreeMap<ParticipantId, (GroupId, bool)>,
    /// Who counts in a participant's place, where that is somebody else.
    stand_ins: BTreeMap<ParticipantId, ParticipantId>,
}

impl Known {
    fn of<'a>(
        tx: &mut Conn<'_>,
        groups: &[GroupId],
        marks: impl Iterator<Item = &'a Mark> + Clone,
    ) -> Result<Self, StoreError> {
        let splits = Splits::of_marks(tx, groups, marks.clone())?;
        let codes: BTreeSet<ParticipantId> = marks.map(|mark| mark.participant).collect();
        let all: Vec<Db<ParticipantId>> =
            codes.into_iter().chain(splits.owners()).collect::<BTreeSet<_>>().into_iter().map(Db).collect();
        let mut known = Self { splits, participants: BTreeMap::new(), stand_ins: BTreeMap::new() };
        for some in all.chunks(IDS) {
            let rows: Vec<(Db<ParticipantId>, Db<GroupId>, bool, bool)> =
                on_each!(tx, |c| participants::table
                    .filter(participants::id.eq_any(some))
                    .select((
                        participants::id,
                        participants::group_id,
                        participants::void.is_not_null(),
                        participants::erased,
                    ))
                    .load(c))?;
            let of = |(Db(id), Db(group), void, erased)| (id, (group, void || erased));
            known.participants.extend(rows.into_iter().map(of));
            let rows: Vec<(Db<ParticipantId>, Db<ParticipantId>)> = on_each!(tx, |c| people::table
                .filter(people::participant_id.eq_any(some))
                .select((people::participant_id, people::person_id))
                .load(c))?;
            known.stand_ins.extend(rows.into_iter().map(|(Db(id), Db(person))| (id, person)));
        }
        Ok(known)
    }

    /// Of a participant of another group nothing is known: the mark is of somebody who has no record.
    fn who_came(&self, group: GroupId, marks: &[Mark]) -> BTreeSet<ParticipantId> {
        let here = |id: &ParticipantId| self.participants.get(id).filter(|(of, _)| *of == group);
        let owner = |mark: &Mark| match here(&mark.participant) {
            Some(_) => self.splits.owner(mark),
            None => mark.participant,
        };
        let came = of_whom(marks, owner).into_iter().filter(|(_, mark)| mark.attended());
        came.filter_map(|(owner, _)| match here(&owner) {
            Some((_, true)) => None,
            Some(_) => Some(self.stand_ins.get(&owner).copied().unwrap_or(owner)),
            None => Some(owner),
        })
        .collect()
    }
}

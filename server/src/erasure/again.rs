//! Recording a session again as it reads now, without the codes of somebody who is erased.
//!
//! Its history names them, and a history can't be written otherwise. So the next record of that day begins with what the session says, and the
//! session itself is erased. Whatever named it names the new record.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Grounds;
use sync_core::erasing::without;
use sync_core::form::EditError;
use sync_core::id::{DocumentId, SessionId};
use sync_core::moving::{Slot, copy, recorded_since};
use sync_core::person::marks;
use sync_core::record::session::SessionEdit;
use sync_core::record::{Kind, Note, Place, Session};

use super::find::{Found, sessions};
use super::handler::Refused;
use crate::desk::{self, EditRefused, Member, Original};
use crate::ledger;
use crate::store::{Conn, Failure, StoreError};

/// Records the sessions again. Gives for each the record that stands in its place: the new one, or that to which it was moved.
pub(super) fn record_again(
    tx: &mut Conn<'_>,
    found: &Found,
    member: Member,
) -> Result<BTreeMap<SessionId, SessionId>, Failure<Refused>> {
    let all = sessions(tx, found.stream)?;
    let mut taken: BTreeSet<SessionId> = BTreeSet::new();
    let mut heirs = BTreeMap::new();
    // 1. Each as it reads now. One that was moved stands in that record already, but for what somebody recorded in it since.
    for id in &found.sessions {
        let Some(record) = all.get(id) else { continue };
        let place = Place { stream: found.stream, document: (*id).into(), kind: Kind::Session };
        let document = ledger::load(tx, place.document)?.ok_or(StoreError::Damaged("a document"))?.open()?;
        if let Some(to) = record.moved_to.filter(|to| all.contains_key(to))
            && recorded_since(record, &document).is_empty()
        {
            heirs.insert(*id, to);
            continue;
        }
        let slot = free(tx, record, &taken)?;
        taken.insert(slot.id);
        let mut said = record.clone();
        said.summary = without(&record.summary, &found.codes);
        let marks: Vec<_> = marks(&document)
            .into_iter()
            .filter(|mark| mark.shown)
            .map(|mark| (mark.participant, mark.mark))
            .collect();
        let why = aside(record, found);
        let from = record.moved_from.filter(|from| !found.sessions.contains(from));
        write(tx, Place { document: slot.id.into(), ..place }, member, |edit| {
            slot.begin(edit)?;
            from.map_or(Ok(()), |from| edit.moved_from().set(from))?;
            copy(&said, &marks, edit)?;
            why.map_or(Ok(()), |why| edit.void().set(why))
        })?;
        heirs.insert(*id, slot.id);
    }
    // 2. What names one of them.
    let heir = |id: SessionId| {
        let mut at = id;
        // A move may lead to a session that is itself recorded again; of a circle each is left at most once.
        for _ in 0..=heirs.len() {
            match heirs.get(&at) {
                Some(next) => at = *next,
                None => break,
            }
        }
        at
    };
    for (id, record) in &all {
        let again = heirs.get(id).copied().filter(|to| taken.contains(to));
        let stands = match again {
            Some(again) => again,
            None if found.sessions.contains(id) => continue,
            None => *id,
        };
        let gone = |other: &SessionId| found.sessions.contains(other);
        let double = record.double_of.filter(|of| gone(of) || again.is_some()).map(heir);
        let moved = record.moved_to.filter(|to| gone(to) && again.is_none()).map(heir);
        let (double, moved) =
            (double.filter(|double| *double != stands), moved.filter(|moved| *moved != stands));
        if double.is_none() && moved.is_none() {
            continue;
        }
        let place = Place { stream: found.stream, document: stands.into(), kind: Kind::Session };
        write(tx, place, member, |edit| {
            double.map_or(Ok(()), |double| edit.double_of().set(double))?;
            moved.map_or(Ok(()), |moved| edit.moved_to().set(moved))
        })?;
    }
    Ok(found.sessions.iter().filter(|id| heirs.contains_key(id)).map(|id| (*id, heir(*id))).collect())
}

/// Why a session that counts nowhere goes on counting nowhere under its new id.
fn aside(record: &Session, found: &Found) -> Option<Note> {
    let moved = record.moved_to.map(|_| "Was moved to another record; something was recorded in it since.");
    let said = record.void.as_ref().map(|why| without(why.as_str(), &found.codes));
    said.or(moved.map(str::to_owned)).and_then(|why| why.parse().ok())
}

/// The first record of that part of the day that nobody has begun.
fn free(tx: &mut Conn<'_>, record: &Session, taken: &BTreeSet<SessionId>) -> Result<Slot, Failure<Refused>> {
    for nth in 1..=99 {
        let slot = Slot::numbered(record.group, record.date, record.part, nth);
        if !taken.contains(&slot.id) && ledger::load(tx, DocumentId::from(slot.id))?.is_none() {
            return Ok(slot);
        }
    }
    Err(Failure::Refused(EditRefused::from(EditError::Full).into()))
}

fn write(
    tx: &mut Conn<'_>,
    place: Place,
    member: Member,
    work: impl FnOnce(&mut SessionEdit<'_>) -> Result<(), EditError>,
) -> Result<(), Failure<Refused>> {
    let original = Original::at(tx, place)?;
    let grounds: Grounds =
        "Somebody whom it named was erased.".parse().map_err(|_| StoreError::Damaged("a text of ours"))?;
    desk::edit(tx, original, member, |document, actor| {
        document
            .edit_because::<Session>(actor, member.now, &grounds, work)
            .map_err(|error| Refused::from(EditRefused::from(error)))
    })
}

//! Recording a session again as it reads now, without the codes of somebody who is erased.
//!
//! Its history names them, and a history can't be written otherwise. So the next record of that day begins with what the session says, and the
//! session itself is erased. Whatever named it names the new record.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Grounds;
use sync_core::erasing::without;
use sync_core::form::EditError;
use sync_core::id::{DocumentId, SessionId};
use sync_core::moving::{Slot, copy};
use sync_core::record::session::SessionEdit;
use sync_core::record::{Kind, Note, Place, Session};

use super::carrying_out::Refused;
use super::find::{Found, Naming};
use crate::desk::{self, EditRefused, Member, Original};
use crate::ledger;
use crate::store::{Conn, Failure, StoreError};

/// Records the sessions again. Gives for each the record that stands in its place: the new one, or that to which it was moved.
pub(super) fn record_again(
    tx: &mut Conn<'_>,
    found: &Found,
    member: Member,
) -> Result<BTreeMap<SessionId, SessionId>, Failure<Refused>> {
    // 1. Each as it reads now, under the next number of its part of the day.
    let (mut heirs, mut new) = (BTreeMap::new(), BTreeSet::new());
    for (id, naming) in &found.naming {
        if let Some(to) = naming.stands_in {
            heirs.insert(*id, to);
            continue;
        }
        let slot = free(tx, &naming.record)?;
        begin(tx, found, slot, naming, member)?;
        heirs.insert(*id, slot.id);
        new.insert(slot.id);
    }
    let heir = |id: SessionId| last_of(&heirs, id);
    // 2. What says that it is a double of one of them, or was moved there. Of the sessions of step 1 those that were begun say so again.
    for (id, naming) in &found.naming {
        let Some(again) = heirs.get(id).filter(|to| new.contains(to)) else { continue };
        point(tx, found, *again, naming.record.double_of.map(heir), None, member)?;
    }
    for (id, session) in &found.pointing {
        let goes = |to: &SessionId| found.goes(*to);
        let double = session.double_of.filter(goes).map(heir);
        let moved = session.moved_to.filter(goes).map(heir);
        point(tx, found, *id, double, moved, member)?;
    }
    // 3. Marks that are of somebody else go under their own code: once the person's record is gone, nothing tells whose they were.
    for (session, whose, mark) in &found.of_others {
        write(tx, found, *session, member, |edit| edit.attendance().put(whose, *mark))?;
    }
    Ok(found.naming.keys().map(|id| (*id, heir(*id))).collect())
}

/// The record in which something stands in the end: one that took its place may itself be recorded again.
fn last_of(heirs: &BTreeMap<SessionId, SessionId>, id: SessionId) -> SessionId {
    let mut at = id;
    // Of a circle of moves each is left at most once.
    for _ in 0..heirs.len() {
        match heirs.get(&at) {
            Some(next) => at = *next,
            None => break,
        }
    }
    at
}

/// Begins the record that takes the place of a session.
fn begin(
    tx: &mut Conn<'_>,
    found: &Found,
    slot: Slot,
    Naming { record, marks, .. }: &Naming,
    member: Member,
) -> Result<(), Failure<Refused>> {
    let said = Session { summary: without(&record.summary, &found.codes), ..record.clone() };
    let marks: Vec<_> = marks.iter().map(|(whose, mark)| (*whose, *mark)).collect();
    let from = record.moved_from.filter(|from| !found.goes(*from));
    let why = aside(record, found);
    write(tx, found, slot.id, member, |edit| {
        slot.begin(edit)?;
        from.map_or(Ok(()), |from| edit.moved_from().set(from))?;
        copy(&said, &marks, edit)?;
        why.map_or(Ok(()), |why| edit.void().set(why))
    })
}

/// Why a session that counts nowhere goes on counting nowhere under its new id.
fn aside(record: &Session, found: &Found) -> Option<Note> {
    let moved = record.moved_to.map(|_| "Was moved to another record; something was recorded in it since.");
    let said = record.void.as_ref().map(|why| without(why.as_str(), &found.codes));
    said.or(moved.map(str::to_owned)).and_then(|why| why.parse().ok())
}

/// Has a session say of which it is a double, or where it was moved; nothing where it would name itself.
fn point(
    tx: &mut Conn<'_>,
    found: &Found,
    session: SessionId,
    double: Option<SessionId>,
    moved: Option<SessionId>,
    member: Member,
) -> Result<(), Failure<Refused>> {
    let [double, moved] = [double, moved].map(|to| to.filter(|to| *to != session));
    if double.is_none() && moved.is_none() {
        return Ok(());
    }
    write(tx, found, session, member, |edit| {
        double.map_or(Ok(()), |double| edit.double_of().set(double))?;
        moved.map_or(Ok(()), |moved| edit.moved_to().set(moved))
    })
}

/// The first record of that part of the day that nobody has begun.
fn free(tx: &mut Conn<'_>, record: &Session) -> Result<Slot, Failure<Refused>> {
    let all: Vec<Slot> =
        (1..=99).map(|nth| Slot::numbered(record.group, record.date, record.part, nth)).collect();
    let ids: Vec<DocumentId> = all.iter().map(|slot| slot.id.into()).collect();
    let begun = ledger::homes(tx, &ids)?;
    let free = all.into_iter().find(|slot| !begun.contains_key(&DocumentId::from(slot.id)));
    free.ok_or_else(|| Failure::Refused(EditRefused::from(EditError::Full).into()))
}

/// Writes one change to a session, or begins it.
fn write(
    tx: &mut Conn<'_>,
    found: &Found,
    session: SessionId,
    member: Member,
    work: impl FnOnce(&mut SessionEdit<'_>) -> Result<(), EditError>,
) -> Result<(), Failure<Refused>> {
    let place = Place { stream: found.stream, document: session.into(), kind: Kind::Session };
    let original = Original::at(tx, place)?;
    let grounds: Grounds =
        "Somebody whom it named was erased.".parse().map_err(|_| StoreError::Damaged("a text of ours"))?;
    desk::edit(tx, original, member, |document, actor| {
        document
            .edit_because::<Session>(actor, member.now, &grounds, work)
            .map_err(|error| Refused::from(EditRefused::from(error)))
    })
}

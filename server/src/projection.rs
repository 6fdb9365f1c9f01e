//! The projection: rows for queries, computed from the documents.
//!
//! The rows of a document are a pure function of it ([`Rows::of`]). They are written in the transaction that stores the
//! document, and can be computed again at any time. Three kinds of rows follow from several documents of one stream, and
//! are written under its lock with any of these: which sessions look alike ([`doubles`]), which participant counts
//! in whose place ([`people`]), and what others are told of whom a group refers to them ([`received`]).

mod clashes;
mod difference;
mod doubles;
mod people;
mod received;
mod rows;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::id::{DocumentId, GroupId, Id, SessionId};
use sync_core::record::{Kind, Place, Record};

use crate::store::{Conn, StoreError};
pub(crate) use clashes::id_of;
pub use difference::{Difference, Differences, SessionChange, Standing};
pub use rows::{CoverageId, Rows};

/// The version of the rows, and of the facts that follow from them. It counts upwards whenever this program computes others of the same documents;
/// a service that starts on those of an earlier version computes all of them again.
pub const VERSION: u32 = 14;

/// A document with the rows that it must have, by [`Rows::of`].
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub place: Place,
    pub record: &'a Record,
    pub rows: &'a Rows,
}

/// Brings the rows of some documents of one stream up to date, and the rows that follow from several documents; gives
/// what changed. `there` are the rows that the store has of these documents ([`Rows::load`]).
///
/// The caller holds the lock of the stream: which sessions look alike, and who counts in whose place, follows from
/// documents that others may write. Costs statements for the rows that differ, and queries for the sessions and groups
/// whose comparison may differ.
///
/// # Errors
/// Those of the store.
pub fn project(
    tx: &mut Conn<'_>,
    subjects: &[Subject<'_>],
    mut there: BTreeMap<DocumentId, Rows>,
) -> Result<Differences, StoreError> {
    // 1. The rows of each document by itself.
    let difference = |Subject { place, rows, .. }: &Subject<'_>| {
        let id = place.document;
        let old = there.remove(&id).unwrap_or_default();
        (old != **rows).then(|| Difference { id, old, new: (*rows).clone() })
    };
    let documents: Vec<Difference> = subjects.iter().filter_map(difference).collect();
    write::write(tx, &documents)?;

    // 2. Rows that follow from several documents. They are read from the rows that step 1 has written, and only where a
    //    value changed by which sessions are compared, or by which participants stand for each other.
    let subjects: BTreeMap<DocumentId, &Subject<'_>> =
        subjects.iter().map(|one| (one.place.document, one)).collect();
    let (mut sessions, mut groups) = (Vec::new(), BTreeSet::new());
    for difference in &documents {
        let Some(Subject { place, record, .. }) = subjects.get(&difference.id) else { continue };
        if let Record::Session(session) = record
            && difference.looks_otherwise()
        {
            sessions.push((SessionId::from(difference.id), session));
        }
        if difference.stands_otherwise() {
            groups.insert(group_of(*place));
        }
    }
    let alike = doubles::write(tx, &sessions)?;
    let mut people = BTreeSet::new();
    for group in groups {
        people.append(&mut people::write(tx, group)?);
    }
    // 3. What others are told of whom they receive follows from both.
    let referring = documents.iter().filter(|one| one.refers_otherwise());
    let referring = referring.filter_map(|one| Some(group_of(subjects.get(&one.id)?.place)));
    for group in referring.collect::<BTreeSet<GroupId>>() {
        received::write(tx, group)?;
    }
    Ok(Differences { documents, alike, people })
}

/// Brings the rows of one document up to date, whatever rows it has; gives what changed, `None` where nothing did. The
/// caller holds the lock of the stream.
///
/// # Errors
/// Those of the store.
pub fn mend(
    tx: &mut Conn<'_>,
    subject: Subject<'_>,
    there: Option<Rows>,
) -> Result<Option<Differences>, StoreError> {
    let there = there.unwrap_or_default();
    if !differs(tx, subject, &there)? {
        return Ok(None);
    }
    // `project` compares with other documents only where a row of this one changed; here these rows may be wrong by
    // themselves.
    let mut differences = project(tx, &[subject], BTreeMap::from([(subject.place.document, there)]))?;
    match subject.record {
        Record::Session(session) => {
            let session = (subject.place.document.into(), session);
            differences.alike.append(&mut doubles::write(tx, &[session])?);
        }
        Record::Participant(_) | Record::Erased(Kind::Participant) => {
            differences.people.append(&mut people::write(tx, group_of(subject.place))?);
        }
        Record::Referral(_) | Record::Erased(Kind::Referral) => received::write(tx, group_of(subject.place))?,
        _ => {}
    }
    Ok(Some(differences))
}

/// Whether the rows of a document, `there` and those that follow from several documents, are not those that it must
/// have.
///
/// # Errors
/// Those of the store.
pub fn differs(tx: &mut Conn<'_>, subject: Subject<'_>, there: &Rows) -> Result<bool, StoreError> {
    let Subject { place, record, rows } = subject;
    if there != rows {
        return Ok(true);
    }
    match record {
        Record::Session(session) => doubles::differ(tx, place.document.into(), session),
        Record::Participant(_) | Record::Erased(Kind::Participant) => {
            people::differ(tx, place.document.into(), group_of(place))
        }
        Record::Referral(_) | Record::Erased(Kind::Referral) => {
            received::differ(tx, place.document.into(), group_of(place))
        }
        _ => Ok(false),
    }
}

/// A group's stream bears its id.
fn group_of(place: Place) -> GroupId {
    GroupId::from_uuid(place.stream.uuid())
}

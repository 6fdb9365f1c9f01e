//! The projection: rows for queries, computed from the documents.
//!
//! The rows of a document are a pure function of it ([`Rows::of`]). They are written in the transaction that stores the
//! document, and can be computed again at any time. Two kinds of rows follow from several documents of one stream, and
//! are written under its lock with any of these: which sessions look alike ([`doubles`]), and which participant counts
//! in whose place ([`people`]). Referrals, incidents, screenings and lessons have no rows: they are in their documents
//! alone.

mod clashes;
mod difference;
mod doubles;
mod people;
mod rows;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::id::{DocumentId, SessionId};
use sync_core::record::Record;

use crate::store::{Conn, StoreError};
pub(crate) use clashes::id_of;
pub use difference::{Difference, Differences, SessionChange, Standing};
pub use rows::Rows;

/// The version of the rows. It counts upwards whenever this program computes other rows of the same document; a service
/// that starts on rows of an earlier version computes all of them again.
pub const VERSION: u32 = 8;

/// A document with the rows that it must have, by [`Rows::of`].
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub id: DocumentId,
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
    let difference = |Subject { id, rows, .. }: &Subject<'_>| {
        let old = there.remove(id).unwrap_or_default();
        (old != **rows).then(|| Difference { id: *id, old, new: (*rows).clone() })
    };
    let documents: Vec<Difference> = subjects.iter().filter_map(difference).collect();
    write::write(tx, &documents)?;

    // 2. Rows that follow from several documents. They are read from the rows that step 1 has written, and only where a
    //    value changed by which sessions are compared, or by which participants stand for each other.
    let records: BTreeMap<DocumentId, &Record> = subjects.iter().map(|one| (one.id, one.record)).collect();
    let (mut sessions, mut groups) = (Vec::new(), BTreeSet::new());
    for difference in &documents {
        let Some(record) = records.get(&difference.id) else { continue };
        match record {
            Record::Session(session) if difference.looks_otherwise() => {
                sessions.push((SessionId::from(difference.id), session));
            }
            Record::Participant(participant) if difference.stands_otherwise() => {
                groups.insert(participant.group);
            }
            _ => {}
        }
    }
    let alike = doubles::write(tx, &sessions)?;
    let mut people = BTreeSet::new();
    for group in groups {
        people.append(&mut people::write(tx, group)?);
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
    let mut differences = project(tx, &[subject], BTreeMap::from([(subject.id, there)]))?;
    match subject.record {
        Record::Session(session) => {
            differences.alike.append(&mut doubles::write(tx, &[(subject.id.into(), session)])?);
        }
        Record::Participant(one) => differences.people.append(&mut people::write(tx, one.group)?),
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
    let Subject { id, record, rows } = subject;
    if there != rows {
        return Ok(true);
    }
    match record {
        Record::Session(session) => doubles::differ(tx, id.into(), session),
        Record::Participant(participant) => people::differ(tx, id.into(), participant.group),
        _ => Ok(false),
    }
}

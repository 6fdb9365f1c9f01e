//! The weight of a change or a document, from its bytes, before Automerge sees them. Columns are made of runs, and a
//! run says how long it is and which value it repeats: four hundred bytes can say sixty thousand operations that each
//! have a key of 190,000 bytes, and Automerge writes out every one of these keys (seen: 11 GB). So the [`Weight`] is
//! computed from the runs, without expanding any, and held against the limits (Automerge binary format, "Change
//! chunks", "Document chunks" and "Run length encoding").

mod column;
mod reader;

use std::borrow::Cow;
use std::io::Read;

use super::Unreadable;
use crate::limits::{
    MAX_CHANGE_EXPANDED, MAX_DOCUMENT_AUTHORS, MAX_DOCUMENT_CHANGES, MAX_DOCUMENT_EXPANDED,
    MAX_DOCUMENT_OPERATIONS, MAX_OPERATIONS,
};
use column::{Column, GROUP, KIND};
pub(crate) use reader::Reader;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT_CHUNK: u8 = 0;
const CHANGE_CHUNK: u8 = 1;
const DEFLATED_CHUNK: u8 = 2;

/// The bit in a column's number that says that its bytes are deflated; in documents only.
const DEFLATED: u64 = 8;
/// How many bits of a column's number stand below its id. A group column and its members share the id.
const COLUMN_ID: u32 = 4;
/// The bytes that Automerge keeps in memory for each dependency of a change.
const INDEX: u64 = 8;

/// What the bytes of a change or document take once they are expanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// How many changes; 1 of a change.
    pub(crate) changes: u64,
    pub(crate) authors: u64,
    /// The rows of the longest column: the operations, or the operations that they overwrite.
    pub(crate) operations: u64,
    /// The bytes of keys, values, authors, hashes and messages, each as often as it is repeated.
    pub(crate) expanded: u64,
}

impl Weight {
    /// The limits of a change.
    pub(crate) const OF_CHANGE: Self = Self {
        changes: 1,
        authors: MAX_DOCUMENT_AUTHORS,
        operations: MAX_OPERATIONS,
        expanded: MAX_CHANGE_EXPANDED,
    };

    /// The limits of a document with its history.
    pub(crate) const OF_DOCUMENT: Self = Self {
        changes: MAX_DOCUMENT_CHANGES,
        authors: MAX_DOCUMENT_AUTHORS,
        operations: MAX_DOCUMENT_OPERATIONS,
        expanded: MAX_DOCUMENT_EXPANDED,
    };

    pub(crate) fn within(&self, most: &Self) -> bool {
        self.changes <= most.changes
            && self.authors <= most.authors
            && self.operations <= most.operations
            && self.expanded <= most.expanded
    }

    /// An upper bound of a document's weight with one more change. Authors that the change names beside its own count
    /// nothing: their operations are in the document already, or the change can't be merged.
    pub(crate) fn with(&self, change: &Self, new_author: bool) -> Self {
        Self {
            changes: self.changes.saturating_add(1),
            authors: self.authors.saturating_add(u64::from(new_author)),
            operations: self.operations.saturating_add(change.operations),
            expanded: self.expanded.saturating_add(change.expanded),
        }
    }
}

/// The weight of a change.
///
/// # Errors
/// [`Unreadable`] where the bytes are not one plain change, or pass the limits of a change.
pub(crate) fn change(bytes: &[u8]) -> Result<Weight, Unreadable> {
    weighed(of_change(open(bytes, CHANGE_CHUNK)?), &Weight::OF_CHANGE)
}

/// The weight of a whole document.
///
/// # Errors
/// [`Unreadable`] where the bytes are not one document, or pass the limits of a document.
pub(crate) fn document(bytes: &[u8]) -> Result<Weight, Unreadable> {
    weighed(of_document(open(bytes, DOCUMENT_CHUNK)?), &Weight::OF_DOCUMENT)
}

/// The content of the chunk of a change that parses.
pub(crate) fn body(change: &[u8]) -> Option<&[u8]> {
    open(change, CHANGE_CHUNK).ok()
}

fn weighed(found: Option<Weight>, most: &Weight) -> Result<Weight, Unreadable> {
    match found {
        Some(weight) if weight.within(most) => Ok(weight),
        Some(_) => Err(Unreadable::TooLarge),
        None => Err(Unreadable::NotAChange),
    }
}

/// Checks the frame of a chunk without looking inside: magic, type, and a length that takes all the rest
/// (Automerge binary format, "Chunk container").
fn open(bytes: &[u8], due: u8) -> Result<&[u8], Unreadable> {
    let (Some(magic), Some(kind), Some(rest)) = (bytes.get(..4), bytes.get(8), bytes.get(9..)) else {
        return Err(Unreadable::NotAChange);
    };
    match (magic == MAGIC, *kind) {
        (true, kind) if kind == due => {}
        (true, DEFLATED_CHUNK) => return Err(Unreadable::Compressed),
        _ => return Err(Unreadable::NotAChange),
    }
    let mut at = Reader(rest);
    let length = at.number().ok_or(Unreadable::NotAChange)?;
    if length == at.0.len() as u64 { Ok(at.0) } else { Err(Unreadable::NotAChange) }
}

fn of_change(body: &[u8]) -> Option<Weight> {
    let mut at = Reader(body);
    let mut weight = Weight { changes: 1, ..Weight::default() };
    weight.expand(at.hashes()?);
    weight.expand(at.prefixed()?.len() as u64); // the author
    for _sequence_start_time in 0..3 {
        at.number()?;
    }
    weight.expand(at.prefixed()?.len() as u64); // the message
    let others = at.authors()?;
    weight.authors = 1 + others.count;
    weight.expand(others.bytes);
    let listed = at.columns()?;
    for (column, length) in listed {
        // Automerge takes no change whose columns are deflated one by one.
        let data = at.take(length)?;
        weight.add(&Column::of(column, data, MAX_OPERATIONS)?);
    }
    weight.expand(at.0.len() as u64); // extra bytes
    Some(weight)
}

fn of_document(body: &[u8]) -> Option<Weight> {
    let mut at = Reader(body);
    let authors = at.authors()?;
    let mut weight = Weight { authors: authors.count, expanded: authors.bytes, ..Weight::default() };
    weight.expand(at.hashes()?);
    let (changes, operations) = (at.columns()?, at.columns()?);
    let mut room = MAX_DOCUMENT_EXPANDED;
    let mut column = |at: &mut Reader<'_>, (column, length): (u64, u64), most| {
        let data = expanded(column, at.take(length)?, room)?;
        room -= data.len() as u64;
        Column::of(column, &data, most)
    };
    let mut group = None;
    for one @ (number, _) in changes {
        let column = column(&mut at, one, MAX_DOCUMENT_OPERATIONS)?;
        if group == Some(number >> COLUMN_ID) {
            // The dependencies of changes are a column in the same group, with a row for each dependency.
            weight.expand(column.rows.saturating_mul(INDEX));
        } else {
            weight.changes = weight.changes.max(column.rows);
        }
        if number & KIND == GROUP {
            group = Some(number >> COLUMN_ID);
        }
        weight.expand(column.bytes);
    }
    for one in operations {
        weight.add(&column(&mut at, one, MAX_DOCUMENT_OPERATIONS)?);
    }
    Some(weight)
}

impl Weight {
    /// Adds a column of operations.
    fn add(&mut self, column: &Column) {
        self.operations = self.operations.max(column.rows).max(column.members);
        self.expand(column.bytes);
    }

    /// Adds bytes without overflow: a column may claim more than a u64 counts, and must not come out as light.
    fn expand(&mut self, bytes: u64) {
        self.expanded = self.expanded.saturating_add(bytes);
    }
}

/// The bytes of a column, inflated only as far as there is room for them.
fn expanded(column: u64, data: &[u8], room: u64) -> Option<Cow<'_, [u8]>> {
    if column & DEFLATED == 0 {
        return (data.len() as u64 <= room).then_some(Cow::Borrowed(data));
    }
    let mut expanded = Vec::new();
    flate2::read::DeflateDecoder::new(data).take(room + 1).read_to_end(&mut expanded).ok()?;
    (expanded.len() as u64 <= room).then_some(Cow::Owned(expanded))
}

#[cfg(test)]
mod tests;

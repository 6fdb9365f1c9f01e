//! What can be said of the bytes of a change or a document before Automerge sees them: that they are one chunk, and how many
//! operations they claim. Automerge walks through every claimed operation, and a few bytes can claim more than it could in a
//! year.

use std::borrow::Cow;
use std::io::Read;

use super::Unreadable;
use crate::limits::{MAX_DOCUMENT_OPERATIONS, MAX_EXPANDED, MAX_OPERATIONS};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT_CHUNK: u8 = 0;
const CHANGE_CHUNK: u8 = 1;
const DEFLATED_CHUNK: u8 = 2;

/// In the number of a column of a document: its bytes are deflated.
const DEFLATED: u64 = 8;

/// Checks the bytes of a change.
pub(super) fn change(bytes: &[u8]) -> Result<(), Unreadable> {
    operations(open(bytes, CHANGE_CHUNK)?)
}

/// Checks the bytes of a whole document. Its columns may be deflated: they are expanded one by one, within a limit.
pub(crate) fn document(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut at = Reader(open(bytes, DOCUMENT_CHUNK)?);
    let counted = (|| {
        for _ in 0..at.number()? {
            at.prefixed()?; // an author
        }
        let heads = at.number()?;
        at.take(heads.checked_mul(32)?)?;
        let (changes, operations) = (at.columns()?, at.columns()?);
        let (mut most, mut room) = (0, MAX_EXPANDED);
        for (column, length) in changes.into_iter().chain(operations) {
            let data = expanded(column, at.take(length)?, room)?;
            room -= data.len();
            most = most.max(rows(column, &data, MAX_DOCUMENT_OPERATIONS)?);
        }
        Some(most)
    })();
    within(counted, MAX_DOCUMENT_OPERATIONS)
}

/// The bytes of a column, if there is room for them.
fn expanded(column: u64, data: &[u8], room: usize) -> Option<Cow<'_, [u8]>> {
    if column & DEFLATED == 0 {
        return (data.len() <= room).then_some(Cow::Borrowed(data));
    }
    let mut expanded = Vec::new();
    flate2::read::DeflateDecoder::new(data).take(room as u64 + 1).read_to_end(&mut expanded).ok()?;
    (expanded.len() <= room).then_some(Cow::Owned(expanded))
}

fn within(counted: Option<u64>, limit: u64) -> Result<(), Unreadable> {
    match counted {
        Some(most) if most <= limit => Ok(()),
        Some(_) => Err(Unreadable::TooLarge),
        None => Err(Unreadable::NotAChange),
    }
}

/// Checks the frame of a chunk without looking inside: magic, type, and a length that takes all the rest
/// (Automerge binary format, "Chunk container").
fn open(bytes: &[u8], due: u8) -> Result<&[u8], Unreadable> {
    let (Some(magic), Some(kind), Some(mut rest)) = (bytes.get(..4), bytes.get(8), bytes.get(9..)) else {
        return Err(Unreadable::NotAChange);
    };
    match (magic == MAGIC, *kind) {
        (true, kind) if kind == due => {}
        (true, DEFLATED_CHUNK) => return Err(Unreadable::Compressed),
        _ => return Err(Unreadable::NotAChange),
    }
    let mut length: u64 = 0;
    for shift in (0..63).step_by(7) {
        let Some((byte, tail)) = rest.split_first() else { return Err(Unreadable::NotAChange) };
        rest = tail;
        length |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return if length == rest.len() as u64 { Ok(rest) } else { Err(Unreadable::NotAChange) };
        }
    }
    Err(Unreadable::NotAChange)
}

/// Checks how many operations a change says that it holds, without expanding any: its columns are runs, and a run says how
/// long it is (Automerge binary format, "Change chunks" and "Run length encoding"). Two hundred bytes can say a trillion.
fn operations(body: &[u8]) -> Result<(), Unreadable> {
    let counted = (|| {
        let mut at = Reader(body);
        let deps = at.number()?;
        at.take(deps.checked_mul(32)?)?;
        at.prefixed()?; // the author
        for _sequence_start_time in 0..3 {
            at.number()?;
        }
        at.prefixed()?; // the message
        for _ in 0..at.number()? {
            at.prefixed()?; // another author
        }
        let mut most = 0;
        for (column, length) in at.columns()? {
            most = most.max(rows(column, at.take(length)?, MAX_OPERATIONS)?);
        }
        Some(most)
    })();
    within(counted, MAX_OPERATIONS)
}

/// How many rows a column has, counted until there are more than `limit`.
fn rows(column: u64, data: &[u8], limit: u64) -> Option<u64> {
    let mut at = Reader(data);
    let mut rows: u64 = 0;
    let kind = column & 7;
    while !at.0.is_empty() {
        if kind == 4 {
            rows = rows.checked_add(at.number()?)?; // booleans: the lengths of runs, nothing else
            continue;
        }
        if kind == 7 {
            return Some(0); // bytes of values, counted by the column before
        }
        // A count of zero is a run of nothings, of a length that follows; below zero so many single values.
        let count = at.signed()?;
        let (run, values) = match count {
            0 => (at.number()?, 0),
            1.. => (count.unsigned_abs(), 1),
            _ => (count.unsigned_abs(), count.unsigned_abs()),
        };
        rows = rows.checked_add(run)?;
        if rows > limit {
            break;
        }
        for _ in 0..values {
            if kind == 5 { at.prefixed()? } else { at.number().map(drop)? }
        }
    }
    Some(rows)
}

/// Reads numbers (LEB128) and what they measure.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let before = self.0.len();
        let start = self.0;
        let number = self.number()?.cast_signed();
        let used = before - self.0.len();
        let negative = start.get(used - 1)? & 0x40 != 0;
        Some(if negative && used < 10 { number | (-1_i64 << (7 * used)) } else { number })
    }

    fn take(&mut self, length: u64) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Which columns follow, each with the length of its bytes.
    fn columns(&mut self) -> Option<Vec<(u64, u64)>> {
        (0..self.number()?).map(|_| Some((self.number()?, self.number()?))).collect()
    }

    fn prefixed(&mut self) -> Option<()> {
        let length = self.number()?;
        self.take(length).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::document::Document;
    use crate::record::Kind;

    fn leb(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number > 0x3f {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    /// A document without authors and heads, with one column of operations.
    fn with_column(column: u64, data: &[u8]) -> Vec<u8> {
        let body = [&[0, 0, 0, 1], leb(column).as_slice(), &leb(data.len() as u64), data].concat();
        [&MAGIC, &[0; 4], &[DOCUMENT_CHUNK][..], &leb(body.len() as u64), &body].concat()
    }

    fn deflated(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).expect("a Vec grows");
        encoder.finish().expect("a Vec grows")
    }

    #[test]
    fn a_document_that_claims_too_much_is_refused_before_it_is_opened() {
        let run = |length: u64| [leb(length), vec![1]].concat();
        assert_eq!(document(&with_column(2, &run(MAX_DOCUMENT_OPERATIONS))), Ok(()));
        assert_eq!(document(&with_column(2, &run(1 << 40))), Err(Unreadable::TooLarge));
        let column = 2 | DEFLATED;
        assert_eq!(document(&with_column(column, &deflated(&run(9)))), Ok(()));
        assert_eq!(document(&with_column(column, &deflated(&run(1 << 40)))), Err(Unreadable::TooLarge));
        let bomb = deflated(&vec![0; MAX_EXPANDED + 1]);
        assert!(bomb.len() < 10_000);
        assert_eq!(document(&with_column(column, &bomb)), Err(Unreadable::NotAChange));
    }

    #[test]
    fn one_document_is_one_chunk() {
        for kind in Kind::ALL {
            let saved = Document::genesis(*kind).save();
            assert_eq!(document(&saved), Ok(()), "{kind}");
            assert!(document(&[&saved[..], &saved].concat()).is_err(), "{kind}, twice");
            assert!(document(&saved[..saved.len() - 1]).is_err(), "{kind}, cut off");
        }
    }
}

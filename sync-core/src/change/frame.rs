//! What can be said of a change's bytes before Automerge sees them: that they are one plain chunk, and how many operations
//! they claim. Automerge walks through every claimed operation, and a few bytes can claim more than it could in a year.

use super::Unreadable;
use crate::limits::MAX_OPERATIONS;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE_CHUNK: u8 = 1;
const DEFLATED_CHUNK: u8 = 2;

/// Checks the frame of a chunk without looking inside: magic, type, and a length that takes all the rest
/// (Automerge binary format, "Chunk container").
pub(super) fn open(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    let (Some(magic), Some(kind), Some(mut rest)) = (bytes.get(..4), bytes.get(8), bytes.get(9..)) else {
        return Err(Unreadable::NotAChange);
    };
    match (magic == MAGIC, *kind) {
        (true, CHANGE_CHUNK) => {}
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
pub(super) fn operations(body: &[u8]) -> Result<(), Unreadable> {
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
        let mut columns = Vec::new();
        for _ in 0..at.number()? {
            columns.push((at.number()?, at.number()?));
        }
        let mut most = 0;
        for (column, length) in columns {
            most = most.max(rows(column, at.take(length)?)?);
        }
        Some(most)
    })();
    match counted {
        Some(most) if most <= MAX_OPERATIONS => Ok(()),
        Some(_) => Err(Unreadable::TooLarge),
        None => Err(Unreadable::NotAChange),
    }
}

/// How many rows a column has; of a kind that we do not know, as many as it has bytes.
fn rows(column: u64, data: &[u8]) -> Option<u64> {
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
        if rows > MAX_OPERATIONS {
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

    fn prefixed(&mut self) -> Option<()> {
        let length = self.number()?;
        self.take(length).map(drop)
    }
}

//! The weight of one column, read off its runs.

use super::reader::Reader;

/// The last three bits of a column's number are the type of its rows (Automerge binary format, "Column
/// specifications"). Actors, integers and deltas are numbers, and treated alike here.
pub(super) const KIND: u64 = 7;
pub(super) const GROUP: u64 = 0;
const BOOLEAN: u64 = 4;
const STRING: u64 = 5;
const VALUE_METADATA: u64 = 6;
const VALUE: u64 = 7;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) rows: u64,
    /// Of a group column: how many rows it claims for its members.
    pub(super) members: u64,
    /// The bytes of the rows' strings or values, each as often as it is repeated.
    pub(super) bytes: u64,
}

impl Column {
    /// Counts until there are more rows than `most`: of a column that passes the limit the exact count does not matter.
    /// `None` where the runs do not hold together. Takes time with the bytes, not with the rows that they claim.
    pub(super) fn of(column: u64, data: &[u8], most: u64) -> Option<Self> {
        let mut found = Self::default();
        let mut at = Reader(data);
        match column & KIND {
            // The bytes of values. Their lengths are in the column before.
            VALUE => return Some(found),
            // Nothing but the lengths of runs.
            BOOLEAN => {
                while !at.0.is_empty() {
                    found.rows = found.rows.saturating_add(at.number()?);
                }
                return Some(found);
            }
            _ => {}
        }
        while !at.0.is_empty() && found.rows <= most {
            // A count of zero is a run of nulls, whose length follows; a count below zero is as many single rows.
            match at.signed()? {
                0 => found.rows = found.rows.saturating_add(at.number()?),
                run @ 1.. => found.row(&mut at, column & KIND, run.unsigned_abs())?,
                singles => {
                    // Each single row takes a byte at least, so the loop ends with the bytes.
                    for _ in 0..singles.unsigned_abs() {
                        found.row(&mut at, column & KIND, 1)?;
                    }
                }
            }
        }
        Some(found)
    }

    /// One value, `times` over.
    fn row(&mut self, at: &mut Reader<'_>, kind: u64, times: u64) -> Option<()> {
        let value = if kind == STRING { at.prefixed()?.len() as u64 } else { at.number()? };
        self.rows = self.rows.saturating_add(times);
        let more = |before: u64, each: u64| before.saturating_add(each.saturating_mul(times));
        match kind {
            STRING => self.bytes = more(self.bytes, value),
            // The length of the value stands above four bits with its type.
            VALUE_METADATA => self.bytes = more(self.bytes, value >> 4),
            GROUP => self.members = more(self.members, value),
            _ => {}
        }
        Some(())
    }
}

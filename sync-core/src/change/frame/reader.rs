//! A cursor over bytes that reads LEB128 numbers, and bytes that have their length before them. Each call gives `None`
//! where the bytes end early.

/// The most columns of a chunk. Automerge knows sixteen, and writes a line of log for each column that it does not
/// know.
const MOST_COLUMNS: u64 = 64;

/// The bytes that are still to be read.
#[derive(Debug)]
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

/// How many authors a chunk lists, and the bytes of all of them.
pub(super) struct Listed {
    pub(super) count: u64,
    pub(super) bytes: u64,
}

impl<'b> Reader<'b> {
    pub(crate) fn number(&mut self) -> Option<u64> {
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

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let start = self.0;
        let number = self.number()?.cast_signed();
        let used = start.len() - self.0.len();
        let negative = start.get(used - 1)? & 0x40 != 0;
        Some(if negative && used < 10 { number | (-1_i64 << (7 * used)) } else { number })
    }

    pub(crate) fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes bytes that have their length before them.
    pub(crate) fn prefixed(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    /// Takes a list of hashes; gives their bytes, 32 for each.
    pub(crate) fn hashes(&mut self) -> Option<u64> {
        let bytes = self.number()?.checked_mul(32)?;
        self.take(bytes).map(|_| bytes)
    }

    pub(super) fn authors(&mut self) -> Option<Listed> {
        let count = self.number()?;
        let mut bytes = 0;
        for _ in 0..count {
            bytes += self.prefixed()?.len() as u64;
        }
        Some(Listed { count, bytes })
    }

    /// The numbers of the columns that follow, each with the length of its bytes.
    pub(crate) fn columns(&mut self) -> Option<Vec<(u64, u64)>> {
        let count = self.number()?;
        if count > MOST_COLUMNS {
            return None;
        }
        (0..count).map(|_| Some((self.number()?, self.number()?))).collect()
    }
}

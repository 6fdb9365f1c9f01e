//! The operations of a change, read from its columns one by one, without what Automerge allocates for each.
//! (Automerge binary format, "Change chunks", "Operation columns".)

use super::frame::{Reader, body};

/// The actions of the format, by number.
pub(crate) mod action {
    pub(crate) const PUT: u64 = 1;
    pub(crate) const DELETE: u64 = 3;
    /// Making a map, list, text or table.
    pub(crate) const MAKES: [u64; 4] = [0, 2, 4, 6];
}

/// The type number of a string value.
pub(crate) const STRING: u64 = 6;

/// The id of an operation: its author's index in [`Operations::authors`], and its number.
pub(crate) type OperationId = (u64, u64);

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Operation<'b> {
    /// Its number; its author is the change's.
    pub(crate) number: u64,
    /// The operation that made the map or text to which it writes; `None` for the root.
    pub(crate) object: Option<OperationId>,
    /// The key in a map; `None` in a text.
    pub(crate) key: Option<&'b str>,
    pub(crate) insert: bool,
    pub(crate) action: u64,
    /// The type number of its value.
    pub(crate) value: u64,
    /// The predecessors: the operations whose values it replaces.
    pub(crate) overwrites: Vec<OperationId>,
}

/// All operations of a change, read while they are iterated over: nothing is expanded beforehand.
#[derive(Debug)]
pub(crate) struct Operations<'b> {
    /// The author of the change first, then the other authors whose operations it names.
    pub(crate) authors: Vec<&'b [u8]>,
    number: u64,
    object: (Runs<'b, u64>, Runs<'b, u64>),
    key: Runs<'b, &'b str>,
    insert: Booleans<'b>,
    action: Runs<'b, u64>,
    value: Runs<'b, u64>,
    overwrites: (Runs<'b, u64>, Runs<'b, u64>, Deltas<'b>),
}

impl<'b> Operations<'b> {
    /// The operations of a change that parses; `None` where its columns do not hold together.
    pub(crate) fn of(bytes: &'b [u8]) -> Option<Self> {
        let mut at = Reader(body(bytes)?);
        at.hashes()?;
        let mut authors = vec![at.prefixed()?];
        at.number()?; // the sequence
        let number = at.number()?;
        at.number()?; // the time
        at.prefixed()?; // the message
        for _ in 0..at.number()? {
            authors.push(at.prefixed()?);
        }
        let mut columns = Vec::new();
        for (column, length) in at.columns()? {
            columns.push((column, at.take(length)?));
        }
        // A column's number is sixteen times what the column is about, and the type of its rows.
        let data = |number: u64| {
            columns.iter().find(|(column, _)| *column == number).map(|(_, data)| *data).unwrap_or_default()
        };
        let numbers = |number: u64| Runs::new(data(number), Reader::number);
        Some(Self {
            authors,
            number,
            object: (numbers(0x01), numbers(0x02)),
            key: Runs::new(data(0x15), text),
            insert: Booleans { at: Reader(data(0x34)), now: true, left: 0 },
            action: numbers(0x42),
            value: numbers(0x56),
            overwrites: (
                numbers(0x70),
                numbers(0x71),
                Deltas { runs: Runs::new(data(0x73), Reader::signed), sum: 0 },
            ),
        })
    }
}

fn text<'b>(at: &mut Reader<'b>) -> Option<&'b str> {
    std::str::from_utf8(at.prefixed()?).ok()
}

impl<'b> Iterator for Operations<'b> {
    type Item = Operation<'b>;

    fn next(&mut self) -> Option<Operation<'b>> {
        // Every operation has an action, so this column's length is the number of operations.
        let action = self.action.next()??;
        let number = self.number;
        self.number = number.saturating_add(1);
        let (author, counter) = (self.object.0.next().flatten(), self.object.1.next().flatten());
        let count = self.overwrites.0.next().flatten().unwrap_or(0);
        let mut overwrites = Vec::new();
        for _ in 0..count {
            let author = self.overwrites.1.next().flatten()?;
            overwrites.push((author, self.overwrites.2.next()?));
        }
        Some(Operation {
            number,
            object: author.zip(counter),
            key: self.key.next().flatten(),
            insert: self.insert.next(),
            action,
            value: self.value.next().flatten().unwrap_or(0) & 0xf,
            overwrites,
        })
    }
}

/// The rows of a run length encoded column (Automerge binary format, "Run length encoding").
#[derive(Debug)]
struct Runs<'b, T> {
    at: Reader<'b>,
    read: fn(&mut Reader<'b>) -> Option<T>,
    left: u64,
    /// The value that the run repeats (`Some(None)` for a run of nulls); `None` in a run of single values.
    repeats: Option<Option<T>>,
}

impl<'b, T: Copy> Runs<'b, T> {
    fn new(data: &'b [u8], read: fn(&mut Reader<'b>) -> Option<T>) -> Self {
        Self { at: Reader(data), read, left: 0, repeats: None }
    }

    /// The value of the next row (`Some(None)` where the row has none); `None` after the last row or where the bytes
    /// end early.
    fn next(&mut self) -> Option<Option<T>> {
        while self.left == 0 {
            if self.at.0.is_empty() {
                return None;
            }
            (self.left, self.repeats) = match self.at.signed()? {
                0 => (self.at.number()?, Some(None)),
                run @ 1.. => (run.unsigned_abs(), Some(Some((self.read)(&mut self.at)?))),
                singles => (singles.unsigned_abs(), None),
            };
        }
        self.left -= 1;
        match self.repeats {
            Some(value) => Some(value),
            None => Some(Some((self.read)(&mut self.at)?)),
        }
    }
}

/// Numbers that are each written as the difference from the number before.
#[derive(Debug)]
struct Deltas<'b> {
    runs: Runs<'b, i64>,
    sum: i64,
}

impl Deltas<'_> {
    fn next(&mut self) -> Option<u64> {
        self.sum = self.sum.wrapping_add(self.runs.next()??);
        Some(self.sum.cast_unsigned())
    }
}

/// Runs of false and true in turn, beginning with false.
#[derive(Debug)]
struct Booleans<'b> {
    at: Reader<'b>,
    now: bool,
    left: u64,
}

impl Booleans<'_> {
    fn next(&mut self) -> bool {
        while self.left == 0 {
            let Some(run) = self.at.number() else { return false };
            (self.left, self.now) = (run, !self.now);
        }
        self.left -= 1;
        self.now
    }
}

//! All limits in one place, each with its reason. What passes one of a change or a document waits, whole, in quarantine;
//! what passes one of a request is refused whole, and the tablet keeps it.

/// The largest change that is taken, in bytes: a text field written full in one go, several times over.
pub const MAX_CHANGE: usize = 256 * 1024;
/// The most operations in one change: the longest text taken out and written again, with room to spare. Two hundred bytes
/// can say a trillion.
pub const MAX_OPERATIONS: u64 = 65_536;
/// The most that the keys, values, authors, hashes and the message of one change come to, each as often as it is repeated, in
/// bytes. An honest change repeats a key once at the most, so this is twice its bytes.
pub const MAX_CHANGE_EXPANDED: u64 = 2 * MAX_CHANGE as u64;

/// The most entries of one map, each as often as it has values at the same time: no group has so many people, and every one
/// becomes a row.
pub const MAX_ENTRIES: usize = 2_000;
/// The most values of one field, or one entry, that one device has at the same time: one for each of its lives in which it
/// had not seen the others. Three would be rare.
pub const MAX_VALUES_OF_ONE: usize = 8;
/// The largest document that is taken, compacted, in bytes: a session of a year's edits is a hundredth of it, and every
/// change to a document reads and writes it whole.
pub const MAX_DOCUMENT: usize = 1024 * 1024;
/// The most operations in one document. Compacted, a million of them can be a few hundred bytes; opening so many takes a sixth of a
/// second, and whoever edits the record opens it twice.
pub const MAX_DOCUMENT_OPERATIONS: u64 = 100_000;
/// As [`MAX_CHANGE_EXPANDED`], of a document with its history; also what its columns inflate to.
pub const MAX_DOCUMENT_EXPANDED: u64 = 4 * MAX_DOCUMENT as u64;
/// The most changes of one document: an edit every hour of a year.
pub const MAX_DOCUMENT_CHANGES: u64 = 10_000;
/// The most authors of one document: every device that wrote in it, once more for each life. Automerge notes every so many
/// changes how far each of them was.
pub const MAX_DOCUMENT_AUTHORS: u64 = 1_000;

/// How many changes that wrote to one text are told apart where it is looked for those that touch one place, at the most:
/// the last ones. What is older all others are taken to have seen.
pub const MAX_TEXT_WRITERS: usize = 1024;
/// How many letters are looked at for that, at the most: an ordinary text takes some hundred thousand. A document that needs
/// more was made to; what would be found beyond that is not.
pub const MAX_TEXT_WORK: usize = 4_000_000;
/// The most versions of a text that are shown: the last ones.
pub const MAX_TEXT_CLAIMS: usize = 8;
/// The most characters that are shown of one: the longest text that somebody can write.
pub const MAX_TEXT_CLAIM: usize = 20_000;

/// Of two records of one meeting, each is compared by what it says of so many people and heads at the most, and only if it is among
/// the first of its part of the day: every other record of a group that was written wrong on purpose would be read with each.
pub const MAX_COMPARED: usize = 100;
pub const MAX_COMPARED_NTH: u8 = 1;

/// How many bytes of changes one request or one answer carries before it leaves the rest to the next. A link that breaks
/// loses at most so much.
pub const PAGE: usize = 256 * 1024;
/// The most changes in one request, what is carried counted in: a page holds half as many of the smallest.
pub const MAX_REQUEST_CHANGES: usize = 4_096;
/// The most operations that the changes of one request say they hold. A page of text is half as many.
pub const MAX_REQUEST_OPERATIONS: u64 = 8 * MAX_OPERATIONS;
/// The most operations that the records hold which one request opens, and the most bytes that these are stored in: they are
/// in memory together.
pub const MAX_REQUEST_OPENED: u64 = 4 * MAX_DOCUMENT_OPERATIONS;
pub const MAX_REQUEST_STORED: u64 = 8 * MAX_DOCUMENT as u64;
/// The most operations that one request lets the service go through: each change looks at its whole record, with all that
/// came for it. A thousand edits of a session of ten thousand letters are as many.
pub const MAX_REQUEST_WORK: u64 = 10_000_000;
/// The largest body that is taken as it travels, in bytes: a page several times over, and what is carried.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// The largest body once expanded, in bytes: ours shrink to a third or a quarter, and all of it is held in memory.
pub const MAX_EXPANDED: usize = 8 * 1024 * 1024;

/// The most batches in one request: ours have one, and each costs a signature to check.
pub const MAX_BATCHES: usize = 16;
/// The most things in one request that are carried for colleagues: each costs a few keys to try and two signatures to check.
pub const MAX_CARRIED: usize = 64;
/// How far a request's number may be beyond the last one that the store took. A tablet that tries once a minute for a year,
/// and is never heard, counts half as far.
pub const MAX_AHEAD: u64 = 1_000_000;
/// The last number that a request may have: JavaScript counts no further.
pub const LAST_REQUEST: u64 = (1 << 53) - 1;

/// The most changes of one tablet that may be quarantined within [`QUARANTINED_WITHIN`]. Whoever is taken off five groups, and
/// recorded for each a whole cycle of fifteen meetings with no network, hands in about a thousand; people look through them
/// one by one.
pub const MAX_QUARANTINED: usize = 2_000;
/// The same in bytes: one full body, or four thousand for each of so many changes.
pub const MAX_QUARANTINED_BYTES: usize = MAX_EXPANDED;
/// How many changes that wait at the store a tablet asks after in one request, at the most: what is left it asks after the
/// next time.
pub const MAX_ASKED_AFTER: usize = 64;
/// A day, in milliseconds.
pub const QUARANTINED_WITHIN: i64 = 24 * 60 * 60 * 1000;

//! All limits in one place, each with its reason. A change that passes a limit of a change or a document is
//! quarantined, whole. A request that passes a limit of a request is refused, whole, and the tablet keeps its changes.

/// The largest change that is taken, in bytes: a text field written full in one go, several times over.
pub const MAX_CHANGE: usize = 256 * 1024;
/// The most operations in one change: the longest text taken out and written again, with room to spare. Two hundred bytes
/// can claim a trillion.
pub const MAX_OPERATIONS: u64 = 65_536;
/// The most bytes that the keys, values, authors, hashes and the message of one change take, each as often as it is
/// repeated. An honest change repeats a key once at the most, so this is twice its bytes.
pub const MAX_CHANGE_EXPANDED: u64 = 2 * MAX_CHANGE as u64;

/// The most entries of one map, each counted as often as it has concurrent values: no group has so many people, and
/// every entry becomes a row.
pub const MAX_ENTRIES: usize = 2_000;
/// The most concurrent values of one field, or one entry, by one device: one for each of its incarnations that had not
/// seen the others. Three would be rare.
pub const MAX_VALUES_OF_ONE: usize = 8;
/// The largest document that is taken, compacted, in bytes: a session of a year's edits is a hundredth of it, and every
/// change to a document reads and writes it whole.
pub const MAX_DOCUMENT: usize = 1024 * 1024;
/// The most operations in one document. Compacted, a million of them can be a few hundred bytes; opening so many takes a sixth of a
/// second, and a tablet opens a record twice for an edit.
pub const MAX_DOCUMENT_OPERATIONS: u64 = 100_000;
/// As [`MAX_CHANGE_EXPANDED`], of a document with its history; also the most bytes to which its columns may inflate.
pub const MAX_DOCUMENT_EXPANDED: u64 = 4 * MAX_DOCUMENT as u64;
/// The most changes of one document: an edit every hour of a year.
pub const MAX_DOCUMENT_CHANGES: u64 = 10_000;
/// The most authors of one document: each device that wrote in it, once for each incarnation. Every so many changes
/// Automerge notes how far each author was.
pub const MAX_DOCUMENT_AUTHORS: u64 = 1_000;

/// The most changes to one text among which conflicts are looked for: the last ones. Older changes count as seen by all
/// of these.
pub const MAX_TEXT_WRITERS: usize = 1024;
/// The most letters that are looked at to find the conflicts of a text. An ordinary text takes some hundred thousand; a
/// document that needs more was made to, and conflicts beyond this work are not found.
pub const MAX_TEXT_WORK: usize = 4_000_000;
/// The most versions of a text that are shown: the last ones.
pub const MAX_TEXT_CLAIMS: usize = 8;
/// The most characters of a version that are shown: the longest text that one person can write.
pub const MAX_TEXT_CLAIM: usize = 20_000;

/// The most participants and cells of a session that is compared with sessions of other days. Without this limit, and
/// the next, a group that was filled with sessions on purpose would have all of them read with each.
pub const MAX_COMPARED: usize = 100;
/// The last number, within its part of the day, of a session that is compared with sessions of other days.
pub const MAX_COMPARED_NTH: u8 = 1;

/// How many bytes of changes one request or one answer carries before it leaves the rest to the next. A link that breaks
/// loses at most so much.
pub const PAGE: usize = 256 * 1024;
/// The most changes in one request, carried ones included: a page holds half as many of the smallest changes.
pub const MAX_REQUEST_CHANGES: usize = 4_096;
/// The most operations that the changes of one request claim to hold. A page of text is half as many.
pub const MAX_REQUEST_OPERATIONS: u64 = 8 * MAX_OPERATIONS;
/// The most operations of all documents that one request opens: they are in memory together.
pub const MAX_REQUEST_OPENED: u64 = 4 * MAX_DOCUMENT_OPERATIONS;
/// The most bytes of the stored snapshots of all documents that one request opens.
pub const MAX_REQUEST_STORED: u64 = 8 * MAX_DOCUMENT as u64;
/// The most operations that one request makes the service go through: each change costs a look at its whole document,
/// with all changes that came for it. A thousand edits of a session of ten thousand letters are as many.
pub const MAX_REQUEST_WORK: u64 = 10_000_000;
/// The largest body that is taken as it travels, in bytes: a page several times over, and carried batches.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// The largest body once expanded, in bytes: bodies of this project's tablet shrink to a third or a quarter, and all of
/// a body is held in memory.
pub const MAX_EXPANDED: usize = 8 * 1024 * 1024;

/// The most batches in one request: this project's tablet sends one, and each costs a signature to check.
pub const MAX_BATCHES: usize = 16;
/// The most carried batches in one request: each costs a few keys to try and two signatures.
pub const MAX_CARRIED: usize = 64;
/// How far a request's number may be beyond the last one that the store took. A tablet that tries once a minute for a year,
/// and never gets through, counts half as far.
pub const MAX_AHEAD: u64 = 1_000_000;
/// The last number that a request may have: JavaScript counts no further.
pub const LAST_REQUEST: u64 = (1 << 53) - 1;

/// The most entries of the directory of services, those that ended too: each is on every tablet. Rwanda has some 500 health centres, 60 hospitals
/// and 50 Isange One Stop Centres, and three services more for each of its 416 sectors leave room.
pub const MAX_SERVICES: usize = 3_000;

/// The longest name and version of a program that a tablet may say to run, in bytes.
pub const MAX_PROGRAM: usize = 40;

/// The largest sealed key of a tablet's folder, in bytes: 64 of them and what age adds.
pub const MAX_FOLDER_KEY: usize = 1024;

/// The most changes of one tablet that may be quarantined within [`QUARANTINED_WITHIN`]. A facilitator who was taken
/// off five groups, and recorded a whole cycle of fifteen meetings for each with no network, hands in about a thousand;
/// keepers look through them one by one.
pub const MAX_QUARANTINED: usize = 2_000;
/// The same in bytes: one full body, or four thousand bytes for each of so many changes.
pub const MAX_QUARANTINED_BYTES: usize = MAX_EXPANDED;
/// The most quarantined changes about which one request asks; the next request asks about others.
pub const MAX_ASKED_AFTER: usize = 64;
/// The time within which quarantined changes are counted: a day, in milliseconds.
pub const QUARANTINED_WITHIN: i64 = 24 * 60 * 60 * 1000;

//! Finding out which documents of a stream the tablet and the store hold in different states, by fingerprints of
//! ranges. A range in which both sides are equal costs a few bytes, however many documents it holds.
//!
//! The tablet asks ([`begin`], [`go_on`]) and the store answers ([`answer`]), for some rounds: each side splits a range
//! whose fingerprints differ into smaller ranges, until the ranges are small enough to list their marks. The messages
//! are those of negentropy, protocol 1: each document is an item with timestamp 0 and its [`Mark`] as id. A mark names
//! a document in one state, so a document of which the two sides hold different changes is two items, one on either
//! side.

use negentropy::{Id, Negentropy, NegentropyStorageVector};

use crate::boundary::contain;
use crate::cursor::Mark;
use crate::limits::PAGE;

/// Bytes that are not a negentropy message of protocol 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message about what differs can't be read")]
pub struct NotAMessage;

impl From<negentropy::Error> for NotAMessage {
    fn from(_: negentropy::Error) -> Self {
        Self
    }
}

/// What the asking side learnt from one answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The next message to send; `None` once all differences are found.
    pub next: Option<Vec<u8>>,
    /// Marks that only the asking side has.
    pub have: Vec<Mark>,
    /// Marks that only the answering side has.
    pub need: Vec<Mark>,
}

/// The smallest limit of a message's size that negentropy accepts, in bytes.
const LEAST: usize = 4096;

/// The first message of the asking side, about its `marks`; at most a [`PAGE`] long. Costs a sort of the marks.
///
/// # Panics
/// Never: any set of ids can be summed up.
pub fn begin(marks: &[Mark]) -> Vec<u8> {
    let began = side(marks, PAGE).and_then(|mut side| Ok(side.initiate()?));
    began.expect("a set of ids can always be summed up")
}

/// What the store, which holds `marks`, answers to a message, in about `room` bytes at most. The store keeps no state
/// between rounds: ranges that do not fit are left for the next round.
///
/// # Errors
/// [`NotAMessage`]; the bytes may come from anybody.
pub fn answer(marks: &[Mark], message: &[u8], room: usize) -> Result<Vec<u8>, NotAMessage> {
    // The library parses bytes of a stranger: a panic must not take more down than this one answer.
    contain(|| Ok(side(marks, room)?.reconcile(message)?)).unwrap_or(Err(NotAMessage))
}

/// What the asking side, which holds `marks`, learns from an answer. Its next message takes about `room` bytes at most.
///
/// # Errors
/// [`NotAMessage`] where the answer can't be read.
pub fn go_on(marks: &[Mark], message: &[u8], room: usize) -> Result<Found, NotAMessage> {
    let found = contain(|| {
        let mut side = side(marks, room)?;
        // `side` is made again for each round: it must be told that it is the one that collects the differences.
        side.set_initiator();
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let next = side.reconcile_with_ids(message, &mut have, &mut need)?;
        let marks = |ids: Vec<Id>| ids.iter().map(|id| Mark::from_bytes(*id.as_bytes())).collect();
        Ok(Found { next, have: marks(have), need: marks(need) })
    });
    found.unwrap_or(Err(NotAMessage))
}

/// A side of the agreement that holds `marks`, for one round.
fn side(marks: &[Mark], room: usize) -> Result<Negentropy<'static, NegentropyStorageVector>, NotAMessage> {
    let mut items = NegentropyStorageVector::with_capacity(marks.len());
    for mark in marks {
        items.insert(0, Id::from_byte_array(*mark.as_bytes()))?;
    }
    items.seal()?;
    Ok(Negentropy::owned(items, room.clamp(LEAST, PAGE) as u64)?)
}

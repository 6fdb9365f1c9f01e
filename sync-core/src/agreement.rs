//! Finding out which documents of a stream two sides hold differently, by fingerprints of ranges: what is equal costs a few
//! bytes, however much it is. The messages are those of negentropy, protocol 1: each document is an item with timestamp 0
//! and its [`Mark`] as id.

use negentropy::{Id, Negentropy, NegentropyStorageVector};

use crate::boundary::contain;
use crate::cursor::Mark;
use crate::limits::PAGE;

/// Bytes that are no message of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message about what differs can't be read")]
pub struct NotAMessage;

impl From<negentropy::Error> for NotAMessage {
    fn from(_: negentropy::Error) -> Self {
        Self
    }
}

/// What one round found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What to say next; nothing once all is found.
    pub next: Option<Vec<u8>>,
    /// What only this side has.
    pub have: Vec<Mark>,
    /// What only the other side has.
    pub need: Vec<Mark>,
}

/// The least that a message may take, in bytes, by the protocol.
const LEAST: usize = 4096;

/// The first message of the side that asks.
///
/// # Panics
/// Never: marks of one stream are always a set that can be asked about.
pub fn begin(marks: &[Mark]) -> Vec<u8> {
    let began = side(marks, PAGE).and_then(|mut side| Ok(side.initiate()?));
    began.expect("a set of ids can always be summed up")
}

/// What the side that was asked answers, in about so many bytes at most; what does not fit it leaves for later.
///
/// # Errors
/// [`NotAMessage`]; the bytes may come from anybody.
pub fn answer(marks: &[Mark], message: &[u8], room: usize) -> Result<Vec<u8>, NotAMessage> {
    contain(|| Ok(side(marks, room)?.reconcile(message)?)).unwrap_or(Err(NotAMessage))
}

/// What the side that asked makes of an answer; its next message has about so many bytes at most.
///
/// # Errors
/// [`NotAMessage`].
pub fn go_on(marks: &[Mark], message: &[u8], room: usize) -> Result<Found, NotAMessage> {
    let found = contain(|| {
        let mut side = side(marks, room)?;
        side.set_initiator();
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let next = side.reconcile_with_ids(message, &mut have, &mut need)?;
        let marks = |ids: Vec<Id>| ids.iter().map(|id| Mark::from_bytes(*id.as_bytes())).collect();
        Ok(Found { next, have: marks(have), need: marks(need) })
    });
    found.unwrap_or(Err(NotAMessage))
}

fn side(marks: &[Mark], room: usize) -> Result<Negentropy<'static, NegentropyStorageVector>, NotAMessage> {
    let mut items = NegentropyStorageVector::with_capacity(marks.len());
    for mark in marks {
        items.insert(0, Id::from_byte_array(*mark.as_bytes()))?;
    }
    items.seal()?;
    Ok(Negentropy::owned(items, room.clamp(LEAST, PAGE) as u64)?)
}

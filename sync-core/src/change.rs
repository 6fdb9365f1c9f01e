//! One Automerge change as it travels: a change chunk of the Automerge binary format, not deflated.

mod rekey;
pub(crate) mod frame;
pub(crate) mod operations;

use std::fmt;

use automerge::ActorId;
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::boundary::contain;
use crate::id::{DeviceId, Id};
use crate::limits::MAX_CHANGE;
use crate::time::Millis;
use crate::value::Line;
use operations::Operations;

/// The address of a change: SHA-256 as Automerge defines it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ChangeHash(#[n(0)] ByteArray<32>);

impl ChangeHash {
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }
}

impl From<automerge::ChangeHash> for ChangeHash {
    fn from(hash: automerge::ChangeHash) -> Self {
        Self::from_bytes(hash.0)
    }
}

impl From<ChangeHash> for automerge::ChangeHash {
    fn from(hash: ChangeHash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(self.as_bytes()))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeHash({self})")
    }
}

/// SHA-256 of a change's bytes as sent, by which a statement lists the change. Unlike [`ChangeHash`] it is defined for
/// any bytes, also for bytes that are no change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct Digest(#[n(0)] ByteArray<32>);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        let sum: [u8; 32] = Sha256::digest(bytes).into();
        Self::from_bytes(sum)
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The author of a change: a device in one incarnation. Twenty bytes in Automerge: the device, then the incarnation,
/// big-endian. Automerge takes one change for each actor and number, and refuses all of a batch for a second one; so a
/// device that may have lost count writes on in a new incarnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    pub device: DeviceId,
    pub incarnation: u32,
}

impl From<Actor> for ActorId {
    fn from(actor: Actor) -> Self {
        let mut bytes = [0; 20];
        bytes[..16].copy_from_slice(actor.device.as_bytes());
        bytes[16..].copy_from_slice(&actor.incarnation.to_be_bytes());
        ActorId::from(bytes)
    }
}

impl TryFrom<&ActorId> for Actor {
    type Error = Unreadable;
    fn try_from(id: &ActorId) -> Result<Self, Unreadable> {
        let bytes: [u8; 20] = id.to_bytes().try_into().map_err(|_| Unreadable::Actor)?;
        let (device, incarnation) = bytes.split_at(16);
        let device = uuid::Uuid::from_slice(device).map_err(|_| Unreadable::Actor)?;
        let incarnation: [u8; 4] = incarnation.try_into().map_err(|_| Unreadable::Actor)?;
        Ok(Self { device: DeviceId::from_uuid(device), incarnation: u32::from_be_bytes(incarnation) })
    }
}

/// Why bytes are not taken as one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the change is larger than {MAX_CHANGE} bytes")]
    TooLarge,
    #[error("the bytes are not one whole Automerge change")]
    NotAChange,
    #[error("the change is compressed; send it plain, the whole body is compressed already")]
    Compressed,
    #[error("the author of the change is not a device in a life of its own")]
    Actor,
}

/// Why somebody wrote a change that decides about what others said, in their words.
pub type Grounds = Line<300>;

/// The message of a change, where it has one: the author's grounds, and what the change was before it was re-keyed.
/// JSON, so that a later version can say more.
#[derive(Default, Serialize, Deserialize)]
struct Message {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Grounds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    was: Option<rekey::Was>,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).expect("texts and numbers are JSON"))
    }
}

/// The message of a change that says why it was written.
pub(crate) fn message(grounds: &Grounds) -> String {
    Message { reason: Some(grounds.clone()), was: None }.to_string()
}

/// Whether a message says that its change was re-keyed.
pub(crate) fn tells_of_another(message: &str) -> bool {
    serde_json::from_str(message).is_ok_and(|message: Message| message.was.is_some())
}

/// One change, parsed.
#[derive(Debug, Clone)]
pub struct Change {
    inner: automerge::Change,
    actor: Actor,
}

impl Change {
    /// Parses bytes that nobody vouches for. Their weight is checked before Automerge sees them.
    ///
    /// # Errors
    /// [`Unreadable`]. A compressed change is refused before it is expanded (256 MiB of change fit into 261 KB: seen).
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > MAX_CHANGE {
            return Err(Unreadable::TooLarge);
        }
        frame::change(bytes)?;
        let parsed = contain(|| automerge::Change::from_bytes(bytes.to_vec()));
        let inner = parsed.ok().and_then(Result::ok).ok_or(Unreadable::NotAChange)?;
        // Automerge takes a change with a wrong checksum and gives it back with the right one (seen): one hash would
        // then name two sequences of bytes.
        if bytes.get(4..8) != inner.hash().0.get(..4) {
            return Err(Unreadable::NotAChange);
        }
        Self::try_from(inner)
    }

    /// How many operations these bytes claim to hold, without reading any of them; 0 where they are refused at sight.
    pub fn operations_said(bytes: &[u8]) -> u64 {
        frame::change(bytes).map_or(0, |weight| weight.operations)
    }

    pub fn hash(&self) -> ChangeHash {
        self.inner.hash().into()
    }

    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The number of this change among its actor's in this document, from 1.
    pub fn seq(&self) -> u64 {
        self.inner.seq()
    }

    /// Its dependencies: the heads of the document on which the author wrote it.
    pub fn deps(&self) -> impl Iterator<Item = ChangeHash> + '_ {
        self.inner.deps().iter().copied().map(ChangeHash::from)
    }

    /// The author's clock, to the second. Nothing rests on it.
    pub fn at(&self) -> Millis {
        Millis(self.inner.timestamp().saturating_mul(1000))
    }

    /// The author's grounds, where the change has any.
    pub fn grounds(&self) -> Option<Grounds> {
        self.message()?.reason
    }

    fn message(&self) -> Option<Message> {
        serde_json::from_str(self.inner.message()?).ok()
    }

    pub fn bytes(&self) -> &[u8] {
        self.inner.raw_bytes()
    }

    pub(crate) fn inner(&self) -> &automerge::Change {
        &self.inner
    }

    pub(crate) fn operations(&self) -> Option<Operations<'_>> {
        Operations::of(self.bytes())
    }

    /// The weight of the change. A change that a document gave back may be larger than one that [`Change::parse`]
    /// takes; it then counts as the heaviest.
    pub(crate) fn weight(&self) -> frame::Weight {
        frame::change(self.bytes()).unwrap_or(frame::Weight::OF_CHANGE)
    }
}

impl TryFrom<automerge::Change> for Change {
    type Error = Unreadable;
    fn try_from(inner: automerge::Change) -> Result<Self, Unreadable> {
        let actor = Actor::try_from(inner.actor_id())?;
        Ok(Self { inner, actor })
    }
}

//! Batches: changes of one tablet, signed by it. The signature is over a statement that lists each change by digest. So
//! the store can keep the statement as evidence, and can quarantine one bad change, without breaking the signature over
//! the others.

use ed25519_dalek::Signature;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Decoder, Encode, Encoder};

pub use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::change::Digest;
use crate::id::{BatchId, DeviceId, DocumentId, StreamId};
use crate::record::Kind;
use crate::time::Millis;

/// The purpose of a signature, which is part of the signed bytes: a signature for one purpose does not verify for
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Request,
    Batch,
    /// The store's own: see [`crate::bundle::Settlement`].
    Receipt,
}

impl Purpose {
    const fn context(self) -> &'static [u8] {
        match self {
            Self::Request => b"ihuriro request 1",
            Self::Batch => b"ihuriro batch 1",
            Self::Receipt => b"ihuriro receipt 1",
        }
    }
}

/// Why a signed message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    #[error("the signed message is not a COSE_Sign1 structure with a device as key id")]
    Frame,
    #[error("the signature does not match the tablet's key")]
    Signature,
}

/// A payload with the signature of a device: COSE_Sign1 (RFC 9052, section 4.2), algorithm EdDSA with Ed25519, the
/// device id as `kid`, and the purpose as external data. Nothing of it is verified until [`Signed::verify`] says so:
/// `device` is a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub device: DeviceId,
    pub payload: Vec<u8>,
    signature: [u8; 64],
}

/// The protected header `{1: -8}`: EdDSA.
const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x27];
/// The CBOR tag of COSE_Sign1.
const COSE_SIGN1: u64 = 18;
/// The header label of `kid`.
const KID: u8 = 4;

/// The bytes that are signed (RFC 9052, section 4.4).
fn to_be_signed(purpose: Purpose, payload: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::with_capacity(payload.len() + 64));
    let wrote = (|| {
        e.array(4)?.str("Signature1")?.bytes(&PROTECTED)?.bytes(purpose.context())?.bytes(payload)?.ok()
    })();
    wrote.expect("writing to a Vec can't fail");
    e.into_writer()
}

impl Signed {
    pub fn sign(purpose: Purpose, device: DeviceId, key: &SigningKey, payload: Vec<u8>) -> Self {
        use ed25519_dalek::Signer as _;
        let signature = key.sign(&to_be_signed(purpose, &payload)).to_bytes();
        Self { device, payload, signature }
    }

    /// # Errors
    /// [`Forged::Signature`] unless `key` signed exactly this payload for exactly this purpose.
    pub fn verify(&self, purpose: Purpose, key: &VerifyingKey) -> Result<(), Forged> {
        let signature = Signature::from_bytes(&self.signature);
        key.verify_strict(&to_be_signed(purpose, &self.payload), &signature).map_err(|_| Forged::Signature)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut e = Encoder::new(Vec::with_capacity(self.payload.len() + 128));
        let wrote = (|| {
            e.tag(minicbor::data::Tag::new(COSE_SIGN1))?.array(4)?.bytes(&PROTECTED)?;
            e.map(1)?.u8(KID)?.bytes(self.device.as_bytes())?;
            e.bytes(&self.payload)?.bytes(&self.signature)?.ok()
        })();
        wrote.expect("writing to a Vec can't fail");
        e.into_writer()
    }

    /// Parses a signed message; verifies nothing.
    ///
    /// # Errors
    /// [`Forged::Frame`] if the bytes are not such a message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Forged> {
        let mut d = Decoder::new(bytes);
        let read = (|| {
            let tagged = d.tag()?.as_u64() == COSE_SIGN1 && d.array()? == Some(4) && d.bytes()? == PROTECTED;
            let keyed = d.map()? == Some(1) && d.u8()? == KID;
            let device: DeviceId = d.decode()?;
            let payload = d.bytes()?.to_vec();
            let signature: ByteArray<64> = d.decode()?;
            let whole = tagged && keyed && d.position() == bytes.len();
            Ok::<_, minicbor::decode::Error>(whole.then_some(Self {
                device,
                payload,
                signature: signature.into(),
            }))
        })();
        read.ok().flatten().ok_or(Forged::Frame)
    }
}

/// What a tablet states with its signature: it hands in these changes, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Statement {
    #[n(0)]
    pub batch: BatchId,
    /// The tablet's clock when it signed; for people to read, nothing rests on it.
    #[n(1)]
    pub at: Millis,
    #[n(2)]
    pub items: Vec<Item>,
}

/// One change in a statement.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Item {
    #[n(0)]
    pub stream: StreamId,
    #[n(1)]
    pub kind: Kind,
    #[n(2)]
    pub document: DocumentId,
    /// The version of the data dictionary under which it was written.
    #[n(3)]
    pub schema: u32,
    #[n(4)]
    pub digest: Digest,
}

/// A statement with its signature, and the changes that it lists.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Envelope {
    /// A [`Signed`] [`Statement`], for [`Purpose::Batch`].
    #[n(0)]
    pub statement: ByteVec,
    /// The changes, in the order of the statement's items.
    #[n(1)]
    pub changes: Vec<ByteVec>,
}

impl Envelope {
    /// Reads the statement, and checks that the changes are those that it lists. The caller verifies the signature.
    ///
    /// # Errors
    /// [`Forged`] if the frame or the statement can't be read, or a change is not the one that the statement lists.
    pub fn open(&self) -> Result<(Signed, Statement), Forged> {
        let signed = Signed::from_bytes(&self.statement)?;
        let statement: Statement = crate::cbor::from_bytes(&signed.payload).map_err(|_| Forged::Frame)?;
        let listed = statement.items.iter().map(|item| item.digest);
        if listed.eq(self.changes.iter().map(|change| Digest::of(change))) {
            Ok((signed, statement))
        } else {
            Err(Forged::Signature)
        }
    }
}

/// A kind travels as its place in the data dictionary, from 0.
impl<C> Encode<C> for Kind {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(*self as u8)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Kind {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let place = usize::from(d.u8()?);
        let unknown = || minicbor::decode::Error::message("no kind of record has this number").at(at);
        Self::ALL.get(place).copied().ok_or_else(unknown)
    }
}

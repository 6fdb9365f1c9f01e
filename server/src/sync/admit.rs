//! From bytes to a request that one known tablet signed.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use diesel::prelude::*;
use sync_core::batch::{Envelope, Purpose, Signed, Statement, VerifyingKey};
use sync_core::id::DeviceId;
use sync_core::limits::{MAX_EXPANDED, MAX_FOLDER_KEY};
use sync_core::wire::{self, Coding, PROTOCOL, Request, TabletStanding};

use super::refusal::Refused;
use crate::intake::BytesHeld;
use crate::on_each;
use crate::problem::Problem;
use crate::register::lease::Lease;
use crate::store::schema::devices;
use crate::store::{Conn, Db, Failure, StoreError};

/// A request as it came, its signature not yet checked: for that the store must say whose key it is.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    signed: Signed,
    pub(super) request: Arc<Request>,
}

/// How a body is compressed, as its headers say.
pub(super) fn coding(headers: &HeaderMap) -> Result<Coding, Refused> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
    if header(CONTENT_TYPE) != wire::CONTENT_TYPE {
        return Err(Refused::ContentType);
    }
    header(CONTENT_ENCODING).parse().map_err(|_| Refused::ContentType)
}

/// Opens a body within its limits, and counts what it expands to among the bytes that the service holds at once.
pub(super) fn open(coding: Coding, body: &[u8], held: &mut BytesHeld) -> Result<Claimed, Problem> {
    let body = wire::open(coding, body, MAX_EXPANDED).map_err(|error| match error {
        wire::TooExpansive::Limit(_) => Refused::TooLarge,
        wire::TooExpansive::Broken => Refused::Coding,
    })?;
    // The bytes are in memory twice: as they were signed, and as the request that they say.
    held.take(2 * body.len())?;
    Ok(read(&body)?)
}

fn read(body: &[u8]) -> Result<Claimed, Refused> {
    let signed = Signed::from_bytes(body).map_err(|_| Refused::NotCbor)?;
    // The version is the first value, so that it can be read, and named in the refusal, whatever follows in a later
    // version.
    let version = (|| {
        let mut payload = minicbor::Decoder::new(&signed.payload);
        payload.array()?;
        payload.u32()
    })();
    match version {
        Ok(PROTOCOL) => {}
        Ok(version) => return Err(Refused::Protocol(version)),
        Err(_) => return Err(Refused::NotCbor),
    }
    let request = sync_core::cbor::from_bytes(&signed.payload).map_err(|_| Refused::NotCbor)?;
    Ok(Claimed { signed, request: Arc::new(request) })
}

/// A tablet that is enrolled here, perhaps revoked since: its signature still says whose work it hands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownTablet {
    pub(super) device: DeviceId,
    pub(super) last_request: u64,
    pub(super) key: VerifyingKey,
    pub(super) revoked: bool,
    /// Whether the store has the key of its folder.
    pub(super) has_key: bool,
}

/// The tablet with this id, if it is enrolled here.
pub(super) fn known_tablet(tx: &mut Conn<'_>, device: DeviceId) -> Result<Option<KnownTablet>, StoreError> {
    let row: Option<(Vec<u8>, i64, bool, bool)> = on_each!(tx, |c| devices::table
        .find(Db(device))
        .select((
            devices::public_key,
            devices::last_request,
            devices::revoked_at.is_not_null(),
            devices::folder_key.is_not_null(),
        ))
        .first(c)
        .optional())?;
    let Some((key, last, revoked, has_key)) = row else { return Ok(None) };
    let key = key.as_slice().try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let key = key.ok_or(StoreError::Damaged("a tablet's key"))?;
    let last_request = u64::try_from(last).unwrap_or(0);
    Ok(Some(KnownTablet { device, last_request, key, revoked, has_key }))
}

impl Claimed {
    /// Checks the signature against the key that the tablet was enrolled with.
    pub(super) fn verify(&self, tx: &mut Conn<'_>) -> Result<KnownTablet, Failure<Refused>> {
        let tablet = known_tablet(tx, self.signed.device)?.ok_or(Refused::UnknownDevice)?;
        self.signed.verify(Purpose::Request, &tablet.key).map_err(|_| Refused::Signature)?;
        Ok(tablet)
    }
}

impl KnownTablet {
    /// How it stands once its request is taken.
    pub(super) fn standing(&self, request: &Request, Lease { days }: Lease) -> TabletStanding {
        let has_key = self.has_key || self.key_of(request).is_some();
        TabletStanding { revoked: self.revoked, has_key, lease: days }
    }

    /// The key of its folder, where a request hands one over that is kept.
    pub(super) fn key_of<'a>(&self, request: &'a Request) -> Option<&'a [u8]> {
        let key: &[u8] = request.about.as_ref()?.key.as_ref()?;
        (!self.revoked && key.len() <= MAX_FOLDER_KEY).then_some(key)
    }

    /// The statement of a batch, if this tablet signed it and the changes are those that it lists.
    pub(super) fn open(&self, envelope: &Envelope) -> Result<Statement, Refused> {
        let (signed, statement) = envelope.open().map_err(|_| Refused::ForeignBatch)?;
        if signed.device != self.device || signed.verify(Purpose::Batch, &self.key).is_err() {
            return Err(Refused::ForeignBatch);
        }
        Ok(statement)
    }
}

//! Notes of requests with a key, and their answers, sealed.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use diesel::prelude::*;
use minicbor::bytes::ByteVec;
use sync_core::time::Millis;

use super::key::Key;
use crate::on_each;
use crate::store::schema::idempotency_keys;
use crate::store::{At, Conn, StoreError};

const NONCE: usize = 24;
/// How long an answer is kept.
const DAYS: i64 = 1;
/// A note gets its answer a moment after it was committed. One that has none after a minute never will.
const MINUTES: i64 = 1;

/// An answer, to be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What a key stands for.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    Answer(Answer),
    /// Another request.
    Another,
    Running,
    /// The service stopped between doing it and keeping its answer.
    Lost,
}

/// # Errors
/// Those of the store.
pub(super) fn find(tx: &mut Conn<'_>, key: &Key, now: Millis) -> Result<Found, StoreError> {
    type Row = (Vec<u8>, At, Option<Vec<u8>>);
    let row: Option<Row> = on_each!(tx, |c| idempotency_keys::table
        .find(key.name.as_slice())
        .filter(idempotency_keys::at.gt(At(now.plus_days(-DAYS))))
        .select((idempotency_keys::request, idempotency_keys::at, idempotency_keys::answer))
        .first(c)
        .optional())?;
    Ok(match row {
        None => Found::Nothing,
        Some((request, ..)) if request != key.request => Found::Another,
        Some((_, _, Some(sealed))) => {
            Found::Answer(open(key, &sealed).ok_or(StoreError::Damaged("a kept answer"))?)
        }
        Some((_, At(at), None)) if now < at.plus_minutes(MINUTES) => Found::Running,
        Some(_) => Found::Lost,
    })
}

/// Notes a request, in the transaction of what it does.
///
/// # Errors
/// [`StoreError::Twice`] if another run of it was first.
pub(super) fn note(tx: &mut Conn<'_>, key: &Key, run: &[u8; 16], now: Millis) -> Result<(), StoreError> {
    let old = idempotency_keys::table
        .find(key.name.as_slice())
        .filter(idempotency_keys::at.le(At(now.plus_days(-DAYS))));
    on_each!(tx, |c| diesel::delete(old).execute(c))?;
    let row = (
        idempotency_keys::name.eq(key.name.as_slice()),
        idempotency_keys::request.eq(key.request.as_slice()),
        idempotency_keys::run.eq(run.as_slice()),
        idempotency_keys::at.eq(At(now)),
    );
    // Of twins that write at the same moment, the second waits here until the first is committed.
    on_each!(tx, |c| diesel::insert_into(idempotency_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    let noted: Vec<u8> = on_each!(tx, |c| idempotency_keys::table
        .find(key.name.as_slice())
        .select(idempotency_keys::run)
        .first(c))?;
    // The note may be of an earlier transaction of this very run.
    if noted == run { Ok(()) } else { Err(StoreError::Twice) }
}

/// Keeps the answer of a request that was noted, and forgets what is older than a day.
///
/// # Errors
/// Those of the store.
pub(super) fn keep(tx: &mut Conn<'_>, key: &Key, answer: &Answer, now: Millis) -> Result<(), StoreError> {
    let old = idempotency_keys::table.filter(idempotency_keys::at.le(At(now.plus_days(-DAYS))));
    on_each!(tx, |c| diesel::delete(old).execute(c))?;
    let note = idempotency_keys::table.find(key.name.as_slice()).filter(idempotency_keys::answer.is_null());
    let sealed = seal(key, answer);
    on_each!(tx, |c| diesel::update(note).set(idempotency_keys::answer.eq(&sealed)).execute(c))?;
    Ok(())
}

type Plain = (u16, Option<String>, Option<String>, ByteVec);

fn seal(key: &Key, Answer { status, content_type, location, body }: &Answer) -> Vec<u8> {
    let plain: Plain = (*status, content_type.clone(), location.clone(), body.clone().into());
    let plain = minicbor::to_vec(plain).expect("writing to memory does not fail");
    let nonce: [u8; NONCE] = rand::random();
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), plain.as_slice());
    [nonce.to_vec(), sealed.expect("an answer is far shorter than the 256 GiB that the cipher takes")]
        .concat()
}

fn open(key: &Key, sealed: &[u8]) -> Option<Answer> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let plain = cipher(key).decrypt(&XNonce::from(*nonce), sealed).ok()?;
    let (status, content_type, location, body): Plain = minicbor::decode(&plain).ok()?;
    Some(Answer { status, content_type, location, body: body.into() })
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.seal.into())
}

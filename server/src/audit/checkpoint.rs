//! Checkpoints (c2sp.org/tlog-checkpoint): how many entries the log has, and the root of their hashes, as a signed note
//! (c2sp.org/signed-note, Ed25519) of a few lines that can be printed, mailed or kept with a backup.
//!
//! The log is named after the key that signs it, which belongs to the store for good: a restored store goes on with the same log.

use data_encoding::{BASE64, HEXLOWER};
use diesel::prelude::*;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};

use super::tiles::{root_at, size};
use super::tree::Hash;
use super::{Action, Outcome};
use crate::on_each;
use crate::store::schema::audit_entries;
use crate::store::{Conn, StoreError, keys};

/// What a verifier knows of an Ed25519 key by (signed-note).
const ED25519: u8 = 1;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries the log had.
    pub size: u64,
    root: Hash,
}

/// Why a text is no checkpoint of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    #[error(
        "this is no checkpoint: it begins with the name of a log, a number of entries and a hash, and ends with a signature"
    )]
    NoCheckpoint,
    #[error("this is a checkpoint of another log")]
    AnotherLog,
    #[error("the signature is not that of this log's key, or the checkpoint was changed")]
    NotSigned,
}

/// What a checkpoint tells of the log as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// All that the checkpoint vouches for is there, as it was; so many entries came since.
    Whole { since: u64 },
    /// At least so many of the entries that it vouches for, the last ones, are missing: the log ends before them, or went on otherwise
    /// from there, as it does after a restore.
    Missing { entries: u64 },
    /// There are as many entries as it vouches for, and not all of them are as they were.
    Changed,
}

/// The name of a log whose checkpoints are signed by a key.
fn origin(key: &VerifyingKey) -> String {
    format!("ihuriro-audit-{}", HEXLOWER.encode(&Sha256::digest(key.as_bytes())[..8]))
}

/// Four bytes by which a signature says whose it is.
fn key_id(origin: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new_with_prefix(origin).chain_update([b'\n', ED25519]).chain_update(key.as_bytes());
    let [a, b, c, d, ..] = Hash::from(hash.finalize());
    [a, b, c, d]
}

/// The public key of the log, as verifiers of signed notes take it.
///
/// # Errors
/// Those of the store.
pub fn verifier_key(tx: &mut Conn<'_>) -> Result<String, StoreError> {
    let key = keys::checkpoints(tx)?.verifying_key();
    let origin = origin(&key);
    let id = HEXLOWER.encode(&key_id(&origin, &key));
    Ok(format!("{origin}+{id}+{}", BASE64.encode(&[&[ED25519][..], key.as_bytes()].concat())))
}

/// A checkpoint of the log as it is now, signed.
///
/// # Errors
/// [`StoreError::Damaged`] where the log lacks hashes, and those of the store.
pub fn checkpoint(tx: &mut Conn<'_>) -> Result<String, StoreError> {
    let size = size(tx)?;
    let root = root_at(tx, size)?.ok_or(StoreError::Damaged("the audit log lacks hashes"))?;
    let key = keys::checkpoints(tx)?;
    let origin = origin(&key.verifying_key());
    let text = Checkpoint { size, root }.text(&origin);
    let signature =
        [&key_id(&origin, &key.verifying_key())[..], &key.sign(text.as_bytes()).to_bytes()].concat();
    Ok(format!("{text}\n\u{2014} {origin} {}\n", BASE64.encode(&signature)))
}

impl Checkpoint {
    fn text(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, BASE64.encode(&self.root))
    }

    /// Reads a checkpoint of this log.
    ///
    /// # Errors
    /// [`Foreign`].
    pub fn read(note: &str, key: &VerifyingKey) -> Result<Self, Foreign> {
        let origin = origin(key);
        // What went through a mail program may have other ends of lines.
        let note = note.replace("\r\n", "\n");
        let (text, signatures) = note.trim().split_once("\n\n").ok_or(Foreign::NoCheckpoint)?;
        let mut lines = text.lines();
        let (name, size, hash) = (lines.next(), lines.next(), lines.next());
        let size = size.and_then(|size| size.parse().ok()).ok_or(Foreign::NoCheckpoint)?;
        let hash = hash.and_then(|hash| BASE64.decode(hash.as_bytes()).ok()).ok_or(Foreign::NoCheckpoint)?;
        let root = hash.try_into().map_err(|_| Foreign::NoCheckpoint)?;
        if name != Some(origin.as_str()) {
            return Err(Foreign::AnotherLog);
        }
        let signed = format!("{text}\n");
        let ours = format!("\u{2014} {origin} ");
        let id = key_id(&origin, key);
        let holds = |line: &str| {
            let signature = BASE64.decode(line.strip_prefix(&ours)?.as_bytes()).ok()?;
            let signature = Signature::from_slice(signature.strip_prefix(&id)?).ok()?;
            key.verify_strict(signed.as_bytes(), &signature).ok()
        };
        if signatures.lines().any(|line| holds(line).is_some()) {
            Ok(Self { size, root })
        } else {
            Err(Foreign::NotSigned)
        }
    }
}

/// Compares the log with a checkpoint of it that was kept.
///
/// # Errors
/// Those of the store; `Ok(Err(…))` where the text is no checkpoint of this log.
pub fn compare(tx: &mut Conn<'_>, note: &str) -> Result<Result<Compared, Foreign>, StoreError> {
    let kept = match Checkpoint::read(note, &keys::checkpoints(tx)?.verifying_key()) {
        Ok(kept) => kept,
        Err(foreign) => return Ok(Err(foreign)),
    };
    let size = size(tx)?;
    if size >= kept.size && root_at(tx, kept.size)?.is_some_and(|root| root == kept.root) {
        return Ok(Ok(Compared::Whole { since: size - kept.size }));
    }
    // A restored store notes the restore, in the place of the first entry that it lacks: what the checkpoint vouches for from there on is
    // not in the log. Of several restores the last tells the least.
    let restored = last_restore_before(tx, kept.size)?;
    let end = restored.map_or(size, |restored| restored.min(size));
    Ok(Ok(match kept.size.saturating_sub(end) {
        0 => Compared::Changed,
        entries => Compared::Missing { entries },
    }))
}

/// The place of the last entry before this one that tells of a restore.
fn last_restore_before(tx: &mut Conn<'_>, place: u64) -> Result<Option<u64>, StoreError> {
    let found: Option<Option<i64>> = on_each!(tx, |c| audit_entries::table
        .filter(audit_entries::place.lt(place.cast_signed()))
        .filter(audit_entries::action.eq(Action::Restore.code()))
        .filter(audit_entries::outcome.eq(Outcome::Allowed.code()))
        .order(audit_entries::place.desc())
        .select(audit_entries::place)
        .first(c)
        .optional())?;
    Ok(found.flatten().map(i64::cast_unsigned))
}

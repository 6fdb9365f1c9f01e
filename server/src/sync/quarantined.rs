//! The rows of quarantine: changes that can't be merged now, kept whole. A row is never deleted; it is released
//! (merged) or rejected.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::batch::Item;
use sync_core::change::{Change, ChangeHash, Digest};
use sync_core::id::{BatchId, DeviceId, DocumentId, UserId};
use sync_core::quarantine::Reason;
use sync_core::record::{Kind, Place};
use sync_core::time::Millis;
use uuid::Uuid;

use crate::ledger::Stored;
use crate::on_each;
use crate::store::schema::{part_of, quarantine};
use crate::store::{At, Code, Conn, Db, StoreError};

/// How many changes or documents one query asks for.
const AT_ONCE: usize = 500;

/// A change that arrived with this request, or arrived earlier and is quarantined.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(super) batch: BatchId,
    pub(crate) device: DeviceId,
    pub(crate) item: Item,
    pub(crate) bytes: Vec<u8>,
    /// The keeper who vouches for it.
    pub(crate) waived_by: Option<UserId>,
}

impl Arrival {
    pub(crate) fn place(&self) -> Place {
        Place { stream: self.item.stream, document: self.item.document, kind: self.item.kind }
    }

    /// What names the change. Two documents may begin with the same bytes, so the digest alone does not.
    pub(crate) fn key(&self) -> (DocumentId, Digest) {
        (self.item.document, self.item.digest)
    }
}

/// How a change stands in quarantine that arrives again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Before {
    Waits,
    /// It waits, and this keeper vouches for it.
    Waived(UserId),
    /// A keeper rejected it; with the reason for which it was quarantined.
    Rejected(Reason),
}

/// Whether the document with a change's id lives in another stream or is of another kind: the change can't be merged
/// into it.
pub(crate) fn misplaced(place: Place, before: Option<&Stored>) -> bool {
    before.is_some_and(|before| before.home(place.document) != place)
}

/// The reason for which a change is quarantined that is [misplaced].
pub(super) fn elsewhere() -> Reason {
    Reason::Invalid("document".into(), "must not have the id of another record".into())
}

/// Quarantines a change, or notes the new reason of one that is quarantined. Locks its row until the transaction ends.
pub(super) fn set(
    tx: &mut Conn<'_>,
    arrival: &Arrival,
    reason: &Reason,
    now: Millis,
) -> Result<(), StoreError> {
    let Item { stream, document, kind, schema, digest } = arrival.item;
    let (field, detail) = match reason {
        Reason::Invalid(field, why) => (Some(storable(field)), storable(why)),
        _ => (None, String::new()),
    };
    let why =
        (quarantine::reason.eq(reason.code()), quarantine::field.eq(field), quarantine::detail.eq(detail));
    let row = (
        quarantine::id.eq(Uuid::new_v4().as_bytes().to_vec()),
        quarantine::digest.eq(digest.as_bytes().to_vec()),
        quarantine::stream_id.eq(Db(stream)),
        quarantine::document_id.eq(Db(document)),
        quarantine::kind.eq(Code(kind)),
        quarantine::device_id.eq(Db(arrival.device)),
        quarantine::schema.eq(schema as i32),
        quarantine::batch_id.eq(Db(arrival.batch)),
        quarantine::received_at.eq(At(now)),
        quarantine::bytes.eq(&arrival.bytes),
        why.clone(),
    );
    on_each!(tx, |c| diesel::insert_into(quarantine::table)
        .values(row)
        .on_conflict((quarantine::document_id, quarantine::digest))
        .do_update()
        .set(why)
        .execute(c))?;
    Ok(())
}

/// The text without NUL, which PostgreSQL can't store: a reason may quote a key that an attacker chose.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// Notes that a quarantined change is merged. Locks its row until the transaction ends.
///
/// # Errors
/// [`StoreError::Raced`] if a keeper rejected it since it was read: nothing is both merged and rejected.
pub(super) fn release(tx: &mut Conn<'_>, arrival: &Arrival, now: Millis) -> Result<(), StoreError> {
    let Item { document, digest, .. } = arrival.item;
    let waiting = quarantine::table
        .find((Db(document), digest.as_bytes().to_vec()))
        .filter(quarantine::rejected_at.is_null());
    let released =
        on_each!(tx, |c| diesel::update(waiting).set(quarantine::released_at.eq(At(now))).execute(c))?;
    if released == 1 { Ok(()) } else { Err(StoreError::Raced) }
}

/// How each of these arrivals stands in quarantine; arrivals that are not in it, or were released, are left out.
pub(super) fn known(
    tx: &mut Conn<'_>,
    arrivals: &[(DocumentId, Digest)],
) -> Result<BTreeMap<(DocumentId, Digest), Before>, StoreError> {
    type Row = (Db<DocumentId>, Vec<u8>, String, Option<String>, String, Option<Db<UserId>>, Option<At>);
    let mut found = BTreeMap::new();
    for some in arrivals.chunks(AT_ONCE) {
        let digests: Vec<Vec<u8>> = some.iter().map(|(_, digest)| digest.as_bytes().to_vec()).collect();
        let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
            .filter(quarantine::digest.eq_any(&digests))
            .filter(quarantine::released_at.is_null())
            .select((
                quarantine::document_id,
                quarantine::digest,
                quarantine::reason,
                quarantine::field,
                quarantine::detail,
                quarantine::waived_by,
                quarantine::rejected_at,
            ))
            .load(c))?;
        for (Db(document), digest, code, field, detail, waived, rejected) in rows {
            let before = match (rejected, waived) {
                (Some(_), _) => Before::Rejected(reason(&code, field.as_deref(), &detail)?),
                (None, Some(Db(keeper))) => Before::Waived(keeper),
                (None, None) => Before::Waits,
            };
            let arrived = some.iter().find(|key| (key.0, key.1.as_bytes().as_slice()) == (document, &digest));
            found.extend(arrived.map(|key| (*key, before)));
        }
    }
    Ok(found)
}

/// The reason that these columns say.
pub(crate) fn reason(code: &str, field: Option<&str>, detail: &str) -> Result<Reason, StoreError> {
    Reason::of(code, field.unwrap_or_default(), detail)
        .ok_or(StoreError::Damaged("the reason of a quarantined change"))
}

/// The quarantined changes of these documents that wait for a dependency, in the order in which they came. The user of
/// the tablet was assigned when each arrived, or a keeper vouches for it.
pub(super) fn waiting(tx: &mut Conn<'_>, documents: &[DocumentId]) -> Result<Vec<Arrival>, StoreError> {
    let mut found = Vec::new();
    for some in documents.chunks(AT_ONCE) {
        let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
            .filter(quarantine::document_id.eq_any(some.iter().copied().map(Db)))
            .filter(quarantine::reason.eq(Reason::MissingDependency.code()))
            .filter(quarantine::released_at.is_null())
            .filter(quarantine::rejected_at.is_null())
            .order(quarantine::received_at)
            .select(Row::as_select())
            .load(c))?;
        found.extend(rows.into_iter().map(Arrival::from));
    }
    Ok(found)
}

/// The keys of the quarantined changes of these documents that wait for a dependency: [`waiting`] without their bytes.
pub(super) fn that_wait(
    tx: &mut Conn<'_>,
    documents: &[DocumentId],
) -> Result<Vec<(DocumentId, Digest)>, StoreError> {
    let mut found = Vec::new();
    for some in documents.chunks(AT_ONCE) {
        let rows: Vec<(Db<DocumentId>, Vec<u8>)> = on_each!(tx, |c| quarantine::table
            .filter(quarantine::document_id.eq_any(some.iter().copied().map(Db)))
            .filter(quarantine::reason.eq(Reason::MissingDependency.code()))
            .filter(quarantine::released_at.is_null())
            .filter(quarantine::rejected_at.is_null())
            .select((quarantine::document_id, quarantine::digest))
            .load(c))?;
        for (Db(document), digest) in rows {
            let digest = digest.try_into().map_err(|_| StoreError::Damaged("a quarantined change"))?;
            found.push((document, Digest::from_bytes(digest)));
        }
    }
    Ok(found)
}

/// The quarantined changes of a document that are neither released nor rejected, whatever their reason.
pub(super) fn undecided(tx: &mut Conn<'_>, document: DocumentId) -> Result<Vec<Arrival>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::document_id.eq(Db(document)))
        .filter(quarantine::released_at.is_null())
        .filter(quarantine::rejected_at.is_null())
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Arrival::from).collect())
}

/// The quarantined changes of a document that are neither released nor rejected and have one of these hashes. A document may have very many
/// that wait: only of those are the bytes read whose checksum fits, which in Automerge's format are the first four bytes of the hash.
pub(super) fn undecided_with(
    tx: &mut Conn<'_>,
    document: DocumentId,
    hashes: &BTreeSet<ChangeHash>,
) -> Result<Vec<(Arrival, Change)>, StoreError> {
    let checksums: BTreeSet<Vec<u8>> = hashes.iter().map(|hash| hash.as_bytes()[..4].to_vec()).collect();
    let mut found = Vec::new();
    for some in checksums.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
            .filter(quarantine::document_id.eq(Db(document)))
            .filter(quarantine::released_at.is_null())
            .filter(quarantine::rejected_at.is_null())
            .filter(part_of(quarantine::bytes, 5, 4).eq_any(some))
            .select(Row::as_select())
            .load(c))?;
        let with_change =
            |row: Row| Change::parse(&row.bytes).ok().map(|change| (Arrival::from(row), change));
        found.extend(rows.into_iter().filter_map(with_change));
    }
    found.retain(|(_, change)| hashes.contains(&change.hash()));
    Ok(found)
}

/// A quarantined change, by its id.
pub(crate) fn find(tx: &mut Conn<'_>, id: Uuid) -> Result<Option<Arrival>, StoreError> {
    let row: Option<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::id.eq(id.as_bytes().to_vec()))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(Arrival::from))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantine)]
struct Row {
    stream_id: Db<sync_core::id::StreamId>,
    document_id: Db<DocumentId>,
    kind: Code<Kind>,
    batch_id: Db<BatchId>,
    device_id: Db<DeviceId>,
    schema: i32,
    bytes: Vec<u8>,
    waived_by: Option<Db<UserId>>,
}

impl From<Row> for Arrival {
    fn from(row: Row) -> Self {
        let item = Item {
            stream: row.stream_id.0,
            kind: row.kind.0,
            document: row.document_id.0,
            schema: row.schema as u32,
            digest: Digest::of(&row.bytes),
        };
        let waived_by = row.waived_by.map(|Db(user)| user);
        Self { batch: row.batch_id.0, device: row.device_id.0, item, bytes: row.bytes, waived_by }
    }
}

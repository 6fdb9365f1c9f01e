//! Quarantine: changes that can't be merged now, kept whole.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::batch::Item;
use sync_core::change::Digest;
use sync_core::id::{BatchId, DeviceId, DocumentId, UserId};
use sync_core::quarantine::Reason;
use sync_core::record::{Kind, Place};
use sync_core::time::Millis;
use uuid::Uuid;

use crate::ledger::Stored;
use crate::on_each;
use crate::store::schema::quarantine;
use crate::store::{At, Code, Conn, Db, StoreError};

/// How many changes or documents one query asks for.
const AT_ONCE: usize = 500;

/// One change that arrived, now or earlier.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(super) batch: BatchId,
    pub(crate) device: DeviceId,
    pub(crate) item: Item,
    pub(crate) bytes: Vec<u8>,
    /// The keeper who answers for it.
    pub(crate) waived_by: Option<UserId>,
}

impl Arrival {
    pub(crate) fn place(&self) -> Place {
        Place { stream: self.item.stream, document: self.item.document, kind: self.item.kind }
    }

    /// Two documents may begin with the same bytes, so a digest alone names no change.
    pub(crate) fn key(&self) -> (DocumentId, Digest) {
        (self.item.document, self.item.digest)
    }
}

/// What became of a quarantined change before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Before {
    Waits,
    /// It waits, and somebody answers for it.
    Waived(UserId),
    /// Somebody rejected it, which holds however often it is handed in. With the reason it waited for.
    Rejected(Reason),
}

/// Whether the document that a change is for lives elsewhere or is something else: nothing can be merged into it then.
pub(crate) fn misplaced(place: Place, before: Option<&Stored>) -> bool {
    before.is_some_and(|before| before.home(place.document) != place)
}

/// The reason of a change whose record has the id of one that lives elsewhere.
pub(super) fn elsewhere() -> Reason {
    Reason::Invalid("document".into(), "must not have the id of another record".into())
}

/// Quarantines a change, or notes a new reason for one that is.
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

/// PostgreSQL has no place for NUL in a text; the key of a map that a stranger wrote may hold one.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// Notes that a change which waited is merged.
pub(super) fn release(tx: &mut Conn<'_>, arrival: &Arrival, now: Millis) -> Result<(), StoreError> {
    let Item { document, digest, .. } = arrival.item;
    let waiting = quarantine::table.find((Db(document), digest.as_bytes().to_vec()));
    on_each!(tx, |c| diesel::update(waiting).set(quarantine::released_at.eq(At(now))).execute(c))?;
    Ok(())
}

/// Which of these arrivals were quarantined before and are not released.
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

/// A reason as its columns say it.
pub(crate) fn reason(code: &str, field: Option<&str>, detail: &str) -> Result<Reason, StoreError> {
    Reason::of(code, field.unwrap_or_default(), detail)
        .ok_or(StoreError::Damaged("the reason of a quarantined change"))
}

/// Changes of these documents that wait for something to build on, in the order in which they came. Their authors were
/// assigned when they arrived, or somebody waived it.
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

/// Which changes of these documents wait for something to build on.
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

/// What was quarantined of a document and waits, for whatever reason.
pub(super) fn undecided(tx: &mut Conn<'_>, document: DocumentId) -> Result<Vec<Arrival>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::document_id.eq(Db(document)))
        .filter(quarantine::released_at.is_null())
        .filter(quarantine::rejected_at.is_null())
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Arrival::from).collect())
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

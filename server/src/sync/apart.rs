//! Quarantine: changes that can't be merged now, kept whole.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::batch::Item;
use sync_core::change::Digest;
use sync_core::id::{BatchId, DeviceId, DocumentId};
use sync_core::quarantine::Reason;
use sync_core::record::Place;
use sync_core::time::Millis;

use crate::on_each;
use crate::store::schema::quarantine;
use crate::store::{At, Code, Conn, Db, StoreError};

/// One change that arrived, now or earlier.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) batch: BatchId,
    pub(super) device: DeviceId,
    pub(super) item: Item,
    pub(super) bytes: Vec<u8>,
}

impl Arrival {
    pub(super) fn place(&self) -> Place {
        Place { stream: self.item.stream, document: self.item.document, kind: self.item.kind }
    }
}

/// Sets a change apart, or notes a new reason for one that is.
pub(super) fn set(
    tx: &mut Conn<'_>,
    arrival: &Arrival,
    reason: &Reason,
    now: Millis,
) -> Result<(), StoreError> {
    let Item { stream, document, kind, schema, digest } = arrival.item;
    let field = match reason {
        Reason::Invalid(field, _) => Some(field.clone()),
        _ => None,
    };
    let why = (
        quarantine::reason.eq(reason.code()),
        quarantine::field.eq(field),
        quarantine::detail.eq(reason.to_string()),
    );
    let row = (
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

/// Notes that a change which waited is merged.
pub(super) fn release(tx: &mut Conn<'_>, arrival: &Arrival, now: Millis) -> Result<(), StoreError> {
    let Item { document, digest, .. } = arrival.item;
    let waiting = quarantine::table.find((Db(document), digest.as_bytes().to_vec()));
    on_each!(tx, |c| diesel::update(waiting).set(quarantine::released_at.eq(At(now))).execute(c))?;
    Ok(())
}

/// Which of these arrivals wait already, as document and digest: two documents may begin with the same bytes.
pub(super) fn known(
    tx: &mut Conn<'_>,
    arrivals: &[Arrival],
) -> Result<BTreeSet<(DocumentId, Digest)>, StoreError> {
    let mut found = BTreeSet::new();
    for some in arrivals.chunks(500) {
        let digests: Vec<Vec<u8>> =
            some.iter().map(|arrival| arrival.item.digest.as_bytes().to_vec()).collect();
        let there: BTreeSet<(Db<DocumentId>, Vec<u8>)> = on_each!(tx, |c| quarantine::table
            .filter(quarantine::digest.eq_any(&digests))
            .filter(quarantine::released_at.is_null())
            .select((quarantine::document_id, quarantine::digest))
            .load(c)
            .map(BTreeSet::from_iter))?;
        let key = |arrival: &Arrival| (arrival.item.document, arrival.item.digest);
        let waits = |(document, digest): &(DocumentId, Digest)| {
            there.contains(&(Db(*document), digest.as_bytes().to_vec()))
        };
        found.extend(some.iter().map(key).filter(waits));
    }
    Ok(found)
}

/// Changes of a document that wait for something to build on.
pub(super) fn waiting(tx: &mut Conn<'_>, place: Place) -> Result<Vec<Arrival>, StoreError> {
    type Row = (Db<BatchId>, Db<DeviceId>, i32, Vec<u8>);
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::document_id.eq(Db(place.document)))
        .filter(quarantine::stream_id.eq(Db(place.stream)))
        .filter(quarantine::kind.eq(Code(place.kind)))
        .filter(quarantine::reason.eq(Reason::MissingDependency.code()))
        .filter(quarantine::released_at.is_null())
        .order(quarantine::received_at)
        .select((quarantine::batch_id, quarantine::device_id, quarantine::schema, quarantine::bytes))
        .load(c))?;
    let arrival = |(Db(batch), Db(device), schema, bytes): Row| {
        let Place { stream, document, kind } = place;
        let item = Item { stream, kind, document, schema: schema as u32, digest: Digest::of(&bytes) };
        Arrival { batch, device, item, bytes }
    };
    Ok(rows.into_iter().map(arrival).collect())
}

//! The way in: every change of a request gets an outcome, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::batch::{Envelope, Item, Statement};
use sync_core::change::Digest;
use sync_core::id::{BatchId, DeviceId, DocumentId, StreamId};
use sync_core::merge::{Incoming, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Kind;
use sync_core::time::Millis;
use sync_core::wire::{Outcomes, Request};

use super::admit::{Claimed, Tablet};
use super::refusal::Refused;
use crate::ledger::{self, Gain, Origin, keep};
use crate::on_each;
use crate::store::schema::{batches, devices, purges, quarantine};
use crate::store::{At, Code, Conn, Db, Failure, StoreError};

/// Hands a request in. Either all of it is decided and durable, or nothing is.
pub(super) fn push(
    tx: &mut Conn<'_>,
    claimed: &Claimed,
    now: Millis,
) -> Result<(Tablet, Vec<Outcomes>), Failure<Refused>> {
    let tablet = claimed.verify(tx)?;
    count(tx, &tablet, &claimed.request, now)?;
    receipts(tx, &tablet, &claimed.request, now)?;
    let mut arrivals = Vec::new();
    let mut outcomes = Vec::new();
    for envelope in &claimed.request.batches {
        let statement = tablet.open(envelope)?;
        outcomes.push(Outcomes {
            batch: statement.batch,
            outcomes: vec![Outcome::Duplicate; statement.items.len()],
        });
        record_batch(tx, &tablet, envelope, &statement, now)?;
        for (item, bytes) in statement.items.into_iter().zip(&envelope.changes) {
            arrivals.push(Arrival {
                batch: statement.batch,
                device: tablet.device,
                item,
                bytes: bytes.to_vec(),
            });
        }
    }
    let mut decided = decide(tx, &tablet, arrivals, now)?.into_iter();
    for batch in &mut outcomes {
        for (outcome, decision) in batch.outcomes.iter_mut().zip(&mut decided) {
            *outcome = decision;
        }
    }
    Ok((tablet, outcomes))
}

/// Takes the number of the request, once. This locks the tablet's row: two requests of one tablet queue.
fn count(tx: &mut Conn<'_>, tablet: &Tablet, request: &Request, now: Millis) -> Result<(), Failure<Refused>> {
    let number = i64::try_from(request.number).map_err(|_| Refused::NotCbor)?;
    let fresh = devices::id.eq(Db(tablet.device)).and(devices::last_request.lt(number));
    let taken = on_each!(tx, |c| diesel::update(devices::table)
        .filter(fresh)
        .set((devices::last_request.eq(number), devices::last_seen_at.eq(At(now))))
        .execute(c))?;
    if taken == 1 {
        Ok(())
    } else {
        Err(Refused::Seen { last: tablet.last_request.max(request.number) }.into())
    }
}

/// Notes which streams the tablet has dropped, as it was told.
fn receipts(tx: &mut Conn<'_>, tablet: &Tablet, request: &Request, now: Millis) -> Result<(), StoreError> {
    for id in &request.purged {
        if ledger::stream(tx, *id)?.is_none() {
            continue;
        }
        let row = (
            purges::device_id.eq(Db(tablet.device)),
            purges::stream_id.eq(Db(*id)),
            purges::received_at.eq(At(now)),
        );
        on_each!(tx, |c| diesel::insert_into(purges::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

fn record_batch(
    tx: &mut Conn<'_>,
    tablet: &Tablet,
    envelope: &Envelope,
    statement: &Statement,
    now: Millis,
) -> Result<(), StoreError> {
    let row = (
        batches::id.eq(Db(statement.batch)),
        batches::device_id.eq(Db(tablet.device)),
        batches::statement.eq(envelope.statement.to_vec()),
        batches::claimed_at.eq(At(statement.at)),
        batches::received_at.eq(At(now)),
    );
    on_each!(tx, |c| diesel::insert_into(batches::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// One change that arrived, now or earlier.
#[derive(Debug, Clone)]
struct Arrival {
    batch: BatchId,
    device: DeviceId,
    item: Item,
    bytes: Vec<u8>,
}

/// Decides about all arrivals, document by document, and carries the decisions out.
fn decide(
    tx: &mut Conn<'_>,
    tablet: &Tablet,
    arrivals: Vec<Arrival>,
    now: Millis,
) -> Result<Vec<Outcome>, Failure<Refused>> {
    let assigned: BTreeSet<StreamId> =
        ledger::assigned_streams(tx, tablet.user)?.into_iter().map(|stream| stream.id).collect();
    let mut outcomes = vec![Outcome::Duplicate; arrivals.len()];
    let mut by_document: BTreeMap<(StreamId, DocumentId, Kind), Vec<usize>> = BTreeMap::new();
    for (place, arrival) in arrivals.iter().enumerate() {
        let Item { stream, document, kind, .. } = arrival.item;
        by_document.entry((stream, document, kind)).or_default().push(place);
    }
    let mut gains = Vec::new();
    for ((stream, document, kind), places) in by_document {
        let before = ledger::load(tx, document)?;
        if before.as_ref().is_some_and(|before| (before.stream, before.kind) != (stream, kind)) {
            let why = "is the id of another record";
            for place in places {
                outcomes[place] = Outcome::Quarantined(Reason::Invalid("document".into(), why.into()));
            }
            continue;
        }
        let mut arrived: Vec<Arrival> = places.iter().map(|place| arrivals[*place].clone()).collect();
        let allowed = assigned.contains(&stream);
        let earlier = if allowed { waiting(tx, stream, document, kind)? } else { Vec::new() };
        arrived.extend(earlier);
        let incoming: Vec<Incoming<'_>> = arrived
            .iter()
            .map(|arrival| Incoming {
                bytes: &arrival.bytes,
                schema: arrival.item.schema,
                device: arrival.device,
                assigned: allowed,
            })
            .collect();
        let snapshot = before.as_ref().map(|before| before.snapshot.as_slice());
        let plan = plan(kind, stream, snapshot, &incoming).map_err(|_| StoreError::Damaged("a document"))?;
        for (place, arrival) in arrived.iter().enumerate().skip(places.len()) {
            if !matches!(plan.outcomes[place], Outcome::Quarantined(_)) {
                release(tx, arrival, now)?;
            }
        }
        for (place, outcome) in places.iter().zip(&plan.outcomes) {
            outcomes[*place] = outcome.clone();
        }
        if let Some(after) = plan.after {
            let origin = |place: usize| {
                let Arrival { batch, item, .. } = &arrived[place];
                Origin { batch: Some(*batch), schema: item.schema }
            };
            let fresh = plan.fresh.into_iter().map(|(place, change)| (origin(place), change)).collect();
            gains.push(Gain { stream, id: document, before, after, fresh });
        }
    }
    for (arrival, outcome) in arrivals.iter().zip(&outcomes) {
        match outcome {
            Outcome::Quarantined(reason) => set_apart(tx, arrival, reason, now)?,
            Outcome::Accepted | Outcome::Duplicate => release(tx, arrival, now)?,
        }
    }
    keep(tx, gains, now)?;
    Ok(outcomes)
}

/// Keeps a change whole that can't be merged now.
fn set_apart(tx: &mut Conn<'_>, arrival: &Arrival, reason: &Reason, now: Millis) -> Result<(), StoreError> {
    let Item { stream, document, kind, schema, digest } = arrival.item;
    let field = match reason {
        Reason::Invalid(field, _) => Some(field.as_str()),
        _ => None,
    };
    let row = (
        quarantine::digest.eq(digest.as_bytes().to_vec()),
        quarantine::stream_id.eq(Db(stream)),
        quarantine::document_id.eq(Db(document)),
        quarantine::kind.eq(Code(kind)),
        quarantine::device_id.eq(Db(arrival.device)),
        quarantine::schema.eq(schema as i32),
        quarantine::batch_id.eq(Db(arrival.batch)),
        quarantine::reason.eq(reason.code()),
        quarantine::field.eq(field),
        quarantine::detail.eq(reason.to_string()),
        quarantine::received_at.eq(At(now)),
        quarantine::bytes.eq(&arrival.bytes),
    );
    on_each!(tx, |c| diesel::insert_into(quarantine::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Notes that a change which waited is merged.
fn release(tx: &mut Conn<'_>, arrival: &Arrival, now: Millis) -> Result<(), StoreError> {
    let Item { document, digest, .. } = arrival.item;
    let waiting = quarantine::table.find((Db(document), digest.as_bytes().to_vec()));
    on_each!(tx, |c| diesel::update(waiting)
        .filter(quarantine::released_at.is_null())
        .set(quarantine::released_at.eq(At(now)))
        .execute(c))?;
    Ok(())
}

/// Changes of this document that wait for something to build on: it may have arrived.
fn waiting(
    tx: &mut Conn<'_>,
    stream: StreamId,
    document: DocumentId,
    kind: Kind,
) -> Result<Vec<Arrival>, StoreError> {
    type Row = (Db<BatchId>, Db<DeviceId>, i32, Vec<u8>);
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::document_id.eq(Db(document)))
        .filter(quarantine::stream_id.eq(Db(stream)))
        .filter(quarantine::reason.eq(Reason::MissingDependency.code()))
        .filter(quarantine::released_at.is_null())
        .order(quarantine::received_at)
        .select((quarantine::batch_id, quarantine::device_id, quarantine::schema, quarantine::bytes))
        .load(c))?;
    let arrival = |(Db(batch), Db(device), schema, bytes): Row| {
        let schema = schema as u32;
        let item = Item { stream, kind, document, schema, digest: Digest::of(&bytes) };
        Arrival { batch, device, item, bytes }
    };
    Ok(rows.into_iter().map(arrival).collect())
}

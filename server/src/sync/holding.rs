//! The streams that each tablet holds: which it was sent, how far it has read each, when it was told to drop one, and
//! its receipt that it has dropped it. This is written before anything of a stream is sent, so that the store can name
//! all that a lost tablet may hold.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::cursor::{Ask, Cursor};
use sync_core::id::{DeviceId, StreamId};
use sync_core::record::Home;
use sync_core::time::Millis;
use sync_core::wire::Request;

use crate::ledger::{StreamRow, known_streams, readable_streams};
use crate::on_each;
use crate::store::schema::{purges, readings};
use crate::store::{At, Conn, Db, StoreError, identity};

/// The streams that a tablet may hold from now on, and those that it is told to drop.
#[derive(Debug, Clone)]
pub(super) struct Holdings {
    pub(super) readable: BTreeSet<StreamId>,
    /// Those of them that take changes from tablets.
    pub(super) writable: Writable,
    /// Streams that it holds by the store's own notes or by its cursors, and may read no longer.
    pub(super) dropped: Vec<StreamId>,
}

/// A stream that a tablet holds.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The number of the last change that the tablet has read.
    position: u64,
    /// When it was first sent the stream.
    since: Millis,
    /// When it was told to drop the stream.
    told: Option<Millis>,
}

/// What a request says about the streams that its tablet holds, and what is to be written of that.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) held: Holdings,
    /// Streams that the tablet says it has dropped.
    receipts: Vec<(StreamId, Progress)>,
    /// Streams whose position changed, that are new to the tablet, or that it was told to drop and may read again.
    readings: Vec<(StreamId, u64)>,
    /// Streams that the tablet is told to drop for the first time.
    told: Vec<StreamId>,
}

/// Reads what a request says about the streams that its tablet holds. Writes nothing.
pub(super) fn said(tx: &mut Conn<'_>, tablet: DeviceId, request: &Request) -> Result<Said, StoreError> {
    let mut held = readings_of(tx, tablet)?;
    // 1. Receipts, of streams that the store has noted for the tablet: nobody can hand in a receipt for a stream that
    //    they never had.
    let receipts = request.purged.iter().filter_map(|stream| Some((*stream, held.remove(stream)?))).collect();
    // 2. How far each readable stream is read. Positions of another epoch mean nothing: after a restore the same number
    //    may name another change.
    let same_life = request.epoch == identity::epoch(tx)?;
    let cursors: BTreeMap<StreamId, &Cursor> =
        request.cursors.iter().map(|cursor| (cursor.stream, cursor)).collect();
    let mut streams = readable_streams(tx, tablet)?;
    let writable = writable(&streams);
    // A program that does not know all kinds could read nothing of a page in which there is another.
    streams.retain(|stream| request.knows(stream.kind.home()));
    let mut readings = Vec::new();
    for stream in &streams {
        let before = held.remove(&stream.id);
        let read = cursors.get(&stream.id).filter(|_| same_life).and_then(|cursor| read_to(cursor, stream));
        let position = read.or(before.map(|reading| reading.position)).unwrap_or_default();
        if before.is_none_or(|reading| reading.position != position || reading.told.is_some()) {
            readings.push((stream.id, position));
        }
    }
    // 3. What is left is to be dropped, with streams that only the tablet's cursors name. A stream that the store does
    //    not know, as after a restore, is not: the tablet's copy may be the last one.
    let readable: BTreeSet<StreamId> = streams.into_iter().map(|stream| stream.id).collect();
    let mut dropped: BTreeSet<StreamId> = held.keys().copied().collect();
    let strange: Vec<StreamId> = cursors.into_keys().filter(|stream| !readable.contains(stream)).collect();
    if !strange.is_empty() {
        dropped.extend(known_streams(tx, strange.into_iter())?);
    }
    let told = held.iter().filter(|(_, reading)| reading.told.is_none()).map(|(stream, _)| *stream).collect();
    let held = Holdings { readable, writable, dropped: dropped.into_iter().collect() };
    Ok(Said { held, receipts, readings, told })
}

/// The streams to which the user of a tablet may write, with what may stand there: an organisation has no sessions, though their ids would fit.
pub(super) type Writable = BTreeSet<(StreamId, Home)>;

/// Those of the streams that a tablet reads that take changes from it.
pub(super) fn writable(streams: &[StreamRow]) -> Writable {
    let taking = streams.iter().filter(|stream| stream.takes_from_tablets());
    taking.map(|stream| (stream.id, stream.kind.home())).collect()
}

impl Said {
    /// Whether there is nothing to be written.
    pub(super) fn is_known(&self) -> bool {
        self.receipts.is_empty() && self.readings.is_empty() && self.told.is_empty()
    }

    /// Writes it. The caller holds the lock of the tablet's row, so that two requests of one tablet do not mix.
    pub(super) fn write(
        self,
        tx: &mut Conn<'_>,
        tablet: DeviceId,
        now: Millis,
    ) -> Result<Holdings, StoreError> {
        for (stream, reading) in self.receipts {
            keep_receipt(tx, tablet, stream, reading, now)?;
        }
        for (stream, position) in self.readings {
            keep_reading(tx, tablet, stream, position, now)?;
        }
        if !self.told.is_empty() {
            tell(tx, tablet, self.told.into_iter(), now)?;
        }
        Ok(self.held)
    }
}

/// How far a tablet says that it has read a stream; `None` while it copies or compares it, and where the position is
/// beyond the stream.
fn read_to(cursor: &Cursor, stream: &StreamRow) -> Option<u64> {
    match cursor.ask {
        Ask::After(position) => (position <= stream.last_seq).then_some(position),
        Ask::Copy { .. } | Ask::Agree { .. } => None,
    }
}

fn readings_of(tx: &mut Conn<'_>, tablet: DeviceId) -> Result<BTreeMap<StreamId, Progress>, StoreError> {
    let rows: Vec<(Db<StreamId>, i64, At, Option<At>)> = on_each!(tx, |c| readings::table
        .filter(readings::device_id.eq(Db(tablet)))
        .select((readings::stream_id, readings::position, readings::since, readings::told_at))
        .load(c))?;
    let reading = |(Db(stream), position, At(since), told): (_, i64, _, Option<At>)| {
        let position =
            u64::try_from(position).map_err(|_| StoreError::Damaged("how far a tablet has read"))?;
        Ok((stream, Progress { position, since, told: told.map(|At(at)| at) }))
    };
    rows.into_iter().map(reading).collect()
}

fn keep_reading(
    tx: &mut Conn<'_>,
    tablet: DeviceId,
    stream: StreamId,
    position: u64,
    now: Millis,
) -> Result<(), StoreError> {
    let so_far = (
        readings::position.eq(position as i64),
        readings::seen_at.eq(At(now)),
        readings::told_at.eq(None::<At>),
    );
    let row = (
        readings::device_id.eq(Db(tablet)),
        readings::stream_id.eq(Db(stream)),
        readings::since.eq(At(now)),
        so_far,
    );
    on_each!(tx, |c| diesel::insert_into(readings::table)
        .values(row)
        .on_conflict((readings::stream_id, readings::device_id))
        .do_update()
        .set(so_far)
        .execute(c))?;
    Ok(())
}

fn keep_receipt(
    tx: &mut Conn<'_>,
    tablet: DeviceId,
    stream: StreamId,
    reading: Progress,
    now: Millis,
) -> Result<(), StoreError> {
    let row = (
        purges::device_id.eq(Db(tablet)),
        purges::stream_id.eq(Db(stream)),
        purges::received_at.eq(At(now)),
        purges::since.eq(At(reading.since)),
        purges::told_at.eq(reading.told.map(At)),
    );
    on_each!(tx, |c| diesel::insert_into(purges::table).values(row).on_conflict_do_nothing().execute(c))?;
    let done = readings::table.find((Db(stream), Db(tablet)));
    on_each!(tx, |c| diesel::delete(done).execute(c))?;
    Ok(())
}

/// Notes when a tablet was first told to drop these streams.
fn tell(
    tx: &mut Conn<'_>,
    tablet: DeviceId,
    streams: impl Iterator<Item = StreamId>,
    now: Millis,
) -> Result<(), StoreError> {
    let untold = readings::table
        .filter(readings::device_id.eq(Db(tablet)))
        .filter(readings::stream_id.eq_any(streams.map(Db).collect::<Vec<_>>()))
        .filter(readings::told_at.is_null());
    on_each!(tx, |c| diesel::update(untold).set(readings::told_at.eq(At(now))).execute(c))?;
    Ok(())
}

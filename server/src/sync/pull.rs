//! The way out: the changes and documents that a tablet may read and does not have, within its budget. All of it is
//! read in one transaction that sees the store as of one moment, so that pages, fingerprints and keys fit each other.

mod changes;
mod documents;
mod older;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::cursor::{Ask, Cursor};
use sync_core::id::{DeviceId, DocumentId, EpochId, GroupId, Id, StreamId};
use sync_core::limits::PAGE;
use sync_core::neighbour::{Neighbour, Neighbours};
use sync_core::time::{Millis, day_in_rwanda};
use sync_core::wire::{Page, Person, Request, StreamKey, Tells};
use uuid::Uuid;

use super::decided::{self, Decided};
use super::holding::Holdings;
use crate::coverage;
use crate::ledger::{self, StreamKind, StreamRow, names, readable_streams};
use crate::store::{Conn, StoreError, identity};

/// The size of an entry without its change or snapshot, in bytes.
const FRAME: usize = 32;

/// The parts of the answer that are read from the store.
#[derive(Debug)]
pub(super) struct Pulled {
    pub(super) epoch: EpochId,
    pub(super) pages: Vec<Page>,
    pub(super) people: Vec<Person>,
    pub(super) keys: Vec<StreamKey>,
    pub(super) decided: Decided,
    pub(super) neighbours: Option<Vec<Neighbour>>,
}

/// Collects the answer's pages, of the streams that are noted as held and readable still: nothing leaves the store that
/// it could not name, and a stream whose assignment has ended since the push is left out.
pub(super) fn pull(
    tx: &mut Conn<'_>,
    tablet: DeviceId,
    held: &Holdings,
    request: &Request,
    now: Millis,
) -> Result<Pulled, StoreError> {
    let epoch = identity::epoch(tx)?;
    let mut streams = readable_streams(tx, tablet)?;
    streams.retain(|stream| held.readable.contains(&stream.id));
    let readable: BTreeSet<StreamId> = streams.iter().map(|stream| stream.id).collect();
    let cursors: BTreeMap<StreamId, &Cursor> =
        request.cursors.iter().map(|cursor| (cursor.stream, cursor)).collect();
    let mut reader = Reader {
        author: (tablet, request.incarnation),
        since: older::held_since(now),
        budget: (request.budget as usize).min(PAGE),
        room: request.budget as usize,
        authors: BTreeSet::new(),
    };
    let neighbours = reader.neighbours(tx, request, &streams, &cursors, now)?;
    let mut pages = Vec::new();
    for stream in streams {
        let ask = cursors.get(&stream.id).map(|cursor| &cursor.ask);
        pages.push(reader.page(tx, &stream, ask, request.epoch == epoch)?);
    }
    let names = names(tx, &reader.authors)?;
    let people = names.into_iter().map(|(device, name)| Person { device, name }).collect();
    let mut keys = ledger::stream_keys(tx, &readable)?;
    keys.retain(|key| cursors.get(&key.stream).is_none_or(|cursor| cursor.key != key.number));
    let decided = decided::of(tx, &request.waiting)?;
    Ok(Pulled { epoch, pages, people, keys, decided, neighbours })
}

/// The tablet that reads, and the budget that is left for it.
struct Reader {
    /// The tablet in its present incarnation: it is not sent changes that it wrote in it. Those of another incarnation
    /// it may have lost.
    author: (DeviceId, u32),
    /// Lessons of the partnership in which nobody wrote since are not sent ([`older`]).
    since: Millis,
    /// The bytes that may still go in; 0 from the beginning where the tablet asked for outcomes alone.
    budget: usize,
    /// The budget of the request: a message of an agreement may take about so many bytes.
    room: usize,
    /// The authors of all changes that went in.
    authors: BTreeSet<DeviceId>,
}

impl Reader {
    /// The page of one stream. `same_life` says whether the tablet's cursors are of the store's present epoch: after a
    /// restore its positions mean nothing.
    fn page(
        &mut self,
        tx: &mut Conn<'_>,
        stream: &StreamRow,
        ask: Option<&Ask>,
        same_life: bool,
    ) -> Result<Page, StoreError> {
        let start = Ask::Copy { at: stream.last_seq, after: DocumentId::from_uuid(Uuid::nil()) };
        let tells = match ask.unwrap_or(&start) {
            Ask::After(position) if same_life && stream.has_after(*position) => {
                match older::is_missed(tx, stream, *position, self.since)? {
                    true => Tells::Lost,
                    false => self.changes(tx, stream, *position)?,
                }
            }
            Ask::Copy { at, after } if ask.is_none() || (same_life && stream.has_after(*at)) => {
                self.copy(tx, stream, *at, *after)?
            }
            Ask::Agree { message, wanted } if same_life => self.differences(tx, stream, message, wanted)?,
            _ => Tells::Lost,
        };
        // The fingerprint says how the stream is at its end: a tablet that is not there yet would find that it differs.
        let whole = match &tells {
            Tells::Changes { to, .. } => *to == stream.last_seq,
            Tells::Documents { at, more, .. } => !more && *at == stream.last_seq,
            Tells::Lost => false,
        };
        let fingerprint = whole.then(|| older::fingerprint(tx, stream, self.since)).transpose()?;
        Ok(Page { stream: stream.id, fingerprint, tells })
    }

    /// What other partners do near to the tablet's groups, where it asks and did not hear so today, or reads a group for the first time. It may
    /// take half of the budget: over a link that carries little, records come first.
    fn neighbours(
        &mut self,
        tx: &mut Conn<'_>,
        request: &Request,
        streams: &[StreamRow],
        cursors: &BTreeMap<StreamId, &Cursor>,
        now: Millis,
    ) -> Result<Option<Vec<Neighbour>>, StoreError> {
        let Some(heard) = request.neighbours else { return Ok(None) };
        let groups = streams.iter().filter(|stream| stream.kind == StreamKind::Group).map(|stream| stream.id);
        let is_new = groups.clone().any(|group| !cursors.contains_key(&group));
        if !is_new && !Neighbours::is_due(heard, now) {
            return Ok(None);
        }
        let groups: Vec<GroupId> = groups.map(|stream| GroupId::from_uuid(stream.uuid())).collect();
        let told = coverage::neighbours(tx, &groups, day_in_rwanda(now))?;
        let size = sync_core::cbor::to_bytes(&told).len();
        let fits = size <= self.budget / 2;
        self.budget -= if fits { size } else { 0 };
        Ok(fits.then_some(told))
    }

    /// Whether a change or document of this size goes in; takes it off the budget if so. One that is larger than what
    /// is left goes in if it is the first of its page (`alone`): otherwise it would never be sent. Once something does
    /// not fit, nothing more goes in, so that no page has a gap.
    fn takes(&mut self, size: usize, alone: bool) -> bool {
        let size = size + FRAME;
        let fits = self.budget > 0 && (size <= self.budget || alone);
        self.budget = if fits { self.budget.saturating_sub(size) } else { 0 };
        fits
    }
}

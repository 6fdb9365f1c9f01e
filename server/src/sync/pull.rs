//! The way out: what a tablet may read and has not, as of one moment, within its budget.

mod changes;
mod documents;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::cursor::{Ask, Cursor};
use sync_core::id::{DeviceId, DocumentId, EpochId, Id, StreamId};
use sync_core::limits::PAGE;
use sync_core::wire::{Page, Person, Rejected, Request, StreamKey, Tells};
use uuid::Uuid;

use super::holding::Holdings;
use super::rejected;
use crate::ledger::{self, StreamRow, names, readable_streams};
use crate::store::{Conn, StoreError, identity};

/// What an entry takes besides its change or snapshot, in bytes.
const FRAME: usize = 32;

/// What comes down.
#[derive(Debug)]
pub(super) struct Pulled {
    pub(super) epoch: EpochId,
    pub(super) pages: Vec<Page>,
    pub(super) people: Vec<Person>,
    pub(super) keys: Vec<StreamKey>,
    pub(super) rejected: Vec<Rejected>,
}

/// Collects it, of the streams that the tablet is known to hold: nothing leaves the store that it could not name.
pub(super) fn pull(
    tx: &mut Conn<'_>,
    tablet: DeviceId,
    held: &Holdings,
    request: &Request,
) -> Result<Pulled, StoreError> {
    let epoch = identity::epoch(tx)?;
    let mut streams = readable_streams(tx, tablet)?;
    streams.retain(|stream| held.readable.contains(&stream.id));
    let readable: BTreeSet<StreamId> = streams.iter().map(|stream| stream.id).collect();
    let cursors: BTreeMap<StreamId, &Cursor> =
        request.cursors.iter().map(|cursor| (cursor.stream, cursor)).collect();
    let mut reader = Reader {
        author: (tablet, request.incarnation),
        budget: (request.budget as usize).min(PAGE),
        room: request.budget as usize,
        authors: BTreeSet::new(),
    };
    let mut pages = Vec::new();
    for stream in streams {
        let ask = cursors.get(&stream.id).map(|cursor| &cursor.ask);
        pages.push(reader.page(tx, &stream, ask, request.epoch == epoch)?);
    }
    let names = names(tx, &reader.authors)?;
    let people = names.into_iter().map(|(device, name)| Person { device, name }).collect();
    let mut keys = ledger::stream_keys(tx, &readable)?;
    keys.retain(|key| cursors.get(&key.stream).is_none_or(|cursor| cursor.key != key.number));
    let rejected = rejected::of(tx, &request.waiting)?;
    Ok(Pulled { epoch, pages, people, keys, rejected })
}

/// Who reads, how much more, and what of.
struct Reader {
    /// The tablet in its present life: it is not sent what it wrote.
    author: (DeviceId, u32),
    /// In bytes. None at all where the tablet asked for nothing but outcomes.
    budget: usize,
    /// What there was at first: about so many bytes may a message take that says what differs.
    room: usize,
    /// Who wrote what was read.
    authors: BTreeSet<DeviceId>,
}

impl Reader {
    /// `same_life`: whether the tablet's cursors speak of the store as it is now, and not as it was before a restore.
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
                self.changes(tx, stream, *position)?
            }
            Ask::Copy { at, after } if ask.is_none() || (same_life && stream.has_after(*at)) => {
                self.copy(tx, stream, *at, *after)?
            }
            Ask::Agree { message, wanted } if same_life => self.differences(tx, stream, message, wanted)?,
            _ => Tells::Lost,
        };
        let whole = match &tells {
            Tells::Changes { to, .. } => *to == stream.last_seq,
            Tells::Documents { at, more, .. } => !more && *at == stream.last_seq,
            Tells::Lost => false,
        };
        Ok(Page { stream: stream.id, fingerprint: whole.then_some(stream.fingerprint), tells })
    }

    /// Whether something of this size goes in; takes it off the budget if so. What is larger than the whole budget goes
    /// alone.
    fn takes(&mut self, size: usize, alone: bool) -> bool {
        let size = size + FRAME;
        let fits = self.budget > 0 && (size <= self.budget || alone);
        self.budget = if fits { self.budget.saturating_sub(size) } else { 0 };
        fits
    }
}

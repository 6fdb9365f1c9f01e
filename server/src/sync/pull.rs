//! The way out: what a tablet may read and has not, as of one moment, within its budget.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{DeviceId, DocumentId, EpochId, StreamId};
use sync_core::record::Kind;
use sync_core::wire::{Entry, PAGE, Page, Person, Request};

use super::admit::Tablet;
use crate::ledger::{StreamRow, assigned_streams, names};
use crate::on_each;
use crate::store::schema::changes;
use crate::store::{Code, Conn, Db, StoreError, identity};

/// How many changes are looked at in one query.
const ROWS: i64 = 512;
/// What an entry takes besides its change, in bytes.
const FRAME: usize = 32;

/// What comes down.
#[derive(Debug)]
pub(super) struct Pulled {
    pub(super) epoch: EpochId,
    pub(super) pages: Vec<Page>,
    pub(super) dropped: Vec<StreamId>,
    pub(super) people: Vec<Person>,
}

/// Collects it. A tablet whose cursors speak of another life of the store reads everything again.
pub(super) fn pull(tx: &mut Conn<'_>, tablet: &Tablet, request: &Request) -> Result<Pulled, StoreError> {
    let epoch = identity::epoch(tx)?;
    let again = request.epoch != epoch;
    let mut pulled = Pulled { epoch, pages: Vec::new(), dropped: Vec::new(), people: Vec::new() };
    let mut budget = (request.budget as usize).clamp(1, PAGE);
    let cursors: BTreeMap<_, _> = request.cursors.iter().map(|cursor| (cursor.stream, cursor)).collect();
    let streams = assigned_streams(tx, tablet.user)?;
    let readable: BTreeSet<StreamId> = streams.iter().map(|stream| stream.id).collect();
    pulled.dropped = cursors.keys().copied().filter(|stream| !readable.contains(stream)).collect();
    let mut authors = BTreeSet::new();
    for stream in streams {
        let cursor = cursors.get(&stream.id);
        let known = cursor.filter(|cursor| !again && cursor.position <= stream.last_seq);
        let reader = Reader {
            from: known.map_or(0, |cursor| cursor.position),
            // A tablet is not sent what it wrote, unless it asks for it, or can't be relied on to have it: one that
            // was taken off a group has dropped its own work there too, and others' builds on it.
            but: known.filter(|cursor| !cursor.whole).map(|_| (tablet.device, request.incarnation)),
        };
        pulled.pages.push(page(tx, &stream, &reader, &mut budget, &mut authors)?);
    }
    let names = names(tx, &authors)?;
    pulled.people = names.into_iter().map(|(device, name)| Person { device, name }).collect();
    Ok(pulled)
}

/// How one stream is read.
struct Reader {
    from: u64,
    /// The author whose changes are left out.
    but: Option<(DeviceId, u32)>,
}

fn page(
    tx: &mut Conn<'_>,
    stream: &StreamRow,
    reader: &Reader,
    budget: &mut usize,
    authors: &mut BTreeSet<DeviceId>,
) -> Result<Page, StoreError> {
    type Row = (i64, Code<Kind>, Db<DocumentId>, i32, Db<DeviceId>, Vec<u8>);
    let mut page = Page {
        stream: stream.id,
        from: reader.from,
        to: reader.from,
        fingerprint: None,
        entries: Vec::new(),
    };
    while page.to < stream.last_seq && *budget > 0 {
        let after = page.to as i64;
        let rows: Vec<Row> = on_each!(tx, |c, Backend| {
            let mut query = changes::table
                .filter(changes::stream_id.eq(Db(stream.id)).and(changes::seq.gt(after)))
                .order(changes::seq)
                .limit(ROWS)
                .select((
                    changes::seq,
                    changes::kind,
                    changes::document_id,
                    changes::schema,
                    changes::author,
                    changes::bytes,
                ))
                .into_boxed::<Backend>();
            if let Some((author, incarnation)) = reader.but {
                let others =
                    changes::author.ne(Db(author)).or(changes::incarnation.ne(i64::from(incarnation)));
                query = query.filter(others);
            }
            query.load(c)
        })?;
        let full = rows.len() as i64 == ROWS;
        for (seq, Code(kind), Db(document), schema, Db(author), change) in rows {
            let size = change.len() + FRAME;
            // A change that is larger than the whole budget goes alone.
            if size > *budget && !page.entries.is_empty() {
                *budget = 0;
                return Ok(page);
            }
            *budget = budget.saturating_sub(size);
            page.to = seq as u64;
            authors.insert(author);
            page.entries.push(Entry { kind, document, schema: schema as u32, change: change.into() });
            if *budget == 0 {
                break;
            }
        }
        if !full && *budget > 0 {
            page.to = stream.last_seq;
        }
    }
    if page.to == stream.last_seq {
        page.fingerprint = Some(stream.fingerprint);
    }
    Ok(page)
}

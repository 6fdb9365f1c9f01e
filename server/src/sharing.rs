//! What organisations share: the service writes it into the stream of the partnership, from what each of them publishes in its own.
//!
//! Nobody else writes there. So no organisation can change what another one says, no change waits there for somebody to decide about it, and
//! nobody's name travels beyond their organisation: the author of what is shared is the service.

mod adoption;
mod lesson;

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::id::{DocumentId, OrganisationId, StreamId};
use sync_core::record::{Kind, Place, Record};
use sync_core::time::Millis;

use crate::desk::EditRefused;
use crate::ledger::{self, StreamKind, give_key};
use crate::on_each;
use crate::store::schema::{changes, streams};
use crate::store::{Code, Conn, Db, Failure, Store, StoreError, as_worker};
pub(crate) use lesson::{is_of_two, may_publish};

/// How many changes of a stream are looked at in one transaction.
const AT_ONCE: i64 = 200;

/// A lesson or an adoption that changed, as its organisation has it.
#[derive(Debug, Clone, Copy)]
struct Published {
    organisation: OrganisationId,
    id: DocumentId,
}

/// Shares what an organisation published just now, in the transaction in which it did: whoever published it sees that at once.
///
/// # Errors
/// Those of the store.
pub(crate) fn share_now(tx: &mut Conn<'_>, of: OrganisationId, now: Millis) -> Result<(), StoreError> {
    as_worker(tx, |tx| share_some(tx, of.into(), now).map(|_| ()))
}

/// Brings what is shared up to date with what organisations publish. Gives how many changes of theirs were looked at. Several services may do so at
/// once.
///
/// # Errors
/// Those of the store.
pub async fn share(store: &Store, now: Millis) -> Result<usize, StoreError> {
    let mut seen = 0;
    while let Some(stream) = store.read("what to share", next).await? {
        seen += store.write("share", move |tx| share_some(tx, stream, now)).await?;
    }
    Ok(seen)
}

/// A stream of an organisation in which there are changes that were not looked at.
fn next(tx: &mut Conn<'_>) -> Result<Option<StreamId>, StoreError> {
    let row: Option<Db<StreamId>> = on_each!(tx, |c| streams::table
        .filter(streams::kind.eq(Code(StreamKind::Organisation)))
        .filter(streams::last_seq.gt(streams::shared_to))
        .order(streams::id)
        .select(streams::id)
        .first(c)
        .optional())?;
    Ok(row.map(|Db(id)| id))
}

/// Shares what follows from the next changes of a stream. What is shared says what the record says now, so it does not matter how often a change
/// is looked at, nor that of two services each looks at it.
fn share_some(tx: &mut Conn<'_>, stream: StreamId, now: Millis) -> Result<usize, StoreError> {
    // 1. The changes that nobody looked at. Their rows stay also where their bytes were given up.
    let row = streams::table.find(Db(stream));
    let (organisation, shared_to): (Option<Db<OrganisationId>>, i64) =
        on_each!(tx, |c| row.select((streams::organisation_id, streams::shared_to)).first(c))?;
    let Some(Db(organisation)) = organisation else {
        return Err(StoreError::Damaged("an organisation's stream without an organisation"));
    };
    let rows: Vec<(i64, Db<DocumentId>)> = on_each!(tx, |c| changes::table
        .filter(changes::stream_id.eq(Db(stream)).and(changes::seq.gt(shared_to)))
        .order(changes::seq)
        .limit(AT_ONCE)
        .select((changes::seq, changes::document_id))
        .load(c))?;
    let Some((last, _)) = rows.last().copied() else { return Ok(0) };
    // 2. What each of their records says. What can't be shared keeps nothing else from being: `verify` names a damaged record, and the organisation sees
    //    in its list what is not shared.
    let documents: BTreeMap<Db<DocumentId>, ()> = rows.iter().map(|(_, id)| (*id, ())).collect();
    for Db(id) in documents.into_keys() {
        let Some(stored) = ledger::load(tx, id)? else { continue };
        let published = Published { organisation, id };
        let written = match stored.read() {
            Ok((document, Record::Lesson(lesson))) => lesson::share(tx, published, &document, &lesson, now),
            Ok((_, Record::Adoption(adoption))) => adoption::share(tx, published, &adoption, now),
            _ => Ok(()),
        };
        match written {
            Ok(()) => {}
            Err(Failure::Refused(refused)) => {
                tracing::warn!(document = %id, error = %refused, "was not shared");
            }
            Err(Failure::Store(error)) => return Err(error),
        }
    }
    // 3. They were looked at. Streams that are older than their keys get one.
    give_key(tx, stream)?;
    give_key(tx, StreamId::PARTNERSHIP)?;
    let further = row.filter(streams::shared_to.lt(last));
    on_each!(tx, |c| diesel::update(further).set(streams::shared_to.eq(last)).execute(c))?;
    Ok(rows.len())
}

/// Where a record of the partnership stands.
fn place(kind: Kind, id: impl Into<DocumentId>) -> Place {
    Place { stream: StreamId::PARTNERSHIP, document: id.into(), kind }
}

/// What became of sharing one record.
type Written = Result<(), Failure<EditRefused>>;

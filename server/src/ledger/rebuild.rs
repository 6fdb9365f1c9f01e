//! Computing rows again from the documents, where a new version asks for rows that an earlier one did not write.

use diesel::prelude::*;
use sync_core::id::{DocumentId, Id, StreamId};
use uuid::Uuid;

use super::load;
use crate::on_each;
use crate::projection;
use crate::store::schema::{documents, streams};
use crate::store::{Conn, Db, Store, StoreError, identity};

/// How many documents one transaction takes: others wait no longer than that.
const AT_ONCE: i64 = 200;

/// Brings the rows up to the version of the projection that this program writes. Where they are, this is one look.
/// Others may write meanwhile: each document's stream is held while its rows are written.
///
/// # Errors
/// Those of the store; what was done stays, and the next start goes on from the beginning.
pub async fn catch_up(store: &Store) -> Result<(), StoreError> {
    let written = store.read("projection version", identity::projection).await?;
    if written >= projection::VERSION {
        return Ok(());
    }
    let mut done = 0;
    let mut after = Some(DocumentId::from_uuid(Uuid::nil()));
    while let Some(start) = after {
        let (count, last) = store.write("project again", move |tx| some(tx, start)).await?;
        done += count;
        after = last;
    }
    store.write("projection version", |tx| identity::set_projection(tx, projection::VERSION)).await?;
    tracing::info!(documents = done, "computed the rows again");
    Ok(())
}

/// Projects the documents that follow `start`; gives their number and the last of them.
fn some(tx: &mut Conn<'_>, start: DocumentId) -> Result<(usize, Option<DocumentId>), StoreError> {
    let ids: Vec<(Db<DocumentId>, Db<StreamId>)> = on_each!(tx, |c| documents::table
        .filter(documents::id.gt(Db(start)))
        .order(documents::id)
        .limit(AT_ONCE)
        .select((documents::id, documents::stream_id))
        .load(c))?;
    for (Db(id), Db(stream)) in &ids {
        // Takes the stream's lock, so that nobody writes the document, or one that its rows are compared with, between
        // our reading it and our writing its rows.
        let row = streams::table.find(Db(*stream));
        on_each!(tx, |c| diesel::update(row).set(streams::last_seq.eq(streams::last_seq)).execute(c))?;
        let Some(stored) = load(tx, *id)? else { continue };
        let document = stored.open()?;
        let record = document.record().map_err(|_| StoreError::Damaged("a record"))?;
        projection::project(tx, *id, &document, &record)?;
    }
    Ok((ids.len(), ids.last().map(|(Db(id), _)| *id)))
}

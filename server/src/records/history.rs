//! How a record came to be: every change in words, oldest first.

use std::collections::BTreeSet;

use actix_web::{get, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_core::change::ChangeHash;
use sync_core::document::Document;
use sync_core::history::{FieldStep, step};
use sync_core::id::{DeviceId, DocumentId};
use sync_core::record::Kind;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::lessons;
use crate::clock::timestamp;
use crate::doubt::{HANDED_IN, HandedIn, clock_off};
use crate::ledger;
use crate::on_each;
use crate::page::{Page, PageQuery, Size, Window};
use crate::problem::Problem;
use crate::scope::{Permit, Scope, Seen, no_such};
use crate::store::schema::{batches, changes};
use crate::store::{At, Conn, Db, Store, StoreError};

/// Each change is read against the record as it was then, which takes longer than reading a row.
const SIZE: Size = Size { usual: 100, most: 100 };

/// Which page of a history.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryQuery {
    /// The `next` of the page before, of a history; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    /// The change's number in the order of its group.
    number: i64,
    /// The name of the person who wrote it, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The name of their tablet; none for what was written at the web interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    tablet: Option<String>,
    /// The tablet, or the person themselves at the web interface.
    #[schema(value_type = Uuid)]
    pub(crate) device: DeviceId,
    /// That tablet's clock when it was written. Absent where the change can't be told in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// When the service got it.
    received_at: Timestamp,
    /// By how many seconds that tablet's clock was behind the service's when it handed this in, less than none where it was
    /// ahead; about. Absent where it is not known, be it that the service's own clock is in doubt, and for what was written at
    /// the web interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_off_by_seconds: Option<i64>,
    /// Why, where somebody settled what others said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    sets: Vec<HistorySet>,
}

/// A field that a change made say something else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistorySet {
    /// The field; for an entry `attendance/<participant>`.
    #[schema(example = "minutes")]
    field: String,
    /// What it said before, as the author saw it: nothing, one value, or several that clashed. Of a text, the lines
    /// that were replaced.
    #[schema(example = json!(["75", "90"]))]
    from: Vec<String>,
    /// What it says since.
    #[schema(example = json!(["90"]))]
    to: Vec<String>,
}

impl From<FieldStep> for HistorySet {
    fn from(FieldStep { field, from, to }: FieldStep) -> Self {
        Self { field, from, to }
    }
}

/// Read the history of a group
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), HistoryQuery),
    responses(
        (status = 200, description = "Every change, in the order in which the service got them", body = Page<HistoryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/groups/{id}/history")]
pub(crate) async fn group_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let told = tell(permit, Kind::Group, *id, query.into_inner(), &store).await?;
    told.map(web::Json).ok_or_else(|| no_such(Kind::Group))
}

/// Read the history of a participant
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), HistoryQuery),
    responses(
        (status = 200, description = "Every change, in the order in which the service got them", body = Page<HistoryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-participant`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/participants/{id}/history")]
pub(crate) async fn participant_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let told = tell(permit, Kind::Participant, *id, query.into_inner(), &store).await?;
    told.map(web::Json).ok_or_else(|| no_such(Kind::Participant))
}

/// Read the history of a session
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), HistoryQuery),
    responses(
        (status = 200, description = "Every change, in the order in which the service got them", body = Page<HistoryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-session`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/sessions/{id}/history")]
pub(crate) async fn session_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let told = tell(permit, Kind::Session, *id, query.into_inner(), &store).await?;
    told.map(web::Json).ok_or_else(|| no_such(Kind::Session))
}

/// Read the history of a lesson
///
/// Of one that is shared: when the service wrote what.
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), HistoryQuery),
    responses(
        (status = 200, description = "Every change, in the order in which the service got them", body = Page<HistoryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-lesson`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/lessons/{id}/history")]
pub(crate) async fn lesson_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let (id, own) = (DocumentId::from(*id), lessons::own_of(permit)?);
    let told = of_document(query.into_inner(), &store, id, move |tx| lessons::read::document(tx, own, id));
    told.await?.map(web::Json).ok_or_else(|| no_such(Kind::Lesson))
}

/// A page of the history of a record that belongs to no group; `None` where `find` gives none.
///
/// # Errors
/// 422 `invalid-fields`, and those of the store.
pub(super) async fn of_document(
    query: HistoryQuery,
    store: &Store,
    id: DocumentId,
    find: impl Fn(&mut Conn<'_>) -> Result<Option<Document>, StoreError> + Send + 'static,
) -> Result<Option<Page<HistoryItem>>, Problem> {
    let window = PageQuery::new(query.after, query.limit).sized("history", SIZE)?;
    let told = store.read("history of a document", move |tx| -> Result<_, StoreError> {
        let Some(document) = find(tx)? else { return Ok(None) };
        page_of(tx, id, &document, &window).map(Some)
    });
    Ok(told.await?)
}

/// A page of the history of a record of one kind; `None` where the caller may see no such record.
///
/// # Errors
/// 422 `invalid-fields`, and those of the store.
pub(super) async fn tell(
    permit: Permit,
    kind: Kind,
    id: Uuid,
    query: HistoryQuery,
    store: &Store,
) -> Result<Option<Page<HistoryItem>>, Problem> {
    let scope = permit.scope()?;
    let id = DocumentId::from(id);
    let window = PageQuery::new(query.after, query.limit).sized("history", SIZE)?;
    Ok(store.read("history", move |tx| history(tx, scope, kind, id, &window)).await?)
}

/// Of a record that the caller may see.
fn history(
    tx: &mut Conn<'_>,
    scope: Scope,
    kind: Kind,
    id: DocumentId,
    window: &Window<i64>,
) -> Result<Option<Page<HistoryItem>>, StoreError> {
    let seen = scope.record(tx, id)?.filter(|seen| seen.place.kind == kind);
    let Some(Seen { document, .. }) = seen else { return Ok(None) };
    page_of(tx, id, &document, window).map(Some)
}

fn page_of(
    tx: &mut Conn<'_>,
    id: DocumentId,
    document: &Document,
    window: &Window<i64>,
) -> Result<Page<HistoryItem>, StoreError> {
    let rows = rows(tx, id, window.after.unwrap_or(0), window.rows())?;
    let Page { items: rows, next } = Page::<Row>::of(rows, window, |(number, ..): &Row| *number);
    Ok(Page { items: told(tx, document, rows, SIZE.most as usize)?, next })
}

/// The whole history of a record. What its first changes did is told in words; of more than [`IN_WORDS`] only who wrote them and when the
/// service got them: somebody may make thousands, and each is read against the record as it was then.
///
/// # Errors
/// Those of the store.
pub(crate) fn whole(
    tx: &mut Conn<'_>,
    id: DocumentId,
    document: &Document,
) -> Result<Vec<HistoryItem>, StoreError> {
    let rows = rows(tx, id, 0, i64::MAX)?;
    told(tx, document, rows, IN_WORDS)
}

/// Of how many changes of one record a whole history tells what they did.
pub(crate) const IN_WORDS: usize = 500;

type Row = (i64, Vec<u8>, Db<DeviceId>, At, Option<HandedIn>);

/// The changes of a record after a number, the oldest first.
fn rows(tx: &mut Conn<'_>, id: DocumentId, after: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c| changes::table
        .left_join(batches::table.on(batches::id.nullable().eq(changes::batch_id)))
        .filter(changes::document_id.eq(Db(id)))
        .filter(changes::seq.gt(after))
        .order(changes::seq)
        .limit(limit)
        .select((changes::seq, changes::hash, changes::author, changes::received_at, HANDED_IN.nullable(),))
        .load(c))
}

/// What these changes did; of more than `in_words` only who wrote them.
fn told(
    tx: &mut Conn<'_>,
    document: &Document,
    rows: Vec<Row>,
    in_words: usize,
) -> Result<Vec<HistoryItem>, StoreError> {
    let authors: BTreeSet<DeviceId> = rows.iter().map(|(_, _, Db(author), ..)| *author).collect();
    let authors = ledger::authors(tx, &authors)?;
    let mut items = Vec::with_capacity(rows.len());
    for (number, hash, Db(device), At(received), batch) in rows {
        let hash = hash.as_slice().try_into().map_err(|_| StoreError::Damaged("a change"))?;
        let told = (items.len() < in_words).then(|| step(document, &ChangeHash::from_bytes(hash))).flatten();
        let author = authors.get(&device);
        items.push(HistoryItem {
            number,
            by: author.map(|author| author.person.clone()),
            tablet: author.and_then(|author| author.tablet.clone()),
            device,
            at: told.as_ref().map(|told| timestamp(told.at)),
            received_at: timestamp(received),
            clock_off_by_seconds: clock_off(batch),
            reason: told.as_ref().and_then(|told| Some(told.grounds.as_ref()?.to_string())),
            sets: told.into_iter().flat_map(|told| told.fields).map(HistorySet::from).collect(),
        });
    }
    Ok(items)
}

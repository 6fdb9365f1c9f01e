//! Looking inside one: what it would do to its record.

use std::collections::BTreeMap;

use actix_web::{get, web};
use jiff::Timestamp;
use serde::Serialize;
use sync_core::change::Change;
use sync_core::document::Document;
use sync_core::id::UserId;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::reading::{self, Reading};
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{QuarantineItem, shown, theirs};
use super::keeper::Keeper;
use super::refusal::Refused;
use crate::clock::timestamp;
use crate::ledger;
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store, as_worker};
use crate::sync::{self, Arrival};

/// One quarantined change, with what it says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineInside {
    #[serde(flatten)]
    item: QuarantineItem,
    /// The tablet's clock when it was recorded; absent where it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Timestamp>,
    /// What would become of it if it were released now: `accepted`, `duplicate`, or the reason for which it would stay.
    #[schema(example = "accepted")]
    would_be: String,
    /// Why it would stay, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    /// What it would change, in words; empty where it can't be read or would change nothing.
    changes: Vec<FieldChange>,
    /// The record as it would read with it, field by field; absent where it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<BTreeMap<String, String>>,
    /// Why some of it is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<String>,
}

/// One field that it would change.
#[derive(Debug, Serialize, ToSchema)]
struct FieldChange {
    /// The field; for an entry `attendance/<participant>`.
    #[schema(example = "minutes")]
    field: String,
    /// Absent where it said nothing before. Several values at the same time are separated by ` / `.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// Look inside a quarantined change
///
/// Nothing is decided by looking.
#[utoipa::path(
    tag = "Quarantine",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "What it would do", body = QuarantineInside),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-change`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/quarantine/{id}")]
pub(crate) async fn look_inside(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<QuarantineInside>, Problem> {
    let (keeper, user, id) = (Keeper::of(permit)?, permit.user(), *id);
    let inside = store.read("look inside", move |tx| look(tx, keeper, user, id)).await?;
    Ok(web::Json(inside))
}

fn look(
    tx: &mut Conn<'_>,
    keeper: Keeper,
    user: UserId,
    id: Uuid,
) -> Result<QuarantineInside, Failure<Refused>> {
    let row = theirs(tx, keeper, id)?;
    let arrival = sync::find(tx, id)?.ok_or(Refused::NoSuchChange)?;
    let item = shown(tx, keeper, vec![row])?.pop().ok_or(Refused::NoSuchChange)?;
    let recorded_at = Change::parse(&arrival.bytes).ok().map(|change| timestamp(change.at()));
    let place = arrival.place();
    let before = ledger::load(tx, place.document)?;
    // Of a record that lives elsewhere nothing is shown, not even that it is there: it may be another organisation's.
    let document = match &before {
        Some(stored) if !sync::misplaced(place, Some(stored)) => stored.open()?,
        _ => Document::genesis(place.kind),
    };
    let said = Said::of(&document, &arrival);
    // As the service: what would become of a change that names a record elsewhere is found out by looking there.
    let foreseen = as_worker(tx, |tx| {
        let before = ledger::load(tx, place.document)?;
        sync::foresee(tx, before, arrival, user)
    })?;
    // Of somebody who was erased nothing is shown, nor of a record about them that came later.
    let is_erased =
        said.as_ref().is_some_and(|said| said.erased) || foreseen == Outcome::Quarantined(Reason::Erased);
    let hidden = is_erased.then_some("The participant is erased.");
    let said = said.filter(|_| hidden.is_none());
    let (would_be, because) = match foreseen {
        Outcome::Accepted => ("accepted", None),
        Outcome::Duplicate => ("duplicate", None),
        Outcome::Quarantined(reason) => (reason.code(), Some(reason.for_keepers())),
    };
    let (changes, record) = said.map(|said| (said.changes, said.record)).unzip();
    Ok(QuarantineInside {
        item,
        recorded_at,
        would_be: would_be.to_owned(),
        because,
        changes: changes.unwrap_or_default(),
        record,
        hidden: hidden.map(str::to_owned),
    })
}

/// What a change says.
struct Said {
    changes: Vec<FieldChange>,
    record: Reading,
    /// It is about somebody of whom nothing may be shown any more.
    erased: bool,
}

impl Said {
    fn of(before: &Document, arrival: &Arrival) -> Option<Self> {
        let after = reading::with(before, &arrival.bytes)?;
        let erased =
            [before, &after].iter().any(|document| document.record().is_ok_and(|record| record.is_erased()));
        let record = reading::read(&after);
        let changes = reading::differences(&reading::read(before), &record);
        let changes = changes
            .into_iter()
            .map(|one| FieldChange { field: one.field, from: one.from, to: one.to })
            .collect();
        Some(Self { changes, record, erased })
    }
}

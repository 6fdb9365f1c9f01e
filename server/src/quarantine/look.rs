//! Looking inside one: what it would do to its record.

use std::collections::BTreeMap;

use actix_web::{get, web};
use jiff::Timestamp;
use serde::Serialize;
use sync_core::change::Change;
use sync_core::document::Document;
use sync_core::quarantine::Outcome;
use sync_core::reading::{self, Reading};
use sync_core::record::Kind;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{QuarantineItem, find, shown};
use super::keeper::{Keeper, group_of};
use super::refusal::Refused;
use crate::access::Caller;
use crate::clock::timestamp;
use crate::ledger;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::store::{Conn, Store, StoreError};
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
    caller: Caller,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<QuarantineInside>, Problem> {
    let scope = Keeper::scope(&caller)?;
    let id = *id;
    let inside = store.read("look inside", move |tx| look(tx, &caller, scope, id)).await?;
    inside.map(web::Json).ok_or_else(|| Refused::NoSuchChange.into())
}

fn look(
    tx: &mut Conn<'_>,
    caller: &Caller,
    scope: Scope,
    id: Uuid,
) -> Result<Option<QuarantineInside>, StoreError> {
    let keeper = Keeper::Of(scope);
    let Some(row) = find(tx, keeper, id)? else { return Ok(None) };
    let Some(arrival) = sync::find(tx, id)? else { return Ok(None) };
    let Some(item) = shown(tx, keeper, vec![row])?.pop() else { return Ok(None) };
    let recorded_at = Change::parse(&arrival.bytes).ok().map(|change| timestamp(change.at()));
    let place = arrival.place();
    let before = ledger::load(tx, place.document)?;
    // Of a record that lives elsewhere nothing is shown, not even that it is there: it may be another organisation's.
    let document = match &before {
        Some(stored) if !sync::misplaced(place, Some(stored)) => stored.open()?,
        _ => Document::genesis(place.kind),
    };
    let said = Said::of(&document, &arrival);
    let hidden = match &said {
        Some(said) if said.erased => Some("The participant is erased."),
        Some(_) if sensitive(place.kind) => {
            let theirs = Scope::Assigned(caller.user).holds(tx, group_of(place.stream))?;
            (!theirs).then_some("Only those who are assigned to the group see what such a record says.")
        }
        _ => None,
    };
    let said = said.filter(|_| hidden.is_none());
    let (would_be, because) = match sync::foresee(tx, before, arrival, caller.user)? {
        Outcome::Accepted => ("accepted", None),
        Outcome::Duplicate => ("duplicate", None),
        Outcome::Quarantined(reason) => (reason.code(), Some(reason.for_keepers())),
    };
    let (changes, record) = said.map(|said| (said.changes, said.record)).unzip();
    Ok(Some(QuarantineInside {
        item,
        recorded_at,
        would_be: would_be.to_owned(),
        because,
        changes: changes.unwrap_or_default(),
        record,
        hidden: hidden.map(str::to_owned),
    }))
}

/// Level S of the data dictionary: for the staff that is assigned to the group.
const fn sensitive(kind: Kind) -> bool {
    matches!(kind, Kind::Referral | Kind::Incident | Kind::Screening)
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

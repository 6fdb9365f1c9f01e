//! `POST /v1/coverage/check`: the same question for a group that nobody has begun.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use sync_core::record::group::Cohort;
use sync_core::record::{Modality, Pillar};
use sync_core::time::day_in_rwanda;
use sync_core::value::Village;
use utoipa::ToSchema;

use super::warning::{Nearby, Thought, nearby};
use crate::clock::Clock;
use crate::problem::{Fields, Problem};
use crate::scope::Permit;
use crate::store::Store;

/// A group that somebody thinks of.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThoughtOf {
    #[schema(example = "sociotherapy")]
    modality: String,
    /// NISR code of the village, eight digits.
    #[schema(example = "52010101")]
    area: String,
    pillar: Option<String>,
    cohort: Option<String>,
    /// Today if left out.
    starts_on: Option<String>,
}

/// What other partners do there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checked {
    #[serde(flatten)]
    nearby: Nearby,
    /// Whether beginning it would be refused without an `overlap_reason`.
    asks_for_reason: bool,
}

/// Ask what a group would overlap with
///
/// As beginning it would answer, for a form: nothing is written.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What other partners do there", body = Checked),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/coverage/check")]
pub(crate) async fn check_coverage(
    permit: Permit,
    body: web::Json<ThoughtOf>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Checked>, Problem> {
    let today = day_in_rwanda(clock.now());
    let mut fields = Fields::default();
    let modality: Option<Modality> = fields.parse("modality", Some(&body.modality));
    let area: Option<Village> = fields.parse("area", Some(&body.area));
    let pillar: Option<Pillar> = fields.parse("pillar", body.pillar.as_deref());
    let cohort: Option<Cohort> = fields.parse("cohort", body.cohort.as_deref());
    let starts_on = fields.day("starts_on", body.starts_on.as_deref()).unwrap_or(today);
    fields.done()?;
    let (Some(modality), Some(area)) = (modality, area) else { return Err(Problem::internal()) };
    let organisation = permit.organisation()?;
    let group = Thought { organisation, modality, pillar, cohort, area, starts_on }.covered();
    let nearby = store.read("check coverage", move |tx| nearby(tx, &group, today)).await?;
    Ok(web::Json(Checked { asks_for_reason: nearby.asks_why(), nearby }))
}

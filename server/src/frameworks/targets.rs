//! Targets: what an organisation means to reach of an indicator, in which months and where.

mod kept;

pub(crate) use kept::{MOST, Which, list};
use kept::{Refused, set};

use actix_web::{get, put, web};
use serde::{Deserialize, Serialize};
use sync_core::area::AreaCode;
use sync_core::id::{Id, OrganisationId};
use sync_core::time::Date;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::scope::{Permit, known_area};
use crate::store::{Failure, Store};

/// A target to set.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetBody {
    /// The version of the framework; it is in force.
    framework_id: Uuid,
    /// The code of the indicator.
    #[schema(example = "1.1")]
    indicator: String,
    /// NISR code of a district or sector; the whole organisation if left out.
    #[schema(example = "52")]
    area: Option<String>,
    /// The first month.
    #[schema(example = "2026-01")]
    from: String,
    /// The last month.
    #[schema(example = "2026-03")]
    to: String,
    /// What is to be reached; `null` takes the target back.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>, required = true, minimum = 0, maximum = 1e9)]
    value: Option<Option<f64>>,
}

fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A target.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Target {
    id: Uuid,
    #[schema(value_type = Uuid)]
    pub(crate) organisation_id: OrganisationId,
    /// The organisation's code.
    #[schema(example = "aegis")]
    pub(crate) organisation: String,
    pub(crate) framework_id: Uuid,
    #[schema(example = "1.1")]
    pub(crate) indicator: String,
    /// NISR code; absent: the whole organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "52")]
    pub(crate) area: Option<AreaCode>,
    #[schema(example = "2026-01")]
    pub(crate) from: String,
    #[schema(example = "2026-03")]
    pub(crate) to: String,
    /// Absent once it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<f64>,
}

/// Which targets.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetQuery {
    /// Those of one organisation.
    organisation: Option<Uuid>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Set a target
///
/// For one indicator, span of months and area there is one: what is set again takes its place.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Set, or taken back", body = Target),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-framework`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/targets")]
pub(crate) async fn set_target(
    permit: Permit,
    body: web::Json<TargetBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Target>, Problem> {
    let body = body.into_inner();
    let mut fields = Fields::default();
    let area = known_area(&mut fields, body.area.as_deref());
    let (from, to) = months(&mut fields, &body.from, &body.to);
    match body.value {
        None => fields.refuse("value", "is missing; null takes the target back"),
        Some(Some(value)) if !(0.0..=1e9).contains(&value) => {
            fields.refuse("value", "is a number from 0 to 1000000000");
        }
        Some(_) => {}
    }
    fields.done()?;
    let target = Target {
        id: Uuid::now_v7(),
        organisation_id: permit.organisation()?,
        organisation: String::new(),
        framework_id: body.framework_id,
        indicator: body.indicator,
        area,
        from,
        to,
        value: body.value.flatten(),
    };
    audit::concerns(ObjectKind::Framework, target.framework_id, None);
    let (now, user) = (clock.now(), permit.user());
    let kept = store.write("set a target", move |tx| set(tx, target.clone(), now, user)).await;
    Ok(web::Json(kept.map_err(|failure: Failure<Refused>| Problem::from(failure))?))
}

/// Two months, the first not after the last.
pub(crate) fn months(fields: &mut Fields, from: &str, to: &str) -> (String, String) {
    for (field, month) in [("from", from), ("to", to)] {
        if first_day(month).is_none_or(|day| !(2000..=2100).contains(&day.year())) {
            fields.refuse(field, "is a month from 2000 to 2100, written as 2026-03");
        }
    }
    if from > to {
        fields.refuse("to", "is a month before `from`");
    }
    (from.to_owned(), to.to_owned())
}

/// The first day of a month that is written as 2026-03.
pub(crate) fn first_day(month: &str) -> Option<Date> {
    (month.len() == "2026-03".len()).then(|| format!("{month}-01").parse().ok()).flatten()
}

/// List targets
///
/// Of all partners, in the order in which they were set.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    params(TargetQuery),
    responses(
        (status = 200, description = "Targets", body = Page<Target>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/targets")]
pub(crate) async fn list_targets(
    _permit: Permit,
    query: web::Query<TargetQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<Target>>, Problem> {
    let TargetQuery { organisation, after, limit } = query.into_inner();
    let window: Window<Uuid> = PageQuery::new(after, limit).of("targets")?;
    let of = organisation.map(OrganisationId::from_uuid);
    let (after, rows) = (window.after, window.rows());
    let found = store.read("list targets", move |tx| list(tx, of, &Which::All, after, rows)).await?;
    Ok(web::Json(Page::of(found, &window, |one: &Target| one.id)))
}

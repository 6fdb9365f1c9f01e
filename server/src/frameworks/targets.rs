//! Targets: what an organisation means to reach of an indicator, in which months and where.

use actix_web::{get, put, web};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::area::AreaCode;
use sync_core::id::{Id, OrganisationId, UserId};
use sync_core::time::{Date, Millis};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::kept;
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem, kind};
use crate::scope::{Permit, known_area};
use crate::store::schema::{organisations, targets};
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError};

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

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is no such framework in force")]
    NoFramework,
    #[error("it has no such indicator")]
    NoIndicator,
    #[error("there are too many targets")]
    Full,
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let mut fields = Fields::default();
        match refused {
            Refused::NoFramework => {
                return Self::of(
                    kind::NO_SUCH_FRAMEWORK,
                    "No common framework in force, and none of your organisation, has this id.",
                );
            }
            Refused::NoIndicator => {
                fields.refuse("indicator", "is the code of an indicator of this framework")
            }
            Refused::Full => fields.refuse(
                "value",
                format!(
                    "can't be set: an organisation has at most {MOST} targets. Take back some that are over"
                ),
            ),
        }
        fields.done().err().unwrap_or_else(Self::internal)
    }
}

/// In which values are kept: 10^9 of them fit.
const THOUSANDTHS: f64 = 1e3;
/// A plan of some years, by quarter and district.
pub(crate) const MOST: i64 = 2_000;

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
        if first_day(month).is_none() {
            fields.refuse(field, "is a month written as 2026-03");
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

fn set(tx: &mut Conn<'_>, target: Target, now: Millis, by: UserId) -> Result<Target, Failure<Refused>> {
    let own = target.organisation_id;
    let framework = kept::find(tx, target.framework_id)?
        .filter(|one| one.in_force_since.is_some() && one.organisation.is_none_or(|of| of == own))
        .ok_or(Refused::NoFramework)?;
    framework.content.indicator(&target.indicator).ok_or(Refused::NoIndicator)?;
    let area = target.area.map(|area| area.to_string()).unwrap_or_default();
    let same = targets::table.filter(
        targets::organisation_id
            .eq(Db(own))
            .and(targets::framework_id.eq(target.framework_id.as_bytes().to_vec()))
            .and(targets::indicator.eq(&target.indicator))
            .and(targets::area.eq(&area))
            .and(targets::from_month.eq(&target.from))
            .and(targets::to_month.eq(&target.to)),
    );
    on_each!(tx, |c| diesel::delete(same).execute(c))?;
    if let Some(value) = target.value {
        let there: i64 = on_each!(tx, |c| targets::table
            .filter(targets::organisation_id.eq(Db(own)))
            .count()
            .get_result(c))?;
        if there >= MOST {
            return Err(Refused::Full.into());
        }
        let row = (
            targets::id.eq(target.id.as_bytes().to_vec()),
            targets::organisation_id.eq(Db(own)),
            targets::framework_id.eq(target.framework_id.as_bytes().to_vec()),
            targets::indicator.eq(&target.indicator),
            targets::area.eq(&area),
            targets::from_month.eq(&target.from),
            targets::to_month.eq(&target.to),
            targets::value.eq((value * THOUSANDTHS).round() as i64),
            targets::set_at.eq(At(now)),
            targets::set_by.eq(Db(by)),
        );
        on_each!(tx, |c| diesel::insert_into(targets::table).values(row).execute(c))?;
    }
    let code: String =
        on_each!(tx, |c| organisations::table.find(Db(own)).select(organisations::code).first(c))?;
    Ok(Target { organisation: code, ..target })
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
    let found = store.read("list targets", move |tx| list(tx, of, None, after, rows)).await?;
    Ok(web::Json(Page::of(found, &window, |one: &Target| one.id)))
}

type Row = (Vec<u8>, Db<OrganisationId>, String, Vec<u8>, String, String, String, String, i64);

/// Targets in the order of their ids, of which some month lies in the span, if one is asked for.
///
/// # Errors
/// Those of the store.
pub(crate) fn list(
    tx: &mut Conn<'_>,
    of: Option<OrganisationId>,
    span: Option<(String, String)>,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Target>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = targets::table
            .inner_join(organisations::table)
            .order(targets::id)
            .limit(most)
            .select((
                targets::id,
                targets::organisation_id,
                organisations::code,
                targets::framework_id,
                targets::indicator,
                targets::area,
                targets::from_month,
                targets::to_month,
                targets::value,
            ))
            .into_boxed::<Backend>();
        if let Some(of) = of {
            rows = rows.filter(targets::organisation_id.eq(Db(of)));
        }
        if let Some((from, to)) = &span {
            rows = rows.filter(targets::to_month.ge(from).and(targets::from_month.le(to)));
        }
        if let Some(after) = after {
            rows = rows.filter(targets::id.gt(after.as_bytes().to_vec()));
        }
        rows.load(c)
    })?;
    rows.into_iter().map(target).collect()
}

fn target(row: Row) -> Result<Target, StoreError> {
    let (own, Db(organisation_id), organisation, framework, indicator, area, from, to, value) = row;
    let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| StoreError::Damaged("a target"));
    Ok(Target {
        id: id(&own)?,
        organisation_id,
        organisation,
        framework_id: id(&framework)?,
        indicator,
        area: area.parse().ok(),
        from,
        to,
        value: Some(value as f64 / THOUSANDTHS),
    })
}

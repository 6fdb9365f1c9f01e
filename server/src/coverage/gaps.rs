//! `GET /v1/coverage/gaps`: where nobody works.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::area::{self, Area, AreaCode, Level};
use sync_core::record::Pillar;
use utoipa::{IntoParams, ToSchema};

use super::asked::{known_area, within};
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::scope::Permit;
use crate::store::schema::coverage;
use crate::store::{Conn, Store, StoreError};

/// Which gaps.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct GapsQuery {
    /// NISR code of a province, district or sector.
    #[param(example = "52", pattern = "^[1-9]([0-9]([0-9]{2})?)?$")]
    area: Option<String>,
    /// `community_healing`, `social_reintegration` or `social_cohesion`.
    pillar: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A sector in which nobody works on a pillar.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct GapItem {
    /// NISR code of the sector.
    #[schema(value_type = String)]
    area: AreaCode,
    /// Sector, district, province.
    area_path: String,
    #[schema(value_type = String)]
    pillar: Pillar,
    /// How many groups of the sector go on, or are planned, whose record does not say of what pillar they are.
    not_known: i64,
}

/// List gaps
///
/// The sectors, and the pillar, of which no group goes on or is planned; by sector.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(GapsQuery),
    responses(
        (status = 200, description = "Gaps, by sector", body = Page<GapItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/coverage/gaps")]
pub(crate) async fn list_gaps(
    _member: Permit,
    query: web::Query<GapsQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<GapItem>>, Problem> {
    let mut fields = Fields::default();
    let area = known_area(&mut fields, query.area.as_deref());
    if area.is_some_and(|area| area.level() > Level::Sector) {
        fields.refuse("area", "is the code of a province, a district or a sector");
    }
    let pillar: Option<Pillar> = fields.parse("pillar", query.pillar.as_deref());
    fields.done()?;
    let window: Window<(AreaCode, Pillar)> = PageQuery::new(query.after.clone(), query.limit).of("gaps")?;
    let going_on = store.read("list gaps", move |tx| going_on(tx, area)).await?;
    let rows = gaps(&going_on, area, pillar)
        .filter(|gap| window.after.is_none_or(|after| (gap.area, gap.pillar) > after))
        .take(window.rows() as usize)
        .collect();
    Ok(web::Json(Page::of(rows, &window, |gap: &GapItem| (gap.area, gap.pillar))))
}

/// The sectors of an area, and the pillar, of which no group goes on or is planned.
///
/// # Errors
/// Those of the store.
pub(crate) fn gaps_of(
    tx: &mut Conn<'_>,
    area: Option<AreaCode>,
) -> Result<Vec<(AreaCode, Pillar)>, StoreError> {
    let going_on = going_on(tx, area)?;
    Ok(gaps(&going_on, area, None).map(|gap| (gap.area, gap.pillar)).collect())
}

/// How many groups go on, or are planned, of each sector and pillar; without a pillar, of which it is not known.
type GoingOn = BTreeMap<(String, Option<String>), i64>;

fn going_on(tx: &mut Conn<'_>, area: Option<AreaCode>) -> Result<GoingOn, StoreError> {
    let rows: Vec<(String, Option<String>, i64)> = on_each!(tx, |c, Backend| {
        let mut rows = coverage::table
            .group_by((coverage::sector, coverage::pillar))
            .select((coverage::sector, coverage::pillar, count_star()))
            .filter(coverage::ended_on.is_null())
            .into_boxed::<Backend>();
        if let Some((first, beyond)) = area.map(within) {
            rows = rows.filter(coverage::sector.ge(first)).filter(coverage::sector.lt(beyond));
        }
        rows.load(c)
    })?;
    Ok(rows.into_iter().map(|(sector, pillar, groups)| ((sector, pillar), groups)).collect())
}

fn gaps(
    going_on: &GoingOn,
    within: Option<AreaCode>,
    pillar: Option<Pillar>,
) -> impl Iterator<Item = GapItem> {
    let asked = move |area: &&Area| {
        area.level() == Level::Sector && within.is_none_or(|within| within.contains(area.code))
    };
    let pillars =
        move || Pillar::ALL.iter().copied().filter(move |one| pillar.is_none_or(|asked| asked == *one));
    let of_sector = move |sector: &'static Area| {
        let code = sector.code.to_string();
        let is_gap = {
            let code = code.clone();
            move |pillar: &Pillar| !going_on.contains_key(&(code.clone(), Some(pillar.code().to_owned())))
        };
        let not_known = going_on.get(&(code, None)).copied().unwrap_or_default();
        let path = sector.path();
        pillars().filter(is_gap).map(move |pillar| GapItem {
            area: sector.code,
            area_path: path.clone(),
            pillar,
            not_known,
        })
    };
    area::all().iter().filter(asked).flat_map(of_sector)
}

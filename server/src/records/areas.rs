//! The areas of Rwanda, to find the code of a village by its name.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use sync_core::area::{self, Area, AreaCode, Level};
use utoipa::{IntoParams, ToSchema};

use crate::page::{Page, PageQuery, Size, Window};
use crate::problem::{Fields, Problem};
use crate::scope::Permit;

const SIZE: Size = Size { usual: 20, most: 200 };

/// Which areas.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AreasQuery {
    /// Part of a name, with those of areas around it to tell it apart: `kabeza nyagatare`.
    #[param(example = "kabeza nyagatare")]
    text: Option<String>,
    /// Instead of a name: the areas right below the one with this code.
    #[param(example = "52")]
    below: Option<String>,
    /// Only areas of this level: `province`, `district`, `sector`, `cell` or `village`.
    level: Option<String>,
    /// The `next` of the page before, of this list and the same question; left out for the first page.
    after: Option<String>,
    /// How many at most; 20 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// An area of Rwanda.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AreaItem {
    /// NISR code: 1, 2, 4, 6 or 8 digits; it begins with the code of the area around it.
    #[schema(value_type = String, example = "52010101")]
    code: AreaCode,
    name: String,
    #[schema(value_type = String, example = "village")]
    level: Level,
    /// The name with those of the areas around it; village names repeat.
    path: String,
}

impl From<Area> for AreaItem {
    fn from(area: Area) -> Self {
        Self { code: area.code, name: area.name.to_owned(), level: area.level(), path: area.path() }
    }
}

/// Find areas
///
/// By name, those that fit best first; or those right below another, the five provinces where nothing is asked, in the order
/// of their codes.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(AreasQuery),
    responses(
        (status = 200, description = "Areas", body = Page<AreaItem>),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/areas")]
pub(crate) async fn find_areas(
    _anybody: Permit,
    query: web::Query<AreasQuery>,
) -> Result<web::Json<Page<AreaItem>>, Problem> {
    let mut fields = Fields::default();
    let level: Option<Level> = fields.parse("level", query.level.as_deref());
    let below: Option<AreaCode> = fields.parse("below", query.below.as_deref());
    fields.words("text", query.text.as_deref());
    fields.done()?;
    let window: Window<AreaCode> = PageQuery::new(query.after.clone(), query.limit).sized("areas", SIZE)?;
    let found = match (&query.text, below) {
        (Some(text), _) => area::search(text, area::all().len()),
        (None, Some(code)) => area::find(code).map(|area| area.children().to_vec()).unwrap_or_default(),
        (None, None) => area::all().iter().copied().filter(|area| area.level() == Level::Province).collect(),
    };
    let fits = |area: &Area| level.is_none_or(|level| area.level() == level);
    let found: Vec<Area> = found.into_iter().filter(fits).collect();
    // Areas stand still, so the code of the last one is its place in the order.
    let start = match window.after {
        Some(code) => found.iter().position(|area| area.code == code).map_or(found.len(), |last| last + 1),
        None => 0,
    };
    let rows = found.into_iter().skip(start).take(window.rows() as usize).collect();
    Ok(web::Json(Page::of(rows, &window, |area: &Area| area.code)))
}

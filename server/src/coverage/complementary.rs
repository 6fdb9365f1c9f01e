//! `GET /v1/coverage/complementary`: where partners could send people to each other.

use actix_web::{get, web};
use serde::Serialize;
use sync_core::area::Level;
use sync_core::time::day_in_rwanda;
use utoipa::ToSchema;

use super::asked::{AskedPairs, PairsQuery};
use super::group::{CoverageItem, Partners};
use super::pair::{MeetsItem, Pair, Relation};
use super::walk::{self, Key};
use crate::clock::Clock;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::{Conn, Store, StoreError};

/// Two groups of different partners and pillars, near to each other.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ComplementaryItem {
    #[serde(flatten)]
    meets: MeetsItem,
    /// The two groups.
    groups: [CoverageItem; 2],
}

/// List groups that complement each other
///
/// Pairs of groups of different partners and different pillars that meet in one sector and go on at the same time: who is healed in one may find work in
/// the other. By sector; a group whose pillar is not known is in none.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(PairsQuery),
    responses(
        (status = 200, description = "Pairs, by sector", body = Page<ComplementaryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/coverage/complementary")]
pub(crate) async fn list_complementary(
    _member: Permit,
    query: web::Query<PairsQuery>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Page<ComplementaryItem>>, Problem> {
    let (asked, window) = (query.checked(day_in_rwanda(clock.now()))?, query.page().of("complementary")?);
    let page = store.read("list complementary", move |tx| list(tx, &asked, &window)).await?;
    Ok(web::Json(page))
}

fn list(
    tx: &mut Conn<'_>,
    asked: &AskedPairs,
    window: &Window<Key>,
) -> Result<Page<ComplementaryItem>, StoreError> {
    let pairs = walk::find(tx, asked, Relation::Complement, window.after.as_ref(), window.rows() as usize)?;
    let partners = Partners::load(tx)?;
    let group = |row| CoverageItem::of(row, Level::Village, &partners);
    Page::of(pairs, window, walk::key).try_map(|pair: Pair| {
        let meets = MeetsItem::from(&pair.meets);
        Ok(ComplementaryItem { meets, groups: [group(pair.first)?, group(pair.second)?] })
    })
}

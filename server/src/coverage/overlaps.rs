//! `GET /v1/coverage/overlaps`: where two partners do the same for the same people.

use std::collections::BTreeMap;

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use sync_core::area::Level;
use sync_core::id::{GroupId, Id, OrganisationId};
use sync_core::time::day_in_rwanda;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asked::{AskedPairs, PairsQuery};
use super::group::{CoverageItem, Covered, Partners, groups_of};
use super::id::OverlapId;
use super::pair::{MeetsItem, Pair, Relation, SameCohort};
use super::said::{self, Said, StatementItem};
use super::walk::{self, Key};
use crate::clock::Clock;
use crate::page::{Page, Window};
use crate::problem::{Problem, kind};
use crate::projection::CoverageId;
use crate::scope::Permit;
use crate::store::{Conn, Store, StoreError};

/// Which overlaps.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OverlapsQuery {
    /// NISR code of an area of any level: overlaps of which a group meets in it.
    #[param(example = "52")]
    area: Option<String>,
    /// Overlaps of which a group is of this organisation.
    organisation: Option<Uuid>,
    /// Overlaps of this method.
    modality: Option<String>,
    /// Overlaps of which a group is of this pillar.
    pillar: Option<String>,
    /// Overlaps of which a group is for these people.
    cohort: Option<String>,
    /// How near they are: `A` in one village, `B` in one cell, `C` in one sector.
    grade: Option<String>,
    /// Whether somebody said how it was settled.
    resolved: Option<bool>,
    /// The first day, `2026-03-01`; today if left out: overlaps that last until then or later.
    from: Option<String>,
    /// The last day.
    to: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl From<OverlapsQuery> for PairsQuery {
    fn from(query: OverlapsQuery) -> Self {
        let OverlapsQuery {
            area, organisation, modality, pillar, cohort, grade, from, to, after, limit, ..
        } = query;
        Self { area, organisation, modality, pillar, cohort, grade, from, to, after, limit }
    }
}

/// Two groups of different partners that do the same for the same people, or may do so.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OverlapItem {
    /// The same as long as both groups exist.
    #[schema(value_type = Uuid)]
    id: OverlapId,
    #[serde(flatten)]
    meets: MeetsItem,
    cohort: SameCohort,
    /// The two groups.
    groups: [CoverageItem; 2],
    #[serde(flatten)]
    said: Said,
}

/// An overlap, with all that was said of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Overlap {
    #[serde(flatten)]
    overlap: OverlapItem,
    /// The oldest first.
    history: Vec<StatementItem>,
}

/// List overlaps
///
/// Pairs of groups of different partners that have one method, are for the same people as far as that is known (`cohort`), meet in one sector and go on
/// at the same time. A manager or supervisor reads those of their organisation, the secretariat all; by sector. `grade` says how near they are, `reason`
/// why somebody went on who knew of it, `resolution` how it was settled.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(OverlapsQuery),
    responses(
        (status = 200, description = "Overlaps, by sector", body = Page<OverlapItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/coverage/overlaps")]
pub(crate) async fn list_overlaps(
    permit: Permit,
    query: web::Query<OverlapsQuery>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Page<OverlapItem>>, Problem> {
    let resolved = query.resolved;
    let query = PairsQuery::from(query.into_inner());
    let (mut asked, window) = (query.checked(day_in_rwanda(clock.now()))?, query.page().of("overlaps")?);
    asked.resolved = resolved;
    let of = permit.organisations()?;
    asked.organisations.splice(..0, of);
    let page = store.read("list overlaps", move |tx| list(tx, &asked, of, &window)).await?;
    Ok(web::Json(page))
}

fn list(
    tx: &mut Conn<'_>,
    asked: &AskedPairs,
    of: Option<OrganisationId>,
    window: &Window<Key>,
) -> Result<Page<OverlapItem>, StoreError> {
    let pairs = walk::find(tx, asked, Relation::Overlap, window.after.as_ref(), window.rows() as usize)?;
    let partners = Partners::load(tx)?;
    let page: Page<Pair> = Page::of(pairs, window, walk::key);
    let ids: Vec<OverlapId> = page.items.iter().map(Pair::id).collect();
    let all = said::of(tx, &ids, &partners)?;
    let own = own(tx, of, &page.items)?;
    page.try_map(|pair| {
        let said = all.get(&pair.id()).map(|all| Said::of(all)).unwrap_or_default();
        item(pair, said, &partners, &own)
    })
}

/// The caller's own groups among some pairs.
fn own(
    tx: &mut Conn<'_>,
    of: Option<OrganisationId>,
    pairs: &[Pair],
) -> Result<BTreeMap<CoverageId, GroupId>, StoreError> {
    let Some(organisation) = of else { return Ok(BTreeMap::new()) };
    let villages = pairs.iter().flat_map(|pair| pair.each().map(|row| row.area.clone())).collect();
    groups_of(tx, organisation, &villages)
}

fn item(
    pair: Pair,
    said: Said,
    partners: &Partners,
    own: &BTreeMap<CoverageId, GroupId>,
) -> Result<OverlapItem, StoreError> {
    let (id, meets, cohort) = (pair.id(), MeetsItem::from(&pair.meets), pair.meets.cohort);
    let group = |row: Covered| {
        let group_id = own.get(&row.id.0).copied();
        CoverageItem::of(row, Level::Village, partners).map(|item| item.of_group(group_id))
    };
    Ok(OverlapItem { id, meets, cohort, groups: [group(pair.first)?, group(pair.second)?], said })
}

/// Read an overlap
///
/// With all that its two partners and the secretariat said of it.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The overlap")),
    responses(
        (status = 200, description = "The overlap", body = Overlap),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-overlap`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/coverage/overlaps/{id}")]
pub(crate) async fn read_overlap(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<Overlap>, Problem> {
    let (id, of) = (OverlapId::from_uuid(*id), permit.organisations()?);
    let found = store.read("read overlap", move |tx| read(tx, id, of)).await?;
    found.map(web::Json).ok_or_else(no_such_overlap)
}

/// The overlap, as one of these partners or the secretariat reads it; `None` where there is none, or not any more.
///
/// # Errors
/// Those of the store.
pub(super) fn read(
    tx: &mut Conn<'_>,
    id: OverlapId,
    of: Option<OrganisationId>,
) -> Result<Option<Overlap>, StoreError> {
    let Some(pair) = walk::overlap(tx, id, of)? else { return Ok(None) };
    let (partners, own) = (Partners::load(tx)?, own(tx, of, std::slice::from_ref(&pair))?);
    let history = said::of(tx, &[id], &partners)?.remove(&id).unwrap_or_default();
    Ok(Some(Overlap { overlap: item(pair, Said::of(&history), &partners, &own)?, history }))
}

pub(super) fn no_such_overlap() -> Problem {
    Problem::of(
        kind::NO_SUCH_OVERLAP,
        "No overlap that you may see has this id, or the two groups overlap no longer.",
    )
}

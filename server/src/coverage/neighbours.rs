//! What other partners do near to the groups of a tablet, for whoever leads one there (`api-spec/sync.md`, 4.10).

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::id::GroupId;
use sync_core::neighbour::Neighbour;
use sync_core::time::Date;

use super::group::{Covered, Partners};
use super::pair::{Grade, Meets, Relation, near_to};
use super::walk;
use crate::on_each;
use crate::projection::CoverageId;
use crate::store::schema::coverage;
use crate::store::{Conn, Db, StoreError};

/// How many are told of each group that overlap, and how many others.
const OF_A_GROUP: usize = 10;
/// How many are told in all.
const MOST: usize = 200;

/// The groups of other partners in the sectors of these groups that go on today or later, of each the nearest first; those that overlap before
/// those of another pillar. Groups that are void, erased or unknown have none.
///
/// The rows of a sector are in memory together, those of some hundred groups.
///
/// # Errors
/// Those of the store.
pub(crate) fn neighbours(
    tx: &mut Conn<'_>,
    groups: &[GroupId],
    today: Date,
) -> Result<Vec<Neighbour>, StoreError> {
    let mine: BTreeMap<CoverageId, GroupId> = groups.iter().map(|id| (CoverageId::of(*id), *id)).collect();
    let ids: Vec<Db<CoverageId>> = mine.keys().copied().map(Db).collect();
    let rows: Vec<Covered> = on_each!(tx, |c| coverage::table
        .filter(coverage::id.eq_any(ids))
        .select(Covered::as_select())
        .load(c))?;
    let mut by_sector: BTreeMap<String, Vec<Covered>> = BTreeMap::new();
    for row in rows {
        by_sector.entry(row.sector.clone()).or_default().push(row);
    }
    let (today, partners) = (today.to_string(), Partners::load(tx)?);
    let mut told: [Vec<(Grade, Neighbour)>; 2] = Default::default();
    for (sector, ours) in by_sector {
        let theirs = walk::going_on_in(tx, &sector, &today)?;
        for row in ours {
            let Some(group) = mine.get(&row.id.0) else { continue };
            for (told, relation) in told.iter_mut().zip([Relation::Overlap, Relation::Complement]) {
                for (other, meets) in near_to(&row, &theirs, relation, &today).into_iter().take(OF_A_GROUP) {
                    told.push((meets.grade, neighbour(*group, relation, other, meets, &partners)?));
                }
            }
        }
    }
    // What is left out of many is what is far off, of whichever group.
    told.iter_mut().for_each(|of_one_kind| of_one_kind.sort_by_key(|(grade, _)| *grade));
    Ok(told.into_iter().flatten().map(|(_, neighbour)| neighbour).take(MOST).collect())
}

fn neighbour(
    group: GroupId,
    relation: Relation,
    other: &Covered,
    meets: Meets,
    partners: &Partners,
) -> Result<Neighbour, StoreError> {
    let partner = partners.get(other.organisation())?;
    Ok(Neighbour {
        group,
        overlaps: relation == Relation::Overlap,
        organisation: partner.name.clone(),
        contact: partner.contact.clone(),
        modality: other.modality.clone(),
        pillar: other.pillar.clone(),
        cohort: other.cohort.clone(),
        area: other.area.clone(),
        from: meets.from,
        to: meets.to,
    })
}

//! How many pairs of groups overlap or complement each other, by district and partners.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::area::AreaCode;
use sync_core::id::OrganisationId;
use sync_core::time::Date;

use super::asked::AskedPairs;
use super::group::Partners;
use super::pair::{Grade, Pair, Relation};
use super::{said, walk};
use crate::store::{Conn, StoreError};

/// Of how many pairs there may be a count: they are found one by one.
const MOST_PAIRS: usize = 20_000;

/// What is counted of the pairs of two partners in a district.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    pub(crate) village: i64,
    pub(crate) cell: i64,
    pub(crate) sector: i64,
    /// Those of which somebody said how they were settled.
    pub(crate) settled: i64,
}

/// By district, and the codes of the two partners.
pub(crate) type PairsByDistrict = BTreeMap<(String, [String; 2]), Pairs>;

/// The overlaps of today in an area, of one organisation or of all; `None` where they are too many to be counted at once.
///
/// # Errors
/// Those of the store.
pub(crate) fn overlaps_by_district(
    tx: &mut Conn<'_>,
    of: Option<OrganisationId>,
    area: Option<AreaCode>,
    today: Date,
) -> Result<Option<PairsByDistrict>, StoreError> {
    let settled = said::resolved(tx)?;
    count(tx, Relation::Overlap, of, area, today, |pair| settled.contains(&pair.id()))
}

/// The same of groups of different pillars near to each other, of all partners.
///
/// # Errors
/// Those of the store.
pub(crate) fn complementary_by_district(
    tx: &mut Conn<'_>,
    area: Option<AreaCode>,
    today: Date,
) -> Result<Option<PairsByDistrict>, StoreError> {
    count(tx, Relation::Complement, None, area, today, |_| false)
}

fn count(
    tx: &mut Conn<'_>,
    relation: Relation,
    of: Option<OrganisationId>,
    area: Option<AreaCode>,
    today: Date,
    is_settled: impl Fn(&Pair) -> bool,
) -> Result<Option<PairsByDistrict>, StoreError> {
    let asked = AskedPairs {
        area,
        organisations: of.into_iter().collect(),
        from: Some(today.to_string()),
        ..AskedPairs::default()
    };
    let pairs = walk::find(tx, &asked, relation, None, MOST_PAIRS + 1)?;
    if pairs.len() > MOST_PAIRS {
        return Ok(None);
    }
    let partners = Partners::load(tx)?;
    let mut counted = PairsByDistrict::new();
    for pair in pairs {
        let codes = pair.each().map(|group| partners.get(group.organisation()).map(|one| one.code.clone()));
        // Two partners are one pair, whichever stands first.
        let codes: BTreeSet<String> = codes.into_iter().collect::<Result<_, _>>()?;
        let mut codes = codes.into_iter();
        let of = [codes.next().unwrap_or_default(), codes.next().unwrap_or_default()];
        let row = counted.entry((pair.first.sector[..2].to_owned(), of)).or_default();
        *match pair.meets.grade {
            Grade::Village => &mut row.village,
            Grade::Cell => &mut row.cell,
            Grade::Sector => &mut row.sector,
        } += 1;
        row.settled += i64::from(is_settled(&pair));
    }
    Ok(Some(counted))
}

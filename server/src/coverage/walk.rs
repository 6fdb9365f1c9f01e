//! Finding the pairs that are asked for, sector by sector in the order of their codes, and in a sector by the ids of the two groups. No more
//! sectors are read than a page needs. Two groups of different sectors are no pair, so no more rows are compared with each other than one sector
//! has; the fifty thousand groups of a country would be some hundred and twenty to a sector.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::area::{self, AreaCode, Level};
use sync_core::id::OrganisationId;

use super::asked::AskedPairs;
use super::group::Covered;
use super::id::OverlapId;
use super::pair::{Grade, Meets, Pair, Relation};
use super::said;
use crate::on_each;
use crate::projection::CoverageId;
use crate::store::schema::{coverage, overlap_statements};
use crate::store::{Conn, Db, StoreError};

diesel::alias!(coverage as beside: Beside);

/// The place of a pair in the order.
pub(super) type Key = (String, CoverageId, CoverageId);

/// How many sectors are read first. Each further time twice as many are: a list in which little fits ends after seven queries.
const SECTORS: usize = 4;

pub(super) fn key(pair: &Pair) -> Key {
    (pair.first.sector.clone(), pair.first.id.0, pair.second.id.0)
}

/// The pairs that are asked for after a key, `most` at the most.
///
/// # Errors
/// Those of the store.
pub(super) fn find(
    tx: &mut Conn<'_>,
    asked: &AskedPairs,
    relation: Relation,
    after: Option<&Key>,
    most: usize,
) -> Result<Vec<Pair>, StoreError> {
    let resolved = match asked.resolved {
        Some(_) => said::resolved(tx)?,
        None => BTreeSet::new(),
    };
    let fits = |first: &Covered, second: &Covered, meets: &Meets| {
        let is = || resolved.contains(&OverlapId::of(first.id.0, second.id.0));
        asked.fits([first, second], meets) && asked.resolved.is_none_or(|asked| asked == is())
    };
    let sectors = sectors(tx, asked, after)?;
    let (mut found, mut at, mut size) = (Vec::new(), 0, SECTORS);
    while at < sectors.len() && found.len() < most {
        let some = &sectors[at..sectors.len().min(at + size)];
        let rows = rows_in(tx, some, asked, relation)?;
        for sector in rows.chunk_by(|one, other| one.sector == other.sector) {
            let left = most - found.len();
            found.extend(pairs(sector, relation, after, &fits).take(left));
        }
        (at, size) = (at + size, size * 2);
    }
    Ok(found)
}

/// The pairs that fit among the rows of a sector, which stand in the order of their ids. Only these are copied.
fn pairs<'a>(
    rows: &'a [Covered],
    relation: Relation,
    after: Option<&'a Key>,
    fits: &'a impl Fn(&Covered, &Covered, &Meets) -> bool,
) -> impl Iterator<Item = Pair> + 'a {
    let pair = move |first: &'a Covered, second: &'a Covered| {
        let behind = after.is_some_and(|(sector, one, other)| {
            (first.sector.as_str(), first.id.0, second.id.0) <= (sector.as_str(), *one, *other)
        });
        let meets = (!behind).then(|| relation.between(first, second)).flatten()?;
        fits(first, second, &meets).then(|| Pair { first: first.clone(), second: second.clone(), meets })
    };
    let begins = move |(at, first): (usize, &'a Covered)| {
        rows[at + 1..].iter().filter_map(move |second| pair(first, second))
    };
    // Of pairs before the key not even their first groups are looked at.
    let done = after.map_or(0, |(sector, one, _)| {
        rows.partition_point(|row| (row.sector.as_str(), row.id.0) < (sector.as_str(), *one))
    });
    rows.iter().enumerate().skip(done).flat_map(begins)
}

impl AskedPairs {
    fn fits(&self, pair: [&Covered; 2], meets: &Meets) -> bool {
        let either = |is: &dyn Fn(&Covered) -> bool| pair.into_iter().any(is);
        let is = |asked: Option<&'static str>, of: fn(&Covered) -> Option<&str>| {
            asked.is_none_or(|code| either(&|row| of(row) == Some(code)))
        };
        self.grade.is_none_or(|grade| grade == meets.grade)
            && self.organisations.iter().all(|id| either(&|row| row.organisation() == *id))
            && is(self.modality.map(|modality| modality.code()), |row| Some(&row.modality))
            && is(self.pillar.map(|pillar| pillar.code()), |row| row.pillar.as_deref())
            && is(self.cohort.map(|cohort| cohort.code()), |row| row.cohort.as_deref())
            && meets.on(self.from.as_deref(), self.to.as_deref())
            && self.area.is_none_or(|area| either(&|row| row.area.starts_with(&area.to_string())))
    }
}

/// The sectors in which a pair may be that is asked for, from that of the key on.
fn sectors(tx: &mut Conn<'_>, asked: &AskedPairs, after: Option<&Key>) -> Result<Vec<String>, StoreError> {
    let around =
        |sector: AreaCode| asked.area.is_none_or(|area| area.contains(sector) || sector.contains(area));
    let all = area::all().iter().map(|area| area.code).filter(|code| code.level() == Level::Sector);
    let mut sectors: Vec<String> =
        all.filter(|sector| around(*sector)).map(|code| code.to_string()).collect();
    if let Some((first, ..)) = after {
        sectors.retain(|sector| sector >= first);
    }
    if let Some(organisation) = asked.organisations.first() {
        let theirs = sectors_of(tx, *organisation)?;
        sectors.retain(|sector| theirs.contains(sector));
    }
    Ok(sectors)
}

fn sectors_of(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<BTreeSet<String>, StoreError> {
    let rows: Vec<String> = on_each!(tx, |c| coverage::table
        .filter(coverage::organisation_id.eq(Db(organisation)))
        .select(coverage::sector)
        .distinct()
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// The groups in some sectors that may be one of a pair that is asked for, in the order of pairs.
fn rows_in(
    tx: &mut Conn<'_>,
    sectors: &[String],
    asked: &AskedPairs,
    relation: Relation,
) -> Result<Vec<Covered>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = coverage::table
            .filter(coverage::sector.eq_any(sectors))
            .order((coverage::sector, coverage::id))
            .select(Covered::as_select())
            .into_boxed::<Backend>();
        if let Some(from) = &asked.from {
            rows = rows.filter(coverage::ended_on.is_null().or(coverage::ended_on.ge(from)));
        }
        if let Some(to) = &asked.to {
            rows = rows.filter(coverage::began_on.is_null().or(coverage::began_on.le(to)));
        }
        // Both groups of an overlap have the method that is asked for, and neither is for other people.
        if let Some(modality) = asked.modality.filter(|_| relation == Relation::Overlap) {
            rows = rows.filter(coverage::modality.eq(modality.code()));
        }
        if let Some(cohort) = asked.cohort.filter(|_| relation == Relation::Overlap) {
            rows = rows.filter(coverage::cohort.is_null().or(coverage::cohort.eq(cohort.code())));
        }
        // Two groups of one village, of which one is of an organisation, lie in a village of that organisation.
        if let (Some(Grade::Village), Some(organisation)) = (asked.grade, asked.organisations.first()) {
            let of_theirs = beside.filter(beside.field(coverage::organisation_id).eq(Db(*organisation)));
            rows = rows.filter(coverage::area.eq_any(of_theirs.select(beside.field(coverage::area))));
        }
        if asked.resolved == Some(true) {
            let first = overlap_statements::table.select(overlap_statements::first_id);
            let second = overlap_statements::table.select(overlap_statements::second_id);
            rows = rows.filter(coverage::id.eq_any(first).or(coverage::id.eq_any(second)));
        }
        rows.load(c)
    })
}

/// The groups in a sector that are not over before a day.
///
/// # Errors
/// Those of the store.
pub(super) fn going_on_in(tx: &mut Conn<'_>, sector: &str, from: &str) -> Result<Vec<Covered>, StoreError> {
    let asked = AskedPairs { from: Some(from.to_owned()), ..AskedPairs::default() };
    rows_in(tx, &[sector.to_owned()], &asked, Relation::Complement)
}

/// The group with this id, if it exists.
///
/// # Errors
/// Those of the store.
pub(super) fn group(tx: &mut Conn<'_>, id: CoverageId) -> Result<Option<Covered>, StoreError> {
    on_each!(tx, |c| coverage::table.find(Db(id)).select(Covered::as_select()).first(c).optional())
}

/// The overlap with this id, if it is one, in which one of these organisations has a part; for the secretariat any.
///
/// # Errors
/// Those of the store.
pub(super) fn overlap(
    tx: &mut Conn<'_>,
    id: OverlapId,
    of: Option<OrganisationId>,
) -> Result<Option<Pair>, StoreError> {
    let Some([first, second]) = id.groups() else { return Ok(None) };
    let mut between = |(least, last): (CoverageId, CoverageId)| -> Result<Vec<Covered>, StoreError> {
        let rows = coverage::table.filter(coverage::id.between(Db(least), Db(last)));
        on_each!(tx, |c| rows.select(Covered::as_select()).load(c))
    };
    let (firsts, seconds) = (between(first)?, between(second)?);
    let asked = AskedPairs { organisations: of.into_iter().collect(), ..AskedPairs::default() };
    let mut each = firsts.iter().flat_map(|first| seconds.iter().map(move |second| (first, second)));
    Ok(each.find_map(|(first, second)| {
        let meets = Relation::Overlap.between(first, second)?;
        let fits = asked.fits([first, second], &meets);
        fits.then(|| Pair { first: first.clone(), second: second.clone(), meets })
    }))
}

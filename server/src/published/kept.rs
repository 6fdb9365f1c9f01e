//! What is kept of releases: their figures, and what a first release counted.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::OrganisationId;
use sync_core::time::Millis;

use super::counts::{Cell, Counted, Place, RawCounts};
use super::measure::Measure;
use super::quarter::{Quarter, Release};
use super::tree::{Figure, NOT_SHOWN, Shown, Split, Tree};
use crate::on_each;
use crate::store::schema::{held_counts, published_nodes, published_places, releases};
use crate::store::{At, Code, Conn, Db, StoreError};

/// How many rows one statement writes.
const AT_ONCE: usize = 500;

/// A figure of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) organisation: OrganisationId,
    pub(super) measure: String,
    /// Empty for the organisation as a whole.
    pub(super) place: String,
    /// Empty where nothing is split.
    pub(super) split: String,
    pub(super) word: String,
    pub(super) figure: Figure,
}

/// The districts of the places of an organisation, by name.
pub(super) type Districts = BTreeMap<String, BTreeSet<String>>;

/// The releases that were made, with when, in the order of their names.
///
/// # Errors
/// Those of the store.
pub(super) fn releases(tx: &mut Conn<'_>) -> Result<Vec<(Release, Millis)>, StoreError> {
    let rows: Vec<(Code<Release>, At)> = on_each!(tx, |c| releases::table
        .select((releases::name, releases::released_at))
        .order(releases::name)
        .load(c))?;
    Ok(rows.into_iter().map(|(Code(release), At(at))| (release, at)).collect())
}

/// Takes a release for this transaction; `false` where somebody else made it.
pub(super) fn begin(tx: &mut Conn<'_>, release: Release, now: Millis) -> Result<bool, StoreError> {
    let row = (releases::name.eq(Code(release)), releases::released_at.eq(At(now)));
    let written = on_each!(tx, |c| diesel::insert_into(releases::table)
        .values(row)
        .on_conflict(releases::name)
        .do_nothing()
        .execute(c))?;
    Ok(written == 1)
}

pub(super) fn write_nodes(tx: &mut Conn<'_>, release: Release, nodes: &[Node]) -> Result<(), StoreError> {
    let row = |node: &Node| {
        (
            published_nodes::release.eq(Code(release)),
            published_nodes::organisation_id.eq(Db(node.organisation)),
            published_nodes::measure.eq(node.measure.clone()),
            published_nodes::place.eq(node.place.clone()),
            published_nodes::split.eq(node.split.clone()),
            published_nodes::word.eq(node.word.clone()),
            published_nodes::figure.eq(node.figure.number()),
        )
    };
    for some in nodes.chunks(AT_ONCE) {
        let rows: Vec<_> = some.iter().map(row).collect();
        on_each!(tx, |c| diesel::insert_into(published_nodes::table).values(&rows).execute(c))?;
    }
    Ok(())
}

pub(super) fn nodes(tx: &mut Conn<'_>, release: Release) -> Result<Vec<Node>, StoreError> {
    type Row = (Db<OrganisationId>, String, String, String, String, i64);
    let rows: Vec<Row> = on_each!(tx, |c| published_nodes::table
        .filter(published_nodes::release.eq(Code(release)))
        .select((
            published_nodes::organisation_id,
            published_nodes::measure,
            published_nodes::place,
            published_nodes::split,
            published_nodes::word,
            published_nodes::figure,
        ))
        .order((
            published_nodes::organisation_id,
            published_nodes::measure,
            published_nodes::place,
            published_nodes::split,
            published_nodes::word,
        ))
        .load(c))?;
    let node = |(Db(organisation), measure, place, split, word, figure): Row| Node {
        organisation,
        measure,
        place,
        split,
        word,
        figure: Figure::of(figure),
    };
    Ok(rows.into_iter().map(node).collect())
}

pub(super) fn write_places(
    tx: &mut Conn<'_>,
    release: Release,
    organisation: OrganisationId,
    places: &Districts,
) -> Result<(), StoreError> {
    let row = |(place, district): (&String, &String)| {
        (
            published_places::release.eq(Code(release)),
            published_places::organisation_id.eq(Db(organisation)),
            published_places::district.eq(district.clone()),
            published_places::place.eq(place.clone()),
        )
    };
    let each = places.iter().flat_map(|(place, districts)| districts.iter().map(move |one| (place, one)));
    let rows: Vec<_> = each.map(row).collect();
    for some in rows.chunks(AT_ONCE) {
        on_each!(tx, |c| diesel::insert_into(published_places::table).values(some).execute(c))?;
    }
    Ok(())
}

pub(super) fn places(
    tx: &mut Conn<'_>,
    release: Release,
) -> Result<BTreeMap<OrganisationId, Districts>, StoreError> {
    let rows: Vec<(Db<OrganisationId>, String, String)> = on_each!(tx, |c| published_places::table
        .filter(published_places::release.eq(Code(release)))
        .select((published_places::organisation_id, published_places::district, published_places::place))
        .load(c))?;
    let mut places: BTreeMap<OrganisationId, Districts> = BTreeMap::new();
    for (Db(organisation), district, place) in rows {
        places.entry(organisation).or_default().entry(place).or_default().insert(district);
    }
    Ok(places)
}

/// Keeps what a first release counted.
pub(super) fn hold(
    tx: &mut Conn<'_>,
    quarter: Quarter,
    organisation: OrganisationId,
    measure: &Measure,
    counted: &Counted,
) -> Result<(), StoreError> {
    let row = |(place, cell, people): (&Place, &Cell, i64)| {
        (
            held_counts::quarter.eq(Code(quarter)),
            held_counts::organisation_id.eq(Db(organisation)),
            held_counts::measure.eq(measure.name),
            held_counts::place.eq(place.name.clone()),
            held_counts::cell.eq(cell.join("/")),
            held_counts::people.eq(people),
        )
    };
    let cells = |place| Place::cells(place).map(move |(cell, people)| (place, cell, people));
    let rows: Vec<_> = counted.places.iter().flat_map(cells).map(row).collect();
    for some in rows.chunks(AT_ONCE) {
        on_each!(tx, |c| diesel::insert_into(held_counts::table).values(some).execute(c))?;
    }
    Ok(())
}

impl Place {
    fn cells(&self) -> impl Iterator<Item = (&Cell, i64)> {
        self.counts.cells()
    }
}

/// What the first release of a quarter counted, by organisation and place.
pub(super) fn held(
    tx: &mut Conn<'_>,
    quarter: Quarter,
    measure: &Measure,
) -> Result<BTreeMap<OrganisationId, BTreeMap<String, RawCounts>>, StoreError> {
    let rows: Vec<(Db<OrganisationId>, String, String, i64)> = on_each!(tx, |c| held_counts::table
        .filter(held_counts::quarter.eq(Code(quarter)))
        .filter(held_counts::measure.eq(measure.name))
        .select((held_counts::organisation_id, held_counts::place, held_counts::cell, held_counts::people))
        .load(c))?;
    let mut held: BTreeMap<OrganisationId, BTreeMap<String, RawCounts>> = BTreeMap::new();
    for (Db(organisation), place, cell, people) in rows {
        let counts = held.entry(organisation).or_default().entry(place).or_default();
        counts.add(cell.split('/').filter(|word| !word.is_empty()).map(str::to_owned).collect(), people);
    }
    Ok(held)
}

/// Nothing is compared with them any more.
pub(super) fn let_go(tx: &mut Conn<'_>, quarter: Quarter) -> Result<(), StoreError> {
    let held = held_counts::table.filter(held_counts::quarter.eq(Code(quarter)));
    on_each!(tx, |c| diesel::delete(held).execute(c))?;
    Ok(())
}

/// The nodes of a tree.
pub(super) fn nodes_of(tree: &Tree, organisation: OrganisationId, measure: &Measure) -> Vec<Node> {
    let node = |place: &str, split: &str, word: &str, figure: Figure| Node {
        organisation,
        measure: measure.name.to_owned(),
        place: place.to_owned(),
        split: split.to_owned(),
        word: word.to_owned(),
        figure,
    };
    let mut nodes = vec![node("", "", "", tree.root)];
    let mut splits = |place: &str, splits: &BTreeMap<String, Split>| {
        for (name, Split { shown, not_shown }) in splits {
            let all = shown.iter().map(|(word, figure)| (word.as_str(), *figure));
            let all = all.chain(not_shown.map(|figure| (NOT_SHOWN, figure)));
            nodes.extend(all.map(|(word, figure)| node(place, name, word, figure)));
        }
    };
    splits("", &tree.root_splits);
    for (place, shown) in &tree.places {
        splits(place, &shown.splits);
    }
    nodes.extend(tree.places.iter().map(|(place, shown)| node(place, "", "", shown.figure)));
    nodes.extend(tree.not_shown.map(|figure| node(NOT_SHOWN, "", "", figure)));
    nodes
}

/// The trees of a measure, from their nodes.
pub(super) fn trees(nodes: &[Node], measure: &Measure) -> BTreeMap<OrganisationId, Tree> {
    let mut trees: BTreeMap<OrganisationId, Tree> = BTreeMap::new();
    for Node { organisation, place, split, word, figure, .. } in
        nodes.iter().filter(|node| node.measure == measure.name)
    {
        let tree = trees.entry(*organisation).or_default();
        match (place.as_str(), split.as_str()) {
            ("", "") => tree.root = *figure,
            (NOT_SHOWN, _) => tree.not_shown = Some(*figure),
            ("", split) => put(&mut tree.root_splits, split, word, *figure),
            (place, "") => shown(tree, place).figure = *figure,
            (place, split) => put(&mut shown(tree, place).splits, split, word, *figure),
        }
    }
    trees
}

fn shown<'a>(tree: &'a mut Tree, place: &str) -> &'a mut Shown {
    tree.places.entry(place.to_owned()).or_default()
}

fn put(splits: &mut BTreeMap<String, Split>, name: &str, word: &str, figure: Figure) {
    let split = splits.entry(name.to_owned()).or_default();
    match word {
        NOT_SHOWN => split.not_shown = Some(figure),
        word => drop(split.shown.insert(word.to_owned(), figure)),
    }
}

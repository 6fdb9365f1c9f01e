//! Whether the log is whole: each entry has the hash that its tile says, each whole tile the root that the level above says.
//!
//! Somebody who changes entries, tiles and roots alike leaves no trace here; a checkpoint that was kept elsewhere shows it.

use std::fmt;
use std::ops::RangeInclusive;

use diesel::dsl::max;
use diesel::prelude::*;

use super::line::{AuditEntry, Row};
use super::tiles::{WHOLE, size, tile, width};
use super::tree::{Hash, leaf, root};
use super::waiting;
use crate::on_each;
use crate::store::schema::audit_entries;
use crate::store::{Conn, Store, StoreError, migrate};

/// Something that is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Entries that follow each other, by their places.
    Entries { places: RangeInclusive<u64>, says: &'static str },
    /// A tile by its level and number.
    Tile { level: u32, number: u64, says: &'static str },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries { places, says } if places.start() == places.end() => {
                write!(f, "entry {}: {says}", places.start())
            }
            Self::Entries { places, says } => {
                write!(f, "entries {} to {}: {says}", places.start(), places.end())
            }
            Self::Tile { level, number, says } => write!(f, "tile {level}/{number}: {says}"),
        }
    }
}

const MISSING: &str = "missing from the log";
const CHANGED: &str = "not as it was when it was hashed";
const EITHER: &str = "it or its hash was changed";
const BEYOND: &str = "in a place that the log does not have";
const TILE_CHANGED: &str = "its hashes are not those that the level above vouches for";
const TILE_SHORT: &str = "hashes are missing";
const TILE_LONG: &str = "there are hashes of tiles that are not whole";

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries that have a place.
    pub entries: u64,
    /// Entries that wait for one.
    pub waiting: u64,
    /// How many things are wrong.
    pub findings: u64,
}

/// Reads the whole log, and tells of what is wrong as it is found. Others may go on writing. Must not be called from async code.
///
/// # Errors
/// Those of the store.
pub fn verify(store: &Store, tell: &mut dyn FnMut(Finding)) -> Result<Checked, StoreError> {
    let mut told = Telling { tell, pending: None, findings: 0 };
    let entries = store.read_blocking("verify audit", |tx| {
        migrate::check_version(tx)?;
        size(tx)
    })?;
    // 1. Entries against the hashes of their tile, a tile at a time.
    for number in 0..entries.div_ceil(WHOLE) {
        let found = store.read_blocking("verify audit entries", |tx| check_entries(tx, number, entries))?;
        found.into_iter().for_each(|finding| told.of(finding));
    }
    // 2. Whole tiles against the level above, up to the level that has no whole tile.
    let mut below = entries;
    for level in 1.. {
        below /= WHOLE;
        let found = store.read_blocking("verify audit tiles", |tx| check_level(tx, level, below, entries))?;
        found.into_iter().for_each(|finding| told.of(finding));
        if below == 0 {
            break;
        }
    }
    // 3. Entries that have a place and no hash.
    let (beyond, waiting) =
        store.read_blocking("verify audit end", |tx| Ok::<_, StoreError>((beyond(tx)?, waiting(tx)?)))?;
    beyond.into_iter().for_each(|finding| told.of(finding));
    told.flush();
    Ok(Checked { entries, waiting, findings: told.findings })
}

/// Puts entries that follow each other, and of which the same is wrong, into one finding.
struct Telling<'a> {
    tell: &'a mut dyn FnMut(Finding),
    pending: Option<Finding>,
    findings: u64,
}

impl Telling<'_> {
    fn of(&mut self, finding: Finding) {
        if let (Some(Finding::Entries { places, says }), Finding::Entries { places: more, says: also }) =
            (&mut self.pending, &finding)
            && says == also
            && *more.start() == places.end() + 1
        {
            *places = *places.start()..=*more.end();
            return;
        }
        self.flush();
        self.pending = Some(finding);
    }

    fn flush(&mut self) {
        if let Some(finding) = self.pending.take() {
            self.findings += 1;
            (self.tell)(finding);
        }
    }
}

/// The entries of one tile of level 0.
fn check_entries(tx: &mut Conn<'_>, number: u64, size: u64) -> Result<Vec<Finding>, StoreError> {
    let first = number * WHOLE;
    let after = size.min(first + WHOLE);
    let rows: Vec<Row> = on_each!(tx, |c| audit_entries::table
        .filter(audit_entries::place.ge(first.cast_signed()))
        .filter(audit_entries::place.lt(after.cast_signed()))
        .order(audit_entries::place)
        .select(Row::as_select())
        .load(c))?;
    let mut leaves: Vec<Option<Hash>> = vec![None; (after - first) as usize];
    for row in rows {
        let at = row.place.map_or(first, i64::cast_unsigned) - first;
        leaves[at as usize] = Some(leaf(&AuditEntry::from(row).line()));
    }
    let said = tile(tx, 0, number)?;
    let vouched = if after - first == WHOLE {
        tile(tx, 1, number / WHOLE)?.get((number % WHOLE) as usize).copied()
    } else {
        None
    };
    let all: Vec<Hash> = leaves.iter().flatten().copied().collect();
    // A tile that was changed stands against entries that the level above vouches for, and is named there.
    if all.len() == leaves.len() && vouched == Some(root(&all)) {
        return Ok(Vec::new());
    }
    let changed = if vouched == Some(root(&said)) { CHANGED } else { EITHER };
    let mut found = Vec::new();
    for (place, (leaf, said)) in
        (first..).zip(leaves.into_iter().zip(said.into_iter().map(Some).chain(std::iter::repeat(None))))
    {
        let says = match leaf {
            None => MISSING,
            Some(_) if leaf != said => changed,
            Some(_) => continue,
        };
        found.push(Finding::Entries { places: place..=place, says });
    }
    Ok(found)
}

/// The hashes of one level against the `whole` tiles of the level below.
fn check_level(tx: &mut Conn<'_>, level: u32, whole: u64, size: u64) -> Result<Vec<Finding>, StoreError> {
    let mut found = Vec::new();
    for number in 0..whole.div_ceil(WHOLE) {
        let said = tile(tx, level, number)?;
        for (below, place) in (number * WHOLE..whole.min((number + 1) * WHOLE)).zip(0..) {
            match said.get(place) {
                None => {
                    found.push(Finding::Tile { level, number, says: TILE_SHORT });
                    break;
                }
                Some(hash) if *hash != root(&tile(tx, level - 1, below)?) => {
                    found.push(Finding::Tile { level: level - 1, number: below, says: TILE_CHANGED });
                }
                Some(_) => {}
            }
        }
    }
    // Whoever appends meanwhile makes the log longer: then there may be more.
    if self::size(tx)? == size && width(tx, level)? > whole {
        found.push(Finding::Tile { level, number: whole / WHOLE, says: TILE_LONG });
    }
    Ok(found)
}

/// Entries in places behind the end.
fn beyond(tx: &mut Conn<'_>) -> Result<Option<Finding>, StoreError> {
    let end = size(tx)?;
    let outside = audit_entries::place.ge(end.cast_signed()).or(audit_entries::place.lt(0));
    let last: Option<i64> =
        on_each!(tx, |c| audit_entries::table.filter(outside).select(max(audit_entries::place)).first(c))?;
    Ok(last.map(|last| {
        let last = last.cast_unsigned().max(end);
        Finding::Entries { places: end..=last, says: BEYOND }
    }))
}

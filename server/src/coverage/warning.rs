//! The warning before two partners do the same in one village: what a group that begins or moves overlaps with, and what is done near to it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use sync_core::area::Level;
use sync_core::id::{GroupId, OrganisationId};
use sync_core::record::group::Cohort;
use sync_core::record::{Modality, Note, Pillar};
use sync_core::time::Date;
use sync_core::value::Village;
use utoipa::ToSchema;

use super::group::{CoverageItem, Covered, Partners};
use super::id::OverlapId;
use super::pair::{Grade, Meets, MeetsItem, Pair, Relation, SameCohort, near_to};
pub(crate) use super::said::Speaker;
use super::said::{Statement, say};
use super::walk;
use crate::problem::{Problem, kind};
use crate::projection::CoverageId;
use crate::store::{Conn, Failure, Refusal, StoreError};

/// How many groups a warning names of each relation, the nearest first.
const NAMED: usize = 50;

/// A group of another partner, near to the one in question.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NearItem {
    #[serde(flatten)]
    meets: MeetsItem,
    /// Whether it is for the same people; of groups that overlap.
    #[serde(skip_serializing_if = "Option::is_none")]
    cohort: Option<SameCohort>,
    /// The group of the other partner, with whom to speak.
    group: CoverageItem,
}

/// What is done near to a group by other partners.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Nearby {
    /// Groups that do the same for the same people, or may do so, the nearest first.
    pub(super) overlaps: Vec<NearItem>,
    /// Groups of another pillar in the sector, the nearest first.
    pub(super) complementary: Vec<NearItem>,
}

/// The pairs of a group with groups of other partners that go on today or later, the nearest first.
fn pairs(
    tx: &mut Conn<'_>,
    group: &Covered,
    relation: Relation,
    today: Date,
) -> Result<Vec<Pair>, StoreError> {
    let today = today.to_string();
    let others = walk::going_on_in(tx, &group.sector, &today)?;
    let near = near_to(group, &others, relation, &today).into_iter();
    let pair = |(other, meets): (&Covered, Meets)| {
        let (one, other) = (group.clone(), other.clone());
        let (first, second) = if one.id < other.id { (one, other) } else { (other, one) };
        Pair { first, second, meets }
    };
    Ok(near.map(pair).collect())
}

/// What is near to a group, for people.
pub(super) fn nearby(tx: &mut Conn<'_>, group: &Covered, today: Date) -> Result<Nearby, StoreError> {
    let partners = Partners::load(tx)?;
    let overlaps = pairs(tx, group, Relation::Overlap, today)?;
    let complementary = pairs(tx, group, Relation::Complement, today)?;
    Ok(Nearby {
        overlaps: items(group, overlaps, Relation::Overlap, &partners)?,
        complementary: items(group, complementary, Relation::Complement, &partners)?,
    })
}

fn items(
    group: &Covered,
    pairs: Vec<Pair>,
    relation: Relation,
    partners: &Partners,
) -> Result<Vec<NearItem>, StoreError> {
    let item = |pair: Pair| {
        let other = if pair.first.id == group.id { pair.second } else { pair.first };
        Ok(NearItem {
            meets: MeetsItem::from(&pair.meets),
            cohort: (relation == Relation::Overlap).then_some(pair.meets.cohort),
            group: CoverageItem::of(other, Level::Village, partners)?,
        })
    };
    pairs.into_iter().take(NAMED).map(item).collect()
}

/// A group that nobody has begun yet, as far as others would meet it.
#[derive(Debug, Clone)]
pub(crate) struct Thought {
    pub(crate) organisation: OrganisationId,
    pub(crate) modality: Modality,
    pub(crate) pillar: Option<Pillar>,
    pub(crate) cohort: Option<Cohort>,
    pub(crate) area: Village,
    pub(crate) starts_on: Date,
}

impl Thought {
    pub(super) fn covered(&self) -> Covered {
        Covered::thought_of(
            self.organisation,
            self.modality.to_string(),
            self.pillar.map(|pillar| pillar.to_string()),
            self.cohort.map(|cohort| cohort.to_string()),
            self.area.code(),
            self.starts_on.to_string(),
        )
    }

    /// As what beginning it would be refused without a reason. Nothing is written.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn refusal(&self, tx: &mut Conn<'_>, today: Date) -> Result<Option<Overlapping>, StoreError> {
        let group = self.covered();
        let overlaps = pairs(tx, &group, Relation::Overlap, today)?;
        if !overlaps.iter().any(|pair| pair.meets.grade.asks_why()) {
            return Ok(None);
        }
        Ok(Some(Overlapping(Box::new(nearby(tx, &group, today)?))))
    }
}

impl Nearby {
    /// Whether whoever begins such a group must say why.
    pub(super) fn asks_why(&self) -> bool {
        self.overlaps.iter().any(|near| near.meets.grade().asks_why())
    }
}

/// The overlaps of a group before it is changed.
#[derive(Debug, Default)]
pub(crate) struct Before(BTreeMap<OverlapId, Grade>);

impl Before {
    /// # Errors
    /// Those of the store.
    pub(crate) fn of(tx: &mut Conn<'_>, group: GroupId, today: Date) -> Result<Self, StoreError> {
        let Some(row) = walk::group(tx, CoverageId::of(group))? else { return Ok(Self::default()) };
        let pairs = pairs(tx, &row, Relation::Overlap, today)?;
        Ok(Self(pairs.into_iter().map(|pair| (pair.id(), pair.meets.grade)).collect()))
    }
}

/// Another partner does the same for the same people in the village or cell, and nobody said why this is to go on.
#[derive(Debug, thiserror::Error)]
#[error("another partner does the same in the village or cell")]
pub(crate) struct Overlapping(Box<Nearby>);

impl Refusal for Overlapping {}

impl Overlapping {
    /// The partners who must be spoken with, in words.
    pub(crate) fn partners(&self) -> String {
        let near = self.0.overlaps.iter().filter(|near| near.meets.grade().asks_why());
        let names: BTreeSet<&str> = near.map(|near| near.group.organisation.name.as_str()).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    }
}

impl From<Overlapping> for Problem {
    fn from(overlapping: Overlapping) -> Self {
        let detail = format!(
            "In this village or cell there is, or is planned, a group with the same method that is or may be for the same people, of {}. \
             Speak with them: `overlaps` says what they do and how they are reached, `complementary` what else is done in the sector. To go \
             on all the same, say why in `overlap_reason`; they read it.",
            overlapping.partners(),
        );
        let Overlapping(nearby) = overlapping;
        Self::of(kind::OVERLAP, detail)
            .with("overlaps", json!(nearby.overlaps))
            .with("complementary", json!(nearby.complementary))
    }
}

/// Asks whether a group that was just written may stay as it is: where it overlaps in the village or cell as it did not `before`, somebody must say
/// why. What they say is kept with each overlap that arose. Gives these, also those in the sector, for whoever is told.
///
/// The group is looked at as it is written, so that what warns and what is listed is one thing; the refusal undoes the transaction.
///
/// # Errors
/// [`Overlapping`], and those of the store.
pub(crate) fn ask(
    tx: &mut Conn<'_>,
    group: GroupId,
    before: &Before,
    reason: Option<&Note>,
    speaker: &Speaker,
    today: Date,
) -> Result<Vec<NearItem>, Failure<Overlapping>> {
    let Some(row) = walk::group(tx, CoverageId::of(group))? else { return Ok(Vec::new()) };
    // An overlap that comes nearer is another one for the people there.
    let arose = |pair: &Pair| before.0.get(&pair.id()).is_none_or(|grade| pair.meets.grade < *grade);
    let mut arisen = pairs(tx, &row, Relation::Overlap, today)?;
    arisen.retain(arose);
    if reason.is_none() && arisen.iter().any(|pair| pair.meets.grade.asks_why()) {
        return Err(Overlapping(Box::new(nearby(tx, &row, today)?)).into());
    }
    if reason.is_some() {
        for pair in &arisen {
            say(tx, pair, Statement::WentOn, reason, speaker)?;
        }
    }
    if arisen.is_empty() {
        return Ok(Vec::new());
    }
    Ok(items(&row, arisen, Relation::Overlap, &Partners::load(tx)?)?)
}

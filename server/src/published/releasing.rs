//! Making the releases that are due.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::id::{Id, OrganisationId};
use sync_core::time::Millis;

use super::attendances::attendances;
use super::counts::{Counted, Place, RawCounts};
use super::graduates::beside_people;
use super::kept::{self, Districts, Node};
use super::luck::Secret;
use super::measure::{GRADUATES, Measure, PEOPLE};
use super::merging;
use super::quarter::{Release, Stage, due};
use super::source::{self, Source};
use super::tree::{Figure, Method, Tree};
use crate::facts;
use crate::store::{Conn, Failure, Refusal, Store, StoreError, keys};

/// The measures beside people.
pub(super) const ATTENDANCES: &str = "attendances";
pub(super) const GROUPS: &str = "groups";
pub(super) const SESSIONS: &str = "sessions";

/// How often facts are waited for.
const TRIES: u32 = 3;

/// A release that was made just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    pub release: Release,
    /// How many organisations it tells of.
    pub organisations: usize,
}

/// Why nothing was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    #[error("what a release counts is being counted again; run this once more in a minute")]
    BeingCounted,
}

impl Refusal for NotNow {}

/// Makes the releases that are due, each in one transaction. Several services may do so at once: one makes a release, and the others find
/// it made.
///
/// # Errors
/// [`NotNow`] and those of the store; what was released stays.
pub async fn publish(store: &Store, now: Millis) -> Result<Vec<Made>, Failure<NotNow>> {
    let mut tries = 0;
    let releases = loop {
        facts::catch_up(store).await?;
        match store.read("releases due", move |tx| releases_due(tx, now)).await {
            Err(Failure::Refused(NotNow::BeingCounted)) if tries < TRIES => tries += 1,
            other => break other?,
        }
    };
    let mut made = Vec::new();
    for release in releases {
        // Counting takes long in a large store, so no lock is held meanwhile: it is of one moment, and writing it is short.
        let draft = store.read("count for a release", move |tx| Draft::of(tx, release)).await?;
        let organisations = draft.organisations();
        if store.write("release", move |tx| draft.write(tx, now)).await? {
            made.push(Made { release, organisations });
        }
    }
    Ok(made)
}

fn releases_due(tx: &mut Conn<'_>, now: Millis) -> Result<Vec<Release>, Failure<NotNow>> {
    let releases = due(&source::quarters(tx)?, &kept::releases(tx)?, now);
    if !releases.is_empty() && source::being_counted(tx)? {
        return Err(NotNow::BeingCounted.into());
    }
    Ok(releases)
}

/// A release before it is written.
#[derive(Debug)]
struct Draft {
    release: Release,
    nodes: Vec<Node>,
    places: BTreeMap<OrganisationId, Districts>,
    /// What the figures of people count, by measure.
    counted: Vec<(&'static Measure, OrganisationId, Counted)>,
}

/// What was published of the quarter before.
#[derive(Default)]
struct Before {
    /// The organisations that had meetings.
    organisations: BTreeSet<OrganisationId>,
    places: BTreeMap<OrganisationId, Districts>,
    people: Kept,
    graduates: Kept,
}

/// What was published of one measure, and what that counted.
#[derive(Default)]
struct Kept {
    trees: BTreeMap<OrganisationId, Tree>,
    held: BTreeMap<OrganisationId, BTreeMap<String, RawCounts>>,
}

impl Draft {
    fn of(tx: &mut Conn<'_>, release: Release) -> Result<Self, Failure<NotNow>> {
        if source::being_counted(tx)? {
            return Err(NotNow::BeingCounted.into());
        }
        let mut sources = source::meetings(tx, release)?;
        let mut draft = Self { release, nodes: Vec::new(), places: BTreeMap::new(), counted: Vec::new() };
        for (organisation, source) in &sources {
            draft.nodes.extend(meetings(*organisation, source));
        }
        if release.stage == Stage::Running {
            return Ok(draft);
        }
        source::people(tx, release, &mut sources)?;
        let before = match release.stage {
            Stage::Revised => Before::load(tx, release)?,
            _ => Before::default(),
        };
        let secret = Secret::new(keys::published(tx)?);
        let organisations: BTreeSet<OrganisationId> =
            sources.keys().chain(&before.organisations).copied().collect();
        // Of an organisation that left, what was published stands: there is nothing any more that a revision could count.
        let left = source::left(tx)?;
        for organisation in organisations.difference(&left).copied() {
            let source = sources.remove(&organisation).unwrap_or_default();
            draft.people(organisation, &source, &before, &secret);
        }
        Ok(draft)
    }

    /// Adds the figures of the people of one organisation.
    fn people(&mut self, organisation: OrganisationId, source: &Source, before: &Before, secret: &Secret) {
        let owner = organisation.uuid().to_string();
        let release = self.release.to_string();
        let luck = secret.luck(PEOPLE.name, &owner, &release);
        let method = Method { measure: &PEOPLE, luck: &luck };

        // What was told apart in the first release is told apart in its revision, and nothing else.
        let groups = source.groups();
        let districts = if before.organisations.contains(&organisation) {
            let mut districts = before.places.get(&organisation).cloned().unwrap_or_default();
            merging::join(&mut districts, &groups);
            districts
        } else {
            merging::places(&groups).into_iter().map(|of| (merging::name(&of), of)).collect()
        };
        let now = counted(source, &districts);
        let tree = self.tree(&method, organisation, now, &before.people);
        if let Some(tree) = &tree {
            self.nodes.extend(kept::nodes_of(tree, organisation, &PEOPLE));
            let exact = source.attendances.total();
            let most = busiest(source, &districts);
            let told = attendances(&PEOPLE, &luck, exact, tree, &most);
            self.nodes.extend(told.map(|figure| node(organisation, ATTENDANCES, "", "", "", figure)));
        }
        self.places.insert(organisation, districts);

        let luck = secret.luck(GRADUATES.name, &owner, &release);
        let method = Method { measure: &GRADUATES, luck: &luck };
        let all = Place { name: String::new(), counts: source.graduates.clone() };
        let graduates = Counted { places: vec![all], apart: false };
        let graduates = self.tree(&method, organisation, graduates, &before.graduates);
        if let Some(graduates) = tree.and_then(|people| beside_people(&people, graduates)) {
            self.nodes.extend(kept::nodes_of(&graduates, organisation, &GRADUATES));
        }
    }

    /// The tree of one measure, of which is kept what it counts.
    fn tree(
        &mut self,
        method: &Method<'_>,
        organisation: OrganisationId,
        now: Counted,
        before: &Kept,
    ) -> Option<Tree> {
        let (tree, counted) = match self.release.stage {
            Stage::Revised => {
                let held = before.held.get(&organisation);
                let places = held.into_iter().flatten();
                let place = |(name, counts): (&String, &RawCounts)| Place {
                    name: name.clone(),
                    counts: counts.clone(),
                };
                let held = Counted { places: places.map(place).collect(), apart: now.apart };
                let revised = method.revise(before.trees.get(&organisation), &held, &now);
                (revised.tree, revised.counted)
            }
            _ => (method.first(&now), now),
        };
        self.counted.push((method.measure, organisation, counted));
        tree
    }

    fn organisations(&self) -> usize {
        self.nodes.iter().map(|node| node.organisation).collect::<BTreeSet<_>>().len()
    }

    /// Says whether it was this one that was written.
    fn write(&self, tx: &mut Conn<'_>, now: Millis) -> Result<bool, StoreError> {
        let Self { release, nodes, places, counted } = self;
        if !kept::begin(tx, *release, now)? {
            return Ok(false);
        }
        kept::write_nodes(tx, *release, nodes)?;
        for (organisation, places) in places {
            kept::write_places(tx, *release, *organisation, places)?;
        }
        match release.stage {
            Stage::Running => {}
            Stage::First => {
                for (measure, organisation, counted) in counted {
                    kept::hold(tx, release.quarter, *organisation, measure, counted)?;
                }
            }
            Stage::Revised => kept::let_go(tx, release.quarter)?,
        }
        Ok(true)
    }
}

impl Before {
    fn load(tx: &mut Conn<'_>, release: Release) -> Result<Self, StoreError> {
        let first = Release::first(release.quarter);
        let nodes = kept::nodes(tx, first)?;
        let mut of = |measure| -> Result<Kept, StoreError> {
            Ok(Kept { trees: kept::trees(&nodes, measure), held: kept::held(tx, release.quarter, measure)? })
        };
        let (people, graduates) = (of(&PEOPLE)?, of(&GRADUATES)?);
        Ok(Self {
            organisations: nodes.iter().map(|node| node.organisation).collect(),
            places: kept::places(tx, first)?,
            people,
            graduates,
        })
    }
}

/// What was counted in each place; as one where none are told apart.
fn counted(source: &Source, districts: &Districts) -> Counted {
    let sum = |of: &BTreeSet<String>| {
        let mut counts = RawCounts::default();
        for (_, district) in source.districts.iter().filter(|(code, _)| of.contains(*code)) {
            for (cell, people) in district.people.cells() {
                counts.add(cell.clone(), people);
            }
        }
        counts
    };
    if districts.is_empty() {
        let all = source.districts.keys().cloned().collect();
        return Counted { places: vec![Place { name: String::new(), counts: sum(&all) }], apart: false };
    }
    let places = districts.iter().map(|(name, of)| Place { name: name.clone(), counts: sum(of) });
    Counted { places: places.collect(), apart: true }
}

/// The meetings of the group that met most often, by place.
fn busiest(source: &Source, districts: &Districts) -> BTreeMap<String, i64> {
    let most = |in_place: &dyn Fn(&String) -> bool| {
        let there = source.districts.iter().filter(|(code, _)| in_place(code));
        there.map(|(_, district)| district.most).max().unwrap_or_default()
    };
    if districts.is_empty() {
        return BTreeMap::from([(String::new(), most(&|_| true))]);
    }
    districts.iter().map(|(name, of)| (name.clone(), most(&|code| of.contains(code)))).collect()
}

/// Groups and meetings, exactly.
fn meetings(organisation: OrganisationId, source: &Source) -> impl Iterator<Item = Node> {
    source.districts.iter().flat_map(move |(code, district)| {
        district.met.iter().flat_map(move |(modality, (groups, sessions))| {
            let exact =
                |measure, number| node(organisation, measure, code, "modality", modality, Figure::of(number));
            [exact(GROUPS, *groups), exact(SESSIONS, *sessions)]
        })
    })
}

fn node(
    organisation: OrganisationId,
    measure: &str,
    place: &str,
    split: &str,
    word: &str,
    figure: Figure,
) -> Node {
    let [measure, place, split, word] = [measure, place, split, word].map(str::to_owned);
    Node { organisation, measure, place, split, word, figure }
}

//! A world made up from a seed: people, tablets and services who work, and everything that goes wrong between them.
//! What happens follows from the seed alone, so that a world in which a promise was broken can be lived again.
//!
//! The tablets are the real state machine, the services the real handlers on a real store; the network, the disks, the
//! clocks and the killing are the world's. In each step somebody does something, a verb, and after each the
//! promises are looked at. At the end all faults cease, everybody syncs until nothing moves, and all promises must
//! hold. [`Coverage`] tells what the world came by.
//!
//! A new kind of event is one small function and one line in `verbs::VERBS`.

mod dice;
mod coverage;
mod soil;
mod servers;
mod strike;
mod ground;
mod slate;
mod network;
mod syncing;
mod desk;
mod promises;
mod carrying;
mod restoring;
mod end;
mod told;
mod received;
mod verbs;
mod simulation;

use std::collections::BTreeSet;

use server::clock::Clock;
use sync_core::id::{DeviceId, GroupId, StreamId, UserId};
use sync_core::time::Moment;

pub use coverage::Coverage;
pub use simulation::{Simulation, Violation};

use crate::app::START;
use dice::Dice;
use ground::{Ground, Shelf};
use promises::Saved;
use slate::{Parcels, Slate};
use soil::{Organisation, People, Soil};
use verbs::righting::Righting;
use verbs::{VERBS, recording, telling_apart};

/// A promise that was broken.
#[derive(Debug)]
struct Breach {
    promise: &'static str,
    how: String,
}

type Sound<T = ()> = Result<T, Breach>;

fn ensure(held: bool, promise: &'static str, how: impl FnOnce() -> String) -> Sound {
    if held { Ok(()) } else { Err(Breach { promise, how: how() }) }
}

/// How many people a group begins with.
const PEOPLE: usize = 3;

/// Everything there is.
#[derive(Debug)]
struct World {
    dice: Dice,
    ground: Ground,
    organisations: Vec<Organisation>,
    /// Who keeps the directory of services.
    secretary: UserId,
    /// The groups, each with the place of its organisation.
    groups: Vec<(GroupId, usize)>,
    slates: Vec<Slate>,
    /// Who is assigned to what now.
    assigned: BTreeSet<(UserId, GroupId)>,
    /// Who ever was.
    ever: BTreeSet<(UserId, StreamId)>,
    disabled: BTreeSet<UserId>,
    /// Codes of people who were erased: whoever led the group remembers them.
    remembered: Vec<(GroupId, String)>,
    /// Whether a tablet and the store may rightly differ: after a copy, a restore, a file from a colleague, or a release of
    /// what a tablet holds still.
    disturbed: bool,
    /// Requests that are still on their way.
    late: Vec<Vec<u8>>,
    /// Files that were made for a colleague, and are still about.
    cards: Vec<Vec<u8>>,
    parcels: Parcels,
    backup: Option<Shelf>,
    /// Tablets that were enrolled after the backup to which the store went back: it does not know them.
    strangers: BTreeSet<DeviceId>,
    saved: Saved,
    righting: Righting,
    /// Whether things go wrong at the desks, too.
    faults: bool,
    coverage: Coverage,
    trace: bool,
}

impl World {
    fn of(soil: &Soil, seed: u64, trace: bool) -> Self {
        let (database, People { organisations, secretary }) = soil.plant();
        Self {
            dice: Dice::of(seed),
            ground: Ground::on(database, Clock::seeded(START, seed)),
            organisations,
            secretary,
            groups: Vec::new(),
            slates: Vec::new(),
            assigned: BTreeSet::new(),
            ever: BTreeSet::new(),
            disabled: BTreeSet::new(),
            remembered: Vec::new(),
            disturbed: false,
            late: Vec::new(),
            cards: Vec::new(),
            parcels: Parcels::new(),
            backup: None,
            strangers: BTreeSet::new(),
            saved: Saved::default(),
            righting: Righting::default(),
            faults: false,
            coverage: Coverage::expecting(VERBS.iter().map(|verb| verb.name)),
            trace,
        }
    }

    /// Every organisation begins a group or two; most of its facilitators lead one, and a supervisor here and there, with a
    /// tablet that has synced once.
    fn begin(&mut self) -> Sound {
        for organisation in 0..self.organisations.len() {
            for _ in 0..self.dice.between(1, 2) {
                self.begin_group(organisation)?;
            }
            let Organisation { supervisor, mut facilitators, .. } = self.organisations[organisation].clone();
            if self.dice.percent(40) {
                facilitators.push(supervisor);
            }
            for user in facilitators {
                for at in 0..self.groups.len() {
                    if self.groups[at].1 == organisation && self.dice.percent(75) {
                        self.assign(user, at)?;
                    }
                }
                self.enrol(organisation, user)?;
            }
        }
        self.sync_all()?;
        for at in 0..self.groups.len() {
            let group = self.groups[at].0;
            let Some(slate) = self.slates.iter().position(|slate| slate.tablet.groups().contains(&group))
            else {
                continue;
            };
            for _ in 0..PEOPLE {
                recording::join_at(self, slate, group)?;
            }
        }
        for _ in 0..self.dice.between(0, 2) {
            telling_apart::give_twice(self)?;
        }
        self.sync_all()?;
        self.faults = true;
        Ok(())
    }

    fn sync_all(&mut self) -> Sound {
        (0..self.slates.len()).try_for_each(|at| self.sync_calmly(at).map(drop))
    }

    fn step(&mut self) -> Sound {
        let Some(verb) = self.dice.weighted(VERBS, |verb| verb.weight) else { return Ok(()) };
        self.note(|| format!("  {}", verb.name));
        if (verb.act)(self)? {
            self.coverage.count(verb.name);
        }
        let minutes = self.dice.between(0, 60);
        self.ground.clock.advance(minutes);
        self.look()
    }

    /// What the clock of a tablet shows, which goes on a little.
    fn moment_of(&mut self, slate: usize) -> Moment {
        let clock = &mut self.slates[slate].clock;
        clock.0 += self.dice.between(0, 90_000);
        let now = *clock;
        self.dice.moment(now)
    }

    fn note(&self, what: impl FnOnce() -> String) {
        if self.trace {
            println!("{}", what());
        }
    }
}

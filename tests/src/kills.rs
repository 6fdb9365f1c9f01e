//! Real processes on real files, killed with SIGKILL while they write: the service, and tablets that record and sync.
//!
//! A tablet ([`work`]) says what it does, a line each; what it says was saved must be in the store at the end, once. Which
//! line brings which kill, and how long after it, is drawn from a seed. What the processes do meanwhile is not: another run of a
//! seed tells another story, unlike in the [`world`](crate::world).
//!
//! SIGKILL leaves to the machine what was written before. That a power cut does not take it is up to `synchronous=FULL`, to
//! PostgreSQL's own `fsync`, and to disks that do as they say.

mod said;
mod worker;
mod crew;
mod end;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::store::Store;
use sync_core::id::GroupId;

pub use worker::work;

use crate::kept::Name;
use crate::process::Service;
use crate::village::people_join;
use crate::world::Coverage;
use crate::{Database, TestApp, Village};
use crew::{Crew, News};
use said::Said;

/// Two facilitators lead each group.
const GROUPS: usize = 2;
const TABLETS: usize = 4;

/// A kill of the service comes after at most so many requests, one of a tablet after so many things that tablets write.
const REQUESTS: usize = 8;
const WRITES: usize = 40;
/// And at most so many microseconds after the last of them: a request takes about as long.
const LATER: u64 = 12_000;

/// How many kills, and by what luck.
#[derive(Debug, Clone, Copy)]
pub struct Kills {
    pub of_the_service: u64,
    pub of_tablets: u64,
    pub seed: u64,
}

/// Kills that are still to come.
#[derive(Debug)]
struct Due {
    left: u64,
    most: usize,
    moments: usize,
}

impl Due {
    fn of(left: u64, most: usize, rng: &mut StdRng) -> Self {
        Self { left, most, moments: rng.random_range(1..=most) }
    }

    /// One moment more: whether it brings a kill.
    fn strikes(&mut self, rng: &mut StdRng) -> bool {
        self.moments -= 1;
        if self.moments > 0 {
            return false;
        }
        self.moments = rng.random_range(1..=self.most);
        let strikes = self.left > 0;
        self.left = self.left.saturating_sub(1);
        strikes
    }
}

/// Lives through all of the kills on a fresh database, with the programs `ihuriro` and `kills`; tells what happened.
///
/// # Errors
/// In words, the first promise that does not hold.
pub fn live(kills: Kills, database: &Database, ihuriro: &Path, this: &Path) -> Result<Coverage, String> {
    let began = Instant::now();
    let (village, groups, folders) = settle(database);
    let mut rng = StdRng::seed_from_u64(kills.seed);
    let mut service = Service::start(ihuriro, &database.url)?;
    let mut crew = Crew::start(this, folders.clone(), || rng.random())?;
    let mut heard = Heard::default();
    let mut of_the_service = Due::of(kills.of_the_service, REQUESTS, &mut rng);
    let mut of_tablets = Due::of(kills.of_tablets, WRITES, &mut rng);
    while of_the_service.left + of_tablets.left > 0 {
        let news = crew.news()?;
        heard.hear(&news);
        if !crew.is_current(&news) {
            continue;
        }
        match news.said {
            Some(Said::Ready | Said::Synced { .. } | Said::Broken) => {
                crew.go_on(news.tablet, &service.url)?
            }
            Some(Said::Saved(..) | Said::Keeps | Said::Sends) => {
                // What was said before the service started is over by now.
                let asks = news.said == Some(Said::Sends) && news.at > service.since;
                if asks && of_the_service.strikes(&mut rng) {
                    wait(&mut rng);
                    if !service.lives() {
                        return Err("the service stopped by itself".to_owned());
                    }
                    drop(service);
                    service = Service::start(ihuriro, &database.url)?;
                    heard.coverage.count("kills of the service");
                }
                if of_tablets.strikes(&mut rng) {
                    wait(&mut rng);
                    crew.kill(news.tablet, rng.random())?;
                    heard.coverage.count("kills of tablets");
                }
            }
            None => {}
        }
    }
    for said in crew.kill_all()? {
        heard.note(said);
    }

    let tablets = end::quiet(&folders, &service.url)?;
    drop(service);
    let store = Store::open(&database.url).map_err(|error| error.to_string())?;
    end::nothing_is_lost(&store, &heard.saved)?;
    end::all_agree(&store, &tablets)?;
    let count = end::totals_are_right(database, &tablets, &groups)?;
    end::verify(ihuriro, database)?;
    drop(village);

    let mut coverage = heard.coverage;
    let sessions: BTreeSet<_> = heard.saved.keys().map(|(document, _)| document).collect();
    coverage.add("changes said to be saved", heard.saved.len() as u64);
    coverage.add("sessions said to be saved", sessions.len() as u64);
    coverage.add("sessions counted at the end", count.sessions.unsigned_abs());
    coverage.add("seconds", began.elapsed().as_secs());
    Ok(coverage)
}

/// What was heard of all tablets.
#[derive(Debug, Default)]
struct Heard {
    saved: BTreeMap<Name, [u8; 32]>,
    coverage: Coverage,
}

impl Heard {
    fn hear(&mut self, news: &News) {
        if let Some(said) = news.said {
            self.note(said);
        }
    }

    fn note(&mut self, said: Said) {
        match said {
            Said::Saved(name, digest) => drop(self.saved.insert(name, digest)),
            Said::Synced { duplicates } => {
                self.coverage.count("syncs that ended well");
                self.coverage.add("changes handed in again", duplicates.into());
            }
            Said::Broken => self.coverage.count("syncs that broke off"),
            Said::Sends => self.coverage.count("requests begun"),
            Said::Ready => self.coverage.count("starts of tablets"),
            Said::Keeps => {}
        }
    }
}

/// Groups with their people, and the folders of tablets that have them.
fn settle(database: &Database) -> (Village, Vec<GroupId>, Vec<PathBuf>) {
    let app = TestApp::on(database);
    let village = Village::of(&app, "aegis");
    let mut groups = vec![village.group];
    groups.extend((1..GROUPS).map(|number| village.group(&format!("Itsinda {number}"), "sociotherapy")));
    let tablet_of = |at: usize| {
        let (user, group) = (village.facilitator(&app, &format!("f{at}")), groups[at % GROUPS]);
        village.assign(user, group);
        let mut tablet = village.tablet(&app, user);
        tablet.sync(&mut ()).expect("the first sync");
        if at < GROUPS {
            people_join(&mut tablet, group, worker::PEOPLE);
            tablet.sync(&mut ()).expect("the second");
        }
        village.put_away(tablet)
    };
    let folders = (0..TABLETS).map(tablet_of).collect();
    (village, groups, folders)
}

/// The fault itself: how long after a moment the kill comes.
fn wait(rng: &mut StdRng) {
    thread::sleep(Duration::from_micros(rng.random_range(0..LATER)));
}

//! A tablet at work, as a process of its own, to be killed: for each address that comes on standard input it records a
//! little and syncs with the service there. What it does it says, a line each, and what was saved only once it is.

use std::collections::BTreeSet;
use std::io::stdin;
use std::ops::ControlFlow;
use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sync_core::change::Digest;
use sync_core::id::GroupId;
use sync_core::record::session::{Attendance, PartOfDay, Theme};
use tablet::clock::Clock;
use tablet::device::{Device, Progress, Step, SyncError};
use tablet::link::Link;
use tablet::recording::{Details, NewSession};

use super::said::Said;
use crate::kept::Name;
use crate::village::{PASSPHRASE, day, marks};

/// How many people each group has.
pub(super) const PEOPLE: usize = 5;

struct Aloud;

impl Progress for Aloud {
    fn before(&mut self, step: Step) -> ControlFlow<()> {
        match step {
            Step::Keep => Said::Keeps.say(),
            Step::Send { .. } => Said::Sends.say(),
            Step::Finish => {}
        }
        ControlFlow::Continue(())
    }
}

/// Works until standard input ends. What it does follows from `seed`.
///
/// # Errors
/// In words: whatever is not the fault of a service that was killed.
pub fn work(folder: &Path, seed: u64) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut tablet = Device::open(folder, PASSPHRASE, Clock::System).map_err(|error| error.to_string())?;
    let group = *tablet.tablet().groups().first().ok_or("the tablet holds no group")?;
    let mut said = BTreeSet::new();
    say_saved(&tablet, &mut said);
    Said::Ready.say();
    for address in stdin().lines() {
        let address = address.map_err(|error| error.to_string())?;
        for _ in 0..rng.random_range(1..=3) {
            record(&mut tablet, group, &mut rng)?;
            say_saved(&tablet, &mut said);
        }
        let mut link = Link::to(&address).map_err(|error| error.to_string())?;
        match tablet.sync_over(&mut link, &mut Aloud) {
            Ok(summary) => {
                Said::Synced { duplicates: summary.report.duplicate }.say();
            }
            Err(SyncError::Link(_)) => Said::Broken.say(),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

/// A meeting of one of a few days, so that many tablets write the same records.
fn record(tablet: &mut Device, group: GroupId, rng: &mut StdRng) -> Result<(), String> {
    let mark = *Attendance::ALL.choose(rng).expect("there are marks");
    let theme = *Theme::ALL.choose(rng).expect("there are themes");
    let details = Details {
        minutes: rng.random_range(30..=180).try_into().ok(),
        attendance: marks(&[rng.random_range(1..=PEOPLE)], mark),
        themes: [theme].into(),
        summary: rng.random_bool(0.1).then(|| format!("Note {}.", rng.random_range(0..100))),
        ..Details::default()
    };
    let date = day(rng.random_range(1..=9), rng.random_range(1..=28));
    let new = NewSession { date, part: PartOfDay::Morning, details };
    tablet.record_session(group, new).map(drop).map_err(|error| error.to_string())
}

/// Says each change of the outbox once: what is there is on the disk.
fn say_saved(tablet: &Device, said: &mut BTreeSet<Name>) {
    for waiting in tablet.tablet().outbox() {
        let name = (waiting.document, waiting.hash);
        if said.insert(name) {
            Said::Saved(name, *Digest::of(&waiting.change).as_bytes()).say();
        }
    }
}

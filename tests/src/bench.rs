//! What the service costs: its CPU time and memory as the operating system counts them, bytes as they travel, and how long people
//! wait, each beside a yardstick that is measured in the same run.
//!
//! A [`Stage`] is a service in a process of its own, on a database of its own, with an organisation, its groups and tablets.
//! [`syncing`] hands a thousand sessions in by one tablet and fetches them by another; [`load`] has hundreds of tablets sync at
//! once; [`totals`] asks for every total and [`questions`] every question with a name and the lists; [`growth`] asks and syncs again where there are as many sessions as in years, [`facts_alone`] asks where
//! there are the facts of more; [`raw`] merges the same
//! bytes by Automerge alone, and [`samod`] syncs the same documents by another engine. What is measured is a [`Figure`].

mod figure;
mod workload;
mod stage;
mod raw;
mod samod;
mod proxy;
mod syncing;
mod load;
mod totals;
mod questions;
mod growth;
mod facts_alone;

pub use figure::{Figure, Figures};
pub use stage::Stage;
pub use workload::Workload;

use std::path::Path;

use crate::database::{Database, OwnPostgres};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Sessions that one tablet hands in.
    pub sessions: usize,
    /// Tablets that sync at once, all in all and at the same time.
    pub tablets: usize,
    pub at_once: usize,
    /// How often a question is asked.
    pub asked: usize,
    /// Whether time is measured over a slow link, too.
    pub links: bool,
    /// To how many sessions a store is let grow, instead of all else.
    pub grown: Option<usize>,
    /// Of how many sessions there are facts, and nothing else, instead of all else.
    pub facts: Option<usize>,
}

impl Size {
    pub const WHOLE: Self = Self {
        sessions: 1_000,
        tablets: 300,
        at_once: 64,
        asked: 100,
        links: true,
        grown: None,
        facts: None,
    };
    pub const QUICK: Self =
        Self { sessions: 200, tablets: 60, at_once: 64, asked: 20, links: false, grown: None, facts: None };
}

/// Measures another sync engine, beside whatever store.
///
/// # Errors
/// In words, where it can't be built or does not start.
pub fn measure_beside(size: Size, figures: &mut Figures) -> Result<(), String> {
    let program = crate::program::yardstick()?;
    figures.on("");
    [Workload::PLAIN, Workload::REALISTIC]
        .into_iter()
        .try_for_each(|workload| samod::measure(&program, workload, size.sessions, figures))
}

/// Measures all of it, on one kind of store.
///
/// # Errors
/// In words, where the service does not start.
pub fn measure(postgres: bool, size: Size, service: &Path, figures: &mut Figures) -> Result<(), String> {
    let own = (postgres && std::env::var_os("IHURIRO_TEST_POSTGRES").is_none()).then(OwnPostgres::new);
    let database = || match &own {
        Some(own) => own.database(),
        None if postgres => Database::postgres(),
        None => Database::sqlite(),
    };
    figures.on(if postgres { "PostgreSQL" } else { "SQLite" });
    if let Some(sessions) = size.grown {
        let database = database();
        let mut stage = Stage::on(&database, service)?;
        growth::measure(size, sessions, &mut stage, &database.url, figures);
        return Ok(());
    }
    if let Some(sessions) = size.facts {
        let database = database();
        facts_alone::measure(size, sessions, &Stage::on(&database, service)?, &database.url, figures);
        return Ok(());
    }
    for workload in [Workload::PLAIN, Workload::REALISTIC] {
        let raw = raw::measure(workload, figures);
        syncing::measure(workload, size, &Stage::on(&database(), service)?, raw, figures);
    }
    let database = database();
    let mut stage = Stage::on(&database, service)?;
    load::measure(size, &mut stage, figures);
    totals::measure(size, &stage, figures);
    Ok(())
}

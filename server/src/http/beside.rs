//! What a service does beside answering. Several services of one store may do all of it at once.

use std::path::PathBuf;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::State;
use crate::access;
use crate::audit;
use crate::backup::erasures;
use crate::facts;
use crate::ledger::{self, CaughtUp, Compacted, Policy};
use crate::published::{self, Made};
use crate::retention::{self, Done};
use crate::sharing;
use crate::store::Store;

/// How often a running service looks whether a newer one has brought its database up to date.
const WATCH: Duration = Duration::from_secs(5);
/// Prometheus may never come; the numbers are folded together all the same.
const UPKEEP: Duration = Duration::from_secs(5);
/// How soon facts are counted that were too much at once, and sums added up.
const FACTS: Duration = Duration::from_secs(2);
/// How soon all members read what an organisation published.
const SHARING: Duration = Duration::from_secs(2);
/// How soon somebody who was erased is in the list that is kept beside backups.
const LIST: Duration = Duration::from_secs(1);
/// How soon what was noted is given its place in the audit log.
const AUDIT: Duration = Duration::from_secs(1);
/// How soon attempts to sign in that count no more are forgotten, and a service signs with a key that another made.
const TIDYING: Duration = Duration::from_secs(60);
/// How soon after the store was away.
const AGAIN: Duration = Duration::from_secs(60);
/// A service that has just started has other things to do first.
const FIRST_COMPACTION: Duration = Duration::from_secs(10 * 60);
const COMPACTION: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_RELEASES: Duration = Duration::from_secs(15 * 60);
const RELEASES: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_RETENTION: Duration = Duration::from_secs(20 * 60);
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Begins all of it. `behind` is whether rows of an earlier version are to be computed again.
pub(super) fn begin(state: &State, numbers: PrometheusHandle, behind: bool) -> Vec<JoinHandle<()>> {
    let store = || state.store.clone();
    vec![
        tokio::spawn(keep_numbers(numbers)),
        tokio::spawn(compact_daily(state.clone())),
        tokio::spawn(watch(store())),
        tokio::spawn(keep_facts(store())),
        tokio::spawn(keep_sharing(state.clone())),
        tokio::spawn(catch_up(store(), behind)),
        tokio::spawn(keep_audit(store())),
        tokio::spawn(tidy(state.clone())),
        tokio::spawn(publish_daily(state.clone())),
        tokio::spawn(retain_daily(state.clone())),
    ]
}

/// Begins to keep the list of erasures.
pub(super) fn list_erasures(state: &State, list: PathBuf) -> JoinHandle<()> {
    tokio::spawn(keep_erasures(state.store.clone(), list))
}

/// Keeps the list of erasures in step with the store.
async fn keep_erasures(store: Store, list: PathBuf) {
    let mut listed = None;
    loop {
        let counted = store.read("count erasures", ledger::count_erased).await.ok();
        if counted.is_some() && counted != listed {
            let (store, file) = (store.clone(), list.clone());
            let kept = actix_web::web::block(move || erasures::keep(&store, &file)).await;
            match kept {
                Ok(Ok(_)) => listed = counted,
                Ok(Err(error)) => tracing::warn!(%error, "the list of erasures was not written; tried again"),
                Err(_) => return,
            }
        }
        tokio::time::sleep(LIST).await;
    }
}

/// Folds the numbers for Prometheus together.
async fn keep_numbers(numbers: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        numbers.run_upkeep();
    }
}

/// Looks whether the database is still one for this program: the store remembers it, and refuses from then on.
async fn watch(store: Store) {
    loop {
        tokio::time::sleep(WATCH).await;
        // A store that is away is told by the requests that need it.
        let _ = store.ready().await;
    }
}

/// Computes rows of an earlier version again, until all are of this one.
async fn catch_up(store: Store, mut behind: bool) {
    while behind {
        match ledger::catch_up(&store).await {
            Ok(caught) => behind = caught == CaughtUp::Partly,
            Err(error) => {
                tracing::warn!(%error, "rows were not computed again; tried again in a minute");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Counts what was too much for whoever wrote it, and adds up what was added by parts.
async fn keep_facts(store: Store) {
    loop {
        tokio::time::sleep(FACTS).await;
        let done = async {
            facts::catch_up(&store).await?;
            facts::add_up(&store).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "facts were not added up; tried again in a minute");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Shares what organisations publish.
async fn keep_sharing(state: State) {
    loop {
        tokio::time::sleep(SHARING).await;
        if let Err(error) = sharing::share(&state.store, state.clock.now()).await {
            tracing::warn!(%error, "what organisations publish was not shared; tried again in a minute");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Gives what was noted its place in the audit log.
async fn keep_audit(store: Store) {
    loop {
        tokio::time::sleep(AUDIT).await;
        if let Err(error) = audit::sequence(&store).await {
            tracing::warn!(%error, "what was noted was given no place in the audit log; tried again in a minute");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Gives up old changes, soon after the start and then once a day.
async fn compact_daily(state: State) {
    let mut turn = tokio::time::interval_at(Instant::now() + FIRST_COMPACTION, COMPACTION);
    loop {
        turn.tick().await;
        match ledger::compact(&state.store, Policy::default(), state.clock.now()).await {
            Ok(Compacted { streams, changes, held: 0 }) => {
                tracing::info!(streams, changes, "gave up old changes")
            }
            Ok(Compacted { held, .. }) => {
                tracing::warn!(held, "documents lack changes; run `ihuriro verify`")
            }
            Err(error) => tracing::warn!(%error, "old changes were not given up; tried again tomorrow"),
        }
    }
}

/// Forgets what signing in left behind, makes another key for tokens where that is due, and learns of those that other services made.
async fn tidy(state: State) {
    loop {
        let tidied = async {
            access::tidy(&state.store, state.clock.now()).await?;
            state.tokens.learn(&state.store).await
        };
        if let Err(error) = tidied.await {
            tracing::warn!(%error, "signing in was not tidied up; tried again in a minute");
        }
        tokio::time::sleep(TIDYING).await;
    }
}

/// Makes the releases that are due, soon after the start and then once a day.
async fn publish_daily(state: State) {
    let mut turn = tokio::time::interval_at(Instant::now() + FIRST_RELEASES, RELEASES);
    loop {
        turn.tick().await;
        match published::publish(&state.store, state.clock.now()).await {
            Ok(made) => {
                for Made { release, organisations } in made {
                    tracing::info!(%release, organisations, "released");
                }
            }
            Err(error) => tracing::warn!(%error, "nothing was released; tried again tomorrow"),
        }
    }
}

/// Erases what is due, soon after the start and then once a day.
async fn retain_daily(state: State) {
    let mut turn = tokio::time::interval_at(Instant::now() + FIRST_RETENTION, RETENTION);
    loop {
        turn.tick().await;
        match retention::run(&state.store, state.clock.now()).await {
            Ok(Done { records, people, renamed, late, held }) => {
                let records: usize = records.values().sum();
                tracing::info!(records, people, renamed, late, "erased what was due");
                if held.people.is_some() {
                    tracing::warn!("somebody who asked to be erased could not be; run `ihuriro verify`");
                }
                if held.names.is_some() {
                    tracing::warn!("a session may still name somebody erased; run `ihuriro verify`");
                }
            }
            Err(error) => tracing::warn!(%error, "not all that is due was erased; tried again tomorrow"),
        }
    }
}

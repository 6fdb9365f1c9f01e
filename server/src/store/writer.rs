//! The one writer that SQLite has: many use cases under one commit, which is what costs the disk, each in a savepoint of its own, so
//! that one that fails fails alone.
//!
//! A thread of its own takes what waits, as much as came while it was busy. Where the transaction as a whole fails (a full disk, a
//! panic), each use case runs again alone, and hears what is its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use diesel::{Connection, SqliteConnection};
use tokio::sync::oneshot;
use tracing::Span;

use super::transaction::{PATIENCE, RETRIES, connection, outcome, pause};
use super::{Conn, Retry, Store, StoreError, sqlite};

/// How many use cases share one commit: whoever came first waits for the last.
const MOST: usize = 64;

/// Where use cases are handed in; clones share one writer. With the last of them it ends, and has closed its connections then.
#[derive(Clone)]
pub(super) struct Queue(Arc<Running>);

struct Running {
    /// None once it is to end.
    jobs: Option<Sender<Box<dyn Job>>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs = None;
        let Some(writer) = self.writer.take() else { return };
        // The last to hold a store may be the writer itself, with a use case that nobody waits for any longer.
        if writer.thread().id() != std::thread::current().id() {
            drop(writer.join());
        }
    }
}

impl Queue {
    /// Not if the writer has ended, which it does not while there is a queue.
    fn put(&self, job: Box<dyn Job>) -> bool {
        self.0.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }
}

/// A use case that waits for its turn.
pub(super) trait Job: Send {
    /// Runs it in a savepoint of the transaction that this connection is in.
    fn run(&mut self, connection: &mut SqliteConnection);
    /// Gives its answer. Where nothing was committed, that is why.
    fn done(self: Box<Self>, committed: Result<(), StoreError>);
    fn name(&self) -> &'static str;
}

struct Asked<F, T, E> {
    name: &'static str,
    store: Store,
    span: Span,
    case: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<(F, Result<T, E>)>,
}

impl<F, T, E> Job for Asked<F, T, E>
where
    F: Fn(&mut Conn<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, connection: &mut SqliteConnection) {
        let Self { store, span, case, .. } = self;
        let _entered = span.enter();
        let mut failed = None;
        let result = connection.transaction(|c| {
            store.written(&mut Conn::Sqlite(c), case).map_err(|error: E| {
                failed = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        // What the case says is why it failed, whatever rolling back says after it.
        self.result =
            Some(result.map_err(|error| failed.unwrap_or_else(|| E::from(StoreError::from(error)))));
    }

    fn done(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            // It failed by itself, or all is well.
            (Some(result @ Err(_)), _) | (Some(result), Ok(())) => result,
            (_, Err(error)) => Err(E::from(error)),
            (None, Ok(())) => Err(E::from(StoreError::Stopped(self.name))),
        };
        // Whoever asked may have gone away.
        drop(self.answer.send((self.case, result)));
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

/// Starts the writer of a database.
pub(super) fn start(pool: r2d2::Pool<sqlite::Files>, turn: Arc<Mutex<()>>) -> std::io::Result<Queue> {
    let (queue, jobs) = channel();
    let writer =
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || work(&jobs, &pool, &turn))?;
    Ok(Queue(Arc::new(Running { jobs: Some(queue), writer: Some(writer) })))
}

fn work(jobs: &Receiver<Box<dyn Job>>, pool: &r2d2::Pool<sqlite::Files>, turn: &Mutex<()>) {
    while let Ok(first) = jobs.recv() {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = vec![first];
        all.extend(std::iter::from_fn(|| jobs.try_recv().ok()).take(MOST - 1));
        if commit(pool, &mut all).is_ok() {
            all.into_iter().for_each(|job| job.done(Ok(())));
            continue;
        }
        for job in all {
            let mut alone = [job];
            let committed = commit(pool, &mut alone);
            let [job] = alone;
            job.done(committed);
        }
    }
}

/// Runs use cases in one transaction.
fn commit(pool: &r2d2::Pool<sqlite::Files>, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let name = jobs.first().map_or("nothing", |job| job.name());
    // A connection that a panic passes through is given up, and with it what it had begun.
    let committed = catch_unwind(AssertUnwindSafe(|| {
        let mut connection = connection(pool)?;
        let connection: &mut SqliteConnection = &mut connection;
        connection
            .immediate_transaction(|c| {
                jobs.iter_mut().for_each(|job| job.run(c));
                Ok(())
            })
            .map_err(|error: diesel::result::Error| StoreError::from(error))
    }));
    committed.unwrap_or(Err(StoreError::Stopped(name)))
}

impl Store {
    /// Hands a use case to the writer, again where it lost a race.
    pub(super) async fn queued<T, E, F>(&self, queue: &Queue, name: &'static str, mut case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Retry + Send + 'static,
        F: Fn(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    {
        self.version.check()?;
        let (started, mut lost) = (Instant::now(), 0);
        let result = loop {
            let (answer, answered) = oneshot::channel();
            let (store, span) = (self.clone(), Span::current());
            let asked = Asked { name, store, span, case, result: None, answer };
            if !queue.put(Box::new(asked)) {
                break Err(E::from(StoreError::Stopped(name)));
            }
            let Ok((again, result)) = answered.await else {
                break Err(E::from(StoreError::Stopped(name)));
            };
            match result {
                Err(error) if error.retry() && lost < RETRIES && started.elapsed() < PATIENCE => {
                    lost += 1;
                    case = again;
                    metrics::counter!("ihuriro_store_retries_total", "name" => name).increment(1);
                    tracing::debug!(name, lost, "running again");
                    tokio::time::sleep(pause(lost)).await;
                }
                result => break result,
            }
        };
        outcome(name, &result, started);
        result
    }
}

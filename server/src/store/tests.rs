//! Rules of the store itself, on SQLite and on the PostgreSQL that `IHURIRO_TEST_POSTGRES` names; `tests/run` starts
//! one. Where it is missing they fail.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use diesel::prelude::*;
use sync_core::id::{Id, OrganisationId};
use sync_core::time::Millis;
use tempfile::TempDir;
use uuid::Uuid;

use super::schema::organisations;
use super::*;
use crate::on_each;

/// A SQLite store that was never migrated; its folder goes with it.
pub(crate) fn empty() -> (Store, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("test.db").to_string_lossy()).expect("a new file opens");
    (store, folder)
}

/// A migrated SQLite store; its folder goes with it.
pub(crate) fn fresh() -> (Store, TempDir) {
    let (store, folder) = empty();
    store.migrate_blocking().expect("a new file migrates");
    (store, folder)
}

/// A PostgreSQL store, in a schema of its own, that was never migrated.
pub(crate) fn empty_postgres() -> Store {
    let url =
        std::env::var("IHURIRO_TEST_POSTGRES").expect("run these by tests/run, which starts a PostgreSQL");
    let schema = format!("test_{}", Uuid::now_v7().simple());
    let create = format!("CREATE SCHEMA {schema}");
    let store = Store::open(&url).expect("PostgreSQL answers");
    store
        .write_blocking("schema", |tx| -> Result<usize, StoreError> {
            on_each!(tx, |c| diesel::sql_query(&create).execute(c))
        })
        .expect("a schema of its own");
    let separator = if url.contains('?') { '&' } else { '?' };
    Store::open(&format!("{url}{separator}options=-csearch_path%3D{schema}")).expect("PostgreSQL answers")
}

/// A migrated PostgreSQL store in a schema of its own.
pub(crate) fn fresh_postgres() -> Store {
    let store = empty_postgres();
    store.migrate_blocking().expect("PostgreSQL migrates");
    store
}

/// SQLite, then PostgreSQL.
fn each_store(test: impl Fn(&Store)) {
    let (store, _folder) = fresh();
    test(&store);
    test(&fresh_postgres());
}

fn insert(tx: &mut Conn<'_>, code: &str) -> Result<OrganisationId, StoreError> {
    let id = OrganisationId::from_uuid(Uuid::now_v7());
    on_each!(tx, |c| diesel::insert_into(organisations::table)
        .values((
            organisations::id.eq(Db(id)),
            organisations::code.eq(code),
            organisations::name.eq("Aegis"),
            organisations::created_at.eq(At(Millis(-5))),
        ))
        .execute(c))?;
    Ok(id)
}

fn count(store: &Store, code: &str) -> i64 {
    store
        .read_blocking("count", |tx| -> Result<i64, StoreError> {
            on_each!(tx, |c| organisations::table.filter(organisations::code.eq(code)).count().get_result(c))
        })
        .expect("a count")
}

fn unique() -> String {
    Uuid::now_v7().to_string()
}

#[test]
fn ids_and_times_come_back_as_they_went_in() {
    each_store(|store| {
        let code = unique();
        let id = store.write_blocking("insert", |tx| insert(tx, &code)).expect("an insert");
        let (found, at): (Db<OrganisationId>, At) = store
            .read_blocking("find", |tx| -> Result<_, StoreError> {
                on_each!(tx, |c| organisations::table
                    .find(Db(id))
                    .select((organisations::id, organisations::created_at))
                    .first(c))
            })
            .expect("a row");
        assert_eq!((found.0, at.0), (id, Millis(-5)));
    });
}

#[test]
fn an_error_leaves_nothing_behind() {
    each_store(|store| {
        let code = unique();
        let result = store.write_blocking("half", |tx| {
            insert(tx, &code)?;
            Err::<(), _>(StoreError::Damaged("half way"))
        });
        assert!(matches!(result, Err(StoreError::Damaged(_))));
        assert_eq!(count(store, &code), 0);
    });
}

#[test]
fn a_read_cannot_write_on_postgres_and_a_panic_rolls_back() {
    each_store(|store| {
        let code = unique();
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.write_blocking("panic", |tx| -> Result<(), StoreError> {
                insert(tx, &code)?;
                panic!("on purpose")
            })
        }));
        assert!(panics.is_err());
        assert_eq!(count(store, &code), 0);
        if store.kind() == "PostgreSQL" {
            assert!(store.read_blocking("write in a read", |tx| insert(tx, &code)).is_err());
        }
        store.write_blocking("after", |tx| insert(tx, &code)).expect("the store works on");
    });
}

#[test]
fn who_lost_a_race_runs_again_and_who_always_loses_hears_it() {
    each_store(|store| {
        let runs = AtomicU32::new(0);
        let answer = store.write_blocking("race", |_| match runs.fetch_add(1, Ordering::SeqCst) {
            0..3 => Err(StoreError::Raced),
            run => Ok(run),
        });
        assert_eq!(answer.expect("won at last"), 3);
        let lost = store.write_blocking("always", |_| Err::<(), _>(StoreError::Raced));
        assert!(matches!(lost, Err(StoreError::Raced)));
    });
}

#[test]
fn many_writers_at_once_all_get_their_turn() {
    each_store(|store| {
        let code = unique();
        let start = Barrier::new(12);
        std::thread::scope(|threads| {
            for n in 0..12 {
                let (start, code) = (&start, &code);
                threads.spawn(move || {
                    start.wait();
                    for i in 0..5 {
                        store
                            .write_blocking("turn", |tx| insert(tx, &format!("{code}/{n}/{i}")))
                            .expect("a turn");
                    }
                });
            }
        });
        let written = store
            .read_blocking("count", |tx| -> Result<i64, StoreError> {
                on_each!(tx, |c| organisations::table
                    .filter(organisations::code.like(format!("{code}/%")))
                    .count()
                    .get_result(c))
            })
            .expect("a count");
        assert_eq!(written, 60);
    });
}

#[test]
fn migrating_again_or_at_the_same_time_keeps_one_identity() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = Arc::new(folder.path().join("race.db").to_string_lossy().into_owned());
    let epochs: Vec<_> = std::thread::scope(|threads| {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = Arc::clone(&url);
                threads.spawn(move || {
                    let store = Store::open(&url).expect("it opens");
                    store.migrate_blocking().expect("it migrates");
                    store.migrate_blocking().expect("it migrates again");
                    let identity =
                        |tx: &mut Conn<'_>| Ok((identity::epoch(tx)?, token_keys::all(tx)?[0].seed));
                    store.read_blocking::<_, StoreError, _>("identity", identity).expect("an identity")
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });
    assert!(epochs.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_store_that_was_never_migrated_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("empty.db").to_string_lossy()).expect("it opens");
    let missing = store.read_blocking("epoch", identity::epoch);
    assert!(matches!(missing, Err(StoreError::Query(_) | StoreError::Damaged(_))));
}

#[test]
fn a_file_that_is_not_there_is_not_made_where_one_must_be() {
    let (_, folder) = fresh();
    let url = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    assert!(matches!(Store::open_existing(&url("tset.db")), Err(StoreError::Away(_))));
    assert!(!folder.path().join("tset.db").exists());
    Store::open_existing(&url("test.db")).expect("it is there");
}

#[actix_web::test]
async fn a_use_case_that_panics_is_an_error_of_the_store() {
    let (store, _folder) = tokio::task::spawn_blocking(fresh).await.expect("a store");
    let stopped = store.write("panics", |_| -> Result<(), StoreError> { panic!("on purpose") }).await;
    assert!(matches!(stopped, Err(StoreError::Stopped("panics"))));
    let epoch = store.read("epoch", identity::epoch).await;
    assert!(epoch.is_ok());
}

/// On SQLite they wait together behind one, and share a commit.
#[actix_web::test]
async fn of_many_that_write_together_each_that_fails_fails_alone() {
    let stores =
        tokio::task::spawn_blocking(|| [fresh(), (fresh_postgres(), tempfile::tempdir().expect("a folder"))]);
    for (store, _folder) in stores.await.expect("stores") {
        let code = unique();
        let (go, wait) = std::sync::mpsc::channel();
        let wait = Mutex::new(wait);
        let of_first = store.clone();
        let first = actix_web::rt::spawn(async move {
            let case = move |_: &mut Conn<'_>| {
                let _ = wait.lock().expect("nobody panics with it").recv();
                Ok::<_, StoreError>(())
            };
            of_first.write("first", case).await
        });
        let lost = Arc::new(AtomicU32::new(0));
        let each = (0..30).map(|number| {
            let (code, lost, store) = (format!("{code}/{number}"), Arc::clone(&lost), store.clone());
            let case = move |tx: &mut Conn<'_>| {
                insert(tx, &code)?;
                match number {
                    7 => panic!("on purpose"),
                    8 if lost.fetch_add(1, Ordering::SeqCst) < 2 => Err(StoreError::Raced),
                    number if number % 3 == 0 => Err(StoreError::Damaged("this one")),
                    // The same again: refused by the database itself.
                    10 => insert(tx, &code).map(drop),
                    _ => Ok(()),
                }
            };
            actix_web::rt::spawn(async move { store.write("one of many", case).await })
        });
        let all: Vec<_> = each.collect();
        let release = actix_web::rt::spawn(async move { go.send(()) });
        release.await.expect("it ends").expect("it is waited for");
        first.await.expect("it ends").expect("it waited, and is done");
        for (number, asked) in all.into_iter().enumerate() {
            let result: Result<(), StoreError> = asked.await.expect("it ends");
            let (counting, code) = (store.clone(), format!("{code}/{number}"));
            let there = tokio::task::spawn_blocking(move || count(&counting, &code)).await.expect("a count");
            let fits = match number {
                7 => matches!(result, Err(StoreError::Stopped(_))),
                10 => matches!(result, Err(StoreError::Query(_))),
                number if number % 3 == 0 => matches!(result, Err(StoreError::Damaged(_))),
                _ => result.is_ok(),
            };
            assert!(fits, "{} {number}: {result:?}", store.kind());
            assert_eq!(there, i64::from(result.is_ok()), "{} {number}", store.kind());
        }
    }
}

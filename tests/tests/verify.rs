//! A store that is silently wrong: each kind of damage is named, and nothing else is.

use std::sync::Barrier;

use diesel::prelude::*;
use serde_json::Value;
use server::ledger::{Rebuilt, rebuild};
use server::on_each;
use server::store::schema::{
    attendances, batches, changes, conflict_claims, devices, documents, doubt_sums, fact_doubts, fact_sums,
    facts, groups, participants, people_sums, person_months, quarantine, sessions, strata, streams,
};
use server::store::{At, Conn, Db, Store, StoreError};
use server::verify::{Checked, verify};
use sync_core::document::Document;
use sync_core::id::{BatchId, DocumentId, SessionId};
use sync_core::record::Kind;
use sync_core::record::session::Attendance;
use sync_core::time::Millis;
use tablet::recording::Details;
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};
use tokio::runtime::Runtime;

/// What is wrong, a line for each thing.
fn wrong(store: &Store) -> (Checked, Vec<String>) {
    let mut found = Vec::new();
    let checked = verify(store, &mut |finding| found.push(finding.to_string())).expect("it can be read");
    (checked, found)
}

fn rebuilt(store: &Store) -> Rebuilt {
    Runtime::new().expect("a runtime").block_on(rebuild(store)).expect("it is rebuilt")
}

fn came(people: &[usize], minutes: i64) -> Details {
    let minutes = minutes.try_into().expect("in range");
    Details { minutes: Some(minutes), attendance: marks(people, Attendance::Present), ..Details::default() }
}

/// Twelve meetings, one of them recorded twice, and work that was quarantined: released, and waiting.
fn story(app: &TestApp, people: usize) -> (Village, Vec<SessionId>) {
    let village = Village::of(app, "aegis");
    village.group("Abahuza", "dialogue_club");
    let mut jeanne = village.facilitator_with_tablet(app, "jeanne");
    let mut paul = village.facilitator_with_tablet(app, "paul");
    people_join(&mut jeanne, village.group, people);
    let sync = |both: &mut [&mut tablet::device::Device]| {
        for tablet in both {
            tablet.sync(&mut ()).expect("a sync");
        }
    };
    sync(&mut [&mut jeanne, &mut paul]);
    let met: Vec<SessionId> =
        (1..=12).map(|date| record(&mut jeanne, village.group, day(3, date), came(&[1, 2], 90))).collect();
    record(&mut paul, village.group, day(3, 1), came(&[1], 60));
    sync(&mut [&mut jeanne, &mut paul]);
    village.unassign(paul.tablet().user(), village.group);
    record(&mut paul, village.group, day(3, 20), came(&[1], 60));
    record(&mut paul, village.group, day(3, 21), came(&[1], 60));
    sync(&mut [&mut paul]);
    let waiting = village.manager.all("/v1/quarantine");
    assert_eq!(waiting.len(), 2);
    let release = format!("/v1/quarantine/{}/release", waiting[0]["id"].as_str().expect("an id"));
    village.manager.post(&release, &Value::Null).ok();
    (village, met)
}

#[test]
fn a_sound_store_has_nothing_to_name_and_nothing_to_change() {
    Database::each(|database| {
        let app = TestApp::on(database);
        // More than are read at a time.
        story(&app, 210);
        let (checked, found) = wrong(app.store());
        assert_eq!(found, Vec::<String>::new());
        // Besides the groups, the organisation and the partnership have a stream.
        assert_eq!((checked.streams, checked.documents, checked.quarantined), (4, 225, 2), "{checked:?}");
        assert!(checked.changes > checked.documents && checked.batches >= 4, "{checked:?}");
        assert_eq!(rebuilt(app.store()), Rebuilt { documents: 225, mended: 0, unreadable: 0, facts: 0 });
    });
}

#[test]
fn a_store_that_is_written_to_meanwhile_raises_no_false_alarm() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 2);
        let start = Barrier::new(2);
        std::thread::scope(|threads| {
            let writing = threads.spawn(|| {
                start.wait();
                for date in 1..=15 {
                    record(&mut jeanne, village.group, day(3, date), came(&[1, 2], 90));
                    jeanne.sync(&mut ()).expect("a sync");
                }
            });
            start.wait();
            for _ in 0..10 {
                assert_eq!(wrong(app.store()).1, Vec::<String>::new());
                assert_eq!(rebuilt(app.store()).mended, 0);
            }
            writing.join().expect("it all syncs");
        });
    });
}

#[test]
fn rows_that_are_not_those_of_their_documents_are_named_and_mended() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, met) = story(&app, 2);
        let lists = || {
            ["sessions", "participants", "conflicts"].map(|list| village.manager.all(&format!("/v1/{list}")))
        };
        let before = lists();
        let stray = (
            participants::id.eq(Db(met[3])),
            participants::group_id.eq(Db(village.group)),
            participants::code.eq("P77"),
            participants::consents.eq(true),
            participants::erased.eq(false),
            participants::conflicts.eq(0),
            participants::was_in_conflict.eq(false),
        );
        let damage = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            on_each!(tx, |c| {
                diesel::update(sessions::table.find(Db(met[1]))).set(sessions::minutes.eq(5)).execute(c)?;
                let marks = attendances::table.filter(attendances::session_id.eq(Db(met[2])));
                diesel::delete(marks).execute(c)?;
                diesel::insert_into(participants::table).values(stray).execute(c)?;
                diesel::update(conflict_claims::table).set(conflict_claims::value.eq("5")).execute(c)?;
                diesel::delete(groups::table.filter(groups::name.eq("Abahuza"))).execute(c)
            })
        };
        app.store().write_blocking("damage", damage).expect("damaged");
        let (_, found) = wrong(app.store());
        // With who came to one session, what it looks like is lost too, and of the other of the pair that is found. What was
        // counted of the group is not what its rows say now.
        assert_eq!(found.len(), 7, "{found:?}");
        assert!(found.iter().any(|line| line.contains("its facts are not")), "{found:?}");
        for session in [met[0], met[1], met[2], met[3]] {
            let named = format!("document {session}: its rows are not");
            assert!(found.iter().any(|line| line.starts_with(&named)), "{named}: {found:?}");
        }
        let Rebuilt { documents, mended, unreadable, .. } = rebuilt(app.store());
        assert_eq!((documents, unreadable), (17, 0));
        assert!(
            (5..=6).contains(&mended),
            "{mended}, as the first of the pair comes before the other or after it"
        );
        assert_eq!(wrong(app.store()).1, Vec::<String>::new());
        assert_eq!(lists(), before);
        assert_eq!(rebuilt(app.store()).mended, 0);
    });
}

#[test]
fn what_was_counted_wrong_is_named_and_mended() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, _) = story(&app, 3);
        let totals = || ["by=sex,month", "by=village,year"].map(|by| village.aggregates(by));
        let before = totals();
        type Damages = [fn(&mut Conn<'_>) -> Result<usize, StoreError>; 7];
        app.run(server::facts::add_up(app.store())).expect("it is added up");
        let damages: Damages = [
            |tx| on_each!(tx, |c| diesel::update(facts::table).set(facts::attendances.eq(77)).execute(c)),
            |tx| on_each!(tx, |c| diesel::delete(person_months::table).execute(c)),
            |tx| on_each!(tx, |c| diesel::delete(fact_doubts::table).execute(c)),
            |tx| on_each!(tx, |c| diesel::update(strata::table).set(strata::area.eq("99999999")).execute(c)),
            |tx| on_each!(tx, |c| diesel::delete(fact_sums::table).execute(c)),
            |tx| {
                let coarse = people_sums::table.filter(people_sums::level.lt(30));
                on_each!(tx, |c| diesel::update(coarse).set(people_sums::people.eq(77)).execute(c))
            },
            |tx| on_each!(tx, |c| diesel::update(doubt_sums::table).set(doubt_sums::void.eq(77)).execute(c)),
        ];
        for damage in damages {
            assert_ne!(app.store().write_blocking("damage", damage).expect("damaged"), 0);
            let found = wrong(app.store()).1;
            let named = |line: &String| {
                line.contains(": its facts are not") || line.starts_with("the sums of facts over groups")
            };
            assert!(!found.is_empty() && found.iter().all(named), "{found:?}");
            let Rebuilt { mended, facts, .. } = rebuilt(app.store());
            assert!(mended == 0 && facts > 0, "{mended} rows, {facts} facts");
            assert_eq!(wrong(app.store()).1, Vec::<String>::new());
            assert_eq!(totals(), before);
        }
    });
}

/// Damages a store, one thing after the other, and looks at what is newly found.
struct Damage<'a> {
    store: &'a Store,
    known: Vec<String>,
}

impl Damage<'_> {
    /// Every expected line is found, and no other; `*` at the end stands for anything.
    #[track_caller]
    fn finds(&mut self, damage: impl Fn(&mut Conn<'_>) -> Result<usize, StoreError>, expected: &[String]) {
        assert_ne!(self.store.write_blocking("damage", damage).expect("damaged"), 0, "something was there");
        let (checked, found) = wrong(self.store);
        assert_eq!(checked.findings, found.len() as u64);
        let fresh: Vec<&String> = found.iter().filter(|line| !self.known.contains(line)).collect();
        let fits = |line: &String, wanted: &String| line.contains(wanted.as_str());
        for wanted in expected {
            assert!(fresh.iter().any(|line| fits(line, wanted)), "{wanted}: {fresh:?}");
        }
        for line in &fresh {
            assert!(expected.iter().any(|wanted| fits(line, wanted)), "{line}: not expected");
        }
        self.known = found;
    }
}

/// The number of a meeting's first change in its stream, and the batch that it came with.
fn first_change(store: &Store, session: SessionId) -> (i64, BatchId) {
    let find = |tx: &mut Conn<'_>| -> Result<(i64, Option<Db<BatchId>>), StoreError> {
        let of = changes::table.filter(changes::document_id.eq(Db(session)));
        on_each!(tx, |c| of.order(changes::seq).select((changes::seq, changes::batch_id)).first(c))
    };
    let (seq, batch) = store.read_blocking("find", find).expect("it is there");
    (seq, batch.expect("from a tablet").0)
}

#[test]
fn each_kind_of_damage_is_named_and_nothing_else() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, met) = story(&app, 2);
        let store = app.store();
        let mut damage = Damage { store, known: Vec::new() };
        let doc = |session: SessionId, says: &str| format!("document {session}: {says}");
        let number = |session: SessionId, says: &str| {
            format!("change number {} of stream {}: {says}", first_change(store, session).0, village.group)
        };
        let of = |session: SessionId| documents::table.find(Db(DocumentId::from(session)));
        let change_of = |session: SessionId| {
            changes::table
                .filter(changes::stream_id.eq(Db(village.group)))
                .filter(changes::seq.eq(first_change(store, session).0))
        };

        // Documents.
        let heads = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(of(met[1])).set(documents::heads.eq(vec![1_u8])).execute(c))
        };
        damage.finds(heads, &[doc(met[1], "its heads are not those that are noted")]);
        let fingerprint = format!("stream {}: its fingerprint is not", village.group);
        let sum = |tx: &mut Conn<'_>| {
            let stream = streams::table.find(Db(village.group));
            on_each!(tx, |c| diesel::update(stream).set(streams::fingerprint.eq(vec![0; 16])).execute(c))
        };
        damage.finds(sum, &[fingerprint]);
        let garbage = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(of(met[2])).set(documents::snapshot.eq(vec![7; 99])).execute(c))
        };
        damage.finds(garbage, &[doc(met[2], "it does not open")]);
        assert_eq!(rebuilt(store).unreadable, 1);
        let elsewhere = |tx: &mut Conn<'_>| {
            let abahuza = groups::table.filter(groups::name.eq("Abahuza")).select(groups::id);
            on_each!(tx, |c| {
                let stream: Vec<u8> = abahuza.first(c)?;
                diesel::update(of(met[3])).set(documents::stream_id.eq(stream)).execute(c)
            })
        };
        damage.finds(
            elsewhere,
            &[
                doc(met[3], "its record belongs to another stream"),
                number(met[3], "its document is in another stream"),
                number(met[3], "its batch does not list it"),
                "its fingerprint is not".to_owned(),
            ],
        );
        let unwritten = first_change(store, met[4]);
        let emptied = |tx: &mut Conn<'_>| {
            let snapshot = Document::genesis(Kind::Session).save();
            on_each!(tx, |c| diesel::update(of(met[4])).set(documents::snapshot.eq(&snapshot)).execute(c))
        };
        damage.finds(
            emptied,
            &[
                doc(met[4], "its heads are not"),
                doc(met[4], "its record is not as the data dictionary says"),
                format!(
                    "change number {} of stream {}: its document does not hold it",
                    unwritten.0, village.group
                ),
            ],
        );

        // The log.
        let bytes = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(change_of(met[5])).set(changes::bytes.eq(vec![1_u8])).execute(c))
        };
        damage.finds(bytes, &[number(met[5], "its bytes are not those that its document holds")]);
        let hash = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(change_of(met[6]))
                .set(changes::hash.eq(vec![1_u8; 32]))
                .execute(c))
        };
        let unknown = format!("of document {}: the log does not have it", met[6]);
        damage.finds(hash, &[number(met[6], "its document does not hold it"), unknown]);
        let author = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(change_of(met[7])).set(changes::incarnation.eq(9)).execute(c))
        };
        damage.finds(author, &[number(met[7], "its author is not the one that wrote it")]);
        let unsigned = first_change(store, met[8]);
        let batch = |tx: &mut Conn<'_>| {
            let others = batches::table.filter(batches::id.ne(Db(unsigned.1))).select(batches::id);
            on_each!(tx, |c| {
                let other: Vec<u8> = others.order(batches::id).first(c)?;
                diesel::update(change_of(met[8])).set(changes::batch_id.eq(other)).execute(c)
            })
        };
        damage.finds(batch, &[number(met[8], "its batch does not list it")]);
        let missing = number(met[9], "it is missing; streams have no gaps");
        let gone = |tx: &mut Conn<'_>| {
            let all = changes::table.filter(changes::document_id.eq(Db(met[9])));
            on_each!(tx, |c| diesel::delete(all).execute(c))
        };
        damage.finds(gone, &[missing, format!("of document {}: the log does not have it", met[9])]);
        let last = |tx: &mut Conn<'_>| {
            let stream = streams::table.find(Db(village.group));
            let more = streams::last_seq.eq(streams::last_seq + 1);
            on_each!(tx, |c| diesel::update(stream).set(more).execute(c))
        };
        damage.finds(last, &[format!("stream {}: its last number is not", village.group)]);

        // What was quarantined.
        let waits = quarantine::table.filter(quarantine::released_at.is_null());
        let released = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(waits).set(quarantine::released_at.eq(At(Millis(5)))).execute(c))
        };
        damage.finds(released, &["it was released, but its document does not hold it".to_owned()]);
        let reason = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(quarantine::table).set(quarantine::reason.eq("mood")).execute(c))
        };
        damage.finds(reason, &["that was quarantined: its reason is none that there is".to_owned()]);
        let bytes = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| diesel::update(quarantine::table)
                .set(quarantine::bytes.eq(vec![5_u8]))
                .execute(c))
        };
        damage.finds(
            bytes,
            &[
                "that was quarantined: its digest is not that of its bytes".to_owned(),
                "that was quarantined: its batch does not list it".to_owned(),
                "it was released, but its document does not hold it".to_owned(),
            ],
        );

        // What was signed.
        let signed = first_change(store, met[10]).1;
        let device = |tx: &mut Conn<'_>| {
            let batch = batches::table.find(Db(signed));
            on_each!(tx, |c| {
                let of: Vec<u8> = batch.select(batches::device_id).first(c)?;
                let others = devices::table.filter(devices::id.ne(of)).select(devices::id);
                let other: Vec<u8> = others.first(c)?;
                diesel::update(batch).set(batches::device_id.eq(other)).execute(c)
            })
        };
        damage.finds(
            device,
            &[
                format!("batch {signed}: its statement is that of another batch or tablet"),
                format!("batch {signed}: its signature does not match the key of its tablet"),
            ],
        );
        let statement = |tx: &mut Conn<'_>| {
            let batch = batches::table.find(Db(signed));
            on_each!(tx, |c| diesel::update(batch).set(batches::statement.eq(vec![1_u8])).execute(c))
        };
        damage.finds(
            statement,
            &[
                format!("batch {signed}: its statement can't be read"),
                "its batch does not list it".to_owned(),
            ],
        );
        let sound = format!("batch {signed}");
        let key = |tx: &mut Conn<'_>| {
            on_each!(tx, |c| {
                let ids: Vec<Vec<u8>> = devices::table.select(devices::id).load(c)?;
                let mut changed = 0;
                for (number, id) in (1_u8..).zip(ids) {
                    let key = devices::public_key.eq(vec![number; 32]);
                    changed += diesel::update(devices::table.find(id)).set(key).execute(c)?;
                }
                Ok(changed)
            })
        };
        damage.finds(key, &["its signature does not match the key of its tablet".to_owned()]);
        let others = damage.known.iter().filter(|line| line.contains("its signature does not match"));
        assert!(others.filter(|line| !line.contains(&sound)).count() >= 3, "{:?}", damage.known);
    });
}

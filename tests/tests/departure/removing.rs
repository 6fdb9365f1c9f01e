//! What is left once an organisation left: nothing that it recorded, and no name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::prelude::*;
use server::access::Role;
use server::backup::{Backup, backup, make_key};
use server::departure::{Leaving, Refused};
use server::ledger;
use server::on_each;
use server::published::publish;
use server::register::organisations::{self, NewOrganisation};
use server::retention;
use server::store::schema::{documents, facts, person_months, published_nodes, quarantine};
use server::store::{Conn, Db, Failure, Store, StoreError};
use server::verify::verify;
use sync_core::id::GroupId;
use sync_core::record::participant::{ConsentMethod, Purpose};
use sync_core::record::{AgeBand, Sex};
use tablet::recording::{Consent, NewParticipant};
use tempfile::TempDir;

use super::*;

const DAY_MINUTES: i64 = 24 * 60;

impl Scene {
    fn exported(&self) -> TempDir {
        let shelf = tempfile::tempdir().expect("a folder");
        self.export(&shelf.path().join("aegis")).expect("an export");
        shelf
    }

    fn remove(&self, shelf: &TempDir) -> Result<usize, Refused> {
        let leaving = Leaving::of(self.app.store(), "aegis", &shelf.path().join("aegis"))?;
        leaving.remove(self.app.store(), START)
    }
}

pub(super) fn is_sound(store: &Store) {
    let mut found = Vec::new();
    verify(store, &mut |finding| found.push(finding.to_string())).expect("the store answers");
    assert_eq!(found, Vec::<String>::new());
}

/// How many facts the store has of a group, and how many of its documents are no tombstones.
pub(super) fn left_of(store: &Store, group: GroupId) -> (i64, usize) {
    let count = |tx: &mut Conn<'_>| -> Result<(i64, usize), StoreError> {
        let facts: i64 = on_each!(tx, |c| {
            let facts: i64 = facts::table.filter(facts::group_id.eq(Db(group))).count().get_result(c)?;
            let people = person_months::table.filter(person_months::group_id.eq(Db(group)));
            let people: i64 = people.count().get_result(c)?;
            Ok(facts + people)
        })?;
        let heads: Vec<Vec<u8>> = on_each!(tx, |c| documents::table
            .filter(documents::stream_id.eq(Db(group)))
            .select(documents::heads)
            .load(c))?;
        let tombstones: Vec<Vec<u8>> =
            sync_core::record::Kind::ALL.iter().map(|kind| ledger::tombstone_heads(*kind)).collect();
        Ok((facts, heads.iter().filter(|heads| !tombstones.contains(heads)).count()))
    };
    store.read_blocking("test", count).expect("the store answers")
}

#[test]
fn all_that_was_exported_is_gone_and_others_are_as_they_were() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let theirs = scene.other.aggregates("");
        let store = scene.app.store().clone();
        scene.app.user("secretariat", Role::Secretariat, None);
        let secretary = scene.app.login("secretariat");
        let service = json!({"name": "Aegis counselling", "kind": "social", "area": "52", "phone": "3029",
            "organisation_id": scene.village.organisation.to_string()});
        let service = secretary.post("/v1/services", &service).ok();
        assert_ne!(left_of(&store, scene.village.group), (0, 0));
        let shelf = scene.exported();
        assert_eq!(scene.remove(&shelf).expect("it is removed"), 7);
        assert_eq!(left_of(&store, scene.village.group), (0, 0));
        is_sound(&store);
        let rebuilt = scene.app.run(ledger::rebuild(&store)).expect("it is rebuilt");
        assert_eq!((rebuilt.mended, rebuilt.facts), (0, 0));
        assert_eq!(scene.other.aggregates(""), theirs);
        assert_eq!(scene.other.manager.all("/v1/sessions").len(), 1);
        // Nobody of theirs signs in, and their code is given to nobody else.
        assert!(!scene.app.has("manager.aegis") && scene.app.has("manager.nar"));
        assert_eq!(scene.village.manager.get("/v1/groups").status, 403);
        let listed = scene.other.manager.all("/v1/organisations");
        let left = listed.iter().find(|one| one["code"] == "aegis").expect("its row stays");
        assert_eq!(left["left_at"], "2026-03-05T08:00:00Z");
        let again = NewOrganisation { code: "aegis".into(), name: "Another".into() };
        let moment = scene.app.clock.moment();
        let put = store.write_blocking("test", |tx| organisations::create(tx, &again, &moment));
        assert!(matches!(put, Err(Failure::Refused(organisations::OrganisationRefused::CodeTaken))));
        // Nobody is sent to them any more.
        let address = format!("/v1/services/{}", service["id"].as_str().expect("an id"));
        assert_eq!(
            (&service["ended"], secretary.get(&address).ok()["ended"].as_str()),
            (&Value::Null, Some("2026-03-05"))
        );
        // Their tablets hear of it, and hold nothing any more.
        for tablet in [&mut scene.hers, &mut scene.his] {
            let report = tablet.sync(&mut ()).expect("a sync").report;
            assert!(report.revoked, "{report:?}");
            assert!(tablet.tablet().all::<Session>(scene.village.group.into()).is_empty());
        }
        is_sound(&store);

        let desk = tempfile::tempdir().expect("a folder");
        let (key, file) = (desk.path().join("key"), desk.path().join("backup"));
        let public = make_key(&key).expect("a key");
        backup(&store, &file, &[public], START).expect("a backup");
        let elsewhere = Store::open(&database.another().url).expect("it opens");
        Backup::open(&file, &key).expect("it opens").restore(&elsewhere, START).expect("it is restored");
        is_sound(&elsewhere);
        assert_eq!(left_of(&elsewhere, scene.village.group), (0, 0));
    });
}

#[test]
fn the_file_of_the_store_says_nothing_of_them() {
    let database = Database::sqlite();
    let scene = Scene::on(&database);
    let holds = |word: &str| database.files_hold(word);
    let planted = ["terraces", "jeanne.aegis", "eric.aegis", "health_centre"];
    assert!(planted.iter().all(|word| holds(word)));
    let shelf = scene.exported();
    scene.remove(&shelf).expect("it is removed");
    scene.app.run(scene.app.store().forget_what_was_overwritten());
    let found: Vec<_> = planted.iter().filter(|word| holds(word)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(holds("ZQX") && holds("kamana.nar"), "others are there");
}

#[test]
fn broken_off_anywhere_it_goes_on_when_it_is_run_again() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let shelf = scene.exported();
        let (mut runs, mut allowed) = (0, 1);
        loop {
            runs += 1;
            assert!(runs < 60, "it comes to an end");
            // As if it were killed: after so many transactions the next is not committed.
            let written = Arc::new(AtomicUsize::new(0));
            let killed =
                scene.app.store().noting(move |_| match written.fetch_add(1, Ordering::SeqCst) < allowed {
                    true => Ok(()),
                    false => Err(StoreError::Stopped("test")),
                });
            let leaving = Leaving::of(scene.app.store(), "aegis", &shelf.path().join("aegis"));
            let leaving = leaving.expect("the export still stands");
            match leaving.remove(&killed, START) {
                Ok(_) => break,
                Err(refused) => {
                    assert!(matches!(refused, Refused::Store(StoreError::Stopped(_))), "{refused}")
                }
            }
            allowed += 1;
        }
        assert!(runs > 5, "{runs}");
        assert_eq!(left_of(scene.app.store(), scene.village.group), (0, 0));
        assert!(!scene.app.has("manager.aegis"));
        is_sound(scene.app.store());
    });
}

#[test]
fn nothing_is_removed_of_which_there_is_no_whole_export() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let shelf = scene.exported();
        let to = shelf.path().join("aegis");
        let of = |scene: &Scene, code: &str, to: &Path| {
            Leaving::of(scene.app.store(), code, to).expect_err("refused")
        };
        assert!(matches!(of(&scene, "nar", &to), Refused::OfAnother));
        assert!(matches!(of(&scene, "nobody", &to), Refused::NoSuchOrganisation(_)));
        assert!(matches!(of(&scene, "aegis", shelf.path()), Refused::NotAnExport(_)));
        let file = to.join("sessions.jsonl");
        let text = fs::read_to_string(&file).expect("the file");
        fs::write(&file, text.replace("terraces", "terrace")).expect("it is written");
        assert!(matches!(of(&scene, "aegis", &to), Refused::Changed(_)));
        fs::remove_file(&file).expect("it is removed");
        assert!(matches!(of(&scene, "aegis", &to), Refused::Read { .. }));
        fs::write(&file, text).expect("it is written");
        // Between the look and the removal somebody syncs.
        let leaving = Leaving::of(scene.app.store(), "aegis", &to).expect("it is whole");
        record(&mut scene.his, scene.village.group, day(3, 5), Details::default());
        scene.his.sync(&mut ()).expect("a sync");
        let since = leaving.remove(scene.app.store(), START).expect_err("something came since");
        assert!(matches!(since, Refused::Since));
        assert_eq!(scene.village.manager.all("/v1/sessions").len(), 2);
    });
}

#[test]
fn what_tablets_hand_in_later_waits_for_thirty_days() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let shelf = scene.exported();
        record(
            &mut scene.his,
            scene.village.group,
            day(3, 5),
            Details { summary: Some("Late.".into()), ..Details::default() },
        );
        scene.remove(&shelf).expect("it is removed");
        let report = scene.his.sync(&mut ()).expect("a sync").report;
        assert_eq!(report.quarantined.len(), 1, "{report:?}");
        let late = scene.exported();
        let waiting = lines(&late.path().join("aegis"), "quarantined.jsonl");
        assert_eq!((waiting.len(), &waiting[0]["reason"]), (1, &json!("not-assigned")));
        let count = |store: &Store| {
            let count = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
                on_each!(tx, |c| quarantine::table.count().get_result(c))
            };
            store.read_blocking("test", count).expect("the store answers")
        };
        let store = scene.app.store().clone();
        for (days, left) in [(29, 1), (31, 0)] {
            let now = START.plus_minutes(days * DAY_MINUTES);
            scene.app.run(retention::run(&store, now)).expect("it runs");
            assert_eq!(count(&store), left, "after {days} days");
        }
        is_sound(&store);
    });
}

/// So many come who consent that figures of them are published.
fn people_consent(tablet: &mut Device, group: GroupId) {
    let people: Vec<usize> = (11..=40).collect();
    for number in &people {
        let mut person = NewParticipant::of(format!("P{number}").parse().expect("a pseudonym"));
        person.details.sex = Some(Sex::ALL[number % 2]);
        person.details.age_band = Some(AgeBand::From25To35);
        person.details.consent = Some(Consent {
            purpose: Purpose::ALL[0],
            method: ConsentMethod::ALL[0],
            date: day(1, 5),
            guardian: None,
        });
        tablet.add_participant(group, person).expect("a person joins");
    }
    let came = Details { attendance: marks(&people, Attendance::Present), ..Details::default() };
    record(tablet, group, day(3, 5), came);
    tablet.sync(&mut ()).expect("a sync");
}

/// The names of all figures that are published of an organisation.
fn published(store: &Store, village: &Village) -> Vec<(String, String, String, String, String)> {
    let read = |tx: &mut Conn<'_>| -> Result<Vec<_>, StoreError> {
        on_each!(tx, |c| published_nodes::table
            .filter(published_nodes::organisation_id.eq(Db(village.organisation)))
            .order((published_nodes::release, published_nodes::measure, published_nodes::place))
            .select((
                published_nodes::release,
                published_nodes::measure,
                published_nodes::place,
                published_nodes::split,
                published_nodes::word
            ))
            .load(c))
    };
    store.read_blocking("test", read).expect("the store answers")
}

#[test]
fn what_was_published_of_them_stands_and_no_revision_counts_them_again() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        people_consent(&mut scene.hers, scene.village.group);
        let store = scene.app.store().clone();
        let after = |days: i64| START.plus_minutes(days * DAY_MINUTES);
        scene.app.run(publish(&store, after(60))).expect("the quarter is released");
        let (theirs, others) = (published(&store, &scene.village), published(&store, &scene.other));
        assert!(theirs.iter().any(|(_, measure, ..)| measure == "people") && !others.is_empty());
        let shelf = scene.exported();
        scene.remove(&shelf).expect("it is removed");
        let made = scene.app.run(publish(&store, after(200))).expect("its revision is released");
        assert!(!made.is_empty());
        assert_eq!(published(&store, &scene.village), theirs);
        assert!(published(&store, &scene.other).len() > others.len());
    });
}

//! Into whichever database, with all that was there and what came since.

use super::*;

/// Everything that a manager can list.
fn lists(manager: &Session) -> Vec<Vec<Value>> {
    let all = [
        "groups",
        "participants",
        "sessions",
        "conflicts",
        "quarantine",
        "quarantine?state=released",
        "devices",
        "users",
    ];
    all.iter().map(|list| manager.all(&format!("/v1/{list}"))).collect()
}

#[test]
fn a_backup_restores_into_the_other_kind_of_database_with_all_that_was_there() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 3);
        sync(&mut jeanne);
        sync(&mut paul);
        record(&mut jeanne, village.group, day(3, 4), came(&[1, 2], 90));
        record(&mut paul, village.group, day(3, 4), came(&[2, 3], 60));
        record(&mut paul, village.group, day(3, 5), came(&[3], 60));
        sync(&mut jeanne);
        village.unassign(paul.tablet().user(), village.group);
        sync(&mut paul);
        let waiting = village.manager.all("/v1/quarantine");
        assert_eq!(waiting.len(), 2);
        for item in &waiting {
            let release = format!("/v1/quarantine/{}/release", item["id"].as_str().expect("an id"));
            village.manager.post(&release, &Value::Null).ok();
        }
        village.assign(paul.tablet().user(), village.group);

        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");
        let target = other(database);
        let store = open(&target);
        let back = shelf.open(&file).expect("it opens");
        assert_eq!(back.header().at, START);
        let contents = back.restore(&store, START).expect("it is restored");
        assert_eq!((contents.people, contents.groups), (3, 1));
        assert_eq!(contents.documents, 6, "a group, three people, two meetings");
        assert_sound(&store);
        let lives = [app.store(), &store].map(|store| store.read_blocking("test", epoch).expect("an epoch"));
        assert_ne!(lives[0], lives[1], "a new life");

        let again = TestApp::on(&target);
        let old = village.manager.at(&again.url);
        assert_eq!(old.get("/v1/groups").status, 401, "people sign in again");
        let manager = again.login("manager.aegis");
        assert_eq!(lists(&manager), lists(&village.manager));
        let totals = |manager: &Session| manager.get("/v1/aggregates?by=month,sex").ok();
        assert_eq!(totals(&manager), totals(&village.manager));
        let expected = Count::of_answer(&totals(&manager));
        assert_eq!(expected.lasting(0), Count::registered(2, 4, 3));

        // A tablet goes on as if nothing had been, and another is enrolled.
        for tablet in [&mut jeanne, &mut paul] {
            tablet.sync_over(&mut Network::to(&again.url), &mut ()).expect("a sync");
            assert_eq!(Count::of_tablets([&*tablet], &[village.group]), expected);
        }
        assert_sound(again.store());
    });
}

#[test]
fn what_was_recorded_since_the_backup_comes_back_from_the_tablets() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 3);
        sync(&mut jeanne);
        sync(&mut paul);
        let both = record(&mut jeanne, village.group, day(3, 4), came(&[1, 2], 90));
        sync(&mut jeanne);
        sync(&mut paul);
        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");

        jeanne.edit_session(both, &came(&[3], 95)).expect("an edit");
        record(&mut jeanne, village.group, day(3, 5), came(&[1], 60));
        record(&mut paul, village.group, day(3, 6), came(&[2, 3], 60));
        sync(&mut jeanne);
        sync(&mut paul);
        sync(&mut jeanne);
        let before = Count::of_answer(&village.aggregates(""));
        assert_eq!(before, Count::registered(3, 6, 3).lasting(95 + 60 + 60));
        drop(app);

        let target = other(database);
        shelf.open(&file).expect("it opens").restore(&open(&target), START).expect("it is restored");
        let app = TestApp::on(&target);
        let manager = app.login("manager.aegis");
        let totals = || Count::of_answer(&manager.get("/v1/aggregates").ok());
        assert_eq!(totals(), Count::registered(1, 2, 2).lasting(90), "as it was when it was backed up");
        for _ in 0..2 {
            for tablet in [&mut jeanne, &mut paul] {
                tablet.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync");
            }
        }
        assert_eq!(totals(), before);
        for tablet in [&jeanne, &paul] {
            assert_eq!(tablet.tablet().outbox().len() + tablet.tablet().quarantined().len(), 0);
            assert_eq!(Count::of_tablets([tablet], &[village.group]), before);
        }
        assert_sound(app.store());
    });
}

#[test]
fn whoever_is_taken_off_before_a_restored_store_has_heard_all_still_hands_in_what_is_theirs() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 1);
        sync(&mut jeanne);
        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");
        record(&mut jeanne, village.group, day(3, 5), came(&[1], 60));
        sync(&mut jeanne);
        drop(app);

        let target = other(database);
        shelf.open(&file).expect("it opens").restore(&open(&target), START).expect("it is restored");
        let app = TestApp::on(&target);
        // She hears that the store began a new life, and then the link breaks.
        let cut =
            jeanne.sync_over(&mut Network::to(&app.url).failing([None, Some(Fault::LoseRequest)]), &mut ());
        assert!(cut.is_err());
        let manager = app.login("manager.aegis");
        let address = format!("/v1/groups/{}/assignments/{}", village.group, jeanne.tablet().user());
        manager.delete(&address).ok();
        let report = jeanne.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync").report;
        assert_eq!((report.quarantined.len(), report.dropped), (1, 1), "{report:?}");
        let waiting = manager.all("/v1/quarantine");
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!((&waiting[0]["kind"], &waiting[0]["reason"]), (&json!("session"), &json!("not-assigned")));
        assert_sound(app.store());
    });
}

/// What a copied tablet wrote was let in under a number of its own after the backup: the restored store knows only that the original
/// waits, and hears of the form that was merged from whoever holds it.
#[test]
fn what_was_let_in_under_another_number_since_the_backup_waits_no_longer() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 1);
        let session = record(&mut jeanne, village.group, day(3, 5), came(&[], 60));
        sync(&mut jeanne);
        let folder = village.put_away(jeanne);
        let copy = village.copy_of(&folder);
        let (mut jeanne, mut copied) = (village.take_out(&folder), village.take_out(&copy));
        jeanne.edit_session(session, &came(&[], 80)).expect("an edit");
        sync(&mut jeanne);
        copied.edit_session(session, &came(&[1], 60)).expect("an edit");
        sync(&mut copied);
        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");
        let waiting = village.manager.all("/v1/quarantine");
        let [one] = &waiting[..] else { panic!("{waiting:?}") };
        assert_eq!(one["reason"], "re-keyed");
        let release = format!("/v1/quarantine/{}/release", one["id"].as_str().expect("an id"));
        village.manager.post(&release, &Value::Null).ok();
        sync(&mut paul);
        drop(app);

        let target = other(database);
        shelf.open(&file).expect("it opens").restore(&open(&target), START).expect("it is restored");
        let app = TestApp::on(&target);
        let manager = app.login("manager.aegis");
        assert_eq!(manager.all("/v1/quarantine").len(), 1, "as it was when it was backed up");
        paul.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync");
        // Its tablet does not have it yet, so the manager answers for it; the original goes with it.
        let waiting = manager.all("/v1/quarantine");
        let merged = waiting.iter().find(|one| one["reason"] == "unvouched");
        let merged = merged.unwrap_or_else(|| panic!("{waiting:#?}"))["id"].as_str().expect("an id");
        let released = manager.post(&format!("/v1/quarantine/{merged}/release"), &Value::Null).ok();
        assert_eq!(released["outcome"], "accepted");
        let still = manager.all("/v1/quarantine");
        assert!(still.is_empty(), "{still:#?}");
        for tablet in [&mut jeanne, &mut copied, &mut paul] {
            tablet.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync");
        }
        let expected = Count::of_answer(&manager.get("/v1/aggregates").ok());
        assert_eq!(expected, Count::registered(1, 1, 1).lasting(80));
        for tablet in [&paul, &jeanne, &copied] {
            assert_eq!(tablet.tablet().outbox().len() + tablet.tablet().quarantined().len(), 0);
            assert_eq!(Count::of_tablets([tablet], &[village.group]), expected);
        }
        assert_sound(app.store());
    });
}

/// People at the web interface count their changes again after a restore: the store no longer knows how far they had come,
/// and what they had written is still on the tablets.
#[test]
fn what_people_wrote_at_the_web_interface_before_and_after_a_restore_stays_apart() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 1);
        let session = record(&mut jeanne, village.group, day(3, 4), came(&[], 90));
        record(&mut paul, village.group, day(3, 4), came(&[], 60));
        sync(&mut jeanne);
        sync(&mut paul);
        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");
        let says = |manager: &Session, minutes: &str| {
            let body =
                json!({"record": session, "field": "minutes", "value": minutes, "reason": "The register."});
            manager.post("/v1/conflicts/resolve", &body).ok();
        };
        says(&village.manager, "60");
        sync(&mut paul);
        drop(app);

        let target = other(database);
        shelf.open(&file).expect("it opens").restore(&open(&target), START).expect("it is restored");
        let app = TestApp::on(&target);
        let manager = app.login("manager.aegis");
        says(&manager, "90");
        let sync = |tablet: &mut Device| {
            let report = tablet.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync").report;
            assert_eq!(report.unreadable, 0, "{report:?}");
        };
        sync(&mut paul);
        let waiting = manager.all("/v1/quarantine");
        let [lost] = &waiting[..] else { panic!("{waiting:?}") };
        assert_eq!(lost["reason"], "unvouched", "a tablet brought it, and nobody answers for it");
        let release = format!("/v1/quarantine/{}/release", lost["id"].as_str().expect("an id"));
        assert_eq!(manager.post(&release, &Value::Null).ok()["outcome"], "accepted");
        assert_eq!(manager.all("/v1/conflicts").len(), 1, "they said one thing and then another");
        for tablet in [&mut jeanne, &mut paul] {
            sync(tablet);
            assert_eq!(tablet.tablet().conflicts(session).expect("the session").len(), 1);
        }
        assert_sound(app.store());
    });
}

#[test]
fn a_backup_that_is_cut_off_or_changed_or_for_another_key_is_refused() {
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
    people_join(&mut jeanne, village.group, 3);
    // Long enough for several of the pieces that age encrypts one by one.
    let mut rng = StdRng::seed_from_u64(1);
    for date in 1..=28 {
        let random: String = (0..12_000).map(|_| char::from(rng.random_range(b'!'..b'~'))).collect();
        let details = Details { summary: Some(random), ..came(&[1], 60) };
        record(&mut jeanne, village.group, day(3, date), details);
    }
    sync(&mut jeanne);
    let shelf = Shelf::new();
    let file = shelf.save(app.store(), "tonight");
    let bytes = fs::read(&file).expect("it is there");
    assert!(bytes.len() > 4 * 65_536, "{}", bytes.len());

    let refused = |name: String, bytes: &[u8]| {
        let path = shelf.path("spoilt");
        fs::write(&path, bytes).expect("it is written");
        match shelf.open(&path) {
            Err(refused) => assert!(
                matches!(refused, Refused::Spoilt | Refused::Foreign | Refused::Key),
                "{name}: {refused:?}"
            ),
            Ok(_) => panic!("{name} was taken"),
        }
    };
    // Where the pieces begin: after the header, which ends with a line of its own, and a number of sixteen bytes.
    let head = bytes.windows(4).position(|some| some == b"\n---").expect("a header");
    let head = head + 1 + bytes[head + 1..].iter().position(|byte| *byte == b'\n').expect("a line") + 1 + 16;
    let pieces = (head..bytes.len()).step_by(65_536 + 16);
    let even = (0..bytes.len()).step_by(bytes.len() / 50);
    for at in even.chain(pieces).chain([bytes.len() - 1]) {
        refused(format!("cut at {at}"), &bytes[..at]);
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        refused(format!("changed at {at}"), &flipped);
    }
    refused("with something after it".to_owned(), &[&bytes[..], b"x"].concat());
    refused("another file".to_owned(), b"SQLite format 3\0");

    let stranger = Shelf::new();
    assert!(matches!(stranger.open(&file), Err(Refused::Key)));
    let both = shelf.path("both");
    backup(app.store(), &both, &[shelf.public.clone(), stranger.public.clone()], START).expect("a backup");
    for shelf in [&shelf, &stranger] {
        shelf.open(&both).expect("either key opens it");
    }
}

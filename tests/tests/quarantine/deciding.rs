//! Letting in what was quarantined, or keeping it out.

use super::*;

#[test]
fn what_somebody_recorded_who_was_taken_off_is_released_by_the_manager_and_counts() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let mut hers = village.tablet(&app, user);
        let mut his = village.facilitator_with_tablet(&app, "eric");
        hers.sync(&mut ()).expect("a sync");
        people_join(&mut hers, village.group, 3);
        hers.sync(&mut ()).expect("a sync");
        let details = Details {
            minutes: Some(90.try_into().expect("in range")),
            attendance: marks(&[1, 2], Attendance::Present),
            ..Details::default()
        };
        let session = record(&mut hers, village.group, day(3, 5), details);
        village.unassign(user, village.group);
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.quarantined.len(), report.dropped), (1, 1), "{report:?}");
        assert_eq!(village.aggregates("")["total"]["sessions"], 0);

        let waiting = village.manager.all(LIST);
        let [item] = &waiting[..] else { panic!("{waiting:?}") };
        assert_eq!(item["recorded_by"], "jeanne.aegis");
        assert_eq!(item["organisation_id"], village.organisation.to_string());
        assert_eq!(item["device_name"], "a tablet");
        assert_eq!(item["record_id"], session.to_string());
        assert_eq!((&item["reason"], &item["kind"]), (&json!("not-assigned"), &json!("session")));
        assert_eq!(item["received_at"], "2026-03-05T08:00:00Z");
        let id = id_of(item);

        let inside = look(&village.manager, &id);
        assert_eq!(inside["would_be"], "accepted", "{inside}");
        assert_eq!(inside["record"]["minutes"], "90");
        let minutes = json!({"field": "minutes", "to": "90"});
        assert!(inside["changes"].as_array().is_some_and(|all| all.contains(&minutes)), "{inside}");

        app.clock.advance(5);
        let released = release(&village.manager, &id).ok();
        assert_eq!((&released["outcome"], &released["others"]), (&json!("accepted"), &json!(0)));
        let waived = json!({"by": "manager.aegis", "at": "2026-03-05T08:05:00Z"});
        assert_eq!(
            (&released["change"]["waived"], &released["change"]["state"]),
            (&waived, &json!("released"))
        );
        assert!(village.manager.all(LIST).is_empty());
        assert_eq!(village.manager.all(&format!("{LIST}?state=released")).len(), 1);
        assert_eq!(Count::of_answer(&village.aggregates("")), Count::registered(1, 2, 2).lasting(90));
        check_streams(app.store());

        his.sync(&mut ()).expect("a sync");
        let seen: Meeting = his.tablet().read(session).expect("on the other tablet");
        assert_eq!(seen.attendance.len(), 2);
        for late in [release(&village.manager, &id), reject(&village.manager, &id, "Too late.")] {
            assert_eq!(late.problem(), (409, "already-decided"));
            assert_eq!(late.body["state"], "released");
        }
        // Her tablet holds the group no longer, and hears that nothing waits.
        assert_eq!(hers.tablet().left().len(), 1);
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.released, hers.tablet().left().len()), (1, 0), "{report:?}");
        // Whoever comes back gets the group with it.
        village.assign(user, village.group);
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.unreadable, hers.tablet().quarantined().len()), (0, 0), "{report:?}");
        assert_eq!(hers.tablet().read::<Meeting>(session).expect("back"), seen);
    });
}

#[test]
fn whoever_was_taken_off_hears_that_what_they_handed_in_was_rejected() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let mut hers = village.tablet(&app, user);
        hers.sync(&mut ()).expect("a sync");
        let session = record(&mut hers, village.group, day(3, 5), Details::default());
        village.unassign(user, village.group);
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.quarantined.len(), report.dropped), (1, 1), "{report:?}");
        assert!(hers.tablet().place_of(session.into()).is_none(), "no word of the record is on the tablet");
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.rejected.len(), report.released), (0, 0), "{report:?}");

        let why = "Recorded twice; the other one is right.";
        reject(&village.manager, &id_of(&village.manager.all(LIST)[0]), why).ok();
        // Also after she leads the group again.
        village.assign(user, village.group);
        let report = hers.sync(&mut ()).expect("a sync").report;
        let [(document, rejection)] = &report.rejected[..] else { panic!("{report:?}") };
        assert_eq!((*document, rejection.because.as_str()), (session.into(), why));
        let [left] = &hers.tablet().left().collect::<Vec<_>>()[..] else { panic!("nothing is left") };
        assert_eq!(left.rejection.as_ref(), Some(rejection));
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert!(report.rejected.is_empty() && report.repaired.is_empty(), "{report:?}");
        check_streams(app.store());
    });
}

#[test]
fn what_builds_on_work_that_waits_goes_on_with_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        let stream = StreamId::from(village.group);
        let (session, first, second) = two_steps(&tablet, &village, 5);
        let both = [of_session(session, &first), of_session(session, &second)];
        let quarantined = Outcome::Quarantined(Reason::NotAssigned);
        assert_eq!(tablet.hand_in(&app, stream, &both), [quarantined.clone(), quarantined.clone()]);

        let waiting = village.manager.all(LIST);
        let inside: Vec<Value> = waiting.iter().map(|item| look(&village.manager, &id_of(item))).collect();
        let find = |would_be: &str| {
            let found = inside.iter().find(|one| one["would_be"] == would_be);
            id_of(found.unwrap_or_else(|| panic!("{inside:?}")))
        };
        let (begins, builds) = (find("accepted"), find("missing-dependency"));

        let early = release(&village.manager, &builds).ok();
        assert_eq!(early["outcome"], "quarantined");
        assert_eq!(early["change"]["reason"], "missing-dependency");
        assert_eq!(
            (&early["change"]["state"], &early["change"]["waived"]["by"]),
            (&json!("waiting"), &json!("manager.aegis"))
        );
        // What somebody answers for is not forgotten when the tablet hands it in again.
        let waits = Outcome::Quarantined(Reason::MissingDependency);
        assert_eq!(tablet.hand_in(&app, stream, &both), [quarantined, waits]);

        let released = release(&village.manager, &begins).ok();
        assert_eq!((&released["outcome"], &released["others"]), (&json!("accepted"), &json!(1)));
        assert!(village.manager.all(LIST).is_empty());
        let read = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert_eq!(read["themes"], json!(["grief", "trauma"]));
        // Handed in once more, because the answer was lost: it is there, and nothing waits.
        assert_eq!(tablet.hand_in(&app, stream, &both), [Outcome::Duplicate, Outcome::Duplicate]);
        assert!(village.manager.all(LIST).is_empty());
        check_streams(app.store());
    });
}

#[test]
fn what_is_rejected_is_kept_and_stays_out() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        let stream = StreamId::from(village.group);
        let change = tablet.session(village.group, 5);
        tablet.hand_in(&app, stream, std::slice::from_ref(&change));
        let id = id_of(&village.manager.all(LIST)[0]);

        assert_eq!(reject(&village.manager, &id, " ").problem(), (422, "invalid-fields"));
        assert_eq!(reject(&village.manager, &id, &"x".repeat(501)).problem(), (422, "invalid-fields"));
        let why = "Recorded twice; the other one is right.";
        let rejected = reject(&village.manager, &id, why).ok();
        let expected = json!({"by": "manager.aegis", "at": "2026-03-05T08:00:00Z", "because": why});
        assert_eq!((&rejected["state"], &rejected["rejected"]), (&json!("rejected"), &expected));
        assert!(village.manager.all(LIST).is_empty());
        assert_eq!(village.manager.all(&format!("{LIST}?state=rejected"))[0]["rejected"], expected);
        assert_eq!(look(&village.manager, &id)["record"]["date"], "2026-03-05", "it is kept");
        assert_eq!(release(&village.manager, &id).problem(), (409, "already-decided"));

        // Also once its author is assigned again, and hands it in again.
        village.assign(tablet.user, village.group);
        let again = tablet.hand_in(&app, stream, &[change, tablet.session(village.group, 6)]);
        assert_eq!(again, [Outcome::Quarantined(Reason::NotAssigned), Outcome::Accepted]);
        assert_eq!(village.manager.all("/v1/sessions").len(), 1);
        assert_eq!(village.manager.all(&format!("{LIST}?state=rejected")).len(), 1);
    });
}

#[test]
fn of_two_people_who_decide_at_once_one_wins_and_the_others_hear_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        for date in [5, 6, 7] {
            let change = tablet.session(village.group, date);
            tablet.hand_in(&app, village.group.into(), &[change]);
        }
        for item in village.manager.all(LIST) {
            let (id, start) = (id_of(&item), Barrier::new(6));
            let answers: Vec<_> = std::thread::scope(|threads| {
                let ask = |number: usize| {
                    let (id, start, manager) = (&id, &start, &village.manager);
                    threads.spawn(move || {
                        start.wait();
                        if number.is_multiple_of(2) {
                            release(manager, id)
                        } else {
                            reject(manager, id, "No.")
                        }
                    })
                };
                let asked: Vec<_> = (0..6).map(ask).collect();
                asked.into_iter().map(|one| one.join().expect("an answer")).collect()
            });
            let won = answers.iter().filter(|answer| answer.status == 200).count();
            let lost = answers.iter().filter(|answer| answer.problem() == (409, "already-decided")).count();
            assert_eq!((won, lost), (1, 5), "{answers:?}");
        }
        let count = |state: &str| village.manager.all(&format!("{LIST}?state={state}")).len();
        assert_eq!(count("released") + count("rejected"), 3);
        assert_eq!(village.manager.all("/v1/sessions").len(), count("released"));
        check_streams(app.store());
    });
}

#[test]
fn what_can_not_be_merged_stays_with_its_reason() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let (session, first, _) = two_steps(&tablet, &village, 5);
        // Written past the editor, as another program might.
        let past = |incarnation: u32, write: &dyn Fn(&mut automerge::transaction::Transaction<'_>)| {
            let mut raw =
                automerge::Automerge::load(&Document::genesis(Kind::Session).save()).expect("a genesis");
            raw.apply_changes([automerge::Change::from_bytes(first.bytes().to_vec()).expect("a change")])
                .expect("applies");
            raw.set_actor(Actor { device: tablet.device, incarnation }.into());
            let mut transaction = raw.transaction();
            write(&mut transaction);
            transaction.commit();
            raw.get_last_local_change().expect("a change").raw_bytes().to_vec()
        };
        let invalid = past(7, &|tx| tx.put(automerge::ROOT, "minutes", 100_000).expect("put"));
        // The name of an entry may hold anything, and ends up in the reason.
        let odd = past(8, &|tx| {
            let (_, attendance) =
                tx.get(automerge::ROOT, "attendance").expect("got").expect("of the genesis");
            tx.put(&attendance, "no\0body", "present").expect("put");
        });
        let elsewhere = DocumentId::from(SessionId::of(village.group, day(3, 6), 0, 0));
        let handed = [
            of_session(session, &first),
            (Kind::Session, session, invalid),
            (Kind::Session, session, odd),
            (Kind::Session, elsewhere, b"not a change".to_vec()),
        ];
        let outcomes = tablet.hand_in(&app, village.group.into(), &handed);
        assert_eq!(outcomes[0], Outcome::Accepted, "{outcomes:?}");

        let ask = |reason: &str, field: Value| {
            let all = village.manager.all(&format!("{LIST}?reason={reason}"));
            let found = all.iter().find(|item| item["field"] == field).cloned();
            found.unwrap_or_else(|| panic!("{field}: {all:?}"))
        };
        let invalid = ask("invalid", json!("minutes"));
        let odd = ask("invalid", json!("attendance/nobody"));
        let unreadable = ask("unreadable", Value::Null);
        assert!(invalid["detail"].as_str().is_some_and(|words| words.starts_with("with it, minutes must")));
        let inside = look(&village.manager, &id_of(&invalid));
        assert_eq!(
            (&inside["would_be"], &inside["record"]["minutes"]),
            (&json!("invalid"), &json!("100000"))
        );
        let inside = look(&village.manager, &id_of(&unreadable));
        assert_eq!((&inside["would_be"], &inside["changes"]), (&json!("unreadable"), &json!([])));
        assert!(inside.get("record").is_none() && inside.get("recorded_at").is_none(), "{inside}");
        for item in [&invalid, &odd, &unreadable] {
            let stays = release(&village.manager, &id_of(item)).ok();
            assert_eq!(stays["outcome"], "quarantined");
            assert_eq!(stays["change"]["reason"], item["reason"]);
            assert_eq!(stays["change"]["state"], "waiting");
        }
        assert_eq!(
            village.manager.get(&format!("{LIST}?reason=odd&state=lost")).problem(),
            (422, "invalid-fields")
        );
        check_streams(app.store());
    });
}

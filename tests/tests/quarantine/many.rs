//! Several at the same time: changes that need each other, and decisions about many.

use super::*;

#[test]
fn what_builds_on_a_change_that_comes_at_the_same_moment_never_waits_for_ever() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablets =
            [Stranger::enrolled(&app, &village, "jeanne"), Stranger::enrolled(&app, &village, "paul")];
        for date in 1..=20 {
            let (session, first, _) = two_steps(&tablets[0], &village, date);
            let mut document = Document::genesis(Kind::Session);
            document.apply([&first]).expect("applies");
            let actor = Actor { device: tablets[1].device, incarnation: 0 };
            let second = document
                .edit::<Meeting>(actor, START, |session| session.themes().insert(&Theme::Trauma))
                .expect("a sound edit")
                .expect("something new");
            let barrier = Barrier::new(2);
            std::thread::scope(|threads| {
                let handed: Vec<_> = tablets
                    .iter_mut()
                    .zip([first, second])
                    .map(|(tablet, change)| {
                        let (app, barrier, stream) = (&app, &barrier, village.group.into());
                        threads.spawn(move || {
                            barrier.wait();
                            tablet.hand_in(app, stream, &[of_session(session, &change)])
                        })
                    })
                    .collect();
                handed.into_iter().for_each(|one| drop(one.join().expect("an answer")));
            });
            let waiting = village.manager.all(LIST);
            assert!(waiting.is_empty(), "the meeting of the {date}th: {waiting:?}");
        }
        check_streams(app.store());
    });
}

#[test]
fn of_many_changes_each_is_decided_at_once_and_none_holds_up_another() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut theirs = Stranger::enrolled(&app, &other, "kevin");
        village.unassign(tablet.user, village.group);
        other.unassign(theirs.user, other.group);
        let (session, first, second) = two_steps(&tablet, &village, 5);
        let mut handed = vec![of_session(session, &second), of_session(session, &first)];
        handed.extend((6..=20).map(|date| tablet.session(village.group, date)));
        handed.push((
            Kind::Session,
            SessionId::of(village.group, day(3, 21), 0, 0).into(),
            b"no change".to_vec(),
        ));
        tablet.hand_in(&app, village.group.into(), &handed);
        let change = theirs.session(other.group, 5);
        theirs.hand_in(&app, other.group.into(), &[change]);

        let ids = |list: &[Value]| -> Vec<String> { list.iter().map(id_of).collect() };
        let mut all = ids(&village.manager.all(LIST));
        assert_eq!(all.len(), 18);
        all.extend(ids(&other.manager.all(LIST)));
        let decide = |what: &str, body: Value| village.manager.post(&format!("{LIST}/{what}"), &body);
        assert_eq!(decide("release", json!({"ids": []})).problem(), (422, "invalid-fields"));
        let decided = decide("release", json!({"ids": all})).ok();
        let count = |answer: &Value, outcome: &str| {
            let changes = answer["changes"].as_array().expect("a list");
            changes.iter().filter(|one| one["outcome"] == outcome).count()
        };
        let became = ["accepted", "quarantined", "no-such-change"].map(|outcome| count(&decided, outcome));
        assert_eq!((became, &decided["others"]), ([17, 1, 1], &json!(0)), "{decided}");
        assert_eq!(village.aggregates("")["total"]["sessions"], 16);
        let again = decide("release", json!({"ids": all})).ok();
        assert_eq!(count(&again, "already-decided"), 17, "{again}");

        // What builds on something that is rejected goes with it, and only that.
        let (session, first, second) = two_steps(&tablet, &village, 25);
        let alone = tablet.session(village.group, 26);
        tablet.hand_in(
            &app,
            village.group.into(),
            &[of_session(session, &second), of_session(session, &first), alone],
        );
        let waiting = village.manager.all(&format!("{LIST}?reason=not-assigned"));
        let begins = waiting.iter().find(|item| {
            look(&village.manager, &id_of(item))["record"]["date"] == "2026-03-25"
                && look(&village.manager, &id_of(item))["would_be"] == "accepted"
        });
        let begins = id_of(begins.expect("the first"));
        assert_eq!(
            decide("reject", json!({"ids": [begins], "reason": ""})).problem(),
            (422, "invalid-fields")
        );
        let decided = decide("reject", json!({"ids": [begins], "reason": "Not ours."})).ok();
        assert_eq!((count(&decided, "rejected"), &decided["others"]), (1, &json!(1)), "{decided}");
        assert_eq!(village.manager.all(&format!("{LIST}?reason=not-assigned")).len(), 1);
        check_streams(app.store());
    });
}

//! Who sees what waits, and how much of it.

use super::*;

#[test]
fn each_sees_what_waits_for_their_own_groups() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let second = village.group("Icyizere", "space_for_peace");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        let sessions: Vec<_> = (5..14).map(|date| tablet.session(village.group, date)).collect();
        tablet.hand_in(&app, village.group.into(), &sessions);
        app.clock.advance(1);
        let change = tablet.session(second, 5);
        tablet.hand_in(&app, second.into(), &[change]);
        let nowhere = StreamId::from_uuid(uuid::Uuid::from_u128(7));
        let change = tablet.session(village.group, 20);
        tablet.hand_in(&app, nowhere, &[change]);

        let all = village.manager.all(LIST);
        assert_eq!(all.len(), 10, "page by page, each once");
        assert_eq!(all[0]["group_id"], second.to_string(), "the newest first");
        let mut ids: Vec<String> = all.iter().map(id_of).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 10);
        assert_eq!(village.manager.all(&format!("{LIST}?group={second}")).len(), 1);
        assert_eq!(village.manager.all(&format!("{LIST}?reason=invalid")).len(), 0);

        // A supervisor sees what waits for the groups assigned to them, a facilitator and another organisation nothing.
        let supervisor = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(supervisor, second);
        let odette = app.login("odette.aegis");
        assert_eq!(odette.all(LIST).len(), 1);
        let (hers, not_hers) = (id_of(&all[0]), id_of(&all[1]));
        assert_eq!(look(&odette, &hers)["would_be"], "accepted");
        let admin = {
            app.user("admin", Role::Administrator, None);
            app.login("admin")
        };
        for person in [&odette, &other.manager] {
            let tried = [
                person.get(&format!("{LIST}/{not_hers}")),
                release(person, &not_hers),
                reject(person, &not_hers, "Not mine."),
            ];
            assert!(tried.iter().all(|one| one.problem() == (404, "no-such-change")), "{tried:?}");
        }
        assert_eq!(reject(&admin, &hers, "Not mine.").problem(), (404, "no-such-change"));
        assert!(other.manager.all(LIST).is_empty());
        let jeanne = app.login("jeanne.aegis");
        assert_eq!(jeanne.get(LIST).problem(), (403, "role-not-allowed"));
        assert_eq!(release(&jeanne, &hers).problem(), (403, "role-not-allowed"));
        assert_eq!(release(&odette, &hers).ok()["outcome"], "accepted");

        // What names no group that there is belongs to administrators, who see no more than that it is there.
        let strays = admin.all(LIST);
        let [stray] = &strays[..] else { panic!("{strays:?}") };
        let keys: Vec<&String> = stray.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["bytes", "detail", "id", "reason", "received_at", "state"]);
        assert_eq!(admin.get(&format!("{LIST}/{}", id_of(stray))).problem(), (403, "role-not-allowed"));
        assert_eq!(release(&admin, &id_of(stray)).problem(), (403, "role-not-allowed"));
        assert_eq!(reject(&admin, &id_of(stray), "No such group.").ok()["state"], "rejected");
    });
}

#[test]
fn looking_inside_shows_no_record_of_another_group_and_nothing_sensitive() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut theirs = Stranger::enrolled(&app, &other, "kevin");
        let (session, first, second) = two_steps(&theirs, &other, 5);
        theirs.hand_in(&app, other.group.into(), &[of_session(session, &first)]);
        // The other organisation's record, handed in as if it were this village's.
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        document.apply([&first]).expect("applies");
        let actor = |device: DeviceId| Actor { device, incarnation: 0 };
        let foreign = document
            .edit::<Meeting>(actor(tablet.device), START, |session| session.themes().insert(&Theme::SelfCare))
            .expect("a sound edit")
            .expect("something new");
        let outcomes = tablet.hand_in(&app, village.group.into(), &[of_session(session, &foreign)]);
        // As if there were no such record: not even that is told.
        assert_eq!(outcomes, [Outcome::Quarantined(Reason::MissingDependency)]);
        let id = id_of(&village.manager.all(LIST)[0]);
        let inside = look(&village.manager, &id);
        assert!(inside.get("record").is_none() && inside["changes"] == json!([]), "{inside}");
        assert_eq!(release(&village.manager, &id).ok()["outcome"], "quarantined");
        assert_eq!(
            theirs.hand_in(&app, other.group.into(), &[of_session(session, &second)]),
            [Outcome::Accepted]
        );

        // An incident: who is not assigned to the group, supervises its people or protects people hears only that something waits.
        village.unassign(tablet.user, village.group);
        let mut document = Document::genesis(Kind::Incident);
        let incident = document
            .edit::<Incident>(actor(tablet.device), START, |incident| {
                incident.session().set(SessionId::of(village.group, day(3, 5), 0, 0))?;
                incident.kind().set(IncidentType::Threat)
            })
            .expect("a sound edit")
            .expect("something new");
        let handed =
            (Kind::Incident, DocumentId::from_uuid(uuid::Uuid::from_u128(8)), incident.bytes().to_vec());
        tablet.hand_in(&app, village.group.into(), &[handed]);
        let id = id_of(&village.manager.all(&format!("{LIST}?reason=not-assigned"))[0]);
        let listed = village.manager.all(&format!("{LIST}?reason=not-assigned"));
        assert!(listed[0].get("kind").is_none() && listed[0].get("record_id").is_none(), "{listed:?}");
        let path = format!("{LIST}/{id}");
        assert_eq!(village.manager.get(&path).problem(), (403, "role-not-allowed"));
        assert_eq!(
            village.manager.post(&format!("{path}/release"), &json!({})).problem(),
            (403, "role-not-allowed")
        );
        let supervisor = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(supervisor, village.group);
        assert_eq!(look(&app.login("odette.aegis"), &id)["record"]["kind"], "threat");
    });
}

#[test]
fn looking_inside_shows_nothing_of_somebody_who_is_erased() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = StreamId::from(village.group);
        let actor = Actor { device: tablet.device, incarnation: 0 };
        let mut document = Document::genesis(Kind::Participant);
        let mut step = |edit: &dyn Fn(&mut ParticipantEdit<'_>) -> Result<(), EditError>| {
            let change = document.edit::<Participant>(actor, START, edit);
            let change = change.expect("a sound edit").expect("something new");
            let id = ParticipantId::of(village.group, "P01");
            (Kind::Participant, DocumentId::from(id), change.bytes().to_vec())
        };
        let joins = step(&|person| {
            person.group().set(village.group)?;
            person.code().set("P01".parse()?)?;
            person.sex().set(Sex::Female)
        });
        let moves = step(&|person| person.exit().set(Exit::Moved));
        let goes = step(&|person| person.erased().set(day(3, 6)));
        let returns = step(&|person| person.age_band().set(AgeBand::From60));
        assert_eq!(tablet.hand_in(&app, stream, &[joins]), [Outcome::Accepted]);
        village.unassign(tablet.user, village.group);
        tablet.hand_in(&app, stream, &[moves]);
        let moved = id_of(&village.manager.all(LIST)[0]);
        assert_eq!(look(&village.manager, &moved)["record"]["code"], "P01");
        release(&village.manager, &moved).ok();

        village.assign(tablet.user, village.group);
        assert_eq!(tablet.hand_in(&app, stream, &[goes]), [Outcome::Accepted]);
        village.unassign(tablet.user, village.group);
        tablet.hand_in(&app, stream, &[returns]);
        let inside = look(&village.manager, &id_of(&village.manager.all(LIST)[0]));
        assert_eq!(
            (&inside["hidden"], &inside["changes"]),
            (&json!("The participant is erased."), &json!([]))
        );
        assert!(inside.get("record").is_none(), "{inside}");
    });
}

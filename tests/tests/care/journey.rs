//! One of each, from two tablets to those who may read them.

use server::ledger::{Rebuilt, rebuild};
use sync_core::change::{Actor, Grounds};
use sync_core::document::Document;
use sync_core::id::DocumentId;
use sync_core::record::incident::Action;
use sync_core::record::{Kind, Referral};
use tests::Stranger;

use super::*;

fn because(text: &str) -> Value {
    json!({"void": true, "reason": text})
}

#[test]
fn what_two_tablets_recorded_is_one_record_for_those_who_may_see_it_and_none_for_others() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let before = scene.village.aggregates("");

        // 1. Recorded on one tablet, offline; both go on, not knowing of each other.
        let referral = scene.refer(1, Urgency::Soon, day(2, 20), &[ReferralStep::Consented]);
        let incident = scene.happens(IncidentType::SuicideRisk, Severity::High);
        let screening = scene.screen(1, Instrument::Phq9, Timepoint::Baseline, 12, Some(true));
        scene.both_sync();
        scene.hers.step_referral(referral, step(ReferralStep::Sent, day(2, 21))).expect("a step");
        scene.his.step_referral(referral, step(ReferralStep::Sent, day(2, 23))).expect("a step");
        let done = Done { actions: [Action::SupervisorCalled].into(), ..Done::default() };
        scene.hers.act_on_incident(incident, &done).expect("what was done");
        let done =
            Done { actions: [Action::SessionEnded].into(), escalated_to: [ServiceKind::HealthCentre].into() };
        scene.his.act_on_incident(incident, &done).expect("what was done");
        scene.both_sync();
        let there = |device: &Device| device.tablet().read::<Referral>(referral).expect("it is there");
        assert_eq!(there(&scene.hers), there(&scene.his));

        // 2. Those who lead the group, their supervisor and the protection officer read it.
        let leader = scene.app.login("jeanne.aegis");
        let paths = [
            format!("/v1/referrals/{referral}"),
            format!("/v1/incidents/{incident}"),
            format!("/v1/screenings/{screening}"),
        ];
        for person in [&leader, &scene.supervisor, &scene.officer] {
            let [referrals, incidents, screenings] = LISTS.map(|list| person.all(list));
            let [one] = &referrals[..] else { panic!("{referrals:?}") };
            let steps: Vec<_> = one["steps"]
                .as_array()
                .expect("steps")
                .iter()
                .map(|step| (&step["step"], &step["on"]))
                .collect();
            assert_eq!(steps.len(), 4, "two days on which they were sent: {one}");
            assert_eq!(
                (&one["state"], &one["state_on"], &one["code"]),
                (&json!("sent"), &json!("2026-02-23"), &json!("P01"))
            );
            assert_eq!(
                (&one["overdue"], &one["overdue_from"], &one["open"]),
                (&json!(true), &json!("2026-02-28"), &json!(true))
            );
            let [one] = &incidents[..] else { panic!("{incidents:?}") };
            assert_eq!(one["actions"], json!(["supervisor_called", "session_ended"]), "{one}");
            assert_eq!(
                (&one["date"], &one["escalated_to"]),
                (&json!("2026-03-04"), &json!(["health_centre"]))
            );
            let [one] = &screenings[..] else { panic!("{screenings:?}") };
            assert_eq!((&one["score"], &one["max"], &one["risk"]), (&json!(12), &json!(27), &json!(true)));
            assert!(one.get("score_doubt").is_none() && one["corrected"] == false, "{one}");
            for path in &paths {
                assert_eq!(person.get(path).ok()["clashes"], json!([]));
                let history = person.get(&format!("{path}/history")).ok();
                assert!(!history["items"].as_array().expect("changes").is_empty());
            }
        }

        // 3. Nobody else learns that there is any: not the manager, not other partners, nor who reads published tables.
        let elsewhere = Village::of(&scene.app, "nar");
        let nobody = "018f3f6e-7d2c-7000-8000-0123456789ab";
        for person in [&scene.village.manager, &elsewhere.manager] {
            for (list, path) in LISTS.iter().zip(&paths) {
                assert_eq!(person.get(list).ok(), json!({"items": []}), "{list}");
                let none = format!("{list}/{nobody}");
                for more in ["", "/history"] {
                    let (there, none) =
                        (person.get(&format!("{path}{more}")), person.get(&format!("{none}{more}")));
                    assert_eq!(
                        (there.status, &there.body["detail"]),
                        (none.status, &none.body["detail"]),
                        "{path}{more}"
                    );
                    assert_eq!(there.problem(), (404, "no-such-record"));
                }
            }
            let void = person.post(&format!("/v1/records/{referral}/void"), &because("Mistaken."));
            assert_eq!(void.problem(), (404, "no-such-record"));
        }
        for (name, role) in [("secretariat", Role::Secretariat), ("donor", Role::Donor)] {
            scene.app.user(name, role, None);
            for path in LISTS.iter().map(|list| (*list).to_owned()).chain(paths.clone()) {
                assert_eq!(scene.app.login(name).get(&path).problem(), (403, "role-not-allowed"), "{path}");
            }
        }
        assert_eq!(scene.village.aggregates(""), before, "no total moves");

        // 4. The supervisor makes the incident void; it is shown as such, on the tablet, too.
        scene.supervisor.post(&format!("/v1/records/{incident}/void"), &because("Of another group.")).ok();
        assert_eq!(scene.officer.all("/v1/incidents?void=true").len(), 1);
        assert_eq!(scene.officer.all("/v1/incidents?void=false").len(), 0);
        scene.hers.sync(&mut ()).expect("a sync");
        let there: sync_core::record::Incident = scene.hers.tablet().read(incident).expect("it is there");
        assert_eq!(there.void.map(|why| why.to_string()).as_deref(), Some("Of another group."));

        // 5. The rows are those of the documents.
        let sound = scene.app.run(rebuild(scene.app.store())).expect("it is computed again");
        assert!(matches!(sound, Rebuilt { mended: 0, facts: 0, .. }), "{sound:?}");
    });
}

#[test]
fn a_clash_in_a_referral_is_told_and_settled_by_those_who_may_see_it() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let referral = scene.refer(1, Urgency::Routine, day(3, 1), &[]);
        scene.hers.sync(&mut ()).expect("a sync");
        // Another tablet's word for the same referral, as two programs may write it.
        let mut stranger = Stranger::enrolled(&scene.app, &scene.village, "paul");
        let actor = Actor { device: stranger.device, incarnation: 0 };
        let change = Document::genesis(Kind::Referral).edit::<Referral>(actor, tests::app::START, |it| {
            it.participant().set(ParticipantId::of(scene.village.group, "P01"))?;
            it.to().set(ServiceKind::HealthCentre)?;
            it.urgency().set(Urgency::Emergency)
        });
        let bytes = change.expect("sound").expect("new").bytes().to_vec();
        let id = DocumentId::from(referral);
        stranger.hand_in(&scene.app, scene.village.group.into(), &[(Kind::Referral, id, bytes)]);

        for person in [&scene.supervisor, &scene.officer] {
            let open = person.all("/v1/conflicts?record=referral");
            let [one] = &open[..] else { panic!("{open:?}") };
            assert_eq!((&one["record_id"], &one["field"]), (&json!(referral), &json!("urgency")));
            assert_eq!(person.get(&format!("/v1/referrals/{referral}")).ok()["conflicts"], 1);
        }
        assert_eq!(scene.village.manager.get("/v1/conflicts").ok(), json!({"items": []}));
        let body =
            json!({"record": referral, "field": "urgency", "value": "emergency", "reason": "She said so."});
        let refused = scene.village.manager.post("/v1/conflicts/resolve", &body);
        assert_eq!(refused.problem(), (404, "no-such-record"));
        scene.supervisor.post("/v1/conflicts/resolve", &body).ok();
        let settled = scene.supervisor.get(&format!("/v1/referrals/{referral}")).ok();
        assert_eq!(
            (&settled["urgency"], &settled["conflicts"], &settled["was_in_conflict"]),
            (&json!("emergency"), &json!(0), &json!(true))
        );
        scene.hers.sync(&mut ()).expect("a sync");
        let there: Referral = scene.hers.tablet().read(referral).expect("it is there");
        assert_eq!(there.urgency, Some(Urgency::Emergency));
    });
}

#[test]
fn of_somebody_who_asked_to_be_erased_nothing_is_shown_and_then_nothing_is_left() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let referral = scene.refer(1, Urgency::Routine, day(3, 1), &[ReferralStep::Consented]);
        let screening = scene.screen(1, Instrument::Gad7, Timepoint::Baseline, 3, None);
        let kept = scene.refer(2, Urgency::Routine, day(3, 1), &[]);
        scene.hers.ask_to_erase(scene.person(1), day(3, 5)).expect("it is noted");
        scene.hers.sync(&mut ()).expect("a sync");
        let shown = |scene: &Scene| {
            for path in [format!("/v1/referrals/{referral}"), format!("/v1/screenings/{screening}")] {
                assert_eq!(scene.supervisor.get(&path).problem(), (404, "no-such-record"));
                assert_eq!(scene.officer.get(&format!("{path}/history")).problem(), (404, "no-such-record"));
            }
            assert_eq!(ids(&scene.officer.all("/v1/referrals")), [kept.to_string()].into());
            assert_eq!(scene.officer.all("/v1/screenings").len(), 0);
        };
        shown(&scene);
        let path = format!("/v1/participants/{}/erasure", scene.person(1));
        scene.village.manager.post(&path, &json!({"code": "P01"})).ok();
        shown(&scene);
        let rows = |table: &str| {
            let query = format!("SELECT count(*) AS number FROM {table}");
            let read = |tx: &mut server::store::Conn<'_>| -> Result<i64, server::store::StoreError> {
                use diesel::prelude::*;
                #[derive(QueryableByName)]
                struct Number {
                    #[diesel(sql_type = diesel::sql_types::BigInt)]
                    number: i64,
                }
                Ok(server::on_each!(tx, |c| diesel::sql_query(&query).get_result::<Number>(c))?.number)
            };
            scene.app.store().read_blocking("test", read).expect("the store answers")
        };
        assert_eq!((rows("referrals"), rows("screenings"), rows("referral_steps")), (1, 0, 1));
        scene.hers.sync(&mut ()).expect("a sync");
        assert!(scene.hers.tablet().read::<Referral>(referral).is_err());
    });
}

#[test]
fn the_audit_log_tells_a_manager_who_looked_and_not_at_how_many() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let referral = scene.refer(1, Urgency::Routine, day(3, 1), &[]);
        scene.hers.sync(&mut ()).expect("a sync");
        scene.supervisor.get("/v1/referrals").ok();
        scene.supervisor.get(&format!("/v1/referrals/{referral}")).ok();
        let looks = |person: &Session, path: &str| -> Vec<Value> {
            let all = person.all(path).into_iter();
            let of_supervisor = all.filter(|one| {
                one["route"].as_str().is_some_and(|route| route.starts_with("GET /v1/referrals"))
            });
            of_supervisor.collect()
        };
        let told = looks(&scene.village.manager, "/v1/audit");
        assert_eq!(told.len(), 2, "the manager sees that somebody looked: {told:?}");
        assert!(
            told.iter().all(|one| one.get("items").is_none() && one.get("object_id").is_none()),
            "{told:?}"
        );
        let found = scene.village.manager.all(&format!("/v1/audit?object={referral}"));
        assert_eq!(found, Vec::<Value>::new());
        let told = looks(&scene.officer, "/v1/audit");
        assert!(
            told.iter().any(|one| one["items"] == 1)
                && told.iter().any(|one| one["object_id"] == json!(referral)),
            "{told:?}"
        );
        let own = looks(&scene.supervisor, "/v1/me/audit");
        assert!(own.iter().any(|one| one["items"] == 1), "{own:?}");
    });
}

/// Whoever recorded it makes it void on their tablet, too.
#[test]
fn a_void_on_the_tablet_is_taken() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let referral = scene.refer(1, Urgency::Routine, day(3, 1), &[]);
        scene.hers.sync(&mut ()).expect("a sync");
        let why: Grounds = "Of another person.".parse().expect("grounds");
        scene.hers.void_referral(referral, false, &why).expect("it is hers");
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert!(report.quarantined.is_empty(), "{report:?}");
        let one = scene.supervisor.get(&format!("/v1/referrals/{referral}")).ok();
        assert_eq!((&one["void"], &one["open"]), (&json!("Of another person."), &json!(false)));
    });
}

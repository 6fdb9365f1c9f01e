//! Participants: corrected, one person under two codes, two people under one.

use super::*;
use sync_core::change::Grounds;
use sync_core::id::ParticipantId;
use sync_core::record::Participant;
use sync_core::record::session::PartOfDay;
use tablet::recording::NewParticipant;

fn person(group: GroupId, code: &str) -> ParticipantId {
    ParticipantId::of(group, code)
}

fn read(who: &Session, id: ParticipantId) -> Value {
    who.get(&format!("/v1/participants/{id}")).ok()
}

fn said(tablet: &Device, id: ParticipantId) -> Participant {
    tablet.tablet().read(id).expect("the participant")
}

#[test]
fn what_is_recorded_of_somebody_is_corrected_and_taken_back() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let id = person(cast.village.group, "P01");
        let path = format!("/v1/participants/{id}");
        let patch = |who: &Session, body: Value| {
            let mut body = body;
            body["reason"] = json!("She told us.");
            who.patch(&path, &body)
        };
        let consent = |date: &str| json!({"purpose": "participation", "method": "oral", "date": date});
        patch(&cast.odette, json!({"sex": "female", "age_band": "60_plus", "exit": "moved", "consent": consent("2026-01-08")}))
            .ok();
        let told = read(&cast.odette, id);
        assert_eq!(
            (&told["age_band"], &told["exit"], &told["consents"]),
            (&json!("60_plus"), &json!("moved"), &json!(true))
        );
        let fields = ["sex", "age_band", "consent_purpose", "consent_method", "consent_date", "exit"];
        let (reason, changed) = last_change(&cast.odette, &path);
        assert_eq!(reason, "She told us.");
        assert!(changed.iter().all(|field| fields.contains(&field.as_str())), "{changed:?}");
        cast.settle();
        assert!(said(&cast.paul, id).exit.is_some());

        // A withdrawal by mistake, undone; one that was meant, and consent given again.
        patch(&cast.odette, json!({"exit": null, "withdrawn": "2026-02-01"})).ok();
        assert_eq!(read(&cast.odette, id)["consents"], false);
        patch(&cast.odette, json!({"withdrawn": null})).ok();
        let told = read(&cast.odette, id);
        assert!(
            told["consents"] == true && told.get("exit").is_none() && told["consent_date"] == "2026-01-08"
        );
        patch(&cast.odette, json!({"withdrawn": "2026-02-01"})).ok();
        patch(&cast.odette, json!({"consent": consent("2026-03-01")})).ok();
        let told = read(&cast.odette, id);
        assert!(told["consents"] == true && told["consent_date"] == "2026-03-01", "{told}");
        cast.settle();
        assert!(said(&cast.jeanne, id).consents() && said(&cast.paul, id).exit.is_none());

        // Recorded for the wrong person: nobody consented, and it can be said again.
        patch(&cast.odette, json!({"consent": null})).ok();
        let told = read(&cast.odette, id);
        assert!(told["consents"] == false && told.get("consent_date").is_none(), "{told}");
        patch(&cast.odette, json!({"consent": consent("2026-03-01")})).ok();
        assert_eq!(read(&cast.odette, id)["consents"], true);
        let refused = patch(&cast.odette, json!({"age_band": "under_16", "consent": consent("2026-03-01")}));
        assert_eq!(refused.body["errors"][0]["field"], "consent.guardian");
        let refused =
            patch(&cast.odette, json!({"sex": "x", "withdrawn": "soon", "consent": consent("today")}));
        let fields: Vec<&Value> =
            refused.body["errors"].as_array().expect("errors").iter().map(|one| &one["field"]).collect();
        assert_eq!(fields, ["sex", "consent.date", "withdrawn"]);
        assert_eq!(patch(&cast.odette, json!({"code": "P99"})).status, 422, "a code never changes");
        let facilitator = cast.app.login("jeanne.aegis");
        assert_eq!(patch(&facilitator, json!({})).problem(), (403, "role-not-allowed"));
        check_streams(cast.app.store());
    });
}

#[test]
fn one_person_under_two_codes_is_said_to_be_one_and_taken_back() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let [one, two, three] = ["P01", "P02", "P03"].map(|code| person(cast.village.group, code));
        let same = |who: &Session, id: ParticipantId, of: Option<ParticipantId>| {
            let body = json!({"as": of, "reason": "She was given a second code."});
            who.post(&format!("/v1/participants/{id}/same"), &body)
        };
        same(&cast.odette, two, Some(one)).ok();
        assert_eq!(read(&cast.odette, two)["same_as"], json!(one));
        let refused = |answer: Answer| (answer.status, answer.problem().1.to_owned());
        assert_eq!(refused(same(&cast.odette, two, Some(three))), (409, "already-the-same".to_owned()));
        assert_eq!(refused(same(&cast.odette, three, Some(two))), (409, "the-same-as-another".to_owned()));
        assert_eq!(refused(same(&cast.odette, three, None)), (409, "not-the-same".to_owned()));
        assert_eq!(same(&cast.odette, one, Some(one)).body["errors"][0]["field"], "as");
        void(&cast.odette, three, true).ok();
        assert_eq!(read(&cast.odette, three)["void"], "Recorded by mistake.");
        assert_eq!(same(&cast.odette, one, Some(three)).body["errors"][0]["field"], "as");
        let path = format!("/v1/participants/{two}");
        assert_eq!(
            last_change(&cast.odette, &path),
            ("She was given a second code.".to_owned(), vec!["same_as".to_owned()])
        );
        cast.settle();
        assert_eq!(said(&cast.paul, two).same_as, Some(one));
        assert!(said(&cast.paul, three).void.is_some());
        // Nobody gets the code again.
        let again =
            cast.paul.add_participant(cast.village.group, NewParticipant::of("P03".parse().expect("a code")));
        assert!(again.is_err());
        same(&cast.odette, two, None).ok();
        void(&cast.odette, three, false).ok();
        assert!(read(&cast.odette, two).get("same_as").is_none());
        cast.settle();
        assert_eq!(said(&cast.paul, two).same_as, None);
    });
}

#[test]
fn a_code_that_two_tablets_gave_at_once_is_one_person_or_two() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        for code in ["P11", "P12", "P13"] {
            for tablet in [&mut cast.jeanne, &mut cast.paul] {
                let new = NewParticipant::of(code.parse().expect("a code"));
                tablet.add_participant(group, new).expect("a person joins");
            }
        }
        let twelve = marks(&[12], Attendance::Present);
        let session = record(
            &mut cast.paul,
            group,
            day(3, 3),
            Details { attendance: twelve.clone(), ..Details::default() },
        );
        cast.settle();
        let doubted = |cast: &Cast| -> Vec<String> {
            let listed = |query: &str| cast.odette.all(&format!("/v1/participants?{query}"));
            let said: Vec<Value> = listed("").into_iter().filter(|one| one["one_or_two"] == true).collect();
            assert_eq!(listed("one_or_two=true"), said);
            assert_eq!(listed("one_or_two=false").len(), listed("").len() - said.len());
            said.iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect()
        };
        assert_eq!(doubted(&cast), ["P11", "P12", "P13"]);
        let [eleven, id, thirteen] = ["P11", "P12", "P13"].map(|code| person(group, code));
        let told = read(&cast.odette, id);
        let tablets = told["tablets"].as_array().expect("tablets");
        assert_eq!(tablets.len(), 2, "{told}");
        let pauls = cast.paul.tablet().device();
        assert!(
            tablets.iter().any(|one| one["device"] == json!(pauls) && one["by"] == "paul.aegis"),
            "{told}"
        );

        let split = |code: Option<&str>, device: Value| {
            let body = json!({"device": device, "code": code, "reason": "Paul meant another woman."});
            cast.odette.post(&format!("/v1/participants/{id}/split"), &body)
        };
        assert_eq!(split(Some("P11"), json!(pauls)).problem(), (409, "code-taken"));
        assert_eq!(split(None, json!(pauls)).problem(), (409, "not-split"));
        assert_eq!(split(Some("P21"), json!(eleven)).body["errors"][0]["field"], "device");
        split(Some("P21"), json!(pauls)).ok();
        let told = read(&cast.odette, id);
        assert_eq!((&told["one_or_two"], &told["split"][0]["code"]), (&json!(false), &json!("P21")));
        assert_eq!(read(&cast.odette, person(group, "P21"))["code"], "P21");

        let confirm = |one: bool, who: Option<Vec<ParticipantId>>| {
            let body =
                json!({"one_person": one, "participants": who, "reason": "Both registered the same people."});
            cast.odette.post(&format!("/v1/groups/{group}/participants/confirm"), &body)
        };
        assert_eq!(confirm(true, None).ok()["participants"], 2, "a whole group at once");
        assert_eq!(doubted(&cast), Vec::<String>::new());
        assert_eq!(confirm(false, None).body["errors"][0]["field"], "participants");
        assert_eq!(confirm(false, Some(vec![thirteen])).ok()["participants"], 1);
        assert_eq!(doubted(&cast), ["P13"]);

        // Moved, the session says whom Paul meant.
        let body = json!({"date": "2026-03-04", "reason": "It was on Wednesday."});
        let moved =
            cast.odette.post(&format!("/v1/sessions/{session}/move"), &body).ok()["session_id"].clone();
        let marks =
            cast.odette.get(&format!("/v1/sessions/{}", moved.as_str().expect("an id"))).ok()["attendance"]
                .clone();
        assert_eq!((&marks[0]["code"], marks.as_array().map(Vec::len)), (&json!("P21"), Some(1)));

        split(None, json!(pauls)).ok();
        assert_eq!(doubted(&cast), ["P12", "P13"]);
        split(Some("P21"), json!(pauls)).ok();
        cast.settle();
        let heard = said(&cast.jeanne, id).split;
        assert_eq!(heard.get(&pauls).map(ToString::to_string).as_deref(), Some("P21"));
        assert_eq!(said(&cast.paul, person(group, "P21")).code.to_string(), "P21");
        check_streams(cast.app.store());
    });
}

/// Whom Paul's tablet calls P06 is P07 by now: what it marks as P06 would count for P07, and Paul may mean either.
#[test]
fn a_tablet_marks_nobody_under_a_code_that_it_gave_to_somebody_else() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let newcomer = || NewParticipant::of("P06".parse().expect("a code"));
        let id = cast.jeanne.add_participant(group, newcomer()).expect("she joins");
        cast.paul.add_participant(group, newcomer()).expect("another one joins");
        let session = record(&mut cast.paul, group, day(3, 3), came(&[6]));
        cast.settle();
        let why: Grounds = "Two young women.".parse().expect("grounds");
        let (paul, new) = (cast.paul.tablet().device(), "P07".parse().expect("a code"));
        cast.jeanne.split_participant(id, paul, new, &why).expect("they are told apart");
        cast.settle();

        let refused = cast.paul.edit_session(session, &came(&[6])).expect_err("it may be either").to_string();
        assert!(refused.contains("whose code is P07 now"), "{refused}");
        cast.paul.edit_session(session, &came(&[7])).expect("she has a code of her own");
        cast.jeanne.edit_session(session, &came(&[6])).expect("her tablet means the other one");
        // The other one gets a code of her own on his tablet, too.
        let again = NewParticipant::of("P08".parse().expect("a code"));
        let own = cast.paul.add_participant(group, again).expect("a code of his");
        cast.paul.mark_same(own, Some(id), &why).expect("she is the same");
        let next = record(&mut cast.paul, group, day(3, 10), came(&[7, 8]));
        cast.settle();
        assert_eq!(cast.read(next)["attended"], 2);
        assert_eq!(cast.total(), (2, 4));
        cast.reconcile();
    });
}

/// Of two women under one code, whom two tablets marked at one meeting without hearing of each other, each has come: in the list, in the record and
/// where it is moved to, in what is held on her, and in totals.
#[test]
fn once_a_code_is_told_apart_each_of_the_two_has_come() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        for tablet in [&mut cast.jeanne, &mut cast.paul] {
            tablet
                .add_participant(group, NewParticipant::of("P06".parse().expect("a code")))
                .expect("she joins");
        }
        let session = record(&mut cast.jeanne, group, day(3, 3), came(&[1, 6]));
        let late = Details { attendance: marks(&[6], Attendance::Late), ..Details::default() };
        assert_eq!(record(&mut cast.paul, group, day(3, 3), late), session);
        cast.settle();
        let attended = |cast: &Cast| cast.read(session)["attended"].as_i64().expect("a number");
        assert_eq!((attended(&cast), cast.total()), (2, (1, 2)), "one or two is not known yet");

        let (id, new) = (person(group, "P06"), person(group, "P07"));
        let paul = cast.paul.tablet().device();
        let why: Grounds = "Two young women.".parse().expect("grounds");
        cast.jeanne.split_participant(id, paul, "P07".parse().expect("a code"), &why).expect("told apart");
        cast.settle();
        assert_eq!((attended(&cast), cast.total()), (3, (1, 3)));
        let told = |read: &Value| -> Vec<(String, String)> {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let marks = read["attendance"].as_array().expect("marks").iter();
            let mut told: Vec<_> = marks.map(|mark| (text(&mark["code"]), text(&mark["mark"]))).collect();
            told.sort();
            told
        };
        let each = [("P01", "present"), ("P06", "present"), ("P07", "late")]
            .map(|(code, mark)| (code.to_owned(), mark.to_owned()));
        assert_eq!(told(&cast.read(session)), each);
        for (one, mark) in [(id, "present"), (new, "late")] {
            let held = cast.odette.get(&format!("/v1/participants/{one}/held")).ok();
            let meetings = held["meetings"].as_array().expect("meetings");
            assert_eq!((meetings.len(), &meetings[0]["mark"]), (1, &json!(mark)), "{held}");
            let asked = cast.odette.get(&format!("/v1/questions/attendance?participant={one}")).ok();
            assert_eq!(
                (&asked["rows"][0]["mark"], &asked["rows"][0]["came"]),
                (&json!(mark), &json!(1)),
                "{asked}"
            );
            assert_eq!(asked["reconciliation"][0]["agrees"], true, "{asked}");
        }

        // She is void, or left out by her own wish: the list counts as totals do.
        void(&cast.odette, new, true).ok();
        assert_eq!((attended(&cast), cast.total()), (2, (1, 2)));
        void(&cast.odette, new, false).ok();
        // Two codes of one person are one person.
        let same = |of: Option<ParticipantId>| {
            let body = json!({"as": of, "reason": "One woman, or two."});
            cast.odette.post(&format!("/v1/participants/{new}/same"), &body).ok();
        };
        same(Some(person(group, "P01")));
        assert_eq!((attended(&cast), cast.total()), (2, (1, 2)));
        same(None);

        // Moved, both go along. Not on the tablet that calls her otherwise: its marks under P06 are of P07.
        cast.settle();
        let (to, part) = (day(3, 4), PartOfDay::Morning);
        let refused = cast.paul.move_session(session, to, part, &why).expect_err("of whom?").to_string();
        assert!(refused.starts_with("P06 is marked there"), "{refused}");
        let moved = cast.jeanne.move_session(session, to, part, &why).expect("it is moved");
        cast.settle();
        assert_eq!(told(&cast.read(moved)), each);
        assert_eq!(cast.total(), (1, 3));
        cast.reconcile();
    });
}

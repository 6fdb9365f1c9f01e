//! Somebody is sent to a partner: its protection officers see whom to expect and nothing else, and what they note comes back to the tablet.

use diesel::prelude::*;
use server::departure;
use server::on_each;
use server::store::schema::received_referrals;
use server::store::{Conn, StoreError};
use sync_core::change::Grounds;
use sync_core::id::{ParticipantId, ReferralId};
use sync_core::record::Referral;
use sync_core::record::referral::{ReferralEvent, ReferralReason, ReferralStep, ServiceKind, Urgency};
use sync_core::time::Date;
use tablet::recording::{Destination, NewReferral};
use tests::app::START;
use tests::village::{AREA, day, people_join};

use super::*;

const NOTHING: (u16, &str) = (404, "not-in-inbox");

/// Jeanne leads a group of Aegis, of which three people are referred to Interpeace; it is 5 March. Each organisation has a protection officer.
struct Scene {
    app: TestApp,
    aegis: Village,
    interpeace: Village,
    jeanne: Device,
    /// Of Interpeace.
    officer: Session,
    /// Of Aegis.
    ours: Session,
}

impl Scene {
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let (aegis, interpeace) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, aegis.group, 3);
        app.user("admin", Role::Administrator, None);
        let officer = |name: &str, of: &Village| {
            let user = app.user(name, Role::Manager, Some(of.organisation));
            app.login("admin").request("PUT", &format!("/v1/users/{user}/protection-officer"), None).ok();
            app.login(name)
        };
        let (officer, ours) = (officer("officer.interpeace", &interpeace), officer("officer.aegis", &aegis));
        Self { app, aegis, interpeace, jeanne, officer, ours }
    }

    fn person(&self, number: usize) -> ParticipantId {
        ParticipantId::of(self.aegis.group, format!("P{number:02}"))
    }

    /// Refers somebody to Interpeace, who agreed to it on that day, and syncs.
    fn refer(&mut self, person: usize, urgency: Urgency, on: Date, sent: bool) -> ReferralId {
        let steps = [Some(ReferralStep::Consented), sent.then_some(ReferralStep::Sent)];
        let organisation = Some(self.interpeace.organisation);
        let new = NewReferral {
            participant: self.person(person),
            to: Destination { organisation, ..Destination::from(ServiceKind::Specialised) },
            reason: ReferralReason::Trauma,
            urgency: Some(urgency),
            on,
            steps: steps.into_iter().flatten().collect(),
        };
        let id = self.jeanne.record_referral(new).expect("referred");
        sync(&mut self.jeanne);
        id
    }

    fn inbox(&self) -> Vec<String> {
        let page = self.officer.get("/v1/inbox").ok();
        let items = page["items"].as_array().expect("items");
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }
}

fn address(id: ReferralId) -> String {
    format!("/v1/inbox/{id}")
}

#[test]
fn who_is_sent_is_expected_and_what_becomes_of_them_is_heard() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let contact = json!({"contact": "office@aegis.example"});
        let path = format!("/v1/organisations/{}/contact", scene.aegis.organisation);
        scene.aegis.manager.request("PUT", &path, Some(&contact)).ok();

        // 1. Nobody at the partner hears of somebody before they are sent.
        let first = scene.refer(1, Urgency::Soon, day(3, 4), false);
        assert_eq!(scene.inbox(), Vec::<String>::new());
        assert_eq!(scene.officer.get(&address(first)).problem(), NOTHING);
        scene
            .jeanne
            .step_referral(first, ReferralEvent { step: ReferralStep::Sent, on: day(3, 4) })
            .expect("sent");
        sync(&mut scene.jeanne);
        let late = scene.refer(2, Urgency::Emergency, day(3, 2), true);

        // 2. Then they are expected: the overdue first, with what is needed to receive them.
        let page = scene.officer.get("/v1/inbox").ok();
        assert_eq!((&page["open"], &page["overdue"]), (&json!(2), &json!(1)));
        assert_eq!(scene.inbox(), [late.to_string(), first.to_string()]);
        let one = scene.officer.get(&address(first)).ok();
        assert_eq!(
            one,
            json!({
                "id": first,
                "from": {"organisation_id": scene.aegis.organisation, "name": one["from"]["name"], "contact": "office@aegis.example"},
                "service": "specialised", "reason": "trauma", "urgency": "soon",
                "sex": one["sex"], "age_band": one["age_band"],
                "area": &AREA[..4], "area_path": one["area_path"],
                "sent_on": "2026-03-04", "overdue": false, "overdue_from": "2026-03-11",
                "state": "sent", "state_on": "2026-03-04",
            }),
            "and nothing else"
        );

        // 3. Nothing in it leads to the group, and nothing of the group is theirs.
        let text = page.to_string();
        for word in
            [scene.aegis.group.to_string(), scene.person(1).to_string(), "P01".into(), "Twiyubake".into()]
        {
            assert!(!text.contains(&word), "{word}: {text}");
        }
        assert_eq!(scene.officer.get(&format!("/v1/referrals/{first}")).problem(), (404, "no-such-record"));
        assert_eq!(scene.officer.get("/v1/referrals").ok()["items"], json!([]));

        // 4. What they note comes to the tablet with its next sync, by no name.
        let arrived = json!({"step": "arrived", "on": "2026-03-05"});
        assert_eq!(
            scene.officer.post(&format!("{}/steps", address(first)), &arrived).ok()["step"],
            "arrived"
        );
        assert_eq!(scene.officer.get(&address(first)).ok()["state"], "arrived");
        sync(&mut scene.jeanne);
        let told: Referral = scene.jeanne.tablet().read(first).expect("she has it");
        assert_eq!(told.latest(), Some(ReferralEvent { step: ReferralStep::Arrived, on: day(3, 5) }));
        // What would tell the other partner of somebody is looked at again first.
        let mut naming =
            json!({"step": "declined", "reason": "Mukamana Alice, 0788 123 456, is her sister."});
        let steps = format!("{}/steps", address(late));
        let refused = scene.officer.post(&steps, &naming);
        assert_eq!(refused.problem(), (409, "look-again"), "{}", refused.body);
        assert!(!refused.body.to_string().contains("Mukamana"), "{}", refused.body);
        naming["step"] = json!("erased");
        let wrong = scene.officer.post(&steps, &naming);
        assert!(
            wrong.body.to_string().contains("must be one of: arrived, closed, declined"),
            "{}",
            wrong.body
        );
        let declined = json!({"step": "declined", "reason": "We are full until May."});
        scene.officer.post(&format!("{}/steps", address(late)), &declined).ok();
        assert_eq!(scene.inbox(), [first.to_string()], "what is declined leaves");
        assert_eq!(scene.officer.post(&format!("{}/steps", address(late)), &declined).problem(), NOTHING);
        let history = scene.ours.get(&format!("/v1/referrals/{late}/history")).ok();
        let last = history["items"].as_array().and_then(|items| items.last()).expect("a change");
        assert_eq!(last["by"], "the service");
        let why = last["reason"].as_str().expect("a reason");
        assert!(why.ends_with(": We are full until May.") && !why.contains("officer"), "{why}");

        // Whoever sent them is told that they need another service, and why.
        sync(&mut scene.jeanne);
        let told = |device: &mut tablet::device::Device| {
            let mut out = Vec::new();
            tablet::cli::run_on(device, tablet::cli::TabletCommand::Status, &mut out).expect("a status");
            String::from_utf8(out).expect("text")
        };
        let status = told(&mut scene.jeanne);
        assert!(status.contains("1 person was declined where you sent them"), "{status}");

        // 5. Sent again, they are expected again; the store is what its documents say.
        scene
            .jeanne
            .step_referral(late, ReferralEvent { step: ReferralStep::Sent, on: day(3, 6) })
            .expect("sent");
        sync(&mut scene.jeanne);
        assert!(!told(&mut scene.jeanne).contains("declined"));
        assert_eq!(scene.inbox().len(), 2);
        is_sound(&scene.app);
    });
}

#[test]
fn whoever_takes_their_consent_back_is_recalled_at_once() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let ids: Vec<ReferralId> =
            (1..=3).map(|person| scene.refer(person, Urgency::Routine, day(3, 4), true)).collect();
        assert_eq!(scene.inbox().len(), 3);

        // 1. Consent withdrawn at a desk, by somebody who sees no referral: recalled in that moment; given again, it is there again.
        let who = format!("/v1/participants/{}", scene.person(1));
        let withdrawn = json!({"withdrawn": "2026-03-05", "reason": "They said so."});
        assert!(scene.aegis.manager.patch(&who, &withdrawn).status < 300);
        assert_eq!(scene.officer.get(&address(ids[0])).problem(), NOTHING);
        let step = json!({"step": "arrived"});
        assert_eq!(scene.officer.post(&format!("{}/steps", address(ids[0])), &step).problem(), NOTHING);
        let consent = json!({"purpose": "participation", "method": "oral", "date": "2026-03-05"});
        let again = json!({"consent": consent, "reason": "They agree again."});
        assert!(scene.aegis.manager.patch(&who, &again).status < 300);
        assert_eq!(scene.inbox().len(), 3);

        // 2. Under another of their codes, on the tablet.
        sync(&mut scene.jeanne);
        let same = json!({"as": scene.person(1), "reason": "She has two codes."});
        let path = format!("/v1/participants/{}/same", scene.person(2));
        assert!(scene.aegis.manager.post(&path, &same).status < 300);
        assert!(scene.aegis.manager.patch(&who, &withdrawn).status < 300);
        assert_eq!(scene.inbox(), [ids[2].to_string()]);

        // 3. A referral that was recorded by mistake.
        let grounds: Grounds = "Of somebody else.".parse().expect("a line");
        sync(&mut scene.jeanne);
        scene.jeanne.void_referral(ids[2], false, &grounds).expect("void");
        sync(&mut scene.jeanne);
        assert_eq!(scene.inbox(), Vec::<String>::new());
        is_sound(&scene.app);

        // 4. Who asks to be erased is recalled before anybody confirms it, and nothing is left once it is.
        scene.jeanne.void_referral(ids[2], true, &grounds).expect("taken back");
        sync(&mut scene.jeanne);
        assert_eq!(scene.inbox().len(), 1);
        scene.jeanne.ask_to_erase(scene.person(3), day(3, 5)).expect("noted");
        sync(&mut scene.jeanne);
        assert_eq!(scene.inbox(), Vec::<String>::new());
        let erasure = format!("/v1/participants/{}/erasure", scene.person(3));
        assert!(scene.aegis.manager.post(&erasure, &json!({"code": "P03"})).status < 300);
        assert_eq!(scene.officer.get(&address(ids[2])).problem(), NOTHING);
        is_sound(&scene.app);
    });
}

#[test]
fn an_inbox_is_for_the_protection_officers_of_the_organisation_alone() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let id = scene.refer(1, Urgency::Soon, day(3, 4), true);
        let third = Village::of(&scene.app, "nar");
        let of_third = scene.app.user("officer.nar", Role::Manager, Some(third.organisation));
        let named = format!("/v1/users/{of_third}/protection-officer");
        scene.app.login("admin").request("PUT", &named, None).ok();
        let steps = format!("{}/steps", address(id));
        let arrived = json!({"step": "arrived"});
        // 1. Those of others find nothing, that of the referring organisation too.
        for other in [scene.app.login("officer.nar"), scene.ours.clone()] {
            assert_eq!(other.get("/v1/inbox").ok()["items"], json!([]));
            assert_eq!(other.get(&address(id)).problem(), NOTHING);
            assert_eq!(other.post(&steps, &arrived).problem(), NOTHING);
        }
        // 2. A manager who protects nobody is told whom to ask.
        let refused = (403, "role-not-allowed");
        assert_eq!(scene.interpeace.manager.get("/v1/inbox").problem(), refused);
        assert_eq!(scene.interpeace.manager.get(&address(id)).problem(), refused);
        assert_eq!(scene.interpeace.manager.post(&steps, &arrived).problem(), refused);
        // 3. What makes no sense is refused, and nothing of it is written.
        for (body, field) in [
            (json!({"step": "sent"}), "step"),
            (json!({"step": "arrived", "on": "2026-03-03"}), "on"),
            (json!({"step": "arrived", "on": "2026-03-06"}), "on"),
            (json!({"step": "declined"}), "reason"),
            (json!({"step": "arrived", "reason": "x".repeat(151)}), "reason"),
        ] {
            let answer = scene.officer.post(&steps, &body);
            assert_eq!(answer.problem(), (422, "invalid-fields"), "{body}");
            assert_eq!(answer.body["errors"][0]["field"], field, "{body}");
        }
        assert_eq!(scene.officer.get(&address(id)).ok()["state"], "sent");
        // 4. Looked at and answered, each is noted with who did it.
        scene.officer.post(&steps, &arrived).ok();
        let noted = scene.officer.get("/v1/me/audit").ok().to_string();
        assert!(noted.contains("POST /v1/inbox/{id}/steps") && noted.contains(&id.to_string()), "{noted}");
    });
}

#[test]
fn who_leaves_the_partnership_is_told_of_nobody_and_sends_nobody() {
    for leaves in ["interpeace", "aegis"] {
        Database::each(|database| {
            let mut scene = Scene::on(database);
            scene.refer(1, Urgency::Soon, day(3, 4), true);
            assert_eq!(scene.inbox().len(), 1);
            let shelf = tempfile::tempdir().expect("a folder");
            let folder = shelf.path().join("export");
            departure::export(scene.app.store(), leaves, &folder, START).expect("an export");
            let leaving = departure::Leaving::of(scene.app.store(), leaves, &folder).expect("it is whole");
            leaving.remove(scene.app.store(), START).expect("it is removed");
            let count = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
                on_each!(tx, |c| received_referrals::table.count().get_result(c))
            };
            assert_eq!(scene.app.store().read_blocking("test", count).expect("it answers"), 0, "{leaves}");
            // Whom nobody receives any more the others may go on referring: nobody is told.
            scene.refer(2, Urgency::Soon, day(3, 4), true);
            assert_eq!(scene.app.store().read_blocking("test", count).expect("it answers"), 0, "{leaves}");
            is_sound(&scene.app);
        });
    }
}

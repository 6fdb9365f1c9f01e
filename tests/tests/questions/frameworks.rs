//! Frameworks: drawn up, put in force, withdrawn; and what a partner maps.

use super::plan::{common, indicator, own, target};
use super::*;

#[test]
fn a_framework_in_force_never_changes_and_the_next_version_begins_as_a_draft() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let (manager, other) = (&scene.aegis.manager, &scene.other.manager);
        let secretariat = scene.app.login("peace.secretariat");
        let again = secretariat.post("/v1/frameworks", &common());
        assert_eq!((again.status, &again.body["version"]), (201, &json!(2)));
        let draft = again.body["id"].as_str().expect("an id");
        // A draft is replaced by what is sent next, and nobody else is told of it.
        let mut less = common();
        less["indicators"].as_array_mut().expect("a list").truncate(1);
        assert_eq!(secretariat.post("/v1/frameworks", &less).body["id"], json!(draft));
        let told = |person: &Session| person.get("/v1/frameworks").ok()["items"].as_array().map(Vec::len);
        assert_eq!((told(&secretariat), told(manager), told(other)), (Some(3), Some(2), Some(2)));
        assert_eq!(manager.get(&format!("/v1/frameworks/{draft}")).problem(), (404, "no-such-framework"));
        assert_eq!(
            secretariat.get(&format!("/v1/frameworks/{draft}")).ok()["indicators"].as_array().map(Vec::len),
            Some(1)
        );

        // Nobody puts another's in force, sets targets for a draft, or for what there is not.
        let force = |person: &Session| {
            person.post(&format!("/v1/frameworks/{draft}/in-force"), &json!({})).problem().0
        };
        assert_eq!(force(manager), 404);
        let set = |body: &Value| manager.request("PUT", "/v1/targets", Some(body));
        assert_eq!(set(&target(draft, "1.1", 5)).problem(), (404, "no-such-framework"));
        secretariat.post(&format!("/v1/frameworks/{draft}/in-force"), &json!({})).ok();
        assert_eq!(set(&target(draft, "9.9", 5)).problem(), (422, "invalid-fields"));
        let all = manager.get("/v1/frameworks").ok();
        let is_first = |one: &&Value| one["code"] == "rpp" && one["version"] == 1;
        let first = all["items"].as_array().expect("items").iter().find(is_first).expect("the first version");
        let more = target(first["id"].as_str().expect("an id"), "1.2", 101);
        assert_eq!(set(&more).body["errors"][0]["field"], "value", "more than all of them");
        let mut early = target(draft, "1.1", 5);
        early["from"] = json!("0026-01");
        assert_eq!(set(&early).body["errors"][0]["field"], "from");
        let without = json!({"framework_id": draft, "indicator": "1.1", "from": "2026-01", "to": "2026-03"});
        assert_eq!(set(&without).body["errors"][0]["field"], "value", "null alone takes a target back");
        set(&target(draft, "1.1", 5)).ok();
        set(&target(draft, "1.1", 8)).ok();
        let targets = |person: &Session| person.get("/v1/targets").ok()["items"].as_array().map(Vec::len);
        assert_eq!(targets(other), Some(4), "what is set again takes the place of what was set");
        set(&target(draft, "1.1", Value::Null)).ok();
        assert_eq!(targets(&secretariat), Some(3));

        // One that was put in force by mistake is withdrawn: the version before it holds, until it is put in force again.
        set(&target(draft, "1.1", 8)).ok();
        let withdraw =
            |person: &Session, id: &str| person.post(&format!("/v1/frameworks/{id}/withdraw"), &json!({}));
        assert_eq!(withdraw(manager, draft).problem(), (404, "no-such-framework"));
        for _ in 0..2 {
            assert!(withdraw(&secretariat, draft).ok()["withdrawn_at"].is_string());
        }
        assert_eq!(targets(other), Some(3), "its targets are told no more");
        assert_eq!(set(&target(draft, "1.1", 5)).problem(), (404, "no-such-framework"));
        let told_by = |person: &Session| {
            let told = rows(person, "indicators");
            let common =
                told.iter().find(|row| row["framework"].as_str().is_some_and(|one| one.starts_with("rpp")));
            common.expect("a common one")["framework"].clone()
        };
        assert_eq!(told_by(manager), json!("rpp 1"));
        secretariat.post(&format!("/v1/frameworks/{draft}/in-force"), &json!({})).ok();
        assert_eq!((targets(other), told_by(manager)), (Some(4), json!("rpp 2")));
        set(&target(draft, "1.1", Value::Null)).ok();
        let stray = secretariat.post("/v1/frameworks", &common()).body["id"].clone();
        withdraw(&secretariat, stray.as_str().expect("an id")).ok();
        let next = secretariat.post("/v1/frameworks", &common());
        assert_eq!(
            (next.status, &next.body["version"]),
            (201, &json!(3)),
            "nothing was told by a draft that is withdrawn: the next one takes its number"
        );
        withdraw(&secretariat, next.body["id"].as_str().expect("an id")).ok();

        // What an organisation maps must be there, fit, and say what it loses.
        let own = |fit: &str, onto: &str, unit: &str, loses: Option<&str>| {
            let mut one = indicator("A1", unit, &json!({"count": "people"}));
            one["maps"] = json!([{"framework": "rpp", "indicator": onto, "fit": fit, "loses": loses}]);
            manager
                .post("/v1/frameworks", &json!({"code": "aegis-two", "title": "Two", "indicators": [one]}))
                .status
        };
        assert_eq!(own("same", "1.1", "people", None), 201);
        assert_eq!(own("part_of", "1.1", "people", None), 422);
        assert_eq!(own("part_of", "1.1", "people", Some("Counts people once in a group.")), 201);
        assert_eq!(own("same", "3.1", "people", None), 422, "graduates are others");
        assert_eq!(own("same", "2.1", "people", None), 422);
        assert_eq!(own("same", "9.9", "people", None), 422);
        assert_eq!(other.post("/v1/frameworks", &self::own()).problem(), (409, "code-taken"));
        for (measure, unit) in [
            (json!({"count": "sessions", "sex": "female"}), "sessions"),
            (json!({"count": "people", "phase": "trust"}), "people"),
            (json!({"count": "people"}), "percent"),
            (json!({"count": "sessions"}), "people"),
        ] {
            let one =
                json!({"code": "aegis-no", "title": "No", "indicators": [indicator("A1", unit, &measure)]});
            assert_eq!(manager.post("/v1/frameworks", &one).problem(), (422, "invalid-fields"), "{measure}");
        }
    });
}

#[test]
fn two_who_draw_up_the_same_framework_at_once_begin_one_version() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let aegis = Village::of(&app, "aegis");
        let (manager, other) = (&aegis.manager, aegis.manager_again(&app));
        let one = json!({"code": "at-once", "title": "At once", "indicators": [indicator("1", "people", &json!({"count": "people"}))]});
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = [manager, &other]
                .into_iter()
                .cycle()
                .take(6)
                .map(|person| scope.spawn(|| person.post("/v1/frameworks", &one).status))
                .collect();
            asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
        });
        assert_eq!(answers, [201; 6]);
        let listed = manager.get("/v1/frameworks").ok();
        let versions: Vec<&Value> =
            listed["items"].as_array().expect("items").iter().map(|one| &one["version"]).collect();
        assert_eq!(versions, [1], "{listed}");
        // So does whoever sets one target many times at once.
        let id = listed["items"][0]["id"].as_str().expect("an id");
        manager.post(&format!("/v1/frameworks/{id}/in-force"), &json!({})).ok();
        let set = |value: i64| manager.request("PUT", "/v1/targets", Some(&target(id, "1", value))).status;
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..6).map(|value| scope.spawn(move || set(value))).collect();
            asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
        });
        assert_eq!(answers, [200; 6]);
        assert_eq!(manager.get("/v1/targets").ok()["items"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn there_are_only_so_many_versions_of_one_keeper() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let draw_up = |keeper: &Village, number: usize| {
            let measure = json!({"count": "people"});
            let code = format!("f{number}-{}", &keeper.organisation.to_string()[30..]);
            let one = json!({"code": code, "title": "One of many", "indicators": [indicator("1", "people", &measure)]});
            keeper.manager.post("/v1/frameworks", &one)
        };
        for number in 0..20 {
            assert_eq!(draw_up(&aegis, number).status, 201);
        }
        assert_eq!(draw_up(&aegis, 20).problem(), (409, "frameworks-full"));
        assert_eq!(draw_up(&nar, 0).status, 201, "others have room of their own");
    });
}

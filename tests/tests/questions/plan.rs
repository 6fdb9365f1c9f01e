//! What was to be reached and with what money: frameworks, targets and budgets, and the questions about them.

use super::*;

/// An indicator that counts what the measure says.
fn indicator(code: &str, unit: &str, measure: &Value) -> Value {
    json!({
        "code": code, "names": {"en": format!("Indicator {code}"), "rw": format!("Igipimo {code}")},
        "unit": unit, "measure": measure, "direction": "up",
    })
}

/// Draws a framework up and puts it in force; gives its id.
fn in_force(keeper: &Session, framework: &Value) -> String {
    let drawn_up = keeper.post("/v1/frameworks", framework);
    assert_eq!(drawn_up.status, 201, "{drawn_up:?}");
    let id = drawn_up.body["id"].as_str().expect("an id").to_owned();
    keeper.post(&format!("/v1/frameworks/{id}/in-force"), &json!({})).ok();
    id
}

fn common() -> Value {
    let mut people = indicator("1.1", "people", &json!({"count": "people"}));
    people["by"] = json!(["sex", "age_band", "district", "modality"]);
    let mut women = indicator("1.2", "percent", &json!({"count": "people", "sex": "female"}));
    women["of"] = json!({"count": "people"});
    let sessions = indicator("2.1", "sessions", &json!({"count": "sessions", "modality": "sociotherapy"}));
    let groups = indicator("2.2", "groups", &json!({"count": "groups"}));
    let graduates = indicator("3.1", "people", &json!({"count": "graduates"}));
    json!({"code": "RPP", "title": "Common results", "indicators": [people, women, sessions, groups, graduates]})
}

fn own() -> Value {
    let mut youth = indicator("A1", "people", &json!({"count": "people", "age_bands": ["16_24", "25_35"]}));
    youth["maps"] =
        json!([{"framework": "rpp", "indicator": "1.1", "fit": "part_of", "loses": "Counts youth alone."}]);
    json!({"code": "aegis-plan", "title": "Plan of Aegis", "indicators": [youth]})
}

fn target(framework: &str, indicator: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    json!({"framework_id": framework, "indicator": indicator, "from": "2026-01", "to": "2026-03", "value": value})
}

/// The common framework, one of Aegis, targets of Aegis and its budget.
pub(super) fn drawn_up(app: &TestApp, aegis: &Village) {
    app.user("peace.secretariat", Role::Secretariat, None);
    let common = in_force(&app.login("peace.secretariat"), &common());
    in_force(&aegis.manager, &own());
    for (indicator, value) in [("1.1", 40), ("1.2", 50), ("2.1", 4)] {
        aegis.manager.request("PUT", "/v1/targets", Some(&target(&common, indicator, value))).ok();
    }
    let line = |modality: Option<&str>, to: &str, amount: i64| json!({"modality": modality, "from": "2026-01", "to": to, "currency": "RWF", "amount": amount, "source": "Core grant"});
    for line in [line(Some("sociotherapy"), "2026-03", 600_000), line(None, "2026-12", 1_200_000)] {
        assert_eq!(aegis.manager.post("/v1/budget", &line).status, 201);
    }
}

#[test]
fn a_manager_sees_what_was_reached_of_the_plan_and_what_it_costs() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let manager = &scene.aegis.manager;
        let reached = rows(manager, "results-against-plan?from=2026-01&to=2026-03");
        let told: Vec<Value> = reached
            .iter()
            .map(|row| part(row, &["framework", "indicator", "target", "result", "percent"]))
            .collect();
        // Two came, of whom one is a woman, to two meetings.
        assert_eq!(
            told,
            [
                json!(["rpp 1", "1.1", 40.0, 2.0, 5.0]),
                json!(["rpp 1", "1.2", 50.0, 50.0, 100.0]),
                json!(["rpp 1", "2.1", 4.0, 2.0, 50.0]),
            ]
        );
        assert_eq!(rows(manager, "results-against-plan?from=2026-04"), Vec::<Value>::new());

        let indicators = rows(manager, "indicators?from=2026-01&to=2026-03");
        let whole = |code: &str| {
            let of = |row: &&Value| row["indicator"] == code && row["by"].is_null();
            indicators.iter().find(of).map(|row| part(row, &["quarter", "result"]))
        };
        assert_eq!(whole("1.1"), Some(json!(["2026-Q1", 2.0])));
        assert_eq!(whole("2.1"), Some(json!(["2026-Q1", 2.0])));
        assert_eq!(whole("2.2"), Some(json!(["2026-Q1", 1.0])));
        assert_eq!(whole("3.1"), None, "nobody graduated");
        let by = |by: &str| -> Vec<Value> {
            let of = indicators.iter().filter(|row| row["indicator"] == "1.1" && row["by"] == by);
            of.map(|row| part(row, &["who", "result"])).collect()
        };
        assert_eq!(by("district"), [json!(["52", 2.0])]);
        assert_eq!(by("modality"), [json!(["sociotherapy", 2.0])]);

        let cost = rows(manager, "cost?from=2026-01&to=2026-03");
        let told: Vec<Value> = cost
            .iter()
            .map(|row| {
                part(row, &["modality", "amount", "people", "sessions", "each_person", "each_graduate"])
            })
            .collect();
        assert_eq!(
            told,
            [
                json!([null, 300_000, 2, 2, 150_000.0, null]),
                json!(["sociotherapy", 600_000, 2, 2, 300_000.0, null]),
            ]
        );
        // The other partner sees its own, which is nothing.
        assert_eq!(rows(&scene.other.manager, "cost"), Vec::<Value>::new());
        assert_eq!(rows(&scene.other.manager, "results-against-plan"), Vec::<Value>::new());
        assert_eq!(scene.other.manager.get("/v1/budget").ok()["items"], json!([]));
    });
}

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
            (201, &json!(4)),
            "a draft goes, and its number with it"
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
fn a_budget_line_is_taken_back_and_counts_no_more() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let manager = &scene.aegis.manager;
        let lines = manager.get("/v1/budget").ok()["items"].as_array().expect("a list").clone();
        let path = format!("/v1/budget/{}/take-back", lines[0]["id"].as_str().expect("an id"));
        assert_eq!(scene.other.manager.post(&path, &json!({})).problem(), (404, "no-such-budget-line"));
        for _ in 0..2 {
            assert!(manager.post(&path, &json!({})).ok()["taken_back_at"].is_string());
        }
        assert_eq!(rows(manager, "cost?from=2026-01&to=2026-03").len(), 1);
        // The donor reads the lines of all partners, also what was taken back.
        scene.app.user("donor", Role::Donor, None);
        assert_eq!(
            scene.app.login("donor").get("/v1/budget").ok()["items"].as_array().map(Vec::len),
            Some(2)
        );
        let wrong =
            json!({"from": "2026-03", "to": "2026-01", "currency": "francs", "amount": 0, "source": ""});
        let refused = manager.post("/v1/budget", &wrong);
        let fields: Vec<&str> = refused.body["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|one| one["field"].as_str())
            .collect();
        assert_eq!(fields, ["to", "currency", "amount", "source"]);
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

/// What a question about a plan costs at most, of a build that is not optimised; some times what it takes.
#[cfg(target_os = "linux")]
#[test]
fn a_plan_that_is_made_to_be_dear_costs_so_much_and_no_more() {
    use hostile_bytes::budget;
    use tests::process::Service;
    use tests::program::ihuriro;

    const CPU: std::time::Duration = std::time::Duration::from_secs(10);
    const MEMORY: u64 = 64 * 1024 * 1024;
    Database::each(|database| {
        let mut app = TestApp::on(database);
        Village::of(&app, "aegis");
        let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        let process = service.id();
        let graduates = |code: usize, by: &Value| {
            let mut one =
                indicator(&format!("{code}"), "percent", &json!({"count": "graduates", "sex": "female"}));
            one["of"] = json!({"count": "graduates"});
            one["by"] = by.clone();
            one
        };
        let all = json!(["sex", "age_band", "district", "modality", "kind"]);
        let framework = |code: &str, each: usize, by: &Value| {
            let indicators: Vec<Value> = (0..each).map(|one| graduates(one, by)).collect();
            json!({"code": code, "title": "Dear", "indicators": indicators})
        };
        let costs = |what: &str, ask: &dyn Fn() -> u16, status: u16| {
            let memory = budget::forget_peak(&process.to_string()).expect("it runs");
            let cpu = budget::process_cpu(process).expect("it runs");
            assert_eq!(ask(), status, "{what}");
            let cpu = budget::process_cpu(process).expect("it runs").saturating_sub(cpu);
            let memory = budget::peak_memory(&process.to_string()).expect("it runs").saturating_sub(memory);
            println!("{what}: {cpu:?}, {memory} bytes");
            assert!(cpu < CPU && memory < MEMORY, "{what}: {cpu:?}, {memory} bytes");
        };
        // 1. As much as may be asked for: 50 indicators, each in six ways and divided.
        let allowed = framework("dear", 50, &all);
        let id = in_force(&manager, &allowed);
        costs("as many counts as there may be", &|| manager.get("/v1/questions/indicators").status, 200);
        // 2. More.
        costs(
            "a framework of a hundred",
            &|| manager.post("/v1/frameworks", &framework("dearer", 100, &all)).status,
            201,
        );
        in_force(&manager, &framework("dearest", 100, &all));
        let refused = manager.get("/v1/questions/indicators");
        assert_eq!(
            (refused.problem(), &refused.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("framework"))
        );
        // 3. As many targets as are counted at once.
        for number in 0..200 {
            let month = format!("2026-{:02}", 1 + number % 12);
            let area = ["1", "2", "3", "4", "5"][number / 12 % 5];
            let indicator = (number % 50).to_string();
            let set = json!({"framework_id": id, "indicator": indicator, "from": month, "to": month, "area": area, "value": 5});
            manager.request("PUT", "/v1/targets", Some(&set)).ok();
        }
        costs("two hundred targets", &|| manager.get("/v1/questions/results-against-plan").status, 200);
        // 4. A budget in as many currencies as there may be lines.
        for number in 0..100_u8 {
            let currency: String =
                [number / 26 + b'A', number % 26 + b'A', b'Z'].map(char::from).iter().collect();
            let line = json!({"modality": "sociotherapy", "from": "2026-01", "to": "2026-12", "currency": currency, "amount": 5, "source": "a grant"});
            assert_eq!(manager.post("/v1/budget", &line).status, 201);
        }
        costs("a budget of a hundred currencies", &|| manager.get("/v1/questions/cost").status, 200);
    });
}

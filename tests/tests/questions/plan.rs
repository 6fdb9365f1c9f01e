//! What was to be reached and with what money: frameworks, targets and budgets, and the questions about them.

use super::*;

/// An indicator that counts what the measure says.
pub(super) fn indicator(code: &str, unit: &str, measure: &Value) -> Value {
    json!({
        "code": code, "names": {"en": format!("Indicator {code}"), "rw": format!("Igipimo {code}")},
        "unit": unit, "measure": measure, "direction": "up",
    })
}

/// Draws a framework up and puts it in force; gives its id.
pub(super) fn in_force(keeper: &Session, framework: &Value) -> String {
    let drawn_up = keeper.post("/v1/frameworks", framework);
    assert_eq!(drawn_up.status, 201, "{drawn_up:?}");
    let id = drawn_up.body["id"].as_str().expect("an id").to_owned();
    keeper.post(&format!("/v1/frameworks/{id}/in-force"), &json!({})).ok();
    id
}

pub(super) fn common() -> Value {
    let mut people = indicator("1.1", "people", &json!({"count": "people"}));
    people["by"] = json!(["sex", "age_band", "district", "modality"]);
    let mut women = indicator("1.2", "percent", &json!({"count": "people", "sex": "female"}));
    women["of"] = json!({"count": "people"});
    let sessions = indicator("2.1", "sessions", &json!({"count": "sessions", "modality": "sociotherapy"}));
    let groups = indicator("2.2", "groups", &json!({"count": "groups"}));
    let graduates = indicator("3.1", "people", &json!({"count": "graduates"}));
    json!({"code": "RPP", "title": "Common results", "indicators": [people, women, sessions, groups, graduates]})
}

pub(super) fn own() -> Value {
    let mut youth = indicator("A1", "people", &json!({"count": "people", "age_bands": ["16_24", "25_35"]}));
    youth["maps"] =
        json!([{"framework": "rpp", "indicator": "1.1", "fit": "part_of", "loses": "Counts youth alone."}]);
    json!({"code": "aegis-plan", "title": "Plan of Aegis", "indicators": [youth]})
}

pub(super) fn target(framework: &str, indicator: &str, value: impl Into<Value>) -> Value {
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

/// What somebody says of a line.
const ENTERED: [&str; 6] = ["modality", "from", "to", "currency", "amount", "source"];

#[test]
fn a_budget_line_is_taken_back_and_counts_no_more() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let manager = &scene.aegis.manager;
        let lines = manager.get("/v1/budget").ok()["items"].as_array().expect("a list").clone();
        let path = format!("/v1/budget/{}/take-back", lines[0]["id"].as_str().expect("an id"));
        let mut same = lines[0].clone();
        same.as_object_mut().expect("a line").retain(|field, _| ENTERED.contains(&field.as_str()));
        assert_eq!(manager.post("/v1/budget", &same).problem(), (409, "already-entered"));
        assert_eq!(scene.other.manager.post(&path, &json!({})).problem(), (404, "no-such-budget-line"));
        for _ in 0..2 {
            assert!(manager.post(&path, &json!({})).ok()["taken_back_at"].is_string());
        }
        assert_eq!(rows(manager, "cost?from=2026-01&to=2026-03").len(), 1);
        assert_eq!(manager.post("/v1/budget", &same).status, 201, "what was taken back may be entered again");
        assert_eq!(rows(manager, "cost?from=2026-01&to=2026-03").len(), 2);
        // The donor reads the lines of all partners, also what was taken back.
        scene.app.user("donor", Role::Donor, None);
        assert_eq!(
            scene.app.login("donor").get("/v1/budget").ok()["items"].as_array().map(Vec::len),
            Some(3)
        );
        let wrong = json!({"from": "2026-03", "to": "2026-01", "currency": "FRW", "amount": 0, "source": ""});
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

//! As the secretariat, the donor and people of another organisation, no address tells a live count.

use super::*;
use tests::{Database, Village};

/// How many attendances there are: a number that stands nowhere else. A page of a list has a hundred, and the audit log says how many came.
const PLANTED: usize = 137;

/// Whether a number stands anywhere in an answer, by itself.
fn says(body: &Value, number: usize) -> bool {
    match body {
        Value::Number(one) => one.as_u64() == Some(number as u64),
        Value::String(text) => text.parse() == Ok(number),
        Value::Array(all) => all.iter().any(|one| says(one, number)),
        Value::Object(all) => all.values().any(|one| says(one, number)),
        _ => false,
    }
}

#[test]
fn no_address_tells_others_a_live_count() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, neighbour) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        people_consent(&mut tablet, village.group, PLANTED + 1);
        they_meet(&mut tablet, village.group, 3, 2, &(1..=PLANTED).collect::<Vec<_>>());
        tablet.sync(&mut ()).expect("a sync");
        release(&app);
        let own = village.aggregates("")["total"].clone();
        assert!(says(&own, PLANTED), "whose they are reads them: {own}");

        let mut people = vec![
            outsider(&app, Role::Secretariat),
            outsider(&app, Role::Donor),
            outsider(&app, Role::Administrator),
        ];
        for role in [Role::Manager, Role::Supervisor, Role::Facilitator] {
            let name = format!("another.{role}");
            app.user(&name, role, Some(neighbour.organisation));
            people.push(app.login(&name));
        }
        let participant = village.manager.get(&format!("/v1/participants?group={}", village.group)).ok();
        let session = village.manager.get("/v1/sessions").ok();
        let ids = [
            village.group.to_string(),
            village.organisation.to_string(),
            participant["items"][0]["id"].as_str().expect("an id").to_owned(),
            session["items"][0]["id"].as_str().expect("an id").to_owned(),
            "2026-Q1-to-02".to_owned(),
        ];
        let document = serde_json::to_value(server::http::openapi()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let mut asked = 0;
        for (path, item) in paths.iter().filter(|(_, item)| item.get("get").is_some()) {
            let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
            for address in addresses(path, &parameters, &ids, &village) {
                for person in &people {
                    let answer = person.get(&address);
                    assert!(!says(&answer.body, PLANTED), "{address}: {answer:?}");
                    assert!(answer.status < 500, "{address}: {answer:?}");
                    asked += 1;
                }
            }
        }
        println!("{asked} questions");
        assert!(asked > 500, "{asked}");
    });
}

/// An address with each id, and with each way to tell apart or filter.
fn addresses(path: &str, parameters: &[Value], ids: &[String], village: &Village) -> Vec<String> {
    let mut paths = vec![path.to_owned()];
    if path.contains('{') {
        paths = ids
            .iter()
            .map(|id| {
                let mut parts = path.split('/').filter(|part| !part.is_empty());
                let mut address = String::new();
                for part in parts.by_ref() {
                    let filled = match part {
                        "{table}" => "meetings",
                        part if part.starts_with('{') => id,
                        part => part,
                    };
                    address.push('/');
                    address.push_str(filled);
                }
                address
            })
            .collect();
    }
    let filters = parameters.iter().filter(|one| one["in"] == "query").filter_map(|one| {
        let name = one["name"].as_str()?;
        let value = match name {
            "group" => village.group.to_string(),
            "organisation" => village.organisation.to_string(),
            "by" => "organisation,district,month,sex,age_band".to_owned(),
            "area" | "below" => "52".to_owned(),
            "from" => "2026-03-02".to_owned(),
            "to" => "2026-03-02".to_owned(),
            "kind" => "healing_space".to_owned(),
            "modality" => "sociotherapy".to_owned(),
            "limit" => "1".to_owned(),
            _ => return None,
        };
        Some(format!("{name}={value}"))
    });
    let filters: Vec<String> = std::iter::once(String::new()).chain(filters).collect();
    let with = |path: &String| filters.iter().map(|filter| format!("{path}?{filter}")).collect::<Vec<_>>();
    paths.iter().flat_map(with).collect()
}

#[test]
fn totals_answer_secretariat_and_donor_with_the_tables_that_there_are() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        people_consent(&mut tablet, village.group, 8);
        they_meet(&mut tablet, village.group, 3, 2, &[1, 2, 3]);
        tablet.sync(&mut ()).expect("a sync");
        release(&app);
        for role in [Role::Secretariat, Role::Donor] {
            let person = outsider(&app, role);
            for query in ["", "?by=district", "?by=nonsense", "?organisation=1"] {
                let refused = person.get(&format!("/v1/aggregates{query}"));
                if query.ends_with('1') {
                    assert_eq!(refused.status, 422, "{refused:?}");
                    continue;
                }
                assert_eq!(refused.problem(), (422, "only-published"), "{refused:?}");
                assert_eq!(
                    refused.body["tables"],
                    serde_json::json!(["/v1/published/2026-Q1-to-02/meetings"])
                );
            }
        }
        let administrator = outsider(&app, Role::Administrator);
        assert_eq!(administrator.get("/v1/aggregates").problem(), (403, "role-not-allowed"));
        assert_eq!(administrator.get("/v1/published").problem(), (403, "role-not-allowed"));
        assert!(village.manager.get("/v1/published").ok().as_array().is_some_and(|all| !all.is_empty()));
    });
}

#[test]
fn a_partner_that_adds_and_takes_back_records_of_its_own_changes_no_tree_of_another() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, neighbour) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        for (village, people) in [(&village, 21), (&neighbour, 30)] {
            let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
            people_consent(&mut tablet, village.group, people);
            they_meet(&mut tablet, village.group, 3, 2, &(1..=people).collect::<Vec<_>>());
            tablet.sync(&mut ()).expect("a sync");
        }
        days(&app, 47);
        assert_eq!(release(&app), ["2026-Q1"]);
        let manager = neighbour.manager_again(&app);
        let session = manager.get("/v1/sessions").ok()["items"][0]["id"].as_str().expect("an id").to_owned();
        for void in [true, false, true] {
            let body = serde_json::json!({"void": void, "reason": "Somebody tries."});
            manager.post(&format!("/v1/records/{session}/void"), &body).ok();
        }
        days(&app, 90);
        assert_eq!(release(&app), ["2026-Q1-revised"]);
        let donor = outsider(&app, Role::Donor);
        let of = |release: &str, code: &str| -> Value {
            let rows = table(&donor, &format!("{release}/people"));
            rows.get(&format!("{code} organisation")).map(|row| row["people"].clone()).unwrap_or_default()
        };
        assert_eq!(of("2026-Q1", "aegis"), of("2026-Q1-revised", "aegis"));
        assert_eq!(of("2026-Q1-revised", "nar"), Value::from(0), "all of its own people are void");
    });
}

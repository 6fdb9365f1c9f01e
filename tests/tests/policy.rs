//! The policy holds: every address of the service, asked by people of every role, for groups of every relation to them, and for records
//! of every level of secrecy, answers as its row in [`POLICY`] says. An address that is in no row, or for which this test has nothing to
//! ask, is a failure.

mod asks;
mod looking_as;
mod noted;
mod refused;
mod world;

use std::collections::BTreeSet;

use serde_json::json;
use server::scope::{Action, Entry, POLICY, Reach};
use sync_core::record::Level;
use tests::Database;

use asks::{Ask, Listed, asks, listed};
use world::{Person, Relation, World};

/// Method and pattern of each address that the OpenAPI document names; with whether it asks for an access token.
fn addresses() -> Vec<(String, String, bool)> {
    let document = serde_json::to_value(server::http::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &serde_json::Value)| {
        let operations = item.as_object().expect("operations").iter();
        let one = |(method, operation): (&String, &serde_json::Value)| {
            (method.to_uppercase(), path.clone(), operation["security"][0].get("bearer").is_some())
        };
        operations.map(one).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn every_address_stands_in_one_row_of_the_policy() {
    let addresses = addresses();
    for (method, path, wants_token) in &addresses {
        let action = Action::at(method, path).unwrap_or_else(|| panic!("{method} {path} stands in no row"));
        assert_eq!(action.entry == Entry::Person, *wants_token, "{method} {path}");
    }
    let known: BTreeSet<String> =
        addresses.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let mut rows: Vec<&str> = POLICY.iter().flat_map(|action| action.routes).copied().collect();
    for route in &rows {
        assert!(known.contains(*route), "there is no {route}");
    }
    let all = rows.len();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), all, "an address stands in two rows");
}

/// Whether somebody reaches what is of this level in a group of this relation to them.
fn reaches(person: &Person, action: &Action, relation: Relation, level: Level) -> bool {
    let theirs = match person.leads {
        Some(led) => relation == led,
        None => false,
    };
    match action.reach(person.role) {
        Reach::Nothing | Reach::Oneself | Reach::Strays | Reach::Published => false,
        // What is asked for was sent to the organisation of those who ask.
        Reach::Received => person.protects,
        Reach::Groups => theirs,
        Reach::Organisation if level == Level::Sensitive => {
            theirs || (person.protects && relation != Relation::Other)
        }
        Reach::Organisation => relation != Relation::Other,
        Reach::Partnership => true,
    }
}

#[test]
fn every_role_gets_at_every_address_what_the_policy_says() {
    Database::each(|database| {
        let world = World::on(database);
        let mut cases = 0;
        for person in &world.people {
            for action in POLICY.iter().filter(|action| action.entry == Entry::Person) {
                for route in action.routes {
                    cases += ask_for_records(&world, person, action, route);
                    cases += look_at_lists(&world, person, action, route);
                }
            }
        }
        println!("{cases} cases of role, address, relation and level");
        assert!(cases > 1_500, "{cases}");
    });
}

/// Asks for each record of each group. Refused are those that are out of reach, as if they were not there.
fn ask_for_records(world: &World, person: &Person, action: &Action, route: &str) -> usize {
    let mut cases = 0;
    for place in &world.places {
        for Ask { level, path, body } in asks(route, place, world) {
            let method = route.split(' ').next().unwrap_or_default();
            let answer = person.session.request(method, &path, body.as_ref());
            let (status, slug) = answer.problem();
            let case = format!(
                "{} asks for {method} {path} of a group {:?}: {answer:?}",
                person.name, place.relation
            );
            assert!(status < 500 && status != 401, "{case}");
            let refused = matches!(status, 403 | 404);
            if action.reach(person.role) == Reach::Nothing {
                assert_eq!((status, slug), (403, "role-not-allowed"), "{case}");
            } else if let Some(level) = level {
                assert_eq!(!refused, reaches(person, action, place.relation, level), "{case}");
            } else {
                // Their organisation has none, or there was no such sign-in: whoever may ask is told so.
                let none =
                    ["no-identity-provider", "provider-refused", "no-such-framework", "no-such-budget-line"];
                let otherwise = none.contains(&slug);
                assert!(!refused || otherwise, "{case}");
            }
            cases += 1;
        }
    }
    cases
}

/// Reads a list, whole. In it is what is within reach, and nothing else.
fn look_at_lists(world: &World, person: &Person, action: &Action, route: &str) -> usize {
    let mut cases = 0;
    let Some(Listed { paths, planted }) = listed(route) else { return 0 };
    if action.reach(person.role) == Reach::Nothing {
        return 0;
    }
    let text: String = paths.iter().map(|path| person.session.get(path).ok().to_string()).collect();
    for place in &world.places {
        for (level, word) in planted(place) {
            let case = format!(
                "{} reads {paths:?}, where {word} is of a group {:?}: {text}",
                person.name, place.relation
            );
            assert_eq!(text.contains(&word), reaches(person, action, place.relation, level), "{case}");
            cases += 1;
        }
    }
    cases
}

#[test]
fn totals_are_of_the_groups_within_reach() {
    Database::each(|database| {
        let world = World::on(database);
        let action = Action::at("GET", "/v1/aggregates").expect("a row");
        let live = |person: &&Person| !matches!(action.reach(person.role), Reach::Nothing | Reach::Published);
        for person in world.people.iter().filter(live) {
            let reached = |place: &&world::Place| reaches(person, action, place.relation, action.level);
            let groups = world.places.iter().filter(reached).count();
            let total = &person.session.get("/v1/aggregates").ok()["total"];
            assert_eq!(total["sessions"], groups, "{}: one meeting of each group", person.name);
            let days = person.session.get("/v1/aggregates?from=2026-03-02&to=2026-03-09").ok();
            assert_eq!(days["total"]["sessions"], groups, "{}: counted from rows", person.name);
        }
    });
}

#[test]
fn of_several_quarantined_changes_those_within_reach_are_decided() {
    Database::each(|database| {
        let world = World::on(database);
        let action = Action::at("POST", "/v1/quarantine/reject").expect("a row");
        let waiting: Vec<_> = world
            .places
            .iter()
            .flat_map(|place| place.waiting.iter().map(|(kind, (id, _))| (*id, kind.level(), place.relation)))
            .collect();
        let ids: Vec<_> = waiting.iter().map(|(id, ..)| id).collect();
        for person in world.people.iter().filter(|person| action.reach(person.role) != Reach::Nothing) {
            let body = json!({"ids": ids, "reason": "Somebody asks."});
            let decided = person.session.post("/v1/quarantine/reject", &body).ok();
            for (id, level, relation) in &waiting {
                let changes = decided["changes"].as_array().expect("a list");
                let one = changes.iter().find(|one| one["id"] == id.to_string()).expect("each is told of");
                let reached = one["outcome"] != "no-such-change";
                assert_eq!(reached, reaches(person, action, *relation, *level), "{}: {one}", person.name);
            }
        }
    });
}

#[test]
fn whoever_has_no_token_is_told_to_sign_in_at_every_address_for_people() {
    let world = World::on(&Database::sqlite());
    let nobody = world.people[0].session.with_token("");
    for action in POLICY.iter().filter(|action| action.entry == Entry::Person) {
        for route in action.routes {
            for Ask { path, body, .. } in asks(route, &world.places[0], &world) {
                let method = route.split(' ').next().unwrap_or_default();
                assert_eq!(nobody.request(method, &path, body.as_ref()).status, 401, "{route}");
            }
        }
    }
}

#[test]
fn everybody_is_told_what_they_may_do() {
    let world = World::on(&Database::sqlite());
    for person in &world.people {
        let told = person.session.get("/v1/me/permissions").ok();
        assert_eq!(told["protection_officer"], person.protects, "{told}");
        let permissions = told["permissions"].as_array().expect("a list");
        for action in POLICY.iter().filter(|action| action.entry == Entry::Person) {
            let one = permissions.iter().find(|one| one["may"] == action.name);
            let reach = one.map_or("nothing", |one| one["reach"].as_str().expect("a reach"));
            assert_eq!(reach, action.reach(person.role).code(), "{}: {}", person.name, action.name);
        }
    }
}

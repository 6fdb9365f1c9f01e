//! What is asked at each address is noted in the audit log, or it is said here why not.

use diesel::prelude::*;
use serde_json::{Value, json};
use server::access::Role;
use server::audit::{AuditEntry, Row};
use server::on_each;
use server::scope::{Action, Entry, POLICY};
use server::store::schema::audit_entries;
use server::store::{Conn, Store, StoreError};
use tests::Database;

use crate::policy::addresses;
use crate::policy::asks::{Ask, asks};
use crate::policy::world::{Person, World};

/// Addresses of which nothing is noted, and why.
const NOT_NOTED: [(&str, &str); 44] = [
    (
        "POST /v1/sync",
        "batches are kept with their signatures, and say who recorded what, and who carried it",
    ),
    (
        "POST /v1/login/refresh",
        "a login goes on; where a token came twice, which ends it, its handler notes that",
    ),
    (
        "POST /v1/login/provider",
        "nobody is signed in yet: what was begun is in the hands of whoever began it",
    ),
    (
        "GET /v1/organisations/{id}/identity-provider",
        "with what an organisation signs in is told without its secret",
    ),
    ("GET /v1/retention", "for how long records are kept is no secret, and changes of it are noted"),
    ("GET /v1/organisations/{id}/retention", "as that of the partnership"),
    ("GET /.well-known/jwks.json", "the public halves of keys are for everybody"),
    ("GET /v1/me/logins", "where somebody is signed in they know"),
    ("GET /v1/published", "published tables are protected, and for all their readers alike"),
    ("GET /v1/published/{release}", "as the list of releases"),
    ("GET /v1/published/{release}/{table}", "as the list of releases"),
    ("GET /v1/me", "everybody knows who they are"),
    ("GET /v1/me/permissions", "what a role may do is no secret"),
    ("GET /v1/me/audit", "what somebody did they know; else each look would make the list longer"),
    ("GET /v1/areas", "the areas of Rwanda are public"),
    ("GET /v1/organisations", "who the partners are is known in the partnership"),
    ("GET /v1/services", "the directory of services is on every tablet of the partnership"),
    ("GET /v1/services/{id}", "as the directory"),
    ("GET /v1/services/{id}/history", "as the directory"),
    ("GET /v1/coverage", "that a group exists is known in the partnership"),
    ("GET /v1/coverage/complementary", "as coverage"),
    ("GET /v1/coverage/gaps", "as coverage"),
    ("GET /v1/coverage/sums", "as coverage"),
    ("GET /v1/coverage/overlaps", "as coverage; what the two partners said they said to each other"),
    ("GET /v1/coverage/overlaps/{id}", "as the list of overlaps"),
    ("GET /v1/questions", "what can be asked is no secret"),
    ("GET /v1/questions/complementary", "as coverage"),
    ("GET /v1/questions/gaps", "as coverage"),
    ("GET /v1/questions/overlaps", "as the list of overlaps"),
    ("GET /v1/questions/who-works-where", "as coverage"),
    ("GET /v1/frameworks", "what the partners mean to reach is said to all of them"),
    ("GET /v1/frameworks/form", "as the list of frameworks"),
    ("GET /v1/frameworks/{id}", "as the list of frameworks"),
    ("GET /v1/targets", "as the list of frameworks"),
    ("GET /v1/budget", "budgets are of institutions, and said to whoever answers for them"),
    ("GET /v1/questions/outcomes-compared", "as the list of releases"),
    ("GET /v1/questions/published-cost", "as the list of releases"),
    ("GET /v1/questions/published-results", "as the list of releases"),
    ("GET /v1/questions/lessons-adopted", "lessons that are shared are for all members"),
    ("GET /v1/questions/people-by-district", "as the list of releases"),
    ("GET /v1/questions/people-by-sex-and-age", "as the list of releases"),
    ("GET /v1/questions/people-reached", "as the list of releases"),
    ("GET /v1/imports/{sheet}", "how a spreadsheet must look is the same for everybody"),
    ("POST /v1/coverage/check", "it changes nothing, and tells what coverage tells"),
];

/// Addresses that anybody reaches, whose handlers note who it was.
const NOTED_BY_THEMSELVES: [&str; 6] = [
    "POST /v1/login",
    "POST /v1/login/provider/finish",
    "POST /v1/logout",
    "POST /v1/password-resets",
    "POST /v1/enrol",
    "POST /v1/tablet-unlocks",
];

#[test]
fn every_address_is_noted_or_has_a_reason_not_to_be() {
    let mut left: Vec<&str> = NOT_NOTED.iter().map(|(route, _)| *route).chain(NOTED_BY_THEMSELVES).collect();
    for (method, path, _) in addresses() {
        let route = format!("{method} {path}");
        let noted = Action::at(&method, &path).and_then(|action| action.noted(&method, &path)).is_some();
        let said = left.iter().position(|one| *one == route).map(|at| left.remove(at)).is_some();
        let word = if said { "needs no reason" } else { "needs a reason, or to be noted" };
        assert!(noted != said, "{route} {word}");
    }
    assert_eq!(left, Vec::<&str>::new(), "there are no such addresses");
}

/// All entries, the newest first.
pub(crate) fn noted(store: &Store) -> Vec<Value> {
    let all = |tx: &mut Conn<'_>| -> Result<Vec<Row>, StoreError> {
        on_each!(tx, |c| audit_entries::table
            .order(audit_entries::id.desc())
            .select(Row::as_select())
            .load(c))
    };
    let rows = store.read_blocking("test", all).expect("it answers");
    rows.into_iter().map(|row| json!(AuditEntry::from(row))).collect()
}

#[test]
fn whatever_is_asked_is_noted_once_by_whom_and_how_it_ended() {
    Database::each(|database| {
        let world = World::on(database);
        let roles = [Role::Donor, Role::Supervisor, Role::Manager, Role::Administrator];
        for role in roles {
            let person = world.people.iter().rfind(|person| person.role == role).expect("one of each role");
            let me = &person.session.get("/v1/me").ok()["id"];
            for action in POLICY.iter().filter(|action| action.entry == Entry::Person) {
                for route in action.routes {
                    for place in [&world.places[0], world.places.last().expect("one of others")] {
                        for ask in asks(route, place, &world) {
                            is_noted(&world, (person, me), action, route, &ask);
                        }
                    }
                }
            }
        }
        // Nothing of what records and people are called is in it.
        let lines: Vec<String> = noted(world.store()).iter().map(Value::to_string).collect();
        for word in ["Itsinda", "Twiyubake", "P01", "manager.", "somebody", "Somebody", "leader", "aegis"] {
            assert!(!lines.iter().any(|line| line.contains(word)), "{word}");
        }
    });
}

/// Asks for one thing, and looks at what was noted of it.
fn is_noted(world: &World, (person, me): (&Person, &Value), action: &Action, route: &str, ask: &Ask) {
    let (method, pattern) = route.split_once(' ').expect("a method and an address");
    let before = noted(world.store()).len();
    let answer = person.session.request(method, &ask.path, ask.body.as_ref());
    let entries = noted(world.store());
    let new = &entries[..entries.len() - before];
    let case = format!("{} asks for {method} {}: {answer:?}; {new:?}", person.name, ask.path);
    let outcome = match answer.status {
        200..300 => Some("allowed"),
        403 | 404 => Some("refused"),
        _ => None,
    };
    let (Some(deed), Some(outcome)) = (action.noted(method, pattern), outcome) else {
        assert_eq!(new.len(), 0, "{case}");
        return;
    };
    assert_eq!(new.len(), 1, "{case}");
    let said = ["user_id", "role", "action", "outcome", "route"].map(|name| new[0][name].clone());
    assert_eq!(said, [me.clone(), json!(person.role), json!(deed), json!(outcome), json!(route)], "{case}");
    assert!(!pattern.contains("{id}") || new[0]["object_id"].is_string(), "{case}");
    // What begins with this request has no id in the address.
    let begun = answer.body["id"].as_str().filter(|_| method == "POST" && !pattern.contains("{id}"));
    if let Some(begun) = begun {
        assert_eq!(new[0]["object_id"], begun, "{case}");
    }
    if let Some(items) = answer.body["items"].as_array().filter(|_| method == "GET") {
        assert_eq!(new[0]["items"], items.len(), "{case}");
    }
}

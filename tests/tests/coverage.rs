//! Who does what, where and when: what partners know of each other's groups, and the warning before two do the same in one village.

mod journey;
mod known;
mod neighbours;
mod recounted;
mod warned;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{GroupId, OrganisationId};
use tests::{Answer, Database, Session, TestApp};

/// Villages of Rwimiyaga in Nyagatare: two of one cell, one of another cell, and one of another sector.
const VILLAGE: &str = "52010101";
const NEXT_VILLAGE: &str = "52010102";
const OTHER_CELL: &str = "52010201";
const OTHER_SECTOR: &str = "52020101";

/// In minutes, as clocks of tests are moved.
const DAY: i64 = 24 * 60;

/// A partner, and its manager.
struct Partner {
    organisation: OrganisationId,
    manager: Session,
}

impl Partner {
    fn of(app: &TestApp, code: &str) -> Self {
        let organisation = app.organisation(code);
        app.user(&format!("manager.{code}"), Role::Manager, Some(organisation));
        Self { organisation, manager: app.login(&format!("manager.{code}")) }
    }

    fn begin(&self, group: &Value) -> Answer {
        self.manager.post("/v1/groups", group)
    }

    fn change(&self, group: GroupId, mut what: Value) -> Answer {
        what["reason"] = json!("It was written wrong.");
        self.manager.patch(&format!("/v1/groups/{group}"), &what)
    }

    fn void(&self, group: GroupId, void: bool) {
        let body = json!({"void": void, "reason": "Begun by mistake."});
        let answer = self.manager.post(&format!("/v1/records/{group}/void"), &body);
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    fn close(&self, group: GroupId) {
        self.manager.post(&format!("/v1/groups/{group}/close"), &json!({"status": "graduated"})).ok();
    }

    fn overlaps(&self, query: &str) -> Vec<Value> {
        self.manager.all(&format!("/v1/coverage/overlaps{query}"))
    }
}

/// A group of sociotherapy for adults.
fn group(name: &str, area: &str) -> Value {
    json!({
        "name": name, "kind": "healing_space", "modality": "sociotherapy", "pillar": "community_healing", "cohort": "adult",
        "area": area, "starts_on": "2026-03-02",
    })
}

fn with(mut group: Value, field: &str, value: impl Into<Value>) -> Value {
    group[field] = value.into();
    group
}

#[track_caller]
fn id(begun: Answer) -> GroupId {
    let begun = begun.ok();
    begun["id"].as_str().expect("an id").parse().expect("an id")
}

/// The codes of the organisations of a pair.
fn codes(pair: &Value) -> Vec<&str> {
    let groups = pair["groups"].as_array().expect("two groups");
    let mut codes: Vec<&str> = groups.iter().filter_map(|one| one["organisation"]["code"].as_str()).collect();
    codes.sort_unstable();
    codes
}

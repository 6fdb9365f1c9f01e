//! The directory of services that people are sent to: kept by the secretariat, read by all members of the partnership, on tablets without a network too; and the inbox of whoever
//! receives those who are sent.

mod directory;
mod inbox;

use serde_json::{Value, json};
use server::access::Role;
use server::ledger::{Rebuilt, rebuild};
use server::verify::verify;
use sync_core::id::ServiceId;
use tablet::device::Device;
use tests::{Database, Session, TestApp, Village};

/// Somebody of the secretariat, signed in.
fn secretary(app: &TestApp) -> Session {
    app.user("secretary", Role::Secretariat, None);
    app.login("secretary")
}

/// Enters a service, which is called as its kind and area are.
fn enter(secretary: &Session, kind: &str, area: &str) -> ServiceId {
    let body =
        json!({"name": format!("{kind} of {area}"), "kind": kind, "area": area, "phone": "0788 123 456"});
    id_of(&secretary.post("/v1/services", &body).ok())
}

fn id_of(answer: &Value) -> ServiceId {
    answer["id"].as_str().expect("an id").parse().expect("an id")
}

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

/// The store is what its documents say.
fn is_sound(app: &TestApp) {
    let Rebuilt { mended, .. } = app.run(rebuild(app.store())).expect("rebuilt");
    assert_eq!(mended, 0);
    verify(app.store(), &mut |finding| panic!("{finding}")).expect("it can be read");
    tests::recount::check_streams(app.store());
}

//! Whoever may not is told so, and noted, whatever they sent.

use serde_json::json;
use server::access::Role;
use tests::{Database, TestApp, Village};

const TIMES: usize = 30;

/// What a handler takes of a request is read side by side: the body of somebody who may not was judged first where it was there first.
#[test]
fn who_may_not_hears_nothing_of_their_body_and_is_noted_each_time() {
    Database::each(|database| {
        let app = TestApp::on(database);
        Village::of(&app, "aegis");
        app.user("donor", Role::Donor, None);
        let donor = app.login("donor");
        let noted = || donor.get("/v1/me/audit").ok()["items"].as_array().map_or(0, Vec::len);
        let before = noted();
        for _ in 0..TIMES {
            let answer = donor.request("PUT", "/v1/retention", Some(&json!({})));
            assert_eq!(answer.problem(), (403, "role-not-allowed"), "{}", answer.body);
        }
        assert_eq!(noted() - before, TIMES);
    });
}

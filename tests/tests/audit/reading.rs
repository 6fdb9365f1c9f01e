//! Who sees what of the log over REST.

use serde_json::{Value, json};
use server::access::Role;
use tests::{Database, TestApp, Village};

fn organisations(entries: &[Value]) -> Vec<&Value> {
    let mut all: Vec<&Value> = entries.iter().map(|entry| &entry["organisation_id"]).collect();
    all.sort_by_key(|id| id.to_string());
    all.dedup();
    all
}

#[test]
fn each_sees_what_they_did_a_manager_their_people_an_administrator_all() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        app.user("admin", Role::Administrator, None);
        let admin = app.login("admin");
        let user = aegis.facilitator(&app, "jeanne");
        aegis.assign(user, aegis.group);
        let jeanne = app.login("jeanne.aegis");
        let group = format!("/v1/groups/{}", aegis.group);
        jeanne.get(&group).ok();
        nar.manager.get("/v1/sessions").ok();
        assert_eq!(nar.manager.get(&group).status, 404);

        let mine = jeanne.all("/v1/me/audit");
        let said: Vec<_> = mine.iter().map(|entry| (&entry["action"], &entry["object_id"])).collect();
        assert_eq!(said, [(&json!("read-record"), &json!(aegis.group)), (&json!("sign-in"), &Value::Null)]);
        assert_eq!(jeanne.all("/v1/me/audit"), mine, "looking at it leaves nothing");
        assert_eq!(jeanne.get("/v1/audit").problem(), (403, "role-not-allowed"));

        let theirs = aegis.manager.all("/v1/audit");
        assert_eq!(organisations(&theirs), [&json!(aegis.organisation)]);
        assert!(theirs.iter().any(|entry| entry["user_id"] == json!(user)));
        let all = admin.all("/v1/audit");
        assert_eq!(organisations(&all).len(), 3, "two, and the administrator's none");
        assert!(all.iter().map(|entry| entry["id"].as_str()).is_sorted_by(|a, b| a > b), "the newest first");

        // Who looked at this group, or tried to?
        let tried = admin.all(&format!("/v1/audit?object={}&action=read-record", aegis.group));
        let said: Vec<_> = tried.iter().map(|entry| (&entry["organisation_id"], &entry["outcome"])).collect();
        assert_eq!(
            said,
            [(&json!(nar.organisation), &json!("refused")), (&json!(aegis.organisation), &json!("allowed"))]
        );
        // Whose record it was that they tried to see they are not to learn, and nor is their manager.
        assert_eq!(tried[0]["of_organisation_id"], Value::Null);
        assert_eq!(
            aegis.manager.all(&format!("/v1/audit?user={user}")).len(),
            3,
            "also that she was refused the log"
        );
        assert_eq!(aegis.manager.get("/v1/audit?action=nothing").problem(), (422, "invalid-fields"));
        // That somebody read the log is in it.
        let read = admin.all("/v1/audit?action=read-audit");
        assert!(read.iter().any(|entry| entry["organisation_id"] == json!(aegis.organisation)));
    });
}

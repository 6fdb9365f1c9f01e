use serde_json::json;

use super::desk::{Desk, PASSWORD};
use crate::access::Role;

#[actix_web::test]
async fn an_administrator_adds_organisations_and_everybody_sees_them_page_by_page() {
    Desk::each(async |desk| {
        let admin = desk.signed_in("admin", Role::Administrator, None).await;
        for code in ["aegis", "interpeace", "nar"] {
            let added = desk.post("/v1/organisations", &admin, json!({ "code": code, "name": code })).await;
            assert_eq!((added.status, added.text("code")), (201, code.to_owned()));
            desk.state.clock.advance(1);
        }
        let taken = desk.post("/v1/organisations", &admin, json!({ "code": "Aegis", "name": "x" })).await;
        assert_eq!(taken.problem(), (409, "code-taken"));

        let donor = desk.signed_in("donor", Role::Donor, None).await;
        let refused = desk.post("/v1/organisations", &donor, json!({ "code": "xx", "name": "x" })).await;
        assert_eq!(refused.problem(), (403, "role-not-allowed"));
        let first = desk.get("/v1/organisations?limit=2", &donor).await;
        assert_eq!(first.body["items"].as_array().map(Vec::len), Some(2));
        let rest = desk.get(&format!("/v1/organisations?after={}", first.text("next")), &donor).await;
        assert_eq!(rest.body["items"][0]["code"], "nar");
        assert!(rest.body.get("next").is_none());
    })
    .await;
}

#[actix_web::test]
async fn a_manager_adds_and_sees_their_own_people_only() {
    Desk::each(async |desk| {
        let (aegis, nar) = (desk.organisation("aegis").await, desk.organisation("nar").await);
        let manager = desk.signed_in("manager", Role::Manager, Some(aegis)).await;
        desk.person("stranger", Role::Facilitator, Some(nar)).await;
        let person = |login: &str, role: &str| {
            json!({ "login": login, "name": "Uwase Marie", "role": role, "password": PASSWORD })
        };

        let added = desk.post("/v1/users", &manager, person("uwase", "facilitator")).await;
        assert_eq!((added.status, added.text("organisation_id")), (201, aegis.to_string()));
        assert!(added.body.get("password_hash").is_none());
        let mut elsewhere = person("mugabo", "facilitator");
        elsewhere["organisation_id"] = json!(nar.to_string());
        assert_eq!(desk.post("/v1/users", &manager, elsewhere).await.problem(), (403, "role-not-allowed"));
        let boss = desk.post("/v1/users", &manager, person("mugabo", "administrator")).await;
        assert_eq!(boss.problem(), (403, "role-not-allowed"));
        let twice = desk.post("/v1/users", &manager, person("UWASE", "supervisor")).await;
        assert_eq!(twice.problem(), (409, "login-taken"));

        let seen = desk.get("/v1/users", &manager).await;
        let people = seen.body["items"].as_array().expect("people");
        let mut logins: Vec<_> = people.iter().filter_map(|user| user["login"].as_str()).collect();
        // Added in the same millisecond, so in no order.
        logins.sort_unstable();
        assert_eq!(logins, ["manager", "uwase"]);
        let facilitator = desk.token("uwase").await;
        assert_eq!(desk.get("/v1/me", &facilitator).await.problem(), (403, "password-must-change"));
        let change = json!({ "old_password": PASSWORD, "new_password": "umuganda wa kabiri" });
        assert_eq!(desk.post("/v1/me/password", &facilitator, change).await.status, 204);
        assert_eq!(desk.get("/v1/users", &facilitator).await.problem(), (403, "role-not-allowed"));
        assert_eq!(desk.get("/v1/me", &facilitator).await.body["organisation"]["code"], "aegis");
    })
    .await;
}

#[actix_web::test]
async fn a_form_is_refused_with_every_field_named() {
    Desk::each(async |desk| {
        let admin = desk.signed_in("admin", Role::Administrator, None).await;
        let form = json!({ "login": "x", "name": " ", "role": "facilitator", "password": "short" });
        let refused = desk.post("/v1/users", &admin, form).await;
        assert_eq!(refused.problem(), (422, "invalid-fields"));
        let fields: Vec<_> =
            refused.body["errors"].as_array().expect("errors").iter().map(|e| &e["field"]).collect();
        assert_eq!(fields, ["login", "name", "password", "organisation_id"]);

        let nowhere = json!({
            "login": "uwase", "name": "Uwase", "role": "facilitator", "password": PASSWORD,
            "organisation_id": "018f3f6e-7d2c-7000-8000-0123456789ab",
        });
        let refused = desk.post("/v1/users", &admin, nowhere).await;
        assert_eq!(
            (refused.problem(), &refused.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("organisation_id"))
        );
        let donor = json!({
            "login": "usaid", "name": "Donor", "role": "donor", "password": PASSWORD,
            "organisation_id": desk.organisation("aegis").await.to_string(),
        });
        assert_eq!(desk.post("/v1/users", &admin, donor).await.problem(), (422, "invalid-fields"));
    })
    .await;
}

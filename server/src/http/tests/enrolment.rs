use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::desk::Desk;
use crate::access::Role;
use crate::register::devices;

fn key(n: u8) -> String {
    BASE64URL_NOPAD.encode(SigningKey::from_bytes(&[n; 32]).verifying_key().as_bytes())
}

fn tablet(code: &str, key: &str) -> Value {
    json!({ "code": code, "public_key": key, "device_name": "Nyagatare 3" })
}

/// A manager of Aegis signed in, and a code for the facilitator Uwase.
async fn code(desk: &Desk) -> (String, String) {
    let aegis = desk.organisation("aegis").await;
    let manager = desk.signed_in("manager", Role::Manager, Some(aegis)).await;
    let uwase = desk.person("uwase", Role::Facilitator, Some(aegis)).await;
    let issued = desk.post(&format!("/v1/users/{uwase}/enrolment-codes"), &manager, json!(null)).await;
    assert_eq!((issued.status, issued.text("expires_at").as_str()), (201, "2026-03-08T08:00:00Z"));
    (manager, issued.text("code"))
}

#[actix_web::test]
async fn a_code_enrols_one_tablet_and_a_lost_answer_can_be_asked_for_again() {
    Desk::each(async |desk| {
        let (manager, code) = code(&desk).await;
        let enrolled = desk.post("/v1/enrol", "", tablet(&code, &key(1))).await;
        assert_eq!((enrolled.status, &enrolled.body["user"]["login"]), (200, &json!("uwase")));
        assert_eq!(enrolled.body["organisation"]["name"], "AEGIS");
        assert_eq!(enrolled.text("now"), "2026-03-05T08:00:00Z");

        desk.state.clock.advance(10 * 24 * 60);
        let again = desk.post("/v1/enrol", "", tablet(&code.to_lowercase().replace('-', " "), &key(1))).await;
        assert_eq!((again.status, &again.body["device_id"]), (200, &enrolled.body["device_id"]));
        assert_eq!(again.body["epoch"], enrolled.body["epoch"]);
        let other = desk.post("/v1/enrol", "", tablet(&code, &key(2))).await;
        assert_eq!(other.problem(), (409, "enrolment-code-used"));

        desk.state.clock.advance(-10 * 24 * 60);
        let seen = desk.get("/v1/devices", &manager).await;
        assert_eq!(seen.body["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(seen.body["items"][0]["name"], "Nyagatare 3");
    })
    .await;
}

#[actix_web::test]
async fn an_expired_code_and_an_unknown_one_get_the_same_answer() {
    Desk::each(async |desk| {
        let (_, code) = code(&desk).await;
        desk.state.clock.advance(72 * 60);
        let expired = desk.post("/v1/enrol", "", tablet(&code, &key(1))).await;
        let unknown = desk.post("/v1/enrol", "", tablet("00000-00000", &key(1))).await;
        let unreadable = desk.post("/v1/enrol", "", tablet("what?", &key(1))).await;
        for answer in [&expired, &unknown, &unreadable] {
            assert_eq!(answer.problem(), (403, "enrolment-code-refused"));
            assert_eq!(answer.body["detail"], expired.body["detail"]);
        }
    })
    .await;
}

#[actix_web::test]
async fn a_key_belongs_to_one_device_and_must_be_a_key() {
    Desk::each(async |desk| {
        let (manager, first) = code(&desk).await;
        assert_eq!(desk.post("/v1/enrol", "", tablet(&first, &key(1))).await.status, 200);
        let uwase = desk.get("/v1/me", &desk.token("uwase").await).await.text("id");
        let second = desk
            .post(&format!("/v1/users/{uwase}/enrolment-codes"), &manager, json!(null))
            .await
            .text("code");
        let taken = desk.post("/v1/enrol", "", tablet(&second, &key(1))).await;
        assert_eq!(taken.problem(), (409, "device-key-taken"));
        // Thirty-two zero bytes are a point of small order: anybody could sign for it.
        for no_key in ["", "AAAA", &"A".repeat(43)] {
            let refused = desk.post("/v1/enrol", "", tablet(&second, no_key)).await;
            assert_eq!(
                (refused.problem(), &refused.body["errors"][0]["field"]),
                ((422, "invalid-fields"), &json!("public_key"))
            );
        }
        assert_eq!(
            desk.post("/v1/enrol", "", tablet(&second, &key(2))).await.status,
            200,
            "the code is still good"
        );
    })
    .await;
}

#[actix_web::test]
async fn one_organisation_does_not_touch_the_tablets_of_another() {
    Desk::each(async |desk| {
        let (manager, code) = code(&desk).await;
        let enrolled = desk.post("/v1/enrol", "", tablet(&code, &key(1))).await;
        let (device, uwase) =
            (enrolled.text("device_id"), enrolled.body["user"]["id"].as_str().expect("an id"));
        let nar = desk.organisation("nar").await;
        let stranger = desk.signed_in("stranger", Role::Manager, Some(nar)).await;
        let facilitator = desk.token("uwase").await;

        let path = format!("/v1/users/{uwase}/enrolment-codes");
        assert_eq!(desk.post(&path, &stranger, json!(null)).await.problem(), (404, "no-such-user"));
        assert_eq!(desk.post(&path, &facilitator, json!(null)).await.problem(), (403, "role-not-allowed"));
        assert_eq!(desk.get("/v1/devices", &stranger).await.body["items"], json!([]));
        let revoke = format!("/v1/devices/{device}/revoke");
        assert_eq!(desk.post(&revoke, &stranger, json!(null)).await.problem(), (404, "no-such-device"));

        let revoked = desk.post(&revoke, &manager, json!(null)).await;
        assert_eq!((revoked.status, revoked.text("revoked_at").as_str()), (200, "2026-03-05T08:00:00Z"));
        desk.state.clock.advance(1);
        let again = desk.post(&revoke, &manager, json!(null)).await;
        assert_eq!(again.text("revoked_at"), "2026-03-05T08:00:00Z");
        let id = device.parse().expect("an id");
        let known = desk.state.store.read("test", move |tx| devices::find(tx, id)).await.expect("a store");
        assert!(known.is_some_and(|device| device.revoked && !device.disabled));
    })
    .await;
}

#[actix_web::test]
async fn a_code_shown_by_two_tablets_at_once_enrols_one_of_them() {
    Desk::each(async |desk| {
        let (_, code) = code(&desk).await;
        let enrol = async |n: u8| desk.post("/v1/enrol", "", tablet(&code, &key(n))).await.status;
        let (a, b, c) = tokio::join!(enrol(1), enrol(2), enrol(3));
        let mut statuses = [a, b, c];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409]);
    })
    .await;
}

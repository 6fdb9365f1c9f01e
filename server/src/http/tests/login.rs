use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{EpochId, Id};
use uuid::Uuid;

use super::desk::{Desk, PASSWORD};
use crate::access::{Role, Tokens};

#[actix_web::test]
async fn the_right_password_gives_two_tokens_whatever_the_case_of_the_login() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let answer = desk.post("/v1/login", "", json!({ "login": " Uwase ", "password": PASSWORD })).await;
        assert_eq!((answer.status, answer.body["expires_in"].as_i64()), (200, Some(900)));
        assert_eq!(answer.text("token_type"), "Bearer");
        let me = desk.get("/v1/me", &answer.text("access_token")).await;
        assert_eq!((me.text("login"), me.text("role")), ("uwase".into(), "administrator".into()));
        assert_eq!(me.text("created_at"), "2026-03-05T08:00:00Z");
    })
    .await;
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_login_get_the_same_answer() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let wrong = desk.post("/v1/login", "", json!({ "login": "uwase", "password": "not this one" })).await;
        let unknown = desk.post("/v1/login", "", json!({ "login": "nobody", "password": PASSWORD })).await;
        assert_eq!(wrong.problem(), (401, "login-refused"));
        assert_eq!(wrong.body["detail"], unknown.body["detail"]);
        assert_eq!(unknown.problem(), (401, "login-refused"));
        assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
    })
    .await;
}

#[actix_web::test]
async fn who_is_disabled_is_refused_at_once_everywhere() {
    Desk::each(async |desk| {
        let user = desk.person("uwase", Role::Administrator, None).await;
        let login = desk.post("/v1/login", "", json!({ "login": "uwase", "password": PASSWORD })).await;
        desk.disable(user).await;
        let again = desk.post("/v1/login", "", json!({ "login": "uwase", "password": PASSWORD })).await;
        assert_eq!(again.problem(), (403, "account-disabled"));
        let guess = desk.post("/v1/login", "", json!({ "login": "uwase", "password": "not this one" })).await;
        assert_eq!(guess.problem(), (401, "login-refused"));
        assert_eq!(
            desk.get("/v1/me", &login.text("access_token")).await.problem(),
            (403, "account-disabled")
        );
        let refresh = json!({ "refresh_token": login.text("refresh_token") });
        assert_eq!(desk.post("/v1/login/refresh", "", refresh).await.problem(), (401, "refresh-refused"));
    })
    .await;
}

#[actix_web::test]
async fn an_access_token_expires_and_one_of_another_service_is_foreign() {
    Desk::each(async |desk| {
        let user = desk.person("uwase", Role::Administrator, None).await;
        let token = desk.token("uwase").await;
        let epoch = EpochId::from_uuid(Uuid::now_v7());
        let foreign =
            Tokens::with(epoch, &[7; 32]).sign(user, None, Role::Administrator, desk.state.clock.now());
        assert_eq!(desk.get("/v1/me", &foreign).await.problem(), (401, "token-refused"));
        assert_eq!(desk.get("/v1/me", "").await.problem(), (401, "token-missing"));
        let basic = TestRequest::get().uri("/v1/me").insert_header(("authorization", "Basic dXdhc2U6eA=="));
        assert_eq!(desk.call(basic, "").await.problem(), (401, "token-missing"));
        desk.state.clock.advance(15);
        assert_eq!(desk.get("/v1/me", &token).await.problem(), (401, "token-expired"));
    })
    .await;
}

#[actix_web::test]
async fn a_refresh_token_is_good_once_and_used_twice_ends_the_login() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let refresh =
            async |token: &str| desk.post("/v1/login/refresh", "", json!({ "refresh_token": token })).await;
        let login = desk.post("/v1/login", "", json!({ "login": "uwase", "password": PASSWORD })).await;
        let first = login.text("refresh_token");

        let next = refresh(&first).await;
        assert_eq!(desk.get("/v1/me", &next.text("access_token")).await.status, 200);
        let second = next.text("refresh_token");

        assert_eq!(refresh(&first).await.problem(), (401, "refresh-reused"));
        assert_eq!(refresh(&second).await.problem(), (401, "refresh-refused"));
        assert_eq!(refresh("invented").await.problem(), (401, "refresh-refused"));
    })
    .await;
}

#[actix_web::test]
async fn a_refresh_token_expires_after_thirty_days_and_ends_with_signing_out() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let login =
            async || desk.post("/v1/login", "", json!({ "login": "uwase", "password": PASSWORD })).await;
        let signed_out = json!({ "refresh_token": login().await.text("refresh_token") });
        let kept = json!({ "refresh_token": login().await.text("refresh_token") });
        assert_eq!(desk.post("/v1/logout", "", signed_out.clone()).await.status, 204);
        assert_eq!(desk.post("/v1/login/refresh", "", signed_out).await.problem(), (401, "refresh-refused"));
        desk.state.clock.advance(30 * 24 * 60);
        assert_eq!(desk.post("/v1/login/refresh", "", kept).await.problem(), (401, "refresh-refused"));
    })
    .await;
}

#[actix_web::test]
async fn of_two_who_refresh_with_one_token_at_once_only_one_succeeds() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let login = desk.post("/v1/login", "", json!({ "login": "uwase", "password": PASSWORD })).await;
        let token = json!({ "refresh_token": login.text("refresh_token") });
        let refresh = async || desk.post("/v1/login/refresh", "", token.clone()).await.status;
        let (a, b) = tokio::join!(refresh(), refresh());
        assert_eq!((a.min(b), a.max(b)), (200, 401));
    })
    .await;
}

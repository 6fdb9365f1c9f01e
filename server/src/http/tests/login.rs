use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{EpochId, Id};
use uuid::Uuid;

use super::desk::{Answer, Desk, PASSWORD};
use crate::access::{Role, Tokens, sign_in};

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
        let foreign = Tokens::with(EpochId::from_uuid(Uuid::now_v7()), &[7; 32]);
        let moment = desk.state.clock.moment();
        let signed = desk.state.store.write("test", move |tx| sign_in(tx, &foreign, user, &moment)).await;
        let foreign = signed.expect("the store answers").expect("a token");
        assert_eq!(desk.get("/v1/me", &foreign).await.problem(), (401, "token-refused"));
        assert_eq!(desk.get("/v1/me", "").await.problem(), (401, "token-missing"));
        let basic = TestRequest::get().uri("/v1/me").insert_header(("authorization", "Basic dXdhc2U6eA=="));
        assert_eq!(desk.call(basic, "").await.problem(), (401, "token-missing"));
        desk.state.clock.advance(15);
        assert_eq!(desk.get("/v1/me", &token).await.problem(), (401, "token-expired"));
    })
    .await;
}

/// What a person holds who is signed in: `(access token, refresh token)`.
fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.text("access_token"), answer.text("refresh_token"))
}

async fn signed_in(desk: &Desk) -> (String, String) {
    pair(&desk.post("/v1/login", "", json!({ "login": "uwase", "password": PASSWORD })).await)
}

async fn refresh(desk: &Desk, token: &str) -> Answer {
    desk.post("/v1/login/refresh", "", json!({ "refresh_token": token })).await
}

#[actix_web::test]
async fn a_refresh_token_that_comes_again_later_ends_the_login_and_its_access_tokens() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let (_, first) = signed_in(&desk).await;
        let (other, _) = signed_in(&desk).await;
        let (access, second) = pair(&refresh(&desk, &first).await);
        assert_eq!(desk.get("/v1/me", &access).await.status, 200);

        desk.state.clock.advance(1);
        assert_eq!(refresh(&desk, &first).await.problem(), (401, "refresh-reused"));
        assert_eq!(refresh(&desk, &second).await.problem(), (401, "refresh-refused"));
        assert_eq!(refresh(&desk, "invented").await.problem(), (401, "refresh-refused"));
        assert_eq!(desk.get("/v1/me", &access).await.problem(), (401, "login-ended"));
        assert_eq!(desk.get("/v1/me", &other).await.status, 200, "another login goes on");
    })
    .await;
}

#[actix_web::test]
async fn a_refresh_token_whose_answer_was_lost_may_come_again_at_once() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let (_, first) = signed_in(&desk).await;
        let (_, lost) = pair(&refresh(&desk, &first).await);
        let (access, second) = pair(&refresh(&desk, &first).await);
        assert_eq!(desk.get("/v1/me", &access).await.status, 200);

        // The login goes on with the answer that came, for ever.
        desk.state.clock.advance(10);
        let (_, third) = pair(&refresh(&desk, &second).await);
        desk.state.clock.advance(10);
        let (access, fourth) = pair(&refresh(&desk, &third).await);

        // Whoever turns up with the answer that was lost has copied it.
        assert_eq!(refresh(&desk, &lost).await.problem(), (401, "refresh-reused"));
        assert_eq!(refresh(&desk, &fourth).await.problem(), (401, "refresh-refused"));
        assert_eq!(desk.get("/v1/me", &access).await.problem(), (401, "login-ended"));
    })
    .await;
}

#[actix_web::test]
async fn of_a_refresh_token_whose_successor_was_used_none_is_given_again() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let (_, first) = signed_in(&desk).await;
        let (_, second) = pair(&refresh(&desk, &first).await);
        pair(&refresh(&desk, &second).await);
        assert_eq!(refresh(&desk, &first).await.problem(), (401, "refresh-reused"));

        // Nor without end.
        let (_, first) = signed_in(&desk).await;
        for _ in 0..5 {
            pair(&refresh(&desk, &first).await);
        }
        assert_eq!(refresh(&desk, &first).await.problem(), (401, "refresh-reused"));
    })
    .await;
}

#[actix_web::test]
async fn signing_out_ends_the_access_tokens_of_the_login_and_of_no_other() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let (access, token) = signed_in(&desk).await;
        let (other, _) = signed_in(&desk).await;
        let (refreshed, second) = pair(&refresh(&desk, &token).await);
        assert_eq!(desk.post("/v1/logout", "", json!({ "refresh_token": second })).await.status, 204);
        for ended in [access, refreshed] {
            assert_eq!(desk.get("/v1/me", &ended).await.problem(), (401, "login-ended"));
        }
        assert_eq!(desk.get("/v1/me", &other).await.status, 200);
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
async fn of_two_pairs_for_one_token_at_once_one_goes_on() {
    Desk::each(async |desk| {
        desk.person("uwase", Role::Administrator, None).await;
        let (_, token) = signed_in(&desk).await;
        let (a, b) = tokio::join!(refresh(&desk, &token), refresh(&desk, &token));
        let ((_, a), (_, b)) = (pair(&a), pair(&b));
        assert_eq!(refresh(&desk, &a).await.status, 200);
        assert_eq!(refresh(&desk, &b).await.problem(), (401, "refresh-reused"));
    })
    .await;
}

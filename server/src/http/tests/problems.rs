use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use super::desk::Desk;

#[actix_web::test]
async fn whatever_is_asked_wrongly_gets_a_problem() {
    Desk::each(async |desk| {
        let nowhere = desk.get("/v2/nothing", "").await;
        assert_eq!(nowhere.problem(), (404, "no-such-address"));
        let delete = desk.request(Method::DELETE, "/v1/users").await;
        assert_eq!(
            (delete.problem(), delete.header("allow")),
            ((405, "method-not-allowed"), Some("GET, HEAD, POST, OPTIONS"))
        );
        let post = desk.request(Method::POST, "/health").await;
        assert_eq!(
            (post.problem(), post.header("allow")),
            ((405, "method-not-allowed"), Some("GET, HEAD, OPTIONS"))
        );

        let login = || TestRequest::post().uri("/v1/login");
        let broken = login().insert_header(("content-type", "application/json")).set_payload("{");
        assert_eq!(desk.call(broken, "").await.problem(), (400, "unreadable-body"));
        assert_eq!(desk.call(login().set_payload("login=x"), "").await.problem(), (415, "not-json"));
        let unknown =
            desk.post("/v1/login", "", json!({ "login": "x", "password": "y", "admin": true })).await;
        assert_eq!(unknown.problem(), (422, "unexpected-body"));
        let large =
            desk.post("/v1/login", "", json!({ "login": "x", "password": "y".repeat(300_000) })).await;
        assert_eq!(large.problem(), (413, "body-too-large"));
    })
    .await;
}

#[actix_web::test]
async fn queries_and_paths_are_checked_too() {
    Desk::each(async |desk| {
        let admin = desk.signed_in("admin", crate::access::Role::Administrator, None).await;
        assert_eq!(desk.get("/v1/users?limit=many", &admin).await.problem(), (422, "unexpected-query"));
        assert_eq!(desk.get("/v1/users?who=all", &admin).await.problem(), (422, "unexpected-query"));
        let no_id = desk.post("/v1/devices/kabeza/revoke", &admin, json!(null)).await;
        assert_eq!(no_id.problem(), (404, "no-such-thing"));
    })
    .await;
}

#[actix_web::test]
async fn an_answer_carries_the_id_of_its_request() {
    Desk::each(async |desk| {
        let id = "019aac2c-8f4e-7a51-b4a0-3d8d6b5f0a11";
        let asked = TestRequest::get().uri("/nothing").insert_header(("x-request-id", id));
        let answer = desk.call(asked, "").await;
        assert_eq!(answer.header("x-request-id"), Some(id));
        assert_eq!(answer.body["instance"], format!("urn:uuid:{id}"));
        let odd = TestRequest::get().uri("/health").insert_header(("x-request-id", "<script>"));
        assert_ne!(desk.call(odd, "").await.header("x-request-id"), Some("<script>"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    })
    .await;
}

//! A service to call, with people in it.

use std::sync::OnceLock;

use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_ENCODING, AUTHORIZATION};
use actix_web::test::{TestRequest, call_service, init_service};
use diesel::prelude::*;
use serde_json::{Value, json};
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use tempfile::TempDir;

use crate::access::{PasswordHash, Role};
use crate::clock::Clock;
use crate::http::{Face, State, app};
use crate::on_each;
use crate::register::organisations::{self, NewOrganisation};
use crate::register::users::create::{NewUser, create};
use crate::store::schema::users;
use crate::store::{At, Db, Store, StoreError, tests};

pub(super) const PASSWORD: &str = "umuganda wa mbere";
/// 2026-03-05T08:00:00Z
pub(super) const START: Millis = Millis(1_772_697_600_000);

pub(super) struct Desk {
    pub(super) state: State,
    _folder: Option<TempDir>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// Status and slug of a problem.
    pub(super) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        let kind = self.body["type"].as_str().unwrap_or_default();
        (self.status, kind.strip_prefix("/problems/").unwrap_or(kind))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.body)).to_owned()
    }
}

impl Desk {
    /// Runs a test on each store.
    pub(super) async fn each(test: impl AsyncFn(Desk)) {
        let open = || {
            let (store, folder) = tests::fresh();
            [(store, Some(folder)), (tests::fresh_postgres(), None)]
        };
        for (store, folder) in tokio::task::spawn_blocking(open).await.expect("stores open") {
            test(Self::on(store, folder).await).await;
        }
    }

    async fn on(store: Store, folder: Option<TempDir>) -> Self {
        let mut state = State::of(store, Clock::fixed(START)).await.expect("a migrated store");
        // Journeys over real HTTP sign in with codes; here it would be in the way.
        state.gate.demands_second_factor = false;
        Self { state, _folder: folder }
    }

    pub(super) async fn organisation(&self, code: &str) -> OrganisationId {
        let new = NewOrganisation { code: code.into(), name: code.to_uppercase() };
        let moment = self.state.clock.moment();
        let added = self.state.store.write("test", move |tx| organisations::create(tx, &new, &moment)).await;
        added.expect("an organisation").id
    }

    /// Somebody whose password is [`PASSWORD`].
    pub(super) async fn person(
        &self,
        login: &str,
        role: Role,
        organisation: Option<OrganisationId>,
    ) -> UserId {
        static HASH: OnceLock<PasswordHash> = OnceLock::new();
        let new = NewUser::checked(login, login, role, organisation, PASSWORD).expect("a good form");
        let moment = self.state.clock.moment();
        let hash = HASH.get_or_init(|| PasswordHash::of_blocking(PASSWORD));
        self.state.store.write("test", move |tx| create(tx, &new, hash, &moment)).await.expect("a person").id
    }

    pub(super) async fn disable(&self, user: UserId) {
        self.state
            .store
            .write("test", move |tx| -> Result<usize, StoreError> {
                on_each!(tx, |c| diesel::update(users::table.find(Db(user)))
                    .set(users::disabled_at.eq(At(START)))
                    .execute(c))
            })
            .await
            .expect("disabled");
    }

    /// Signs in and gives the access token.
    pub(super) async fn token(&self, login: &str) -> String {
        let answer = self.post("/v1/login", "", json!({ "login": login, "password": PASSWORD })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.text("access_token")
    }

    /// A person and their access token.
    pub(super) async fn signed_in(
        &self,
        login: &str,
        role: Role,
        organisation: Option<OrganisationId>,
    ) -> String {
        self.person(login, role, organisation).await;
        self.token(login).await
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(TestRequest::get().uri(path), token).await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(TestRequest::post().uri(path).set_json(body), token).await
    }

    pub(super) async fn request(&self, method: Method, path: &str) -> Answer {
        self.call(TestRequest::default().method(method).uri(path), "").await
    }

    pub(super) async fn call(&self, mut request: TestRequest, token: &str) -> Answer {
        if !token.is_empty() {
            request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
        }
        let service = init_service(app(self.state.clone(), Face::Whole)).await;
        let request = request.insert_header((ACCEPT_ENCODING, "identity")).to_request();
        let response = call_service(&service, request).await;
        let status = response.status().as_u16();
        let text =
            |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let bytes = to_bytes(response.into_body()).await.unwrap_or_default();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status, body, headers }
    }
}

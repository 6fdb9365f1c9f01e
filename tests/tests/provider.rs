//! Signing in with an organisation's identity provider: with one that is certified (npm's `oidc-provider`), by the command line and a browser;
//! and with one that lies, of which nothing is believed that is not as it must be.

mod liar;
mod lies;
mod outgoing;
mod real;
mod rules;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{Id, OrganisationId, UserId};
use tests::app::Answer;
use tests::{Database, Session, TestApp, Village};
use url::Url;

use liar::Liar;

/// Two organisations with one provider, which does as it is told, and somebody who is linked with their account there.
struct World {
    app: TestApp,
    aegis: Village,
    nar: Village,
    liar: Liar,
    uwase: UserId,
    admin: Session,
}

/// A sign-in that was begun.
#[derive(Clone)]
struct Begun {
    ticket: String,
    state: String,
    nonce: String,
}

const UWASE: &str = "uwase-at-the-provider";

impl World {
    fn on(database: &Database) -> Self {
        let app = TestApp::with(database, |settings| settings.loopback_providers = true);
        let (aegis, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        app.user("admin", Role::Administrator, None);
        let (liar, admin, uwase) = (Liar::new(), app.login("admin"), aegis.facilitator(&app, "uwase"));
        let world = Self { app, aegis, nar, liar, uwase, admin };
        for organisation in [world.aegis.organisation, world.nar.organisation] {
            world.set(organisation, json!({}));
        }
        let linked = world.link("aegis", "uwase.aegis", UWASE, &world.code_for(&world.aegis, uwase));
        assert_eq!(linked.status, 200, "{linked:?}");
        world
    }

    /// Sets the liar as the provider of an organisation, with what else is said.
    fn set(&self, organisation: OrganisationId, more: Value) {
        let mut body = json!({"issuer": self.liar.url, "client_id": "ihuriro"});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.admin.request("PUT", &path_of(organisation), Some(&body)).ok();
    }

    /// A code that whoever answers for somebody reads to them.
    fn code_for(&self, village: &Village, user: UserId) -> String {
        let code =
            village.manager_again(&self.app).post(&format!("/v1/users/{user}/password-resets"), &json!({}));
        code.ok()["code"].as_str().expect("a code").to_owned()
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.app.session("").post(path, body)
    }

    fn try_to_begin(&self, organisation: &str) -> Answer {
        let body = json!({"organisation": organisation, "redirect_uri": "http://127.0.0.1:51004/callback"});
        self.post("/v1/login/provider", &body)
    }

    fn begin(&self, organisation: &str) -> Begun {
        let begun = self.try_to_begin(organisation).ok();
        let text = |name: &str| begun[name].as_str().expect("a text").to_owned();
        let address = Url::parse(&text("authorization_url")).expect("an address");
        let said =
            |name: &str| address.query_pairs().find(|(it, _)| it == name).expect("it is said").1.into_owned();
        assert_eq!((said("response_type"), said("code_challenge_method")), ("code".into(), "S256".into()));
        assert_eq!((said("state"), said("scope")), (text("state"), "openid".into()));
        Begun { ticket: text("ticket"), state: text("state"), nonce: said("nonce") }
    }

    /// What is true of somebody who signs in now.
    fn truth(&self, begun: &Begun, subject: &str) -> Value {
        let now = self.app.clock.now().seconds();
        json!({
            "iss": self.liar.url, "sub": subject, "aud": "ihuriro", "nonce": begun.nonce, "iat": now, "exp": now + 300,
        })
    }

    fn finish(&self, begun: &Begun, more: Value) -> Answer {
        let mut body = json!({"ticket": begun.ticket, "state": begun.state, "authorization_code": "c0de"});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.post("/v1/login/provider/finish", &body)
    }

    /// Signs somebody in whom the provider vouches for, with what else it says and what else they send.
    fn sign_in(&self, organisation: &str, subject: &str, claims: Value, more: Value) -> Answer {
        let begun = self.begin(organisation);
        let mut truth = self.truth(&begun, subject);
        truth.as_object_mut().expect("an object").extend(claims.as_object().expect("an object").clone());
        self.liar.vouches(&self.liar.signed(&truth));
        self.finish(&begun, more)
    }

    fn link(&self, organisation: &str, login: &str, subject: &str, code: &str) -> Answer {
        self.sign_in(organisation, subject, json!({}), json!({"link": {"login": login, "code": code}}))
    }

    fn session(&self, answer: Answer) -> Session {
        self.app.session(answer.ok()["access_token"].as_str().expect("a token"))
    }
}

fn path_of(organisation: OrganisationId) -> String {
    format!("/v1/organisations/{}/identity-provider", organisation.uuid())
}

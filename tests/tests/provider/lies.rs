//! What a provider says that is not as it must be: each is refused in words, and tells nobody anything.

use diesel::prelude::*;
use ring::hmac;
use serde_json::{Value, json};
use server::on_each;
use server::store::schema::{provider_links, refresh_tokens};
use server::store::{Conn, StoreError};
use tests::Database;

use crate::provider::liar::{Key, Said, token};
use crate::provider::{Begun, UWASE, World};

/// How many logins and links there are.
fn there_are(world: &World) -> (i64, i64) {
    let count = |tx: &mut Conn<'_>| -> Result<_, StoreError> {
        on_each!(tx, |c| Ok((
            refresh_tokens::table.count().get_result(c)?,
            provider_links::table.count().get_result(c)?,
        )))
    };
    world.app.store().read_blocking("test", count).expect("it answers")
}

/// Is refused so, signs nobody in, and repeats nothing of what it was given.
#[track_caller]
fn is_refused(world: &World, begun: &Begun, token: &str, problem: (u16, &str)) {
    let before = there_are(world);
    world.liar.vouches(token);
    let answer = world.finish(begun, json!({}));
    assert_eq!(answer.problem(), problem, "{answer:?}");
    let words = answer.body.to_string();
    assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{words}");
    for secret in
        [token, &begun.ticket, &begun.nonce, &begun.state, UWASE, &world.liar.url, "c0de", "its own"]
    {
        assert!(secret.len() < 4 || !words.contains(secret), "{words} says {secret}");
    }
    assert_eq!(there_are(world), before);
}

type Change = fn(&World, &mut Value);

#[test]
fn a_token_that_is_not_as_it_must_be_lets_nobody_in() {
    Database::each(|database| {
        let world = World::on(database);
        let changes: [(&str, Change); 13] = [
            ("another issuer", |_, claims| claims["iss"] = json!("https://login.example.rw")),
            ("the issuer with a stroke", |world, claims| {
                claims["iss"] = json!(format!("{}/", world.liar.url))
            }),
            ("another service", |_, claims| claims["aud"] = json!("another")),
            ("several services, and not which", |_, claims| claims["aud"] = json!(["ihuriro", "another"])),
            ("given to another service", |_, claims| claims["azp"] = json!("another")),
            ("another sign-in", |_, claims| claims["nonce"] = json!("another")),
            ("no sign-in", |_, claims| drop(claims.as_object_mut().expect("an object").remove("nonce"))),
            ("an hour ago", |_, claims| {
                claims["exp"] = json!(claims["iat"].as_i64().expect("a time") - 3600)
            }),
            ("in an hour", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().expect("a time") + 3600)),
            ("for ever", |_, claims| drop(claims.as_object_mut().expect("an object").remove("exp"))),
            ("of nobody", |_, claims| drop(claims.as_object_mut().expect("an object").remove("sub"))),
            ("of nobody in words", |_, claims| claims["sub"] = json!("")),
            ("of somebody with a long name", |_, claims| claims["sub"] = json!("a".repeat(256))),
        ];
        for (name, change) in changes {
            let begun = world.begin("aegis");
            let mut claims = world.truth(&begun, UWASE);
            change(&world, &mut claims);
            println!("{name}");
            let problem = if name.starts_with("of nobody in") || name.starts_with("of somebody") {
                (502, "provider-failed")
            } else {
                (403, "provider-refused")
            };
            is_refused(&world, &begun, &world.liar.signed(&claims), problem);
        }
        // The truth lets them in: what was refused was refused for what it said.
        let several = json!({"aud": ["ihuriro", "another"], "azp": "ihuriro"});
        world.sign_in("aegis", UWASE, several, json!({})).ok();
    });
}

#[test]
fn a_token_that_is_signed_by_nobody_or_by_another_lets_nobody_in() {
    let world = World::on(&Database::sqlite());
    let signature = |begun: &Begun, header: Value, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let token = token(&header, &world.truth(begun, UWASE), sign);
        is_refused(&world, begun, &token, (403, "provider-refused"));
    };
    let begun = world.begin("aegis");
    for none in ["none", "None", "NONE", ""] {
        signature(&begun, json!({"alg": none, "kid": "one"}), &|_| Vec::new());
    }
    // With what everybody knows as the secret.
    let public = world.liar.key.public();
    let jwk = world.liar.key.jwk("one").to_string();
    for known in [public, &public[1..], jwk.as_bytes(), b""] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, known);
        let sign = |message: &[u8]| hmac::sign(&key, message).as_ref().to_vec();
        for kid in [json!({"alg": "HS256", "kid": "one"}), json!({"alg": "HS256"})] {
            signature(&begun, kid, &sign);
        }
    }
    let own = |message: &[u8]| world.liar.key.sign(message);
    for header in [
        json!({"alg": "ES256", "kid": "two"}),
        json!({"alg": "ES384", "kid": "one"}),
        json!({"alg": "RS256", "kid": "one"}),
        json!({"alg": "EdDSA", "kid": "one"}),
    ] {
        signature(&begun, header, &own);
    }
    // A key that the token brings itself, and one of another.
    let other = Key::new();
    let by_other = |message: &[u8]| other.sign(message);
    signature(&begun, json!({"alg": "ES256", "kid": "one"}), &by_other);
    signature(&begun, json!({"alg": "ES256", "jwk": other.jwk("one")}), &by_other);
    for odd in ["", "a.b.c", "..", "a", "eyJhbGciOiJFUzI1NiJ9.e30."] {
        is_refused(&world, &begun, odd, (403, "provider-refused"));
    }
    // A key that is there to be kept secret is none for tokens.
    world.app.clock.advance(61);
    let secret = json!({"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": "c2VjcmV0LXRoYXQtaXMtcHVibGlzaGVk"}]});
    world.liar.has_keys(Said::Json(secret));
    let begun = world.begin("aegis");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret-that-is-published");
    signature(&begun, json!({"alg": "HS256", "kid": "one"}), &|message| {
        hmac::sign(&key, message).as_ref().to_vec()
    });
}

#[test]
fn a_sign_in_is_finished_once_soon_and_by_whom_it_was_begun() {
    Database::each(|database| {
        let world = World::on(database);
        let (begun, other) = (world.begin("aegis"), world.begin("aegis"));
        let token = world.liar.signed(&world.truth(&begun, UWASE));
        let refused = |begun: &Begun| is_refused(&world, begun, &token, (403, "provider-refused"));
        // What another browser brought back, a ticket that was changed, and one that is none.
        refused(&Begun { state: other.state.clone(), ..begun.clone() });
        refused(&Begun { state: String::new(), ..begun.clone() });
        refused(&Begun { ticket: other.ticket.clone(), state: other.state.clone(), ..begun.clone() });
        let mut changed = begun.ticket.clone().into_bytes();
        changed[40] = if changed[40] == b'A' { b'B' } else { b'A' };
        refused(&Begun { ticket: String::from_utf8(changed).expect("text"), ..begun.clone() });
        refused(&Begun { ticket: "AAAA".into(), ..begun.clone() });

        let answer = world.finish(&begun, json!({"iss": "https://login.example.rw"}));
        assert_eq!(answer.problem(), (403, "provider-refused"), "the answer of another provider");
        world.liar.vouches(&token);
        world.finish(&begun, json!({"iss": world.liar.url})).ok();
        // The provider would give a token for the code again.
        refused(&begun);

        let late = world.begin("aegis");
        let token = world.liar.signed(&world.truth(&late, UWASE));
        world.app.clock.advance(10);
        is_refused(&world, &late, &token, (403, "provider-refused"));
        // A provider that does not take the code says so to us, and we in our own words.
        let begun = world.begin("aegis");
        world.liar.gives(Said::Error(400, json!({"error": "invalid_grant", "error_description": UWASE})));
        let answer = world.finish(&begun, json!({}));
        assert_eq!(answer.problem(), (403, "provider-refused"));
        assert!(!answer.body.to_string().contains(UWASE));
    });
}

//! The public halves of the keys of access tokens, as a JSON Web Key Set (RFC 7517, RFC 8037): whoever wants to, verifies a token.

use actix_web::{get, web};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use serde::Serialize;
use utoipa::ToSchema;

use super::Tokens;

/// Public keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    keys: Vec<PublicKey>,
}

/// One public key.
#[derive(Debug, Serialize, ToSchema)]
struct PublicKey {
    #[schema(value_type = String, example = "OKP")]
    kty: &'static str,
    #[schema(value_type = String, example = "Ed25519")]
    crv: &'static str,
    #[schema(value_type = String, example = "EdDSA")]
    alg: &'static str,
    #[schema(value_type = String, example = "sig")]
    r#use: &'static str,
    /// The `kid` in the head of tokens that it signed.
    kid: String,
    /// The 32 bytes of the key, in base64url.
    x: String,
}

/// The keys of access tokens
///
/// The public halves of the keys that sign access tokens, the one that signs now first. They change every ninety days, and when the
/// operator says so.
#[utoipa::path(tag = "Access", responses((status = 200, description = "A JSON Web Key Set", body = KeySet)))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn read_token_keys(tokens: web::Data<Tokens>) -> web::Json<KeySet> {
    let public = |(kid, public): (String, VerifyingKey)| PublicKey {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid,
        x: BASE64URL_NOPAD.encode(public.as_bytes()),
    };
    web::Json(KeySet { keys: tokens.public().into_iter().map(public).collect() })
}

//! What a provider vouches for, as an ID token (OpenID Connect Core, section 3.1.3.7), believed only where all of it fits.

use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use sync_core::time::Millis;

use super::ProviderRefused;

/// By public keys alone. A token that is not signed, or with what the service knows itself (HS256), is none.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// Seconds by which the clocks of provider and service may differ.
const DRIFT: i64 = 60;
/// OpenID Connect allows no longer subject.
const LONGEST_SUBJECT: usize = 255;
/// Ways of signing in that count as two factors (RFC 8176).
const STRONG: [&str; 3] = ["mfa", "otp", "hwk"];

/// For what, for whom and when a token must be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Millis,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Whether the person showed a second factor there.
    pub(super) fn by_two_factors(&self) -> bool {
        self.amr.iter().any(|way| STRONG.contains(&way.as_str()))
    }
}

/// The claims of a token that is as it must be.
pub(super) fn verified(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Claims, ProviderRefused> {
    let header = decode_header(token).map_err(|_| ProviderRefused::Signature)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(ProviderRefused::Signature);
    }
    let key = key(keys, header.kid.as_deref()).ok_or(ProviderRefused::Signature)?;
    // The key says what it is for: its family must be that of the algorithm, which `decode` holds it to.
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<Claims>(token, &key, &validation).map_err(|_| ProviderRefused::Signature)?.claims;

    if claims.iss != expected.issuer {
        return Err(ProviderRefused::TokenIssuer);
    }
    let for_us = match &claims.aud {
        Audience::One(one) => one == expected.client_id,
        // Of several audiences the token says itself to whom it was given.
        Audience::Several(all) => {
            all.iter().any(|one| one == expected.client_id) && (all.len() == 1 || claims.azp.is_some())
        }
    };
    if !for_us || claims.azp.as_deref().is_some_and(|azp| azp != expected.client_id) {
        return Err(ProviderRefused::Audience);
    }
    let now = expected.now.seconds();
    if claims.exp <= now - DRIFT || claims.iat > now + DRIFT {
        return Err(ProviderRefused::Expired);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(ProviderRefused::Nonce);
    }
    if !(1..=LONGEST_SUBJECT).contains(&claims.sub.len()) {
        return Err(ProviderRefused::Unreadable);
    }
    Ok(claims)
}

/// The key of this name; where the token names none, the only one there is.
fn key(keys: &JwkSet, name: Option<&str>) -> Option<DecodingKey> {
    let signs = |key: &&Jwk| !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let mut fit =
        keys.keys.iter().filter(signs).filter(|key| name.is_none() || key.common.key_id.as_deref() == name);
    let key = fit.next()?;
    if fit.next().is_some() {
        return None;
    }
    DecodingKey::from_jwk(key).ok()
}

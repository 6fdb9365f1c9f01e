//! The code of a sign-in, for what the provider says of the person.

use std::sync::Arc;

use data_encoding::BASE64;
use serde::Deserialize;
use sync_core::time::Millis;
use tokio::task::spawn_blocking;
use url::form_urlencoded::byte_serialize;

use super::documents::Documents;
use super::fetch::Fetcher;
use super::id_token::{Claims, Expected, verified};
use super::settings::Known;
use super::ticket::Ticket;
use super::{ProviderRefused, Providers};

/// What the provider vouches for: who it is, for this sign-in.
pub(super) async fn exchange(
    providers: &Providers,
    known: &Known,
    ticket: &Ticket,
    (code, issuer): (String, Option<&str>),
    now: Millis,
) -> Result<Claims, ProviderRefused> {
    let slot = providers.slot(&known.provider);
    let _turn = slot.turn()?;
    let documents = providers.documents(&known.provider, false, now).await?;
    // Which of several providers answered, says the answer itself, where the provider does that.
    if issuer.map_or(documents.names_itself, |issuer| issuer != known.provider.issuer) {
        return Err(ProviderRefused::TokenIssuer);
    }
    let asking = (providers.fetcher.clone(), documents.clone(), known.clone(), ticket.clone());
    let token =
        spawn_blocking(move || ask(&asking, &code)).await.unwrap_or(Err(ProviderRefused::Unreadable))?;

    let expected = Expected {
        issuer: &known.provider.issuer,
        client_id: &known.provider.client_id,
        nonce: &ticket.nonce,
        now,
    };
    match verified(&token, &documents.keys, &expected) {
        // The provider may have begun to sign with another key.
        Err(ProviderRefused::Signature) => {
            let fresh = providers.documents(&known.provider, true, now).await?;
            verified(&token, &fresh.keys, &expected)
        }
        other => other,
    }
}

type Asking = (Fetcher, Arc<Documents>, Known, Ticket);

/// The ID token for a code.
fn ask((fetcher, documents, known, ticket): &Asking, code: &str) -> Result<String, ProviderRefused> {
    #[derive(Deserialize)]
    struct Answer {
        id_token: String,
    }
    let client_id = known.provider.client_id.as_str();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &ticket.redirect_uri),
        ("code_verifier", &ticket.verifier),
    ];
    let mut authorization = None;
    match &known.client_secret {
        // RFC 6749, section 2.3.1: both are coded as in a form first.
        Some(secret) if documents.takes_basic => {
            let coded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", coded(client_id), coded(secret));
            authorization = Some(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        }
        Some(secret) => form.extend([("client_id", client_id), ("client_secret", secret)]),
        None => form.push(("client_id", client_id)),
    }
    let (status, body) = fetcher.post(&documents.token, &form, authorization.as_deref())?;
    match status.as_u16() {
        200 => {
            let answer: Answer = serde_json::from_slice(&body).map_err(|_| ProviderRefused::Unreadable)?;
            Ok(answer.id_token)
        }
        400 | 401 => Err(ProviderRefused::Code),
        _ => Err(ProviderRefused::Unreadable),
    }
}

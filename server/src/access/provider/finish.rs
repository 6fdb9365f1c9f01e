//! Finishing to sign in with an identity provider: what the browser brought back, for tokens of our own; and linking an account there.

use actix_web::{HttpRequest, post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{Id, OrganisationId, UserId};
use sync_core::time::Moment;
use utoipa::ToSchema;

use super::exchange::exchange;
use super::id_token::Claims;
use super::link::Account;
use super::settings::known;
use super::ticket::Ticket;
use super::{ProviderRefused, Providers};
use crate::access::attempt::{TooMany, at_provider};
use crate::access::caller::disabled;
use crate::access::holder::{Family, Holder};
use crate::access::login::{begin, code_needed, code_refused};
use crate::access::refresh_token::{How, TokenPair};
use crate::access::{Gate, Tokens, client, reset, second_factor};
use crate::audit::{self, Action, Entry, ObjectKind, Who};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::users;
use crate::store::{At, Code, Conn, Db, Failure, Store, StoreError};

const ROUTE: &str = "POST /v1/login/provider/finish";

/// What the browser brought back, with the ticket of the sign-in.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProviderAnswer)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handed {
    ticket: String,
    state: String,
    /// What the provider gave the browser.
    authorization_code: String,
    /// The issuer, where the browser brought it back (RFC 9207).
    iss: Option<String>,
}

/// What the browser brought back, and what else an account may need.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProviderLoginFinish)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finish {
    ticket: String,
    state: String,
    /// What the provider gave the browser.
    authorization_code: String,
    /// The issuer, where the browser brought it back (RFC 9207).
    iss: Option<String>,
    /// What the authenticator app shows, where the account has one and the provider does not say that two factors were shown there; or a
    /// recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
    /// The first time: whom the account at the provider is to be linked with.
    link: Option<Link>,
}

/// Whom an account at the provider is to be linked with.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProviderLink)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    #[schema(example = "uwase")]
    login: String,
    /// A code for a new password, as whoever answers for the person read it out.
    #[schema(example = "7KQ2M-X9T4B")]
    code: String,
}

/// Finish to sign in with an identity provider
///
/// The tokens are those that a password gives. Who signs in is known by the provider's id for them, which they link once: with a code of
/// `POST /v1/users/{id}/password-resets`, or, signed in with their password, with `PUT /v1/me/identity-provider`. Their app's code is asked
/// for where they have one, unless the provider says that two factors were shown there (`amr` with `mfa`, `otp` or `hwk`).
#[utoipa::path(
    tag = "Access",
    responses(
        (status = 200, description = "Signed in", body = TokenPair),
        (status = 401, description = "`code-needed`, `code-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`provider-refused`, `provider-not-linked`, `password-code-refused`, `account-disabled`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-identity-provider`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`provider-linked`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "`provider-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/login/provider/finish")]
pub(crate) async fn finish_provider_login(
    request: HttpRequest,
    body: web::Json<Finish>,
    store: web::Data<Store>,
    tokens: web::Data<Tokens>,
    gate: web::Data<Gate>,
    providers: web::Data<Providers>,
    clock: web::Data<Clock>,
) -> Result<web::Json<TokenPair>, Problem> {
    let Finish { ticket, state, authorization_code, iss, code, link } = body.into_inner();
    let handed = Handed { ticket, state, authorization_code, iss };
    let moment = clock.moment();
    let proven = prove(&store, &gate, &providers, handed, &moment).await?;

    let client = client::family(&request);
    let (tokens, gate) = (tokens.get_ref().clone(), gate.get_ref().clone());
    let settled = store.write("sign in with provider", move |tx| -> Result<Settled, Failure<Refused>> {
        // A lying provider would take one code twice.
        if !proven.ticket.finish(tx)? {
            return Err(ProviderRefused::Twice.into());
        }
        let (user, linked) = match (proven.account.person(tx)?, &link) {
            (Some(user), _) => (user, false),
            (None, None) => return Err(ProviderRefused::NotLinked.into()),
            (None, Some(Link { login, code })) => {
                let user = reset::take_code(tx, login, code, moment.now).map_err(Refused::of)?;
                proven.account.link(tx, user, moment.now).map_err(Refused::of)?;
                (user, true)
            }
        };
        let Some((holder, is_disabled)) = find(tx, user)? else {
            return Err(ProviderRefused::NotLinked.into());
        };
        // Somebody who went to another organisation signs in there.
        if holder.organisation != Some(proven.ticket.organisation) {
            return Err(ProviderRefused::NotLinked.into());
        }
        if is_disabled {
            return Ok(Settled::Disabled(holder.who()));
        }
        if linked {
            note_link(tx, &holder, moment, ROUTE)?;
        }
        let factor_at_provider = proven.claims.by_two_factors();
        if !factor_at_provider && second_factor::is_enrolled(tx, user)? {
            let Some(code) = &code else { return Ok(Settled::CodeNeeded) };
            // Counted apart from codes that come with a password: nobody gets here but who showed the provider who they are.
            let bucket = at_provider(&gate, user);
            bucket.take(tx, moment.now)?.map_err(|wait| Refused::TooMany(TooMany(wait)))?;
            if !second_factor::take(tx, &gate, user, code, moment.now)? {
                return Ok(Settled::WrongCode(holder.who()));
            }
            bucket.give_back(tx)?;
        }
        let how = How { client, factor_at_provider };
        Ok(Settled::In(begin(tx, &tokens, holder, how, &moment, ROUTE)?))
    });
    let settled = settled.await?;
    match settled {
        Settled::In(pair) => Ok(web::Json(pair)),
        Settled::CodeNeeded => Err(code_needed()),
        Settled::Disabled(who) => {
            note_refusal(&store, who, &moment).await?;
            Err(disabled())
        }
        Settled::WrongCode(who) => {
            note_refusal(&store, who, &moment).await?;
            Err(code_refused())
        }
    }
}

/// What becomes of somebody whom the provider knows. What was tried must be committed, so these are no errors.
enum Settled {
    In(TokenPair),
    CodeNeeded,
    WrongCode(Who),
    Disabled(Who),
}

/// Why a transaction came to nothing.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Provider(#[from] ProviderRefused),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Code(#[from] reset::ResetRefused),
}

impl crate::store::Refusal for Refused {}

impl Refused {
    fn of<E: Into<Self>>(failure: Failure<E>) -> Failure<Self> {
        match failure {
            Failure::Refused(refused) => Failure::Refused(refused.into()),
            Failure::Store(error) => Failure::Store(error),
        }
    }
}

impl From<ProviderRefused> for Failure<Refused> {
    fn from(refused: ProviderRefused) -> Self {
        Self::Refused(refused.into())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Provider(refused) => refused.into(),
            Refused::TooMany(refused) => refused.into(),
            Refused::Code(refused) => refused.into(),
        }
    }
}

/// Who the provider says that somebody is, for a sign-in that was begun here.
struct Proven {
    ticket: Ticket,
    claims: Claims,
    account: Account,
}

async fn prove(
    store: &Store,
    gate: &Gate,
    providers: &Providers,
    handed: Handed,
    moment: &Moment,
) -> Result<Proven, Problem> {
    let Handed { ticket, state, authorization_code, iss } = handed;
    // 1. The sign-in was begun here, a moment ago, and what came back is of it: before anybody is asked anything.
    let ticket = Ticket::open(gate, &ticket, moment.now)?;
    if ticket.state != state {
        return Err(ProviderRefused::State.into());
    }
    // 2. The provider is still the organisation's.
    let (sealing, organisation) = (gate.clone(), ticket.organisation);
    let found = store.read("identity provider", move |tx| known(tx, &sealing, organisation)).await?;
    let known = found.ok_or(ProviderRefused::NoProvider)?;
    // 3. It vouches for somebody.
    let code = (authorization_code, iss.as_deref());
    let claims = exchange(providers, &known, &ticket, code, moment.now).await?;
    let account = Account::of(gate, &claims);
    Ok(Proven { ticket, claims, account })
}

/// Links whoever is signed in with an account at the provider of their organisation.
///
/// # Errors
/// [`ProviderRefused`], and those of the store.
pub(crate) async fn link_oneself(
    (store, gate, providers): (&Store, &Gate, &Providers),
    (user, organisation): (UserId, OrganisationId),
    login: uuid::Uuid,
    handed: Handed,
    moment: Moment,
) -> Result<(), Problem> {
    // Whoever got hold of an access token would link an account of their own, and sign in for ever.
    let age = moment.now.0 - Family::of(login).begun().0;
    if age > super::super::token::MINUTES * 60_000 {
        return Err(ProviderRefused::OldLogin.into());
    }
    let proven = prove(store, gate, providers, handed, &moment).await?;
    if proven.ticket.organisation != organisation {
        return Err(ProviderRefused::NoProvider.into());
    }
    let linked = store.write("link with provider", move |tx| -> Result<(), Failure<ProviderRefused>> {
        if !proven.ticket.finish(tx)? {
            return Err(ProviderRefused::Twice.into());
        }
        proven.account.link(tx, user, moment.now)
    });
    Ok(linked.await?)
}

fn find(tx: &mut Conn<'_>, user: UserId) -> Result<Option<(Holder, bool)>, StoreError> {
    type Row = (Option<Db<OrganisationId>>, Code<crate::access::Role>, Option<At>);
    let row: Option<Row> = on_each!(tx, |c| users::table
        .find(Db(user))
        .select((users::organisation_id, users::role, users::disabled_at))
        .first(c)
        .optional())?;
    Ok(row.map(|(organisation, Code(role), disabled)| {
        let organisation = organisation.map(|Db(id)| id);
        (Holder { user, organisation, role }, disabled.is_some())
    }))
}

fn note_link(tx: &mut Conn<'_>, holder: &Holder, moment: Moment, route: &str) -> Result<(), StoreError> {
    let entry = Entry::of(holder.who(), moment.now, Action::AccessChanged, route);
    audit::note(tx, &entry.about(ObjectKind::User, holder.user.uuid()))
}

async fn note_refusal(store: &Store, who: Who, moment: &Moment) -> Result<(), StoreError> {
    let entry = Entry::of(who, moment.now, Action::SignIn, ROUTE).refused();
    store.as_worker().write("note refused login", move |tx| audit::note_seldom(tx, &entry)).await
}

//! Signing in: a login and a password for a pair of tokens.

use actix_web::{HttpRequest, post, web};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::{Millis, Moment};
use utoipa::ToSchema;

use super::attempt::{self, Attempt, Counted, TooMany, device_token};
use super::caller::disabled;
use super::gate::Gate;
use super::holder::{Family, Holder};
use super::refresh_token::{How, TokenPair, forget_expired, holder, issue};
use super::{PasswordHash, Role, Tokens, client, password, provider, second_factor};
use crate::audit::{self, Action, Entry, Who};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::users;
use crate::store::{At, Code, Conn, Db, Failure, Store, StoreError};

const ROUTE: &str = "POST /v1/login";

/// What to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Upper and lower case are the same.
    #[schema(example = "uwase")]
    login: String,
    password: String,
    /// What an earlier login gave this device. With it, wrong passwords that others try elsewhere do not count here.
    device_token: Option<String>,
    /// What the authenticator app shows, where the account has one; or a recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
}

/// What a person who signed in gets.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: TokenPair,
    /// Keep it on this device, and send it when the person signs in again: others can't keep them out then. It opens nothing by itself.
    device_token: String,
}

/// Sign in
///
/// A login that does not exist and a wrong password get the same answer, after the same time. Whoever has an authenticator app sends its
/// code, too; managers, the secretariat, donors and administrators must have one: without, their tokens can only enrol it. Wrong passwords are limited: by account and
/// address, and for places where the account never signed in by account.
#[utoipa::path(
    tag = "Access",
    responses(
        (status = 200, description = "Signed in", body = SignedIn),
        (status = 401, description = "`login-refused`, `code-needed`, `code-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`account-disabled`, `provider-required`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: too many sign in at this moment; try again as Retry-After says", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/login")]
pub(crate) async fn log_in(
    request: HttpRequest,
    body: web::Json<Login>,
    store: web::Data<Store>,
    tokens: web::Data<Tokens>,
    gate: web::Data<Gate>,
    clock: web::Data<Clock>,
) -> Result<web::Json<SignedIn>, Problem> {
    let Login { login, password, device_token: device, code } = body.into_inner();
    let login = login.trim().to_lowercase();
    let moment = clock.moment();
    let attempt = Attempt::of(&gate, &request, &login, device.as_deref(), moment.now);

    // Whoever tried too much hears so from a transaction that only reads, and before any hash is computed.
    let (asked, tried) = (login.clone(), attempt.clone());
    let found = store.read("login", move |tx| -> Result<_, Failure<TooMany>> {
        Ok((tried.counted(tx, moment.now)?, find(tx, &asked)?))
    });
    let (counted, account) = found.await.inspect_err(note_refused)?;
    let taken = counted.clone();
    let taken = store.write("count an attempt", move |tx| taken.take(tx, moment.now));
    taken.await.inspect_err(note_refused)?;

    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = password::verify(password, hash, counted.place.is_known()).await?;
    let who = account.as_ref().map(|account| account.holder.who());
    let Some(account) = account.filter(|_| right) else {
        counted.ended("wrong-password");
        note_refusal(store.get_ref().clone(), who, clock.now());
        return Err(refused());
    };

    let ended = counted.clone();
    let settled = store.write("issue tokens", {
        let (tokens, gate) = (tokens.clone(), gate.clone());
        let from = (attempt, counted, client::family(&request));
        move |tx| settle(tx, &tokens, &gate, &from, &account, code.as_deref(), &moment)
    });
    let settled = settled.await.inspect_err(note_refused)?;
    ended.ended(settled.word());
    if !matches!(settled, Settled::In(_)) {
        note_refusal(store.get_ref().clone(), who, clock.now());
    }
    match settled {
        Settled::In(tokens) => {
            Ok(web::Json(SignedIn { tokens, device_token: device_token(&gate, &login, moment.now) }))
        }
        Settled::Disabled => Err(disabled()),
        Settled::ProviderRequired => Err(Problem::of(
            kind::PROVIDER_REQUIRED,
            "Sign in with your organisation's identity provider: POST /v1/login/provider, or `ihuriro login --with-provider`.",
        )),
        Settled::CodeNeeded => Err(code_needed()),
        Settled::WrongCode => Err(code_refused()),
    }
}

pub(super) fn code_needed() -> Problem {
    Problem::of(kind::CODE_NEEDED, "Send the six digits that your app shows as `code`, with the rest.")
}

pub(super) fn code_refused() -> Problem {
    Problem::of(
        kind::CODE_REFUSED,
        "Wait until your app shows the next code, or use a recovery code. Each is for one use.",
    )
}

/// What becomes of somebody who knows the password. A wrong code is an outcome: that it was tried must be committed.
enum Settled {
    In(TokenPair),
    Disabled,
    /// The organisation has its people sign in with its identity provider alone.
    ProviderRequired,
    CodeNeeded,
    WrongCode,
}

impl Settled {
    /// For the metrics.
    const fn word(&self) -> &'static str {
        match self {
            Self::In(_) => "in",
            Self::Disabled => "disabled",
            Self::ProviderRequired => "provider-required",
            Self::CodeNeeded => "code-needed",
            Self::WrongCode => "wrong-code",
        }
    }
}

/// Lets somebody in who knows the password, with a code where the account has an app.
fn settle(
    tx: &mut Conn<'_>,
    tokens: &Tokens,
    gate: &Gate,
    (attempt, counted, client): &(Attempt, Counted, Option<&str>),
    account: &Account,
    code: Option<&str>,
    moment: &Moment,
) -> Result<Settled, Failure<TooMany>> {
    let (holder, now) = (account.holder, moment.now);
    // The password was right, so it was no guess.
    counted.give_back(tx)?;
    if account.disabled {
        return Ok(Settled::Disabled);
    }
    if provider::is_required(tx, holder.organisation)? {
        return Ok(Settled::ProviderRequired);
    }
    if second_factor::is_enrolled(tx, holder.user)? {
        let Some(code) = code else { return Ok(Settled::CodeNeeded) };
        counted.take_code(tx, now)?;
        if !second_factor::take(tx, gate, holder.user, code, now)? {
            return Ok(Settled::WrongCode);
        }
        counted.give_code_back(tx)?;
    }
    attempt.remember(tx, holder.user, now)?;
    let how = How { client: *client, factor_at_provider: false };
    Ok(Settled::In(begin(tx, tokens, holder, how, moment, ROUTE)?))
}

fn note_refused(failure: &Failure<TooMany>) {
    if matches!(failure, Failure::Refused(_)) {
        attempt::refused();
    }
}

/// Notes that somebody was not let in, by the account, never by what they typed. On a task of its own: the answer comes after the same time
/// whether there is such an account or not, and whether its refusals were noted just now or not.
fn note_refusal(store: Store, who: Option<Who>, now: Millis) {
    let entry = Entry::of(who.unwrap_or(Who::nobody()), now, Action::SignIn, ROUTE).refused();
    actix_web::rt::spawn(async move {
        let noted =
            store.as_worker().write("note refused login", move |tx| audit::note_seldom(tx, &entry)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a refused sign-in was not noted");
        }
    });
}

/// Begins a login.
pub(super) fn begin(
    tx: &mut Conn<'_>,
    tokens: &Tokens,
    holder: Holder,
    how: How<'_>,
    moment: &Moment,
    route: &str,
) -> Result<TokenPair, StoreError> {
    audit::note(tx, &Entry::of(holder.who(), moment.now, Action::SignIn, route))?;
    forget_expired(tx, holder.user, moment.now)?;
    issue(tx, tokens, holder, Family::new(moment), None, how, moment.now)
}

/// Signs somebody in without a password, and gives their access token: for a program that holds the store anyway. Nobody who
/// is disabled, or is not there, gets one.
///
/// # Errors
/// Those of the store.
pub fn sign_in(
    tx: &mut Conn<'_>,
    tokens: &Tokens,
    user: UserId,
    moment: &Moment,
) -> Result<Option<String>, StoreError> {
    let Some(holder) = holder(tx, user)? else { return Ok(None) };
    Ok(Some(begin(tx, tokens, holder, How::default(), moment, ROUTE)?.access_token))
}

fn refused() -> Problem {
    Problem::of(kind::LOGIN_REFUSED, "Check both and try again.")
}

struct Account {
    holder: Holder,
    /// None where no password was chosen yet.
    password_hash: Option<PasswordHash>,
    disabled: bool,
}

fn find(tx: &mut Conn<'_>, login: &str) -> Result<Option<Account>, StoreError> {
    type Row = (Db<UserId>, Option<Db<OrganisationId>>, Code<Role>, String, Option<At>);
    let row: Option<Row> = on_each!(tx, |c| users::table
        .filter(users::login.eq(login))
        .select((users::id, users::organisation_id, users::role, users::password_hash, users::disabled_at))
        .first(c)
        .optional())?;
    Ok(row.map(|(Db(user), organisation, Code(role), hash, disabled)| Account {
        holder: Holder { user, organisation: organisation.map(|Db(id)| id), role },
        password_hash: PasswordHash::stored(hash),
        disabled: disabled.is_some(),
    }))
}

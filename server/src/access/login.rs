//! Signing in: a login and a password for a pair of tokens.

use actix_web::{post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::{Millis, Moment};
use utoipa::ToSchema;

use super::caller::disabled;
use super::holder::{Family, Holder};
use super::refresh_token::{TokenPair, forget_expired, holder, issue};
use super::{PasswordHash, Role, Tokens, password};
use crate::audit::{self, Action, Entry, Who};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::users;
use crate::store::{At, Code, Conn, Db, Store, StoreError};

const ROUTE: &str = "POST /v1/login";

/// What to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Upper and lower case are the same.
    #[schema(example = "uwase")]
    login: String,
    password: String,
}

/// Sign in
///
/// A login that does not exist and a wrong password get the same answer, after the same time.
#[utoipa::path(
    tag = "Access",
    responses(
        (status = 200, description = "Signed in", body = TokenPair),
        (status = 401, description = "`login-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`account-disabled`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: too many sign in at this moment; try again as Retry-After says", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/login")]
pub(crate) async fn log_in(
    body: web::Json<Login>,
    store: web::Data<Store>,
    tokens: web::Data<Tokens>,
    clock: web::Data<Clock>,
) -> Result<web::Json<TokenPair>, Problem> {
    let Login { login, password } = body.into_inner();
    let login = login.trim().to_lowercase();
    let account = store.read("login", move |tx| find(tx, &login)).await?;

    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = password::verify(password, hash).await?;
    let who = account.as_ref().map(|account| account.holder.who());
    let account = match account.filter(|_| right) {
        Some(account) if !account.disabled => account,
        refused_account => {
            note_refusal(store.get_ref().clone(), who, clock.now());
            return Err(refused_account.map_or_else(refused, |_| disabled()));
        }
    };

    let moment = clock.moment();
    let pair = store.write("issue tokens", move |tx| begin(tx, &tokens, account.holder, &moment));
    Ok(web::Json(pair.await?))
}

/// Notes that somebody was not let in, by the account, never by what they typed. On a task of its own: the answer comes after the same time
/// whether there is such an account or not, and whether its refusals were noted just now or not.
fn note_refusal(store: Store, who: Option<Who>, now: Millis) {
    let entry = Entry::of(who.unwrap_or(Who::nobody()), now, Action::SignIn, ROUTE).refused();
    actix_web::rt::spawn(async move {
        let noted = store.write("note refused login", move |tx| audit::note_seldom(tx, &entry)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a refused sign-in was not noted");
        }
    });
}

/// Begins a login.
fn begin(
    tx: &mut Conn<'_>,
    tokens: &Tokens,
    holder: Holder,
    moment: &Moment,
) -> Result<TokenPair, StoreError> {
    audit::note(tx, &Entry::of(holder.who(), moment.now, Action::SignIn, ROUTE))?;
    forget_expired(tx, holder.user, moment.now)?;
    issue(tx, tokens, holder, Family::new(moment), None, moment.now)
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
    Ok(Some(begin(tx, tokens, holder, moment)?.access_token))
}

fn refused() -> Problem {
    Problem::of(kind::LOGIN_REFUSED, "Check both and try again.")
}

struct Account {
    holder: Holder,
    password_hash: PasswordHash,
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

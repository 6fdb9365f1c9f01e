//! A code with which a person chooses a new password. Whoever answers for them reads it to them: nobody but the person ever knows the
//! password.
//!
//! Guesses are not limited: a code has fifty random bits and holds for a day, so that a thousand guesses in each second would find one
//! code in thirty thousand years. So nobody keeps a person from using theirs, whatever is tried for their login.

use actix_web::{HttpRequest, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_core::id::{Id, UserId};
use sync_core::time::Millis;
use utoipa::ToSchema;

use super::attempt::{Attempt, device_token};
use super::caller::disabled;
use super::gate::Gate;
use super::refresh_token::{end_logins, holder};
use super::{PasswordHash, password, secret};
use crate::audit::{self, Action, Entry, ObjectKind};
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::{FieldError, Problem, kind};
use crate::store::schema::{password_codes, users};
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError};

const DAYS: i64 = 1;

/// A code with which a person chooses a new password.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordCode {
    /// Shown only now; the service keeps a hash of it. Read it to the person.
    #[schema(example = "7KQ2M-X9T4B")]
    pub code: String,
    pub expires_at: Timestamp,
}

/// Hands out a code; those that the person had hold no longer.
///
/// # Errors
/// Those of the store.
pub fn issue_password_code(tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<PasswordCode, StoreError> {
    let code = secret::code();
    let expires = now.plus_days(DAYS);
    forget_codes(tx, user)?;
    on_each!(tx, |c| diesel::insert_into(password_codes::table)
        .values((
            password_codes::hash.eq(secret::hash(&code.replace('-', ""))),
            password_codes::user_id.eq(Db(user)),
            password_codes::issued_at.eq(At(now)),
            password_codes::expires_at.eq(At(expires)),
        ))
        .execute(c))?;
    Ok(PasswordCode { code, expires_at: timestamp(expires) })
}

/// What to choose a new password with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordReset {
    #[schema(example = "uwase")]
    login: String,
    /// As it was read out, however it is written.
    #[schema(example = "7KQ2M-X9T4B")]
    code: String,
    /// 10 to 128 characters, hard to guess.
    new_password: String,
}

/// The password is chosen.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordChosen {
    /// Send it with the login: this device is known to the account.
    device_token: String,
}

/// Why no password was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResetRefused {
    #[error("the code is not one of this person")]
    Code,
    #[error("the person may not sign in any more")]
    Disabled,
}

impl Refusal for ResetRefused {}

impl From<ResetRefused> for Problem {
    fn from(refused: ResetRefused) -> Self {
        match refused {
            ResetRefused::Code => Self::of(
                kind::PASSWORD_CODE_REFUSED,
                "Check the login and the code. A code holds for a day, and for one use.",
            ),
            ResetRefused::Disabled => disabled(),
        }
    }
}

/// Choose a new password with a code
///
/// Ends all logins of the person. A code is good for one use, within a day.
#[utoipa::path(
    tag = "Access",
    responses(
        (status = 200, description = "Chosen: sign in with it", body = PasswordChosen),
        (
            status = 403,
            description = "`password-code-refused`, `account-disabled`",
            body = Problem,
            content_type = "application/problem+json"
        ),
    )
)]
#[post("/v1/password-resets")]
pub(crate) async fn reset_password(
    request: HttpRequest,
    body: web::Json<PasswordReset>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    clock: web::Data<Clock>,
) -> Result<web::Json<PasswordChosen>, Problem> {
    let PasswordReset { login, code, new_password } = body.into_inner();
    let (login, now) = (login.trim().to_lowercase(), clock.now());
    let code = secret::normalised(&code).ok_or(ResetRefused::Code)?;

    // The code first: whoever has none learns nothing, and costs no more than a look.
    let (asked, shown) = (login.clone(), code.clone());
    let found = store.read("password code", move |tx| -> Result<_, Failure<ResetRefused>> {
        let user = find(tx, &asked, &shown, now)?;
        Ok(password::around(tx, user)?)
    });
    let around = found.await?;
    if let Some(weak) = password::weakness(&new_password, &around) {
        return Err(Problem::fields(vec![FieldError { field: "new_password".into(), detail: weak }]));
    }

    let hash = PasswordHash::of(new_password).await?;
    let attempt = Attempt::of(&gate, &request, &login, None, now);
    let asked = login.clone();
    let chosen = store.write("reset password", move |tx| -> Result<(), Failure<ResetRefused>> {
        // Once more, now that nobody else can use it at the same time.
        let user = find(tx, &asked, &code, now)?;
        if forget_codes(tx, user)? == 0 {
            return Err(ResetRefused::Code.into());
        }
        password::set(tx, user, &hash)?;
        end_logins(tx, user, now)?;
        if let Some(holder) = holder(tx, user)? {
            let entry = Entry::of(holder.who(), now, Action::AccessChanged, "POST /v1/password-resets");
            audit::note(tx, &entry.about(ObjectKind::User, user.uuid()))?;
        }
        Ok(attempt.remember(tx, user, now)?)
    });
    chosen.await?;
    Ok(web::Json(PasswordChosen { device_token: device_token(&gate, &login, now) }))
}

/// The person whose code this is.
fn find(tx: &mut Conn<'_>, login: &str, code: &str, now: Millis) -> Result<UserId, Failure<ResetRefused>> {
    let row: Option<(Db<UserId>, Option<At>)> = on_each!(tx, |c| password_codes::table
        .inner_join(users::table)
        .filter(password_codes::hash.eq(secret::hash(code)))
        .filter(password_codes::expires_at.gt(At(now)))
        .filter(users::login.eq(login))
        .select((users::id, users::disabled_at))
        .first(c)
        .optional())?;
    match row {
        Some((Db(user), None)) => Ok(user),
        Some(_) => Err(ResetRefused::Disabled.into()),
        None => Err(ResetRefused::Code.into()),
    }
}

/// Takes a code, as it was typed; gives whose it is. Those that the person had hold no longer.
pub(super) fn take_code(
    tx: &mut Conn<'_>,
    login: &str,
    code: &str,
    now: Millis,
) -> Result<UserId, Failure<ResetRefused>> {
    let code = secret::normalised(code).ok_or(ResetRefused::Code)?;
    let user = find(tx, &login.trim().to_lowercase(), &code, now)?;
    if forget_codes(tx, user)? == 0 { Err(ResetRefused::Code.into()) } else { Ok(user) }
}

/// Removes all codes of a person; gives how many there were.
fn forget_codes(tx: &mut Conn<'_>, user: UserId) -> Result<usize, StoreError> {
    on_each!(tx, |c| diesel::delete(password_codes::table)
        .filter(password_codes::user_id.eq(Db(user)))
        .execute(c))
}

/// Removes codes that hold no longer.
pub(super) fn forget_expired_codes(tx: &mut Conn<'_>, now: Millis) -> Result<usize, StoreError> {
    on_each!(tx, |c| diesel::delete(password_codes::table)
        .filter(password_codes::expires_at.le(At(now)))
        .execute(c))
}

//! Passwords of people who are there: changed by themselves, or chosen anew with a code that whoever answers for them reads to them.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::id::UserId;
use utoipa::ToSchema;

use super::{find, not_for_managers};
use crate::access::password::{self, weakness};
use crate::access::{
    Gate, PasswordCode, PasswordHash, end_other_logins, issue_password_code, knows_password,
};
use crate::clock::Clock;
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, Store, StoreError};

/// The password of the caller, and the one that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    old_password: String,
    /// 10 to 128 characters, hard to guess.
    new_password: String,
}

/// Change your password
///
/// Ends all other logins of the caller. What is weak about the new password is said in words.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Changed"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/me/password")]
pub(crate) async fn change_password(
    permit: Permit,
    body: web::Json<PasswordChange>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let PasswordChange { old_password, new_password } = body.into_inner();
    let (user, login, now) = (permit.user(), permit.login(), clock.now());
    let around = store.read("about the caller", move |tx| password::around(tx, user)).await?;
    let mut fields = Fields::default();
    match weakness(&new_password, &around) {
        Some(weak) => fields.refuse("new_password", weak),
        None if new_password == old_password => fields.refuse("new_password", "is another one than before"),
        None => {}
    }
    if !knows_password(&store, &gate, (user, login), old_password, now).await? {
        fields.refuse("old_password", "is the password that you signed in with");
    }
    fields.done()?;

    let hash = PasswordHash::of(new_password).await?;
    let changed = store.write("change password", move |tx| -> Result<(), StoreError> {
        password::set(tx, user, &hash)?;
        end_other_logins(tx, user, login, now)
    });
    changed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Why no code was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum CodeRefused {
    #[error("there is no such person")]
    NoSuchUser,
    #[error("others decide about this person")]
    NotTheirs,
    #[error("the person may not sign in any more")]
    Disabled,
}

impl Refusal for CodeRefused {}

impl From<CodeRefused> for Problem {
    fn from(refused: CodeRefused) -> Self {
        match refused {
            CodeRefused::NoSuchUser => {
                Self::of(kind::NO_SUCH_USER, "Nobody in your organisation has this id.")
            }
            CodeRefused::NotTheirs => not_for_managers(),
            CodeRefused::Disabled => {
                Self::of(kind::USER_DISABLED, "Only somebody who may sign in needs a password.")
            }
        }
    }
}

/// Hand out a code for a new password
///
/// A manager for the facilitators and supervisors of their own organisation, an administrator for anybody. Read the code to the person:
/// with it they choose a password at `POST /v1/password-resets`, within a day. Until then the old one holds.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The person")),
    responses(
        (status = 201, description = "The code", body = PasswordCode),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`user-disabled`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/users/{id}/password-resets")]
pub(crate) async fn hand_out_password_code(
    permit: Permit,
    user: web::Path<UserId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (user, now) = (*user, clock.now());
    let issue = move |tx: &mut Conn<'_>| -> Result<PasswordCode, Failure<CodeRefused>> {
        let seen = |person: &super::User| permit.covers(person.organisation_id);
        let person = find(tx, user)?.filter(seen).ok_or(CodeRefused::NoSuchUser)?;
        if !permit.decides_about(person.role, person.organisation_id) {
            return Err(CodeRefused::NotTheirs.into());
        }
        if person.disabled_at.is_some() {
            return Err(CodeRefused::Disabled.into());
        }
        Ok(issue_password_code(tx, user, now)?)
    };
    Ok(HttpResponse::Created().json(store.write("issue password code", issue).await?))
}

//! A name or a login that was mistyped is put right. What was written under it names the person by id, so nothing else changes.

use actix_web::{patch, web};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;
use serde::Deserialize;
use sync_core::id::UserId;
use utoipa::ToSchema;

use super::{User, find, not_for_managers};
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::schema::users;
use crate::store::{Conn, Db, Failure, Refusal, Store, StoreError};

/// What is put right; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = UserNames)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameBody {
    /// 3 to 64 letters (a to z), digits or . _ - @ +. The person signs in with it from now on.
    #[schema(example = "uwase")]
    login: Option<String>,
    #[schema(example = "Uwase Marie")]
    name: Option<String>,
}

/// What somebody is called from now on, tidied up.
struct Names {
    login: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum RenameRefused {
    #[error("there is no such person")]
    NoSuchUser,
    #[error("a manager decides about facilitators and supervisors")]
    NotForManagers,
    #[error("somebody has this login already")]
    LoginTaken,
}

impl Refusal for RenameRefused {}

impl From<RenameRefused> for Problem {
    fn from(refused: RenameRefused) -> Self {
        match refused {
            RenameRefused::NoSuchUser => {
                Self::of(kind::NO_SUCH_USER, "Nobody whom you may decide about has this id.")
            }
            RenameRefused::NotForManagers => not_for_managers(),
            RenameRefused::LoginTaken => {
                Self::of(kind::LOGIN_TAKEN, "Somebody has this login already. Choose another one.")
            }
        }
    }
}

/// Put a name or a login right
///
/// An administrator does so for anybody, a manager for the facilitators and supervisors of their own organisation. Histories and lists show the name
/// that somebody has now. To another organisation somebody is moved; another role wants another login.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The person")),
    responses(
        (status = 200, description = "As they are called now", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`login-taken`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/v1/users/{id}")]
pub(crate) async fn rename_user(
    permit: Permit,
    id: web::Path<UserId>,
    body: web::Json<RenameBody>,
    store: web::Data<Store>,
) -> Result<web::Json<User>, Problem> {
    let mut fields = Fields::default();
    let new = Names {
        login: body.login.as_deref().map(|login| fields.login(login)),
        name: body.name.as_deref().map(|name| fields.name("name", name)),
    };
    fields.done()?;
    let id = *id;
    Ok(web::Json(store.write("rename user", move |tx| rename(tx, permit, id, &new)).await?))
}

fn rename(
    tx: &mut Conn<'_>,
    permit: Permit,
    id: UserId,
    new: &Names,
) -> Result<User, Failure<RenameRefused>> {
    // 1. Of the people of others a manager hears nothing, not even that there is one with this id.
    let user = find(tx, id)?.filter(|user| permit.covers(user.organisation_id));
    let user = user.ok_or(RenameRefused::NoSuchUser)?;
    if !permit.decides_about(user.role, user.organisation_id) {
        return Err(RenameRefused::NotForManagers.into());
    }
    // 2. A login is one person's. Two may take one at the same moment: its index decides.
    let User { login, name, .. } = user.clone();
    let (login, name) = (new.login.clone().unwrap_or(login), new.name.clone().unwrap_or(name));
    let update = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        on_each!(tx, |c| diesel::update(users::table.find(Db(id)))
            .set((users::login.eq(&login), users::name.eq(&name)))
            .execute(c))
    };
    match update(tx) {
        Err(StoreError::Query(DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
            Err(RenameRefused::LoginTaken.into())
        }
        done => done.map(|_| User { login, name, ..user }).map_err(Into::into),
    }
}

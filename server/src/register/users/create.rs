//! Adding a person. An administrator may add anybody; a manager the facilitators and supervisors of their own
//! organisation.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, post, web};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Moment;
use utoipa::ToSchema;

use super::{User, not_for_managers};
use crate::access::password::{self, weakness};
use crate::access::{PasswordCode, PasswordHash, Role, issue_password_code};
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::{FieldError, Fields, Problem, kind};
use crate::register::organisations;
use crate::scope::Permit;
use crate::store::schema::users;
use crate::store::{At, Code, Conn, Db, Failure, Refusal, Store};

/// A person to add.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewUser)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserBody {
    /// 3 to 64 letters (a to z), digits or . _ - @ +; upper and lower case are the same.
    #[schema(example = "uwase")]
    login: String,
    #[schema(example = "Uwase Marie")]
    name: String,
    role: Role,
    /// Required for facilitators, supervisors and managers, whom a manager adds to their own organisation;
    /// left out for all others.
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Option<OrganisationId>,
    /// 10 to 128 characters, hard to guess; the person must change it when they sign in. Left out, the answer has a code with which they
    /// choose one that nobody else knows.
    password: Option<String>,
}

/// A person who was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedUser {
    #[serde(flatten)]
    user: User,
    /// Where no password was given: what the person chooses one with, at `POST /v1/password-resets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_code: Option<PasswordCode>,
}

/// A person to add, tidied up and checked: see [`NewUser::checked`].
#[derive(Debug, Clone)]
pub struct NewUser {
    login: String,
    name: String,
    role: Role,
    organisation: Option<OrganisationId>,
}

/// Why a person was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserRefused {
    #[error("somebody has this login already")]
    LoginTaken,
    #[error("there is no such organisation")]
    NoSuchOrganisation,
}

impl Refusal for UserRefused {}

impl From<UserRefused> for Problem {
    fn from(refused: UserRefused) -> Self {
        match refused {
            UserRefused::LoginTaken => {
                Self::of(kind::LOGIN_TAKEN, "Somebody has this login already. Choose another one.")
            }
            UserRefused::NoSuchOrganisation => Self::fields(vec![FieldError {
                field: "organisation_id".to_owned(),
                detail: "is the id of an organisation of the partnership".to_owned(),
            }]),
        }
    }
}

/// Add a person
///
/// An administrator adds anybody; a manager adds facilitators and supervisors to their own organisation.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Added", body = AddedUser),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`login-taken`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/users")]
pub(crate) async fn create_user(
    permit: Permit,
    body: web::Json<NewUserBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let organisation =
        body.organisation_id.or(if body.role.in_organisation() { permit.organisations()? } else { None });
    if !permit.decides_about(body.role, organisation) {
        return Err(not_for_managers());
    }
    let around = match organisation {
        Some(id) => store.read("organisation", move |tx| organisations::find(tx, id)).await?,
        None => None,
    };
    let around = around.map_or_else(Vec::new, |organisation| vec![organisation.code, organisation.name]);
    let password = body.password.as_deref();
    let new = NewUser::around(&body.login, &body.name, body.role, organisation, password, around)?;

    let hash = match body.password {
        Some(password) => Some(PasswordHash::of(password).await?),
        None => None,
    };
    let moment = clock.moment();
    let added = store.write("create user", move |tx| -> Result<AddedUser, Failure<UserRefused>> {
        let user = create(tx, &new, hash.as_ref().unwrap_or(&PasswordHash::none()), &moment)?;
        let password_code = match hash {
            Some(_) => {
                password::demand_change(tx, user.id, moment.now)?;
                None
            }
            None => Some(issue_password_code(tx, user.id, moment.now)?),
        };
        Ok(AddedUser { user, password_code })
    });
    let added = added.await?;
    Ok(HttpResponse::Created().insert_header((LOCATION, format!("/v1/users/{}", added.user.id))).json(added))
}

impl NewUser {
    /// Tidies up what a person typed.
    ///
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub fn checked<'a>(
        login: &str,
        name: &str,
        role: Role,
        organisation: Option<OrganisationId>,
        password: impl Into<Option<&'a str>>,
    ) -> Result<Self, Problem> {
        Self::around(login, name, role, organisation, password.into(), Vec::new())
    }

    /// As [`NewUser::checked`], with more that a password must not be made of.
    fn around(
        login: &str,
        name: &str,
        role: Role,
        organisation: Option<OrganisationId>,
        password: Option<&str>,
        mut around: Vec<String>,
    ) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let new = Self { login: fields.login(login), name: fields.name("name", name), role, organisation };
        around.extend([new.login.clone(), new.name.clone()]);
        if let Some(weak) = password.and_then(|password| weakness(password, &around)) {
            fields.refuse("password", weak);
        }
        match (role.in_organisation(), organisation) {
            (true, None) => {
                fields.refuse("organisation_id", format!("is required for {}", role.with_article()))
            }
            (false, Some(_)) => {
                fields.refuse("organisation_id", format!("is left out for {}", role.with_article()))
            }
            _ => {}
        }
        fields.done().map(|()| new)
    }
}

/// Adds a person.
///
/// # Errors
/// [`UserRefused`].
pub fn create(
    tx: &mut Conn<'_>,
    new: &NewUser,
    hash: &PasswordHash,
    moment: &Moment,
) -> Result<User, Failure<UserRefused>> {
    if let Some(organisation) = new.organisation
        && organisations::find(tx, organisation)?.is_none()
    {
        return Err(UserRefused::NoSuchOrganisation.into());
    }
    let id = UserId::new(moment);
    let added = on_each!(tx, |c| diesel::insert_into(users::table)
        .values((
            users::id.eq(Db(id)),
            users::organisation_id.eq(new.organisation.map(Db)),
            users::login.eq(&new.login),
            users::name.eq(&new.name),
            users::role.eq(Code(new.role)),
            users::password_hash.eq(hash.as_str()),
            users::created_at.eq(At(moment.now)),
        ))
        .on_conflict(users::login)
        .do_nothing()
        .execute(c))?;
    if added == 0 {
        return Err(UserRefused::LoginTaken.into());
    }
    Ok(User {
        id,
        organisation_id: new.organisation,
        login: new.login.clone(),
        name: new.name.clone(),
        role: new.role,
        created_at: timestamp(moment.now),
        disabled_at: None,
        protection_officer: false,
    })
}

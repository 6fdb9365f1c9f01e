//! Who calls: what a handler that needs to know takes as an argument.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};

use super::holder::Family;
use super::refresh_token::lives;
use super::{Role, Tokens};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::users;
use crate::store::{At, Code, Conn, Db, Store, StoreError};

/// The person who calls, as the store knows them now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    /// Facilitators, supervisors and managers have one.
    pub organisation: Option<OrganisationId>,
    pub role: Role,
}

impl Caller {
    /// Refuses a caller who has none of these roles.
    ///
    /// # Errors
    /// 403 `role-not-allowed`.
    pub fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let roles: Vec<_> = roles.iter().map(|role| role.with_article()).collect();
        let detail = match roles.as_slice() {
            [others @ .., last] if !others.is_empty() => {
                format!("Only {} or {last} may do this.", others.join(", "))
            }
            _ => format!("Only {} may do this.", roles.concat()),
        };
        Err(Problem::of(kind::ROLE_NOT_ALLOWED, detail))
    }

    /// Whether the caller may act for this organisation: its own people, and administrators everywhere.
    pub fn acts_for(&self, organisation: Option<OrganisationId>) -> bool {
        self.role == Role::Administrator || (organisation.is_some() && self.organisation == organisation)
    }

    /// Whether the caller decides about people of this role in this organisation: administrators about everybody, managers
    /// about the facilitators and supervisors of their own.
    pub fn answers_for(&self, role: Role, organisation: Option<OrganisationId>) -> bool {
        let below = matches!(role, Role::Facilitator | Role::Supervisor);
        self.role == Role::Administrator
            || (self.role == Role::Manager && below && self.acts_for(organisation))
    }
}

/// A manager asks for what only the administrator decides.
pub(crate) fn not_for_managers() -> Problem {
    Problem::of(
        kind::ROLE_NOT_ALLOWED,
        "A manager decides about the facilitators and supervisors of their own organisation, the administrator about \
         others.",
    )
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verified = verified(request);
        let store = request.app_data::<web::Data<Store>>().cloned();
        Box::pin(async move {
            let (user, login) = verified?;
            let store = store.ok_or_else(Problem::internal)?;
            match store.read("caller", move |tx| known(tx, user, login)).await? {
                Known::Caller(caller) => Ok(caller),
                Known::Disabled => Err(disabled()),
                Known::Ended => Err(ended()),
            }
        })
    }
}

fn verified(request: &HttpRequest) -> Result<(UserId, Family), Problem> {
    let tokens = request.app_data::<web::Data<Tokens>>().ok_or_else(Problem::internal)?;
    let clock = request.app_data::<web::Data<Clock>>().ok_or_else(Problem::internal)?;
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(tokens.verify(token.trim(), clock.now())?)
}

fn missing() -> Problem {
    Problem::of(
        kind::TOKEN_MISSING,
        "Send the access token that POST /v1/login gives, as `Authorization: Bearer …`.",
    )
}

pub(super) fn disabled() -> Problem {
    Problem::of(kind::ACCOUNT_DISABLED, "Ask your organisation's manager or the administrator.")
}

fn ended() -> Problem {
    Problem::of(
        kind::LOGIN_ENDED,
        "Somebody signed out, or a refresh token of this login came twice. Sign in again.",
    )
}

/// What the store knows of whoever a token speaks for.
enum Known {
    Caller(Caller),
    Disabled,
    /// The login of the token was ended; the token itself has not expired.
    Ended,
}

fn known(tx: &mut Conn<'_>, id: UserId, login: Family) -> Result<Known, StoreError> {
    type Row = (Option<Db<OrganisationId>>, Code<Role>, Option<At>);
    let row: Option<Row> = on_each!(tx, |c| users::table
        .find(Db(id))
        .select((users::organisation_id, users::role, users::disabled_at))
        .first(c)
        .optional())?;
    Ok(match row {
        Some((organisation, Code(role), None)) if lives(tx, login)? => {
            Known::Caller(Caller { user: id, organisation: organisation.map(|Db(id)| id), role })
        }
        Some((_, _, None)) => Known::Ended,
        _ => Known::Disabled,
    })
}

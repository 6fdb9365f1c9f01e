//! Who calls. What they may do is for [`crate::scope`] to say: handlers take a [`Permit`](crate::scope::Permit).

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, web};
use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use uuid::Uuid;

use super::gate::Gate;
use super::holder::Family;
use super::refresh_token::alive;
use super::{Role, Tokens, second_factor};
use crate::audit::Who;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::users;
use crate::store::{Asker, At, Code, Conn, Db, Store, StoreError};

/// The person who calls, as the store knows them now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    /// Facilitators, supervisors and managers have one.
    pub organisation: Option<OrganisationId>,
    pub role: Role,
    /// Whether they are a protection officer of their organisation.
    pub protects: bool,
    /// The login by which they call.
    pub login: Uuid,
    /// What they must do before anything else.
    pub owes: Option<Owed>,
}

/// What an account demands of whoever signed in to it, before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// To choose a password that nobody else knows.
    Password,
    /// To enrol an authenticator app.
    SecondFactor,
}

impl From<Owed> for Problem {
    fn from(owed: Owed) -> Self {
        match owed {
            Owed::Password => {
                Self::of(kind::PASSWORD_MUST_CHANGE, "Choose a password of your own: POST /v1/me/password.")
            }
            Owed::SecondFactor => Self::of(
                kind::SECOND_FACTOR_MUST_ENROL,
                "Enrol an authenticator app: POST /v1/me/second-factor, then POST /v1/me/second-factor/confirm.",
            ),
        }
    }
}

impl Caller {
    /// As the audit log names them.
    pub(crate) fn who(&self) -> Who {
        Who { user: Some(self.user), role: self.role.code(), organisation: self.organisation }
    }

    /// As the store's second wall knows them.
    pub(crate) fn asker(&self) -> Asker {
        let Self { user, organisation, role, protects, .. } = *self;
        Asker { user, organisation, role: role.code(), protects }
    }

    /// The person whose access token a request bears.
    ///
    /// # Errors
    /// 401 `token-missing`, `token-expired`, `token-refused`, `login-ended`; 403 `account-disabled`; those of the store.
    pub(crate) async fn identify(request: &HttpRequest) -> Result<Self, Problem> {
        let store = request.app_data::<web::Data<Store>>().ok_or_else(Problem::internal)?.as_worker();
        let (user, login) = verified(request, &store).await?;
        let gate = request.app_data::<web::Data<Gate>>().ok_or_else(Problem::internal)?;
        let demanded = gate.demands_second_factor;
        match store.read("caller", move |tx| known(tx, user, login, demanded)).await? {
            Known::Caller(caller) => Ok(caller),
            Known::Disabled => Err(disabled()),
            Known::Ended => Err(ended()),
        }
    }
}

async fn verified(request: &HttpRequest, store: &Store) -> Result<(UserId, Family), Problem> {
    let tokens = request.app_data::<web::Data<Tokens>>().ok_or_else(Problem::internal)?;
    let clock = request.app_data::<web::Data<Clock>>().ok_or_else(Problem::internal)?;
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    tokens.verify_with(store, token.trim(), clock.now()).await
}

fn missing() -> Problem {
    Problem::of(
        kind::TOKEN_MISSING,
        "Send the access token that POST /v1/login gives, as `Authorization: Bearer …`.",
    )
}

pub(in crate::access) fn disabled() -> Problem {
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

fn known(
    tx: &mut Conn<'_>,
    id: UserId,
    login: Family,
    second_factor_demanded: bool,
) -> Result<Known, StoreError> {
    type Row = (Option<Db<OrganisationId>>, Code<Role>, Option<At>, Option<At>, Option<At>);
    let row: Option<Row> = on_each!(tx, |c| users::table
        .find(Db(id))
        .select((
            users::organisation_id,
            users::role,
            users::disabled_at,
            users::protects_since,
            users::password_given_at,
        ))
        .first(c)
        .optional())?;
    let Some((organisation, Code(role), None, protects, given)) = row else { return Ok(Known::Disabled) };
    let Some(factor_at_provider) = alive(tx, login)? else { return Ok(Known::Ended) };
    let needs_app = second_factor_demanded && role.needs_second_factor() && !factor_at_provider;
    let owes = if given.is_some() {
        Some(Owed::Password)
    } else if needs_app && !second_factor::is_enrolled(tx, id)? {
        Some(Owed::SecondFactor)
    } else {
        None
    };
    Ok(Known::Caller(Caller {
        user: id,
        organisation: organisation.map(|Db(id)| id),
        role,
        protects: protects.is_some(),
        login: login.uuid(),
        owes,
    }))
}

//! The authenticator app of a person: enrolled by themselves, taken away by whoever answers for them, when it is lost.

use actix_web::{HttpResponse, delete, post, web};
use serde::{Deserialize, Serialize};
use sync_core::id::UserId;
use utoipa::ToSchema;

use super::{User, find, not_for_managers};
use crate::access::second_factor::{self, Confirmed};
use crate::access::{Gate, end_logins, end_other_logins, with_code};
use crate::clock::Clock;
use crate::problem::{FieldError, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, Store, StoreError};

/// What an authenticator app reads.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorBegun {
    /// To be typed where no picture can be read. Shown only now.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    #[schema(
        example = "otpauth://totp/Ihuriro:uwase?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ihuriro"
    )]
    uri: String,
    /// The URI as a QR code, in SVG.
    qr: String,
}

/// A code, where the caller has an app already.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactorBody {
    /// What the app that is to be replaced shows, or a recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactorConfirmation {
    /// What the new app shows.
    #[schema(example = "492039")]
    code: String,
}

/// The app is enrolled.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Each signs in once in the place of a code, for those who have lost the app. Shown only now: print them, or write them down.
    #[schema(example = json!(["7KQ2M-X9T4B"]))]
    recovery_codes: Vec<String>,
}

/// Enrol an authenticator app
///
/// Gives what the app reads. It counts once `POST /v1/me/second-factor/confirm` got a code of it. Who has an app already shows a code of
/// that one, which holds until then.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "What the app reads", body = SecondFactorBegun),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/me/second-factor")]
pub(crate) async fn enrol_second_factor(
    permit: Permit,
    body: web::Json<SecondFactorBody>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (user, now, code) = (permit.user(), clock.now(), body.into_inner().code);
    let begin = {
        let gate = gate.clone();
        move |tx: &mut Conn<'_>| -> Result<Result<_, Problem>, StoreError> {
            let me = find(tx, user)?.ok_or(StoreError::Damaged("a caller is no user"))?;
            if second_factor::is_enrolled(tx, user)? {
                let Some(code) = &code else {
                    return Ok(Err(wrong_code()));
                };
                if !second_factor::take(tx, &gate, user, code, now)? {
                    return Ok(Err(wrong_code()));
                }
            }
            Ok(Ok((second_factor::begin(tx, &gate, user)?, me.login)))
        }
    };
    let (secret, login) = with_code(&store, &gate, permit.login(), now, begin).await?;
    let begun =
        SecondFactorBegun { secret: secret.in_words(), uri: secret.uri(&login), qr: secret.as_svg(&login) };
    Ok(HttpResponse::Created().json(begun))
}

/// Confirm an authenticator app
///
/// From now on a code of it is asked for. Gives ten recovery codes, and ends all other logins of the caller, which began without.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Enrolled", body = RecoveryCodes),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no-second-factor`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-attempts`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/me/second-factor/confirm")]
pub(crate) async fn confirm_second_factor(
    permit: Permit,
    body: web::Json<SecondFactorConfirmation>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    clock: web::Data<Clock>,
) -> Result<web::Json<RecoveryCodes>, Problem> {
    let (user, login, now, code) = (permit.user(), permit.login(), clock.now(), body.into_inner().code);
    let confirm = {
        let gate = gate.clone();
        move |tx: &mut Conn<'_>| -> Result<Result<_, Problem>, StoreError> {
            Ok(match second_factor::confirm(tx, &gate, user, &code, now)? {
                Confirmed::RecoveryCodes(recovery_codes) => {
                    end_other_logins(tx, user, login, now)?;
                    Ok(RecoveryCodes { recovery_codes })
                }
                Confirmed::WrongCode => Err(wrong_code()),
                Confirmed::NothingBegun => {
                    Err(Problem::of(kind::NO_SECOND_FACTOR, "Begin with POST /v1/me/second-factor."))
                }
            })
        }
    };
    Ok(web::Json(with_code(&store, &gate, login, now, confirm).await?))
}

fn wrong_code() -> Problem {
    let detail = "is what your app shows now; each is for one use".to_owned();
    Problem::fields(vec![FieldError { field: "code".to_owned(), detail }])
}

/// Why no app was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum TakingRefused {
    #[error("there is no such person")]
    NoSuchUser,
    #[error("others decide about this person")]
    NotTheirs,
    #[error("the person is the caller")]
    Oneself,
}

impl Refusal for TakingRefused {}

impl From<TakingRefused> for Problem {
    fn from(refused: TakingRefused) -> Self {
        match refused {
            TakingRefused::NoSuchUser => {
                Self::of(kind::NO_SUCH_USER, "Nobody in your organisation has this id.")
            }
            TakingRefused::NotTheirs => not_for_managers(),
            TakingRefused::Oneself => Self::of(
                kind::ONESELF,
                "Replace your own app with POST /v1/me/second-factor, or ask another.",
            ),
        }
    }
}

/// Take a lost authenticator app away
///
/// With its recovery codes; ends all logins of the person. They enrol another app when they sign in again. A manager for the facilitators
/// and supervisors of their own organisation, an administrator for anybody else.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The person")),
    responses(
        (status = 200, description = "None, any more or at all", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`oneself`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/users/{id}/second-factor")]
pub(crate) async fn take_second_factor(
    permit: Permit,
    user: web::Path<UserId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<User>, Problem> {
    let (user, now) = (*user, clock.now());
    let taken = store.write("take a second factor", move |tx| -> Result<User, Failure<TakingRefused>> {
        let seen = |person: &User| permit.covers(person.organisation_id);
        let person = find(tx, user)?.filter(seen).ok_or(TakingRefused::NoSuchUser)?;
        if !permit.decides_about(person.role, person.organisation_id) {
            return Err(TakingRefused::NotTheirs.into());
        }
        // Whoever has got hold of an access token must not get rid of the code that they lack.
        if user == permit.user() {
            return Err(TakingRefused::Oneself.into());
        }
        second_factor::remove(tx, user)?;
        end_logins(tx, user, now)?;
        Ok(person)
    });
    Ok(web::Json(taken.await?))
}

//! Handing out a code to enrol a tablet with.

use actix_web::{HttpResponse, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::UserId;
use sync_core::time::Millis;
use utoipa::ToSchema;

use crate::access::secret;
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::register::users;
use crate::scope::Permit;
use crate::store::schema::enrolment_codes;
use crate::store::{At, Conn, Db, Failure, Refusal, Store};

/// Three days: a code is handed out before somebody travels to where there is no network.
const DAYS: i64 = 3;

/// A code to enrol one tablet with.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolmentCode {
    /// Shown only now; the service keeps a hash of it.
    #[schema(example = "7KQ2M-X9T4B")]
    code: String,
    expires_at: Timestamp,
}

/// Why no code was handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodeRefused {
    #[error("there is no such person in the organisation")]
    NoSuchUser,
    #[error("the person may not sign in any more")]
    Disabled,
    #[error("people of this role record no groups")]
    NoTablet,
}

impl Refusal for CodeRefused {}

impl From<CodeRefused> for Problem {
    fn from(refused: CodeRefused) -> Self {
        match refused {
            CodeRefused::NoSuchUser => {
                Self::of(kind::NO_SUCH_USER, "Nobody in your organisation has this id.")
            }
            CodeRefused::Disabled => {
                Self::of(kind::USER_DISABLED, "A tablet can be enrolled only for somebody who may sign in.")
            }
            CodeRefused::NoTablet => Self::of(
                kind::ROLE_WITHOUT_TABLET,
                "A tablet can be enrolled for a facilitator, a supervisor or a manager.",
            ),
        }
    }
}

/// Hand out an enrolment code
///
/// A manager, for a person of their organisation; good for one tablet within three days.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The person who will hold the tablet")),
    responses(
        (status = 201, description = "The code", body = EnrolmentCode),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (
            status = 409,
            description = "`user-disabled`, `role-without-tablet`",
            body = Problem,
            content_type = "application/problem+json"
        ),
    )
)]
#[post("/v1/users/{id}/enrolment-codes")]
pub(crate) async fn issue_enrolment_code(
    permit: Permit,
    user: web::Path<UserId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    // A tablet reads what its user may read, whoever holds it: only who may see all of that hands out codes.
    let (user, now) = (user.into_inner(), clock.now());
    let code = store.write("issue enrolment code", move |tx| issue(tx, permit, user, now)).await?;
    Ok(HttpResponse::Created().json(code))
}

fn issue(
    tx: &mut Conn<'_>,
    permit: Permit,
    user: UserId,
    now: Millis,
) -> Result<EnrolmentCode, Failure<CodeRefused>> {
    let holder = users::find(tx, user)?
        .filter(|holder| permit.covers(holder.organisation_id))
        .ok_or(CodeRefused::NoSuchUser)?;
    if holder.disabled_at.is_some() {
        return Err(CodeRefused::Disabled.into());
    }
    if !holder.role.in_organisation() {
        return Err(CodeRefused::NoTablet.into());
    }
    let code = secret::code();
    let normalised = secret::normalised(&code).ok_or(CodeRefused::NoTablet)?;
    let expires = now.plus_days(DAYS);
    on_each!(tx, |c| diesel::insert_into(enrolment_codes::table)
        .values((
            enrolment_codes::hash.eq(secret::hash(&normalised)),
            enrolment_codes::user_id.eq(Db(user)),
            enrolment_codes::issued_by.eq(Db(permit.user())),
            enrolment_codes::issued_at.eq(At(now)),
            enrolment_codes::expires_at.eq(At(expires)),
        ))
        .execute(c))?;
    Ok(EnrolmentCode { code, expires_at: timestamp(expires) })
}

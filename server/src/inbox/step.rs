//! What became of somebody who was sent: they arrived, their case is closed, or they can't be received. It is written into the referral, and comes to
//! whoever referred them with the next sync of their tablet.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use sync_core::change::Grounds;
use sync_core::id::{OrganisationId, ReferralId};
use sync_core::record::referral::{ReferralEvent, ReferralStep};
use sync_core::record::{Kind, Referral};
use sync_core::time::{Date, Millis, day_in_rwanda};
use sync_core::value::Line;
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::row;
use super::not_there;
use crate::clock::Clock;
use crate::desk::{self, EditRefused, Member, Original};
use crate::ledger;
use crate::problem::{FieldError, Fields, Problem, look_at};
use crate::register::organisations;
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, Store, StoreError, as_worker};

/// What became of somebody who was sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InboxStepBody {
    /// `arrived`, `closed` or `declined`.
    #[schema(example = "arrived")]
    step: String,
    /// On which day: from that on which they were sent to today; today if left out.
    #[schema(example = "2026-03-05", format = Date)]
    on: Option<String>,
    /// Why, in one line of at most 150 characters; whoever declines says it. Whoever referred them reads it with the name of your organisation, so
    /// write nobody's name.
    #[schema(
        example = "We are full until May; ask the district hospital.",
        min_length = 1,
        max_length = 150
    )]
    reason: Option<String>,
    /// That somebody looked again at what in the reason looks like a name or a number of somebody, and found that others may read it (409
    /// `look-again`).
    #[serde(default)]
    looked_again: bool,
}

/// A step that was noted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InboxStep {
    #[schema(value_type = Uuid)]
    id: ReferralId,
    #[schema(example = "arrived")]
    step: &'static str,
    #[schema(value_type = String, example = "2026-03-05")]
    on: Date,
}

/// Why a step is not noted.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it is not in the inbox")]
    NotThere,
    #[error("on: must be a day from that on which they were sent to today")]
    Day,
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotThere => not_there(),
            Refused::Day => {
                let detail = "must be a day from that on which they were sent to today".to_owned();
                Self::fields(vec![FieldError { field: "on".to_owned(), detail }])
            }
            Refused::Edit(refused) => refused.into(),
        }
    }
}

#[derive(Debug, Clone)]
struct Said {
    event: ReferralEvent,
    reason: Option<Line<150>>,
}

impl InboxStepBody {
    fn checked(&self, today: Date) -> Result<Said, Problem> {
        let mut fields = Fields::default();
        let theirs = [ReferralStep::Arrived, ReferralStep::Closed, ReferralStep::Declined];
        let step = theirs.into_iter().find(|step| step.code() == self.step);
        if step.is_none() {
            fields.refuse("step", "must be one of: arrived, closed, declined");
        }
        let on = fields.day("on", self.on.as_deref()).unwrap_or(today);
        let reason = fields.parse("reason", self.reason.as_deref());
        if step == Some(ReferralStep::Declined) && self.reason.is_none() {
            fields.refuse("reason", "is missing: whoever referred them has to find another service");
        }
        fields.done()?;
        look_at("reason", self.reason.as_deref(), self.looked_again)?;
        let step = step.ok_or_else(Problem::internal)?;
        Ok(Said { event: ReferralEvent { step, on }, reason })
    }
}

/// Note what became of somebody who was sent
///
/// It becomes a step of the referral, which the tablets of those who referred them get with their next sync. Once it is closed or declined, it is not in
/// the inbox any more. For protection officers.
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The referral")),
    responses(
        (status = 200, description = "Noted", body = InboxStep),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-in-inbox`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/inbox/{id}/steps")]
pub(crate) async fn note_step(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<InboxStepBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<InboxStep>, Problem> {
    let (own, id, now) = (permit.receives()?, ReferralId::from(*id), clock.now());
    let said = body.checked(day_in_rwanda(now))?;
    let event = said.event;
    store.write("step of a received referral", move |tx| note(tx, own, id, &said, now)).await?;
    Ok(web::Json(InboxStep { id, step: event.step.code(), on: event.on }))
}

fn note(
    tx: &mut Conn<'_>,
    own: OrganisationId,
    id: ReferralId,
    said: &Said,
    now: Millis,
) -> Result<(), Failure<Refused>> {
    // 1. What is in the inbox was sent, and nobody took it back.
    let received = row(tx, own, id)?.ok_or(Refused::NotThere)?;
    let ReferralEvent { step, on } = said.event;
    if on > day_in_rwanda(now) || on.to_string() < received.sent_on {
        return Err(Refused::Day.into());
    }
    // 2. The referral says which organisation answers: no name of a person crosses to the other one.
    let name = organisations::find(tx, own)?.map(|own| own.name).unwrap_or_default();
    let words = said.reason.as_ref().map_or_else(|| step.to_string(), ToString::to_string);
    let grounds: Grounds = format!("{name}: {words}").parse().map_err(|_| StoreError::Damaged("a name"))?;
    // 3. The caller may not see the referral, nor its group: the service writes the step, under the lock of the group's stream.
    as_worker(tx, |tx| {
        let stored = ledger::load(tx, id.into())?.filter(|stored| stored.kind == Kind::Referral);
        let place = stored.ok_or(Refused::NotThere)?.home(id.into());
        let original = Original::at(tx, place)?;
        desk::edit(tx, original, Member::service(now), |document, actor| {
            let change = document.edit_because::<Referral>(actor, now, &grounds, |referral| {
                referral.events().insert(&said.event)
            });
            Ok(change.map_err(EditRefused::from)?)
        })
    })
}

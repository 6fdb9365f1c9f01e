//! What is recorded of a participant, put right field by field.

use actix_web::{HttpResponse, patch, web};
use serde::Deserialize;
use sync_core::form::EditError;
use sync_core::id::ParticipantId;
use sync_core::record::participant::{ConsentMethod, Exit, Participant, ParticipantEdit, Purpose};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;
use sync_core::value::Pseudonym;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::edits::right::{Act, Refused, amend, given, parsed, parsed_day};
use crate::problem::{Fields, Problem};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store};

/// What to change of a participant: what is left out stays, `null` takes a value back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParticipantPatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "female")]
    sex: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "25_35")]
    age_band: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "F03")]
    family: Option<Option<String>>,
    /// How they left the group; `null`: they did not.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "moved")]
    exit: Option<Option<String>>,
    /// Consent as it was given. It takes back a withdrawal, unless `withdrawn` says otherwise, and counts from its own day. `null`: it was never given, but
    /// recorded by mistake.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ConsentBody>)]
    consent: Option<Option<ConsentBody>>,
    /// The day on which consent was withdrawn; `null`: it was not.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "2026-03-05", format = Date)]
    withdrawn: Option<Option<String>>,
    /// Why, in one line of at most 300 characters. Everybody who reads the participant's history sees it.
    #[schema(example = "She told us again.", min_length = 1, max_length = 300)]
    reason: String,
}

/// What somebody agreed to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    #[schema(example = "participation")]
    purpose: String,
    #[schema(example = "oral")]
    method: String,
    #[schema(example = "2026-03-05", format = Date)]
    date: String,
    /// Whether a guardian gave it, for a minor.
    guardian: Option<bool>,
}

#[derive(Debug, Clone)]
struct Corrections {
    sex: Option<Option<Sex>>,
    age_band: Option<Option<AgeBand>>,
    family: Option<Option<Pseudonym>>,
    exit: Option<Option<Exit>>,
    consent: Option<Option<Consent>>,
    withdrawn: Option<Option<Date>>,
}

#[derive(Debug, Clone, Copy)]
struct Consent {
    purpose: Purpose,
    method: ConsentMethod,
    date: Date,
    guardian: Option<bool>,
}

impl ConsentBody {
    fn checked(&self, fields: &mut Fields) -> Option<Consent> {
        let purpose = fields.parse("consent.purpose", Some(&self.purpose));
        let method = fields.parse("consent.method", Some(&self.method));
        let date = fields.day("consent.date", Some(&self.date));
        Some(Consent { purpose: purpose?, method: method?, date: date?, guardian: self.guardian })
    }
}

impl ParticipantPatch {
    fn checked(&self, fields: &mut Fields) -> Corrections {
        Corrections {
            sex: parsed(fields, "sex", self.sex.as_ref()),
            age_band: parsed(fields, "age_band", self.age_band.as_ref()),
            family: parsed(fields, "family", self.family.as_ref()),
            exit: parsed(fields, "exit", self.exit.as_ref()),
            consent: self
                .consent
                .as_ref()
                .map(|given| given.as_ref().and_then(|consent| consent.checked(fields))),
            withdrawn: parsed_day(fields, "withdrawn", self.withdrawn.as_ref()),
        }
    }
}

impl Corrections {
    /// A guardian consents for a minor (Law 058/2021, article 9).
    fn lacks_guardian(&self, known: &Participant) -> bool {
        let minor = self.age_band.unwrap_or(known.age_band) == Some(AgeBand::Under16);
        self.consent.flatten().is_some_and(|consent| minor && consent.guardian != Some(true))
    }

    fn write(&self, edit: &mut ParticipantEdit<'_>) -> Result<(), EditError> {
        macro_rules! put {
            ($($field:ident)*) => {$(
                match self.$field.clone() {
                    Some(Some(value)) => edit.$field().set(value)?,
                    Some(None) => edit.$field().clear()?,
                    None => {}
                }
            )*};
        }
        put!(sex age_band family exit);
        match self.consent {
            Some(Some(Consent { purpose, method, date, guardian })) => {
                edit.consent_purpose().set(purpose)?;
                edit.consent_method().set(method)?;
                edit.consent_date().set(date)?;
                guardian.map_or(Ok(()), |guardian| edit.consent_guardian().set(guardian))?;
                edit.consent_withdrawn().clear()?;
            }
            Some(None) => {
                edit.consent_purpose().clear()?;
                edit.consent_method().clear()?;
                edit.consent_date().clear()?;
                edit.consent_guardian().clear()?;
            }
            None => {}
        }
        match self.withdrawn {
            Some(Some(day)) => edit.consent_withdrawn().set(day),
            Some(None) => edit.consent_withdrawn().clear(),
            None => Ok(()),
        }
    }
}

/// Correct a participant
///
/// A supervisor or manager corrects what is recorded of somebody: sex, age, family, how they left, or that they did not; consent,
/// its withdrawal, and consent given again. A code never changes: a wrong one is put right by a second record and
/// `same`.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Corrected"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/v1/participants/{id}")]
pub(crate) async fn correct_participant(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<ParticipantPatch>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::default();
    let corrections = body.checked(&mut fields);
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let id = ParticipantId::from(*id);
    store.write("correct participant", move |tx| correct(tx, id, &corrections, &act)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn correct(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    corrections: &Corrections,
    act: &Act,
) -> Result<(), Failure<Refused>> {
    let (seen, record) = act.open::<Participant>(tx, id)?;
    if corrections.lacks_guardian(&record) {
        let detail = "is true: a guardian consents for somebody under 16 (Law 058/2021, article 9)";
        return Err(Refused::Field { field: "consent.guardian", detail }.into());
    }
    amend::<Participant>(tx, seen, act, |edit| corrections.write(edit))
}

//! Reading and setting for how long records are kept.

use actix_web::{get, put, web};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sync_core::id::OrganisationId;
use sync_core::record::Kind;
use utoipa::ToSchema;

use super::rules::{self, MOST, Rules};
use crate::problem::{Fields, Problem, kind};
use crate::register::organisations;
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, Store, StoreError, as_worker};

/// For how long records are kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Retention {
    /// What was set here.
    months: Months,
    /// What holds: what was set here, and else what was set for the whole partnership.
    in_force: Months,
}

/// For how long records are to be kept.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionBody {
    /// It takes the place of all that was set here before.
    #[serde(deserialize_with = "object")]
    months: Months,
}

/// Months by kind. Records of a kind that is not named are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Months {
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    group: Option<i32>,
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    participant: Option<i32>,
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    session: Option<i32>,
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    referral: Option<i32>,
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    incident: Option<i32>,
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1200)]
    screening: Option<i32>,
}

/// A list is no object, though each of its places could stand for a field.
fn object<'de, D: Deserializer<'de>>(months: D) -> Result<Months, D::Error> {
    let fields = Map::deserialize(months)?;
    serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)
}

/// JSON knows numbers only: 60 and 60.0 are the same one.
fn whole<'de, D: Deserializer<'de>>(number: D) -> Result<Option<i32>, D::Error> {
    match Option::<f64>::deserialize(number)? {
        None => Ok(None),
        Some(number) if number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX) => {
            Ok(Some(number as i32))
        }
        Some(_) => Err(D::Error::custom("months are a whole number")),
    }
}

impl Months {
    /// Each kind that has a rule, with its place here.
    fn places(&mut self) -> [(Kind, &mut Option<i32>); 6] {
        let Self { group, participant, session, referral, incident, screening } = self;
        [
            (Kind::Group, group),
            (Kind::Participant, participant),
            (Kind::Session, session),
            (Kind::Referral, referral),
            (Kind::Incident, incident),
            (Kind::Screening, screening),
        ]
    }

    fn of(rules: &Rules) -> Self {
        let mut months = Self::default();
        months.places().into_iter().for_each(|(kind, place)| *place = rules.get(&kind).copied());
        months
    }
}

impl RetentionBody {
    fn checked(mut self) -> Result<Rules, Problem> {
        let mut fields = Fields::default();
        let mut rules = Rules::new();
        for (kind, months) in self.months.places() {
            match months {
                None => {}
                Some(months) if (1..=MOST).contains(months) => drop(rules.insert(kind, *months)),
                Some(_) => fields.refuse(&format!("months.{kind}"), format!("is a number from 1 to {MOST}")),
            }
        }
        fields.done().map(|()| rules)
    }
}

/// Whoever asks reaches no organisation with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such organisation")]
struct NoSuchOrganisation;

impl Refusal for NoSuchOrganisation {}

impl From<NoSuchOrganisation> for Problem {
    fn from(_: NoSuchOrganisation) -> Self {
        Self::of(kind::NO_SUCH_ORGANISATION, "No organisation of the partnership has this id.")
    }
}

/// Read for how long the partnership keeps records
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Months by kind", body = Retention),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/retention")]
pub(crate) async fn read_partnership(
    _permit: Permit,
    store: web::Data<Store>,
) -> Result<web::Json<Retention>, Problem> {
    Ok(web::Json(store.read("retention", |tx| as_worker(tx, |tx| shown(tx, None))).await?))
}

/// Say for how long the partnership keeps records
///
/// Of each organisation that says nothing else for itself. Sessions, participants and groups are kept for so many months after their group was
/// closed; referrals, incidents and screenings for so many months after their own last change. Then they are erased, once a day: **that can't be taken
/// back**. Exact totals lose what is erased; published tables never change. `ihuriro retention --dry-run` says what is due.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Set", body = Retention),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/retention")]
pub(crate) async fn set_partnership(
    _administrator: Permit,
    body: web::Json<RetentionBody>,
    store: web::Data<Store>,
) -> Result<web::Json<Retention>, Problem> {
    let rules = body.into_inner().checked()?;
    let set = store.write("set retention", move |tx| {
        as_worker(tx, |tx| -> Result<Retention, StoreError> {
            rules::set(tx, None, &rules)?;
            shown(tx, None)
        })
    });
    Ok(web::Json(set.await?))
}

/// Read for how long an organisation keeps records
///
/// A manager reads it of their own.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "Months by kind", body = Retention),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-organisation`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/organisations/{id}/retention")]
pub(crate) async fn read_organisation(
    permit: Permit,
    id: web::Path<OrganisationId>,
    store: web::Data<Store>,
) -> Result<web::Json<Retention>, Problem> {
    let id = *id;
    let read = store.read("retention", move |tx| -> Result<Retention, Failure<NoSuchOrganisation>> {
        reached(tx, permit, id)?;
        Ok(as_worker(tx, |tx| shown(tx, Some(id)))?)
    });
    Ok(web::Json(read.await?))
}

/// Say for how long an organisation keeps records
///
/// As of the partnership, and in its place for the kinds that are named.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "Set", body = Retention),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-organisation`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/organisations/{id}/retention")]
pub(crate) async fn set_organisation(
    permit: Permit,
    id: web::Path<OrganisationId>,
    body: web::Json<RetentionBody>,
    store: web::Data<Store>,
) -> Result<web::Json<Retention>, Problem> {
    let (id, rules) = (*id, body.into_inner().checked()?);
    let set = store.write("set retention", move |tx| -> Result<Retention, Failure<NoSuchOrganisation>> {
        reached(tx, permit, id)?;
        Ok(as_worker(tx, |tx| -> Result<Retention, StoreError> {
            rules::set(tx, Some(id), &rules)?;
            shown(tx, Some(id))
        })?)
    });
    Ok(web::Json(set.await?))
}

fn reached(tx: &mut Conn<'_>, permit: Permit, id: OrganisationId) -> Result<(), Failure<NoSuchOrganisation>> {
    match organisations::find(tx, id)? {
        Some(_) if permit.covers(Some(id)) => Ok(()),
        _ => Err(NoSuchOrganisation.into()),
    }
}

fn shown(tx: &mut Conn<'_>, organisation: Option<OrganisationId>) -> Result<Retention, StoreError> {
    let months = rules::of(tx, organisation)?;
    let in_force = match organisation {
        Some(id) => rules::in_force(tx, id)?,
        None => months.clone(),
    };
    Ok(Retention { months: Months::of(&months), in_force: Months::of(&in_force) })
}

//! The directory of services, kept by the secretariat. What is written there is everybody's: the service writes it into the stream of the
//! partnership, for whoever of the secretariat asked, so that nobody's name travels with it. Who asked stands in the audit log.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, patch, post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::change::Grounds;
use sync_core::form::EditError;
use sync_core::id::{Id, OrganisationId, ServiceId, StreamId};
use sync_core::limits::MAX_SERVICES;
use sync_core::record::referral::ServiceKind;
use sync_core::record::service::ServiceEdit;
use sync_core::record::{Kind, Note, Place, Service};
use sync_core::time::{Date, Millis, day_in_rwanda};
use sync_core::value::{KnownArea, Line};
use utoipa::ToSchema;
use uuid::Uuid;

use super::right::{Refused, given, parsed, parsed_day};
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::desk::{self, Member, Original};
use crate::ledger::{begin_partnership, give_key};
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::records::services::{ServiceItem, entry};
use crate::scope::{Permit, no_such};
use crate::store::schema::{organisations, services};
use crate::store::{Conn, Db, Failure, Store, StoreError, as_worker};

const FULL: &str =
    "Change an entry that ended into the one that is to be entered: every tablet holds all of them.";

const ENTERED: &str =
    "An entry of this name, kind and area is there, and people are sent to it. Change that one.";

/// What an entry says. What is left out stays, `null` takes a value back. No names of persons: every tablet of the partnership has it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServiceBody {
    /// What it is called, in one line; an entry begins with it.
    #[schema(example = "Nyamata health centre")]
    name: Option<String>,
    /// What is done there: any kind of service but `partner`. An entry begins with it.
    #[schema(example = "health_centre")]
    kind: Option<String>,
    /// NISR code of where it is, or of the area that it serves, of any level. An entry begins with it.
    #[schema(example = "5201")]
    area: Option<String>,
    /// A number that can be dialled: that of an office, not of a person. At most 40 characters, digits and what stands between them.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "0788 123 456")]
    phone: Option<Option<String>>,
    /// When somebody is there.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Monday to Friday, 7 to 17")]
    hours: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
    /// The member of the partnership that runs it: its protection officers read a referral to it once somebody is sent.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Option<Option<Uuid>>,
    /// The day from which nobody is sent there any more: it is no longer shown to choose.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "2026-03-05", format = Date)]
    ended: Option<Option<String>>,
    /// Why, in one line of at most 300 characters: a change needs it. Everybody who reads the history sees it.
    #[schema(example = "They have another number.", min_length = 1, max_length = 300)]
    reason: Option<String>,
}

/// The same, checked.
#[derive(Debug, Clone, Default)]
struct Said {
    name: Option<Line<160>>,
    kind: Option<ServiceKind>,
    area: Option<KnownArea>,
    phone: Option<Option<Line<40>>>,
    hours: Option<Option<Line<160>>>,
    note: Option<Option<Note>>,
    organisation: Option<Option<OrganisationId>>,
    ended: Option<Option<Date>>,
    grounds: Option<Grounds>,
}

impl ServiceBody {
    /// # Errors
    /// 422 `invalid-fields` with all that is wrong, and these fields where they are missing.
    fn checked(&self, needed: &[(&str, &Option<String>)]) -> Result<Said, Problem> {
        let mut fields = Fields::default();
        let missing = needed.iter().filter(|(_, value)| value.is_none());
        missing.for_each(|(field, _)| fields.refuse(field, "is missing"));
        let said = Said {
            name: fields.parse("name", self.name.as_deref()),
            kind: fields.parse("kind", self.kind.as_deref()),
            area: fields.parse("area", self.area.as_deref()),
            phone: parsed(&mut fields, "phone", self.phone.as_ref()),
            hours: parsed(&mut fields, "hours", self.hours.as_ref()),
            note: parsed(&mut fields, "note", self.note.as_ref()),
            organisation: self.organisation_id.map(|id| id.map(OrganisationId::from_uuid)),
            ended: parsed_day(&mut fields, "ended", self.ended.as_ref()),
            grounds: fields.parse("reason", self.reason.as_deref()),
        };
        fields.done().map(|()| said)
    }
}

impl Said {
    fn write(&self, edit: &mut ServiceEdit<'_>) -> Result<(), EditError> {
        macro_rules! set {
            ($($field:ident)*) => {$(
                if let Some(value) = self.$field.clone() {
                    edit.$field().set(value)?;
                }
            )*};
        }
        macro_rules! put {
            ($($field:ident)*) => {$(
                match self.$field.clone() {
                    Some(Some(value)) => edit.$field().set(value)?,
                    Some(None) => edit.$field().clear()?,
                    None => {}
                }
            )*};
        }
        set!(name kind area);
        put!(phone hours note organisation ended);
        Ok(())
    }
}

/// Enter a service into the directory
///
/// The secretariat enters it; all members of the partnership read it, tablets with their next sync.
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Entered", body = ServiceItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`directory-full`, `already-entered`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/services")]
pub(crate) async fn enter_service(
    _secretary: Permit,
    body: web::Json<ServiceBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let said = body.checked(&[("name", &body.name), ("kind", &body.kind), ("area", &body.area)])?;
    let moment = clock.moment();
    let id = ServiceId::new(&moment);
    audit::concerns(ObjectKind::Service, id.uuid(), None);
    let entered = store.write("enter service", move |tx| {
        let entries: i64 = on_each!(tx, |c| services::table.count().get_result(c))?;
        if entries >= MAX_SERVICES as i64 {
            return Err(Refused::Otherwise(kind::DIRECTORY_FULL, FULL).into());
        }
        as_worker(tx, |tx| begin_partnership(tx, moment.now))?;
        keep(tx, Original::genesis(place(id)), &said, moment.now)?;
        if stands_twice(tx, &said)? {
            return Err(Refused::Otherwise(kind::ALREADY_ENTERED, ENTERED).into());
        }
        Ok::<_, Failure<Refused>>(entry(tx, id)?)
    });
    let entered = entered.await?.ok_or_else(Problem::internal)?;
    Ok(HttpResponse::Created().insert_header((LOCATION, format!("/v1/services/{id}"))).json(entered))
}

/// Whether two entries that have not ended say the same.
fn stands_twice(tx: &mut Conn<'_>, said: &Said) -> Result<bool, StoreError> {
    let (Some(name), Some(kind), Some(area)) = (&said.name, said.kind, &said.area) else { return Ok(false) };
    let same: i64 = on_each!(tx, |c| services::table
        .filter(services::name.eq(name.as_str()))
        .filter(services::kind.eq(kind.code()).and(services::area.eq(area.to_string())))
        .filter(services::ended.is_null())
        .count()
        .get_result(c))?;
    Ok(same > 1)
}

/// Change an entry of the directory of services
///
/// What a facilitator chose before still names the entry; what the referral says stays. To take an entry out, say in `ended` since when nobody is
/// sent there.
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The service")),
    responses(
        (status = 200, description = "As it stands now", body = ServiceItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-service`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/v1/services/{id}")]
pub(crate) async fn change_service(
    _secretary: Permit,
    id: web::Path<Uuid>,
    body: web::Json<ServiceBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<ServiceItem>, Problem> {
    let said = body.checked(&[("reason", &body.reason)])?;
    let (id, now) = (ServiceId::from(*id), clock.now());
    let changed = store.write("change service", move |tx| -> Result<_, Failure<Refused>> {
        // Any other record would be found by its id as well: only entries of the directory have a row there.
        if entry(tx, id)?.is_none() {
            return Ok(None);
        }
        let original = Original::at(tx, place(id))?;
        keep(tx, original, &said, now)?;
        Ok(entry(tx, id)?)
    });
    changed.await?.map(web::Json).ok_or_else(|| no_such(Kind::Service))
}

/// Ends what an organisation runs that leaves: nobody would read who is sent there.
///
/// # Errors
/// Those of the store; an entry that can't be written is damaged.
pub(crate) fn end_all_of(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    now: Millis,
) -> Result<(), StoreError> {
    let theirs: Vec<Db<ServiceId>> = on_each!(tx, |c| services::table
        .filter(services::organisation_id.eq(Db(organisation)))
        .filter(services::ended.is_null())
        .select(services::id)
        .load(c))?;
    let grounds = "Whoever ran it has left the partnership.".parse().ok();
    let said = Said { ended: Some(Some(day_in_rwanda(now))), grounds, ..Said::default() };
    for Db(id) in theirs {
        let original = Original::at(tx, place(id))?;
        keep(tx, original, &said, now).map_err(|failure| match failure {
            Failure::Store(error) => error,
            Failure::Refused(_) => StoreError::Damaged("a service"),
        })?;
    }
    Ok(())
}

fn place(id: ServiceId) -> Place {
    Place { stream: StreamId::PARTNERSHIP, document: id.into(), kind: Kind::Service }
}

fn keep(tx: &mut Conn<'_>, original: Original, said: &Said, now: Millis) -> Result<(), Failure<Refused>> {
    if let Some(Some(organisation)) = said.organisation {
        let there = organisations::table.find(Db(organisation)).filter(organisations::left_at.is_null());
        let found: i64 = on_each!(tx, |c| there.count().get_result(c))?;
        if found == 0 {
            let detail = "is the id of an organisation of the partnership";
            return Err(Refused::Field { field: "organisation_id", detail }.into());
        }
    }
    as_worker(tx, |tx| {
        // A stream that is older than its keys gets one, as with all that is shared.
        give_key(tx, StreamId::PARTNERSHIP)?;
        desk::edit(tx, original, Member::service(now), |document, actor| {
            let write = |edit: &mut ServiceEdit<'_>| said.write(edit);
            let change = match &said.grounds {
                Some(grounds) => document.edit_because::<Service>(actor, now, grounds, write),
                None => document.edit::<Service>(actor, now, write),
            };
            change.map_err(Refused::from)
        })
    })
}

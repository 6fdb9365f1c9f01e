//! How an organisation is reached by the other partners. It is read with the organisation.

use actix_web::{put, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{Id, OrganisationId};
use sync_core::value::Line;
use utoipa::ToSchema;
use uuid::Uuid;

use super::organisations::{Organisation, find};
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::schema::organisations;
use crate::store::{Conn, Db, Store, StoreError};

/// How an organisation is reached.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactBody {
    /// An e-mail address or telephone number that stays when people go: that of an office, not of a person. `null` takes it back.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, example = "programmes@aegis.example")]
    contact: Option<String>,
}

/// Say how an organisation is reached
///
/// A manager says it of their own organisation. All members of the partnership read it; whoever is about to begin a group where the organisation has
/// one already is told it.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "Said", body = Organisation),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-organisation`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/organisations/{id}/contact")]
pub(crate) async fn set_contact(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<ContactBody>,
    store: web::Data<Store>,
) -> Result<web::Json<Organisation>, Problem> {
    let id = OrganisationId::from_uuid(*id);
    let mut fields = Fields::default();
    let contact: Option<Line<120>> = fields.parse("contact", body.contact.as_deref());
    fields.done()?;
    let contact = contact.map(String::from);
    let none = || Problem::of(kind::NO_SUCH_ORGANISATION, "No organisation that you answer for has this id.");
    if !permit.covers(Some(id)) {
        return Err(none());
    }
    let said = store.write("contact", move |tx| set(tx, id, contact.as_deref())).await?;
    said.map(web::Json).ok_or_else(none)
}

fn set(
    tx: &mut Conn<'_>,
    id: OrganisationId,
    contact: Option<&str>,
) -> Result<Option<Organisation>, StoreError> {
    let partner = organisations::table.find(Db(id)).filter(organisations::left_at.is_null());
    on_each!(tx, |c| diesel::update(partner).set(organisations::contact.eq(contact)).execute(c))?;
    find(tx, id)
}

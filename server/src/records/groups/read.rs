//! One group, whole, as its document says.

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::area;
use sync_core::id::{GroupId, OrganisationId, UserId};
use sync_core::record::group::Target;
use sync_core::record::{Group, Kind, Modality};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::HAS_MET;
use crate::on_each;
use crate::problem::Problem;
use crate::records::clash::{Clash, clashes};
use crate::scope::{Permit, Scope, no_such};
use crate::store::schema::groups;
use crate::store::{Conn, Db, Store, StoreError};

/// A group, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupWhole {
    #[schema(value_type = Uuid)]
    id: GroupId,
    #[schema(value_type = Uuid)]
    organisation_id: OrganisationId,
    name: String,
    kind: String,
    #[schema(value_type = String)]
    modality: Modality,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pillar: Option<String>,
    /// Activity code of the IASC 4Ws for mental health and psychosocial support.
    #[serde(skip_serializing_if = "Option::is_none")]
    mhpss_4w: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cohort: Option<String>,
    /// Whom the group means to bring together; never said of a person.
    #[schema(value_type = Vec<String>)]
    target_mix: Vec<Target>,
    /// NISR code of the village.
    area: String,
    /// Village, cell, sector, district, province.
    area_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_sessions: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-03-05")]
    starts_on: Option<Date>,
    #[schema(value_type = Vec<Uuid>)]
    facilitators: Vec<UserId>,
    /// Active as soon as a session of it counts, whatever was recorded.
    status: String,
    /// Why it was recorded by mistake; totals leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
    /// Fields that two people set differently at the same time.
    clashes: Vec<Clash>,
}

/// Read a group
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The group", body = GroupWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/groups/{id}")]
pub(crate) async fn read_group(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<GroupWhole>, Problem> {
    let scope = permit.scope()?;
    let id = GroupId::from(*id);
    let whole = store.read("read group", move |tx| read(tx, scope, id)).await?;
    whole.map(web::Json).ok_or_else(|| no_such(Kind::Group))
}

pub(crate) fn read(tx: &mut Conn<'_>, scope: Scope, id: GroupId) -> Result<Option<GroupWhole>, StoreError> {
    let Some((_, group)) = scope.record_of::<Group>(tx, id)? else { return Ok(None) };
    let clashes = clashes(tx, id.into(), Kind::Group)?;
    let met =
        on_each!(tx, |c| groups::table.find(Db(id)).select(diesel::dsl::sql::<Bool>(HAS_MET)).first(c))?;
    let word = |value: Option<&dyn ToString>| value.map(ToString::to_string);
    Ok(Some(GroupWhole {
        id,
        organisation_id: group.organisation,
        name: group.name.to_string(),
        kind: group.kind.to_string(),
        modality: group.modality,
        protocol_version: word(group.protocol_version.as_ref().map(|it| it as _)),
        pillar: word(group.pillar.as_ref().map(|it| it as _)),
        mhpss_4w: word(group.mhpss_4w.as_ref().map(|it| it as _)),
        setting: word(group.setting.as_ref().map(|it| it as _)),
        cohort: word(group.cohort.as_ref().map(|it| it as _)),
        target_mix: group.target_mix.into_iter().collect(),
        area: group.area.to_string(),
        area_path: area::find(group.area.code()).map(|area| area.path()).unwrap_or_default(),
        planned_sessions: group.planned_sessions.map(Into::into),
        starts_on: group.starts_on,
        facilitators: group.facilitators.into_iter().collect(),
        status: group.status.shown(met).to_string(),
        void: group.void.map(Into::into),
        clashes,
    }))
}

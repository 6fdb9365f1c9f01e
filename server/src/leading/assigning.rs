//! Who leads which group. Being assigned and being taken off decide what a tablet is sent, and what it must drop.

use actix_web::{HttpResponse, delete, get, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_core::id::{GroupId, UserId};
use sync_core::record::Kind;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AssignmentRefused, begin, in_organisation, take_off};
use crate::audit;
use crate::clock::{Clock, timestamp};
use crate::desk::{Member, edit_group};
use crate::on_each;
use crate::problem::Problem;
use crate::scope::{Permit, Scope, no_such};
use crate::store::schema::{assignments, users};
use crate::store::{At, Conn, Db, Failure, Store, StoreError};

/// Somebody to assign.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAssignment {
    #[schema(value_type = Uuid)]
    user_id: UserId,
}

/// Somebody who leads a group now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Assignment {
    #[schema(value_type = Uuid)]
    user_id: UserId,
    name: String,
    since: Timestamp,
}

/// Assign somebody to a group
///
/// Their tablet gets the group, from its beginning, at its next sync. Assigning them again changes nothing.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 204, description = "Assigned"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/groups/{id}/assignments")]
pub(crate) async fn assign(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<NewAssignment>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, member) = (permit.organisation()?, Member::of(permit, clock.now()));
    let (group, user) = (GroupId::from(*id), body.user_id);
    audit::concerns_person(user);
    store
        .write("assign", move |tx| -> Result<(), Failure<AssignmentRefused>> {
            in_organisation(tx, group, organisation)?;
            begin(tx, group, user, organisation, member)?;
            edit_group(tx, group, member, |edit| edit.facilitators().insert(&user)).map_err(Failure::lift)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take somebody off a group
///
/// Their tablet is told to drop the group at its next sync; what they recorded before is not lost.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group"), ("user" = Uuid, Path, description = "The person")),
    responses(
        (status = 204, description = "Not assigned any more"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/groups/{id}/assignments/{user}")]
pub(crate) async fn unassign(
    permit: Permit,
    path: web::Path<(Uuid, Uuid)>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, member) = (permit.organisation()?, Member::of(permit, clock.now()));
    let (group, user) = (GroupId::from(path.0), UserId::from(path.1));
    store
        .write("unassign", move |tx| -> Result<(), Failure<AssignmentRefused>> {
            in_organisation(tx, group, organisation)?;
            take_off(tx, group, user, member).map_err(Failure::lift)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List who leads a group
///
/// All of them, whoever leads it longest first.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Those assigned now, longest first", body = Vec<Assignment>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/groups/{id}/assignments")]
pub(crate) async fn list_assignments(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<Vec<Assignment>>, Problem> {
    let scope = permit.scope()?;
    let group = GroupId::from(*id);
    let there = store.read("list assignments", move |tx| list(tx, scope, group)).await?;
    there.map(web::Json).ok_or_else(|| no_such(Kind::Group))
}

fn list(tx: &mut Conn<'_>, scope: Scope, group: GroupId) -> Result<Option<Vec<Assignment>>, StoreError> {
    if !scope.holds(tx, group)? {
        return Ok(None);
    }
    let rows: Vec<(Db<UserId>, String, At)> = on_each!(tx, |c| assignments::table
        .inner_join(users::table.on(users::id.eq(assignments::user_id)))
        .filter(assignments::group_id.eq(Db(group)))
        .filter(assignments::ended_at.is_null())
        .order((assignments::assigned_at, users::id))
        .select((users::id, users::name, assignments::assigned_at))
        .load(c))?;
    let assignment = |(Db(user_id), name, At(since))| Assignment { user_id, name, since: timestamp(since) };
    Ok(Some(rows.into_iter().map(assignment).collect()))
}

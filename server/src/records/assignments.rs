//! Who leads which group. Being assigned and being taken off decide what a tablet is sent, and what it must drop.

use actix_web::{HttpResponse, delete, get, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_core::id::{GroupId, OrganisationId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::edit::{EditRefused, Member};
use super::groups::edit;
use super::groups::read::no_such_group;
use super::scope::Scope;
use crate::access::{Caller, Role};
use crate::clock::{Clock, timestamp};
use crate::ledger;
use crate::on_each;
use crate::problem::{FieldError, Problem};
use crate::store::schema::{assignments, users};
use crate::store::{At, Code, Conn, Db, Failure, Refusal, Store, StoreError};

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

/// Why an assignment was not made or ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum AssignmentRefused {
    #[error("there is no such group in the organisation")]
    NoSuchGroup,
    #[error("there is no such person in the organisation who may lead a group")]
    NoSuchUser,
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for AssignmentRefused {}

impl From<AssignmentRefused> for Problem {
    fn from(refused: AssignmentRefused) -> Self {
        match refused {
            AssignmentRefused::NoSuchGroup => no_such_group(),
            AssignmentRefused::NoSuchUser => Self::fields(vec![FieldError {
                field: "user_id".to_owned(),
                detail: "is the id of a facilitator, supervisor or manager of the group's organisation"
                    .to_owned(),
            }]),
            AssignmentRefused::Edit(refused) => refused.into(),
        }
    }
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
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/groups/{id}/assignments")]
pub(crate) async fn assign(
    caller: Caller,
    id: web::Path<Uuid>,
    body: web::Json<NewAssignment>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, member) = manager(&caller, &clock)?;
    let (group, user) = (GroupId::from(*id), body.user_id);
    store
        .write("assign", move |tx| -> Result<(), Failure<AssignmentRefused>> {
            in_organisation(tx, group, organisation)?;
            begin(tx, group, user, organisation, member)?;
            edit(tx, group, member, |edit| edit.facilitators().insert(&user)).map_err(Failure::lift)
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
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/groups/{id}/assignments/{user}")]
pub(crate) async fn unassign(
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, member) = manager(&caller, &clock)?;
    let (group, user) = (GroupId::from(path.0), UserId::from(path.1));
    store
        .write("unassign", move |tx| -> Result<(), Failure<AssignmentRefused>> {
            in_organisation(tx, group, organisation)?;
            end(tx, group, user, member)?;
            edit(tx, group, member, |edit| edit.facilitators().remove(&user)).map_err(Failure::lift)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List who leads a group
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Those assigned now, longest first", body = Vec<Assignment>),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/groups/{id}/assignments")]
pub(crate) async fn list_assignments(
    caller: Caller,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<Vec<Assignment>>, Problem> {
    let scope = Scope::of(&caller)?;
    let group = GroupId::from(*id);
    let there = store.read("list assignments", move |tx| list(tx, scope, group)).await?;
    there.map(web::Json).ok_or_else(no_such_group)
}

fn manager(caller: &Caller, clock: &Clock) -> Result<(OrganisationId, Member), Problem> {
    caller.require(&[Role::Manager])?;
    let organisation = caller.organisation.ok_or_else(Problem::internal)?;
    Ok((organisation, Member { user: caller.user, now: clock.now() }))
}

fn in_organisation(
    tx: &mut Conn<'_>,
    group: GroupId,
    organisation: OrganisationId,
) -> Result<(), Failure<AssignmentRefused>> {
    match ledger::stream(tx, group.into())? {
        Some(stream) if stream.organisation == Some(organisation) => Ok(()),
        _ => Err(AssignmentRefused::NoSuchGroup.into()),
    }
}

/// Begins an assignment, unless it is in force already.
pub(super) fn begin(
    tx: &mut Conn<'_>,
    group: GroupId,
    user: UserId,
    organisation: OrganisationId,
    member: Member,
) -> Result<(), Failure<AssignmentRefused>> {
    let role: Option<Code<Role>> = on_each!(tx, |c| users::table
        .find(Db(user))
        .filter(users::organisation_id.eq(Db(organisation)))
        .filter(users::disabled_at.is_null())
        .select(users::role)
        .first(c)
        .optional())?;
    if !role.is_some_and(|Code(role)| role.in_organisation()) {
        return Err(AssignmentRefused::NoSuchUser.into());
    }
    let row = (
        assignments::id.eq(Uuid::new_v4().as_bytes().to_vec()),
        assignments::group_id.eq(Db(group)),
        assignments::user_id.eq(Db(user)),
        assignments::assigned_by.eq(Db(member.user)),
        assignments::assigned_at.eq(At(member.now)),
    );
    on_each!(tx, |c| diesel::insert_into(assignments::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

fn end(tx: &mut Conn<'_>, group: GroupId, user: UserId, member: Member) -> Result<(), StoreError> {
    let there = assignments::table
        .filter(assignments::group_id.eq(Db(group)))
        .filter(assignments::user_id.eq(Db(user)))
        .filter(assignments::ended_at.is_null());
    let ended = (assignments::ended_by.eq(Db(member.user)), assignments::ended_at.eq(At(member.now)));
    if on_each!(tx, |c| diesel::update(there).set(ended).execute(c))? > 0 {
        ledger::renew_key(tx, group.into())?;
    }
    Ok(())
}

fn list(tx: &mut Conn<'_>, scope: Scope, group: GroupId) -> Result<Option<Vec<Assignment>>, StoreError> {
    if !scope.holds(tx, group)? {
        return Ok(None);
    }
    let rows: Vec<(Db<UserId>, String, At)> = on_each!(tx, |c| assignments::table
        .inner_join(users::table.on(users::id.eq(assignments::user_id)))
        .filter(assignments::group_id.eq(Db(group)))
        .filter(assignments::ended_at.is_null())
        .order(assignments::assigned_at)
        .select((users::id, users::name, assignments::assigned_at))
        .load(c))?;
    let assignment = |(Db(user_id), name, At(since))| Assignment { user_id, name, since: timestamp(since) };
    Ok(Some(rows.into_iter().map(assignment).collect()))
}

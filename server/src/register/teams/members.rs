//! Who is in a team.

use actix_web::{HttpResponse, delete, put, web};
use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use super::{TeamRefused, hold};
use crate::access::Role;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::schema::{team_members, users};
use crate::store::{At, Code, Conn, Db, Failure, Store};

/// Take somebody into a team
///
/// A facilitator or a supervisor of the organisation. The supervisors of the team see the groups that they lead, from now on.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The team"), ("user" = Uuid, Path, description = "The person")),
    responses(
        (status = 204, description = "In it, now or before"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-team`, `no-such-user`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/teams/{id}/members/{user}")]
pub(crate) async fn join_team(
    permit: Permit,
    path: web::Path<(Uuid, UserId)>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, (team, user), now) = (permit.organisation()?, *path, clock.now());
    store.write("join team", move |tx| join(tx, organisation, (team, user), now)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn join(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    (team, user): (Uuid, UserId),
    now: Millis,
) -> Result<(), Failure<TeamRefused>> {
    if !hold(tx, team, organisation)? {
        return Err(TeamRefused::NoSuchTeam.into());
    }
    // This locks the person's row: whoever disables or moves them meanwhile waits, and then takes them out again.
    let role: Option<Code<Role>> = on_each!(tx, |c| diesel::update(users::table.find(Db(user)))
        .filter(users::organisation_id.eq(Db(organisation)))
        .filter(users::disabled_at.is_null())
        .set(users::role.eq(users::role))
        .returning(users::role)
        .get_result(c)
        .optional())?;
    if !matches!(role, Some(Code(Role::Facilitator | Role::Supervisor))) {
        return Err(TeamRefused::NoSuchUser.into());
    }
    let row = (
        team_members::id.eq(Uuid::new_v4().as_bytes().to_vec()),
        team_members::team_id.eq(team.as_bytes().to_vec()),
        team_members::user_id.eq(Db(user)),
        team_members::joined_at.eq(At(now)),
    );
    on_each!(tx, |c| diesel::insert_into(team_members::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Take somebody out of a team
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The team"), ("user" = Uuid, Path, description = "The person")),
    responses(
        (status = 204, description = "Not in it, any more or at all"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-team`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/teams/{id}/members/{user}")]
pub(crate) async fn leave_team(
    permit: Permit,
    path: web::Path<(Uuid, UserId)>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, (team, user), now) = (permit.organisation()?, *path, clock.now());
    store.write("leave team", move |tx| leave(tx, organisation, (team, user), now)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn leave(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    (team, user): (Uuid, UserId),
    now: Millis,
) -> Result<(), Failure<TeamRefused>> {
    if !hold(tx, team, organisation)? {
        return Err(TeamRefused::NoSuchTeam.into());
    }
    let there = team_members::table
        .filter(team_members::team_id.eq(team.as_bytes().to_vec()))
        .filter(team_members::user_id.eq(Db(user)))
        .filter(team_members::ended_at.is_null());
    on_each!(tx, |c| diesel::update(there).set(team_members::ended_at.eq(At(now))).execute(c))?;
    Ok(())
}

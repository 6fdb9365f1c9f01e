//! Making a team, and ending it.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::OrganisationId;
use sync_core::time::{Millis, Moment};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::Team;
use super::{TeamRefused, hold};
use crate::audit::{self, ObjectKind};
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::{Fields, Problem};
use crate::scope::Permit;
use crate::store::schema::{team_members, teams};
use crate::store::{At, Conn, Db, Failure, Store};

/// A team to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTeam {
    #[schema(example = "Nyagatare")]
    name: String,
}

/// Make a team
///
/// Of the caller's organisation, with nobody in it.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Made", body = Team),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`name-taken`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/teams")]
pub(crate) async fn create_team(
    permit: Permit,
    body: web::Json<NewTeam>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, moment) = (permit.organisation()?, clock.moment());
    let mut fields = Fields::default();
    let name = fields.name("name", &body.name);
    fields.done()?;
    audit::concerns(ObjectKind::Team, moment.uuid(), None);
    let team = store.write("create team", move |tx| create(tx, organisation, &name, &moment)).await?;
    Ok(HttpResponse::Created().insert_header((LOCATION, format!("/v1/teams/{}", team.id))).json(team))
}

fn create(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    name: &str,
    moment: &Moment,
) -> Result<Team, Failure<TeamRefused>> {
    let id = moment.uuid();
    let row = (
        teams::id.eq(id.as_bytes().to_vec()),
        teams::organisation_id.eq(Db(organisation)),
        teams::name.eq(name),
        teams::created_at.eq(At(moment.now)),
    );
    let made =
        on_each!(tx, |c| diesel::insert_into(teams::table).values(row).on_conflict_do_nothing().execute(c))?;
    if made == 0 {
        return Err(TeamRefused::NameTaken.into());
    }
    let created_at = timestamp(moment.now);
    Ok(Team { id, organisation_id: organisation, name: name.to_owned(), created_at, members: Vec::new() })
}

/// End a team
///
/// Nobody is in it any more: its supervisors see the groups to which they are assigned themselves, and those of their other teams.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The team")),
    responses(
        (status = 204, description = "Ended"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-team`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/teams/{id}")]
pub(crate) async fn end_team(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, id, now) = (permit.organisation()?, *id, clock.now());
    store.write("end team", move |tx| end(tx, organisation, id, now)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn end(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    team: Uuid,
    now: Millis,
) -> Result<(), Failure<TeamRefused>> {
    if !hold(tx, team, organisation)? {
        return Err(TeamRefused::NoSuchTeam.into());
    }
    let key = team.as_bytes().to_vec();
    let members =
        team_members::table.filter(team_members::team_id.eq(&key)).filter(team_members::ended_at.is_null());
    on_each!(tx, |c| diesel::update(members).set(team_members::ended_at.eq(At(now))).execute(c))?;
    on_each!(tx, |c| diesel::update(teams::table.find(&key)).set(teams::ended_at.eq(At(now))).execute(c))?;
    Ok(())
}

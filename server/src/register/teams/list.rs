//! Which teams there are, and who is in them.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::{OrganisationId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Role;
use crate::clock::timestamp;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::schema::{team_members, teams, users};
use crate::store::{At, Code, Conn, Db, Store, StoreError};

/// A team.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Team {
    pub(super) id: Uuid,
    #[schema(value_type = Uuid)]
    pub(super) organisation_id: OrganisationId,
    #[schema(example = "Nyagatare")]
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    pub(super) members: Vec<TeamMember>,
}

/// Somebody who is in a team now. Its supervisors see the groups of all.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TeamMember {
    #[schema(value_type = Uuid)]
    user_id: UserId,
    name: String,
    role: Role,
    since: Timestamp,
}

/// List the teams
///
/// Those of the caller's organisation; an administrator sees all. In the order of their ids, which is that in which they were made.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Teams, each with who is in it", body = Page<Team>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/teams")]
pub(crate) async fn list_teams(
    permit: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<Team>>, Problem> {
    let (window, organisation) = (query.of("teams")?, permit.organisations()?);
    let asked = window.clone();
    let rows = store.read("list teams", move |tx| list(tx, organisation, &asked)).await?;
    Ok(web::Json(Page::of(rows, &window, |team: &Team| team.id)))
}

type Row = (Vec<u8>, Db<OrganisationId>, String, At);

fn list(
    tx: &mut Conn<'_>,
    organisation: Option<OrganisationId>,
    window: &Window<Uuid>,
) -> Result<Vec<Team>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = teams::table
            .filter(teams::ended_at.is_null())
            .order(teams::id)
            .limit(window.rows())
            .select((teams::id, teams::organisation_id, teams::name, teams::created_at))
            .into_boxed::<Backend>();
        if let Some(organisation) = organisation {
            rows = rows.filter(teams::organisation_id.eq(Db(organisation)));
        }
        if let Some(after) = window.after {
            rows = rows.filter(teams::id.gt(after.as_bytes().to_vec()));
        }
        rows.load(c)
    })?;
    let mut members = members(tx, rows.iter().map(|(id, ..)| id.clone()).collect())?;
    let team = |(id, Db(organisation_id), name, At(created)): Row| Team {
        members: members.remove(&id).unwrap_or_default(),
        id: Uuid::from_slice(&id).unwrap_or_default(),
        organisation_id,
        name,
        created_at: timestamp(created),
    };
    Ok(rows.into_iter().map(team).collect())
}

/// Who is in each of some teams now, longest first.
fn members(tx: &mut Conn<'_>, teams: Vec<Vec<u8>>) -> Result<BTreeMap<Vec<u8>, Vec<TeamMember>>, StoreError> {
    type Member = (Vec<u8>, Db<UserId>, String, Code<Role>, At);
    let rows: Vec<Member> = on_each!(tx, |c| team_members::table
        .inner_join(users::table)
        .filter(team_members::team_id.eq_any(&teams))
        .filter(team_members::ended_at.is_null())
        .order((team_members::joined_at, users::id))
        .select((team_members::team_id, users::id, users::name, users::role, team_members::joined_at))
        .load(c))?;
    let mut found: BTreeMap<Vec<u8>, Vec<TeamMember>> = BTreeMap::new();
    for (team, Db(user_id), name, Code(role), At(since)) in rows {
        let member = TeamMember { user_id, name, role, since: timestamp(since) };
        found.entry(team).or_default().push(member);
    }
    Ok(found)
}

//! Teams: people of one organisation whose groups its supervisors look after. Whoever is in a team with a supervisor, the supervisor sees the
//! groups that they lead. Who was in a team stays known; a team that was ended gives nobody anything to see.

pub mod list;
pub mod make;
pub mod members;

use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::{team_members, teams};
use crate::store::{At, Conn, Db, Refusal, StoreError};

/// Why a team stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TeamRefused {
    #[error("there is no such team in the organisation")]
    NoSuchTeam,
    #[error("there is no such facilitator or supervisor in the organisation")]
    NoSuchUser,
    #[error("another team has this name")]
    NameTaken,
}

impl Refusal for TeamRefused {}

impl From<TeamRefused> for Problem {
    fn from(refused: TeamRefused) -> Self {
        match refused {
            TeamRefused::NoSuchTeam => {
                Self::of(kind::NO_SUCH_TEAM, "No team of your organisation has this id.")
            }
            TeamRefused::NoSuchUser => Self::of(
                kind::NO_SUCH_USER,
                "No facilitator or supervisor of your organisation who may sign in has this id.",
            ),
            TeamRefused::NameTaken => Self::of(
                kind::NAME_TAKEN,
                "A team of your organisation has this name already. Choose another one.",
            ),
        }
    }
}

/// Locks a team that goes on, so that nobody joins it while it is ended.
fn hold(tx: &mut Conn<'_>, team: Uuid, organisation: OrganisationId) -> Result<bool, StoreError> {
    let there = teams::table
        .find(team.as_bytes().to_vec())
        .filter(teams::organisation_id.eq(Db(organisation)))
        .filter(teams::ended_at.is_null());
    Ok(on_each!(tx, |c| diesel::update(there).set(teams::name.eq(teams::name)).execute(c))? > 0)
}

/// Takes a person out of all their teams.
pub(super) fn leave_all(tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<(), StoreError> {
    let theirs = team_members::table
        .filter(team_members::user_id.eq(Db(user)))
        .filter(team_members::ended_at.is_null());
    on_each!(tx, |c| diesel::update(theirs).set(team_members::ended_at.eq(At(now))).execute(c))?;
    Ok(())
}

//! Which groups: those of an organisation, of a person, or of the teams that a person looks after.

use diesel::prelude::*;
use sync_core::area::AreaCode;
use sync_core::id::{GroupId, OrganisationId, UserId};

use super::Asked;
use crate::on_each;
use crate::store::schema::{assignments, team_members};
use crate::store::{Conn, Db, StoreError};

/// Whose groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of one organisation.
    Organisation(OrganisationId),
    /// Those to which a person is assigned now.
    Assigned(UserId),
    /// Those to which a person or anybody of their teams is assigned now.
    Teams(UserId),
}

/// Some groups: those of somebody; where one person looks as another, only those that both see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    of: Whose,
    within: Option<Whose>,
}

impl Groups {
    pub const fn of(whose: Whose) -> Self {
        Self { of: whose, within: None }
    }

    /// Those of these that somebody else sees, too.
    pub(super) fn within(self, seer: Self) -> Self {
        Self { within: (self.of != seer.of).then_some(seer.of), ..self }
    }

    /// Each set in which the groups lie.
    pub(crate) fn each(self) -> impl Iterator<Item = Whose> {
        [Some(self.of), self.within].into_iter().flatten()
    }

    /// The organisation of which these are all groups.
    pub(crate) fn of_all(self) -> Option<OrganisationId> {
        match self {
            Self { of: Whose::Organisation(organisation), within: None } => Some(organisation),
            _ => None,
        }
    }

    /// Whether this group is among them.
    ///
    /// # Errors
    /// Those of the store.
    pub fn hold(self, tx: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
        let one = Asked { group: Some(group), ..Asked::default() };
        let found: i64 = on_each!(tx, |c, Backend| groups_in!(Backend, self, &one).count().get_result(c))?;
        Ok(found > 0)
    }
}

/// The groups among some that fit what is asked, as a query for their ids:
/// `groups_in!(Backend, groups, &asked)`, to load, to count, or to filter another table by. A macro because the type of a
/// boxed query names its backend.
macro_rules! groups_in {
    ($backend:ty, $groups:expr, $asked:expr) => {{
        use ::diesel::prelude::*;
        use $crate::scope::{Whose, below, led_by, led_by_teams_of};
        use $crate::store::Db;
        use $crate::store::schema::groups;
        let asked: &$crate::scope::Asked = $asked;
        let mut query = groups::table.select(groups::id).into_boxed::<$backend>();
        for whose in $groups.each() {
            query = match whose {
                Whose::Organisation(organisation) => {
                    query.filter(groups::organisation_id.eq(Db(organisation)))
                }
                Whose::Assigned(user) => query.filter(groups::id.eq_any(led_by(user))),
                Whose::Teams(user) => {
                    query.filter(groups::id.eq_any(led_by(user)).or(groups::id.eq_any(led_by_teams_of(user))))
                }
            };
        }
        if let Some(group) = asked.group {
            query = query.filter(groups::id.eq(Db(group)));
        }
        if let Some(organisation) = asked.organisation {
            query = query.filter(groups::organisation_id.eq(Db(organisation)));
        }
        if let Some(kind) = asked.kind {
            query = query.filter(groups::kind.eq(kind.code()));
        }
        if let Some(modality) = asked.modality {
            query = query.filter(groups::modality.eq(modality.code()));
        }
        if let Some(area) = asked.area {
            query = query.filter(groups::area.like(below(area)));
        }
        query
    }};
}
pub(crate) use groups_in;

/// The codes below an area begin with its own.
pub(crate) fn below(area: AreaCode) -> String {
    format!("{area}%")
}

/// The groups to which a person is assigned now.
#[diesel::dsl::auto_type]
pub(crate) fn led_by(user: UserId) -> _ {
    let user: Db<UserId> = Db(user);
    assignments::table
        .filter(assignments::user_id.eq(user))
        .filter(assignments::ended_at.is_null())
        .select(assignments::group_id)
}

diesel::alias!(team_members as mates: Mates);

/// Everybody who is in a team of this person.
#[diesel::dsl::auto_type]
pub(super) fn in_a_team_of(user: UserId) -> _ {
    let user: Db<UserId> = Db(user);
    let teams = team_members::table
        .filter(team_members::user_id.eq(user))
        .filter(team_members::ended_at.is_null())
        .select(team_members::team_id);
    mates
        .filter(mates.field(team_members::team_id).eq_any(teams))
        .filter(mates.field(team_members::ended_at).is_null())
        .select(mates.field(team_members::user_id))
}

/// The groups to which anybody is assigned now who is in a team of this person.
#[diesel::dsl::auto_type]
pub(crate) fn led_by_teams_of(user: UserId) -> _ {
    let people: in_a_team_of = in_a_team_of(user);
    assignments::table
        .filter(assignments::user_id.eq_any(people))
        .filter(assignments::ended_at.is_null())
        .select(assignments::group_id)
}

//! What a caller may see, decided once for every room that answers people: a list takes its groups from [`groups_in!`], a single
//! record is found by [`Scope::record`], and what can be asked of groups is [`Asked`].
//!
//! The whole matrix of roles and the protection of small numbers will come to stand here; until then whoever has no groups of
//! their own sees no records.

mod asked;
mod record;

pub use asked::Asked;
pub(crate) use asked::{AskedQuery, anywhere};
pub(crate) use record::{Seen, no_such, no_such_record};

use diesel::prelude::*;
use sync_core::id::{GroupId, OrganisationId, UserId};

use crate::access::{Caller, Role};
use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::assignments;
use crate::store::{Conn, Db, StoreError};

/// The groups that a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of one organisation.
    Organisation(OrganisationId),
    /// Those to which a person is assigned now.
    Assigned(UserId),
}

impl Scope {
    /// # Errors
    /// 403 `role-not-allowed` for roles that see no records.
    pub fn of(caller: &Caller) -> Result<Self, Problem> {
        caller.require(&[Role::Facilitator, Role::Supervisor, Role::Manager])?;
        match (caller.role, caller.organisation) {
            (Role::Manager, Some(organisation)) => Ok(Self::Organisation(organisation)),
            _ => Ok(Self::Assigned(caller.user)),
        }
    }

    /// Whether this group is among them.
    ///
    /// # Errors
    /// Those of the store.
    pub fn holds(self, tx: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
        let one = Asked { group: Some(group), ..Asked::default() };
        let found: i64 = on_each!(tx, |c, Backend| groups_in!(Backend, self, &one).count().get_result(c))?;
        Ok(found > 0)
    }
}

/// The groups of a scope that fit what is asked, as a query for their ids:
/// `groups_in!(Backend, scope, &asked)`, to load, to count, or to filter another table by. A macro because the type of a
/// boxed query names its backend.
macro_rules! groups_in {
    ($backend:ty, $scope:expr, $asked:expr) => {{
        use ::diesel::prelude::*;
        use $crate::scope::{Scope, assigned_to, below};
        use $crate::store::Db;
        use $crate::store::schema::groups;
        let asked: &$crate::scope::Asked = $asked;
        let mut query = groups::table.select(groups::id).into_boxed::<$backend>();
        query = match $scope {
            Scope::Organisation(organisation) => query.filter(groups::organisation_id.eq(Db(organisation))),
            Scope::Assigned(user) => query.filter(groups::id.eq_any(assigned_to(user))),
        };
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
pub(crate) fn below(area: sync_core::area::AreaCode) -> String {
    format!("{area}%")
}

/// The groups to which a person is assigned now.
#[diesel::dsl::auto_type]
pub(crate) fn assigned_to(user: UserId) -> _ {
    let user: Db<UserId> = Db(user);
    assignments::table
        .filter(assignments::user_id.eq(user))
        .filter(assignments::ended_at.is_null())
        .select(assignments::group_id)
}

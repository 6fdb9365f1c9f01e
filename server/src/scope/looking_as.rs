//! Looking as somebody else: a manager or a supervisor asks with `View-As: <user id>` for what one of theirs would get.
//!
//! It shows nothing that they could not see themselves, changes nothing, and is noted with the ids of both.

use actix_web::http::Method;
use actix_web::{HttpRequest, web};
use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use uuid::Uuid;

use super::groups::in_a_team_of;
use super::policy::{Action, Entry, is_private};
use crate::access::{Caller, Role};
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::users;
use crate::store::{Code, Conn, Db, Store, StoreError};

/// The request header.
pub const HEADER: &str = "View-As";

/// Why somebody may not look as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("`View-As` is the id of one person.")]
    Unreadable,
    #[error("Only `GET` takes `View-As`: whoever changes something does it in their own name.")]
    NotReading,
    #[error("What somebody did, and where they are signed in, is told to themselves alone.")]
    Private,
    #[error("Only a manager or a supervisor looks as somebody else.")]
    NobodyBelow,
    /// Whether there is such a person elsewhere is not told.
    #[error(
        "You look as people of your organisation whose role is below yours, a supervisor as those of their teams. Nobody of these has \
         this id."
    )]
    NotTheirs,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::of(kind::VIEW_AS_REFUSED, refused.to_string())
    }
}

/// Whether somebody may look at what is at an address as another person.
pub fn may_be_looked_at_as(method: &str, pattern: &str) -> bool {
    let is_for_people = Action::at(method, pattern).is_some_and(|action| action.entry == Entry::Person);
    method == Method::GET.as_str() && is_for_people && !is_private(pattern)
}

/// As whom a request looks.
#[derive(Debug)]
pub(super) struct LookingAs(Result<UserId, Refused>);

impl LookingAs {
    /// `None` where somebody asks for themselves.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let mut said = request.headers().get_all(HEADER);
        let first = said.next()?;
        let id = first.to_str().ok().and_then(|text| Uuid::try_parse(text.trim()).ok());
        let id = id.filter(|_| said.next().is_none());
        Some(Self(id.map(UserId::from).ok_or(Refused::Unreadable)))
    }

    pub(super) fn person(&self) -> Option<UserId> {
        self.0.ok()
    }

    /// That person, if the caller may look as them at this address.
    ///
    /// # Errors
    /// 403 `view-as-refused`; those of the store.
    pub(super) async fn allowed(self, request: &HttpRequest, caller: &Caller) -> Result<Caller, Problem> {
        let other = self.0?;
        if request.method() != Method::GET {
            return Err(Refused::NotReading.into());
        }
        if is_private(&request.match_pattern().unwrap_or_default()) {
            return Err(Refused::Private.into());
        }
        let (true, Some(organisation)) =
            (Role::ALL.iter().any(|role| caller.role.looks_as(*role)), caller.organisation)
        else {
            return Err(Refused::NobodyBelow.into());
        };
        let store = request.app_data::<web::Data<Store>>().cloned().ok_or_else(Problem::internal)?;
        let (user, by) = (caller.user, caller.role);
        let role = store.read("look as", move |tx| role_of(tx, other, organisation, (user, by))).await?;
        let role = role.filter(|role| by.looks_as(*role)).ok_or(Refused::NotTheirs)?;
        // What that person's own account demands of them does not concern who looks.
        let (user, organisation, protects) = (other, Some(organisation), false);
        Ok(Caller { user, organisation, role, protects, login: caller.login, owes: None })
    }
}

/// The role of somebody of the organisation who may sign in; for a supervisor, of their teams.
fn role_of(
    tx: &mut Conn<'_>,
    other: UserId,
    organisation: OrganisationId,
    (looker, role): (UserId, Role),
) -> Result<Option<Role>, StoreError> {
    let found: Option<Code<Role>> = on_each!(tx, |c, Backend| {
        let mut person = users::table
            .filter(users::id.eq(Db(other)))
            .filter(users::organisation_id.eq(Db(organisation)))
            .filter(users::disabled_at.is_null())
            .select(users::role)
            .into_boxed::<Backend>();
        if role == Role::Supervisor {
            person = person.filter(users::id.eq_any(in_a_team_of(looker)));
        }
        person.first(c).optional()
    })?;
    Ok(found.map(|Code(role)| role))
}

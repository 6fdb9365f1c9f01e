//! Who calls, with what the policy allows them at this address: what a handler takes as an argument.

use std::pin::Pin;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use sync_core::id::{OrganisationId, UserId};
use uuid::Uuid;

use super::looking_as::LookingAs;
use super::policy::{Action, Entry, Reach, settles};
use super::{Groups, Scope, Whose};
use crate::access::{Caller, Role};
use crate::audit::{self, Deed, Who};
use crate::problem::{Problem, kind};
use crate::store::Store;

/// The caller, and how far what they ask for may reach. There is none where the policy allows nothing.
///
/// Where one person looks as another, the caller is that other, and what they see is what both do.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    caller: Caller,
    reach: Reach,
    /// Who looks as the caller, and how far they reach themselves.
    looker: Option<(Caller, Reach)>,
}

impl Permit {
    pub fn user(self) -> UserId {
        self.caller.user
    }

    pub fn role(self) -> Role {
        self.caller.role
    }

    /// The caller, as the audit log names them.
    pub(crate) fn who(self) -> Who {
        self.caller.who()
    }

    /// Whether the caller is a protection officer of their organisation.
    pub fn protects(self) -> bool {
        self.caller.protects
    }

    /// The login by which they call.
    pub fn login(self) -> Uuid {
        self.caller.login
    }

    /// The organisation of the caller.
    ///
    /// # Errors
    /// 500 where there is none: the policy gives what needs one only to roles that have one.
    pub fn organisation(self) -> Result<OrganisationId, Problem> {
        self.caller.organisation.ok_or_else(Problem::internal)
    }

    /// Of which organisation the caller may read: `None` is all.
    ///
    /// # Errors
    /// As [`Permit::organisation`].
    pub fn organisations(self) -> Result<Option<OrganisationId>, Problem> {
        match self.reach {
            Reach::Partnership => Ok(None),
            _ => self.organisation().map(Some),
        }
    }

    /// Whether what belongs to this organisation, or to none, is within reach.
    pub fn covers(self, organisation: Option<OrganisationId>) -> bool {
        match self.reach {
            Reach::Partnership => true,
            Reach::Organisation => organisation.is_some() && organisation == self.caller.organisation,
            _ => false,
        }
    }

    /// Whether the caller decides about people of this role in this organisation: within one organisation about its
    /// facilitators and supervisors, across the partnership about everybody.
    pub fn decides_about(self, role: Role, organisation: Option<OrganisationId>) -> bool {
        let below = matches!(role, Role::Facilitator | Role::Supervisor);
        self.covers(organisation) && (below || self.reach == Reach::Partnership)
    }

    /// Whether it is only what was handed in for no group that is within reach.
    pub fn is_of_strays(self) -> bool {
        self.reach == Reach::Strays
    }

    /// Whether nothing but published tables is within reach.
    pub fn is_of_published(self) -> bool {
        self.reach == Reach::Published
    }

    /// The organisation whose inbox is within reach.
    ///
    /// # Errors
    /// 403 `role-not-allowed` for whoever is no protection officer of it, or is looked at by who is none.
    pub fn receives(self) -> Result<OrganisationId, Problem> {
        let protects = |(caller, reach): (Caller, Reach)| reach == Reach::Received && caller.protects;
        if protects((self.caller, self.reach)) && self.looker.is_none_or(protects) {
            return self.organisation();
        }
        let detail = "Only a protection officer of your organisation sees who was sent to it: an administrator names one.";
        Err(Problem::of(kind::ROLE_NOT_ALLOWED, detail))
    }

    /// The groups whose records are within reach.
    ///
    /// # Errors
    /// 403 `role-not-allowed` where none are.
    pub fn scope(self) -> Result<Scope, Problem> {
        let seen = scope_of(self.caller, self.reach)?;
        match self.looker {
            None => Ok(seen),
            Some((looker, reach)) => Ok(seen.within(scope_of(looker, reach)?)),
        }
    }

    async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let caller = Caller::identify(request).await?;
        let pattern = request.match_pattern().unwrap_or_default();
        let method = request.method().as_str();
        let action = Action::at(method, &pattern);
        let other = LookingAs::of(request);
        // Every look as somebody else is noted, also where their own would not be.
        let noted = action.and_then(|action| match other {
            None => action.noted(method, &pattern),
            Some(_) => action.noted(method, &pattern).or(Some(audit::Action::ReadRecord)),
        });
        if let Some(noted) = noted {
            let deed = Deed::of(request, caller.who(), noted);
            deed.looking_as(other.as_ref().and_then(LookingAs::person)).begins();
        }
        let reach = action.map_or(Reach::Nothing, |action| action.reach(caller.role));
        if reach == Reach::Nothing {
            return Err(not_allowed(action));
        }
        if let Some(owed) = caller.owes.filter(|owed| !settles(*owed, request.method().as_str(), &pattern)) {
            return Err(owed.into());
        }
        request.app_data::<web::Data<Store>>().ok_or_else(Problem::internal)?.is_asked_by(caller.asker());
        let Some(other) = other else { return Ok(Self { caller, reach, looker: None }) };

        let seen = other.allowed(request, &caller).await?;
        let seen_reach = action.map_or(Reach::Nothing, |action| action.reach(seen.role));
        if seen_reach == Reach::Nothing {
            return Err(not_allowed(action));
        }
        Ok(Self { caller: seen, reach: seen_reach, looker: Some((caller, reach)) })
    }
}

/// The groups whose records are within somebody's reach.
fn scope_of(caller: Caller, reach: Reach) -> Result<Scope, Problem> {
    let Caller { user, role, organisation, protects, .. } = caller;
    let teams = role == Role::Supervisor;
    let theirs = Groups::of(if teams { Whose::Teams(user) } else { Whose::Assigned(user) });
    match (reach, organisation) {
        (Reach::Groups, _) => Ok(Scope { groups: theirs, sensitive: theirs, organisation }),
        (Reach::Organisation, Some(organisation)) => {
            let groups = Groups::of(Whose::Organisation(organisation));
            let sensitive = if protects { groups } else { theirs };
            Ok(Scope { groups, sensitive, organisation: Some(organisation) })
        }
        _ => Err(Problem::of(kind::ROLE_NOT_ALLOWED, "You see no records.")),
    }
}

/// Says who may, where the caller may not.
fn not_allowed(action: Option<&Action>) -> Problem {
    let roles: Vec<_> = action.iter().flat_map(|action| action.roles()).map(Role::with_article).collect();
    let detail = match roles.as_slice() {
        [] => "Nobody may do this.".to_owned(),
        [others @ .., last] if !others.is_empty() => {
            format!("Only {} or {last} may do this.", others.join(", "))
        }
        _ => format!("Only {} may do this.", roles.concat()),
    };
    Problem::of(kind::ROLE_NOT_ALLOWED, detail)
}

/// That it was decided whether the caller of a request may.
struct Judged;

/// Middleware, the last before the handler. What a handler takes of a request is read side by side, and a body is judged before the caller is known: whoever
/// may not would hear what is wrong with it, and would not be noted. So what is refused for another reason, before it was decided who may, is
/// decided here.
pub(crate) async fn judge_first(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let request = response.request();
    if !response.status().is_client_error() || request.extensions().contains::<Judged>() {
        return Ok(response);
    }
    let action = request.match_pattern().and_then(|pattern| Action::at(request.method().as_str(), &pattern));
    if action.is_none_or(|action| action.entry != Entry::Person) {
        return Ok(response);
    }
    match Permit::of(&request.clone()).await {
        Ok(_) => Ok(response),
        Err(problem) => Ok(ServiceResponse::new(response.into_parts().0, problem.error_response())),
    }
}

impl FromRequest for Permit {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let permit = Self::of(&request).await;
            request.extensions_mut().insert(Judged);
            permit
        })
    }
}

//! Closing a group: it has come to its end, and nobody leads it any more.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::id::GroupId;
use sync_core::record::Kind;
use sync_core::record::group::GroupStatus;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::desk::{Member, edit_group};
use crate::leading::{AssignmentRefused, end, leaders};
use crate::problem::{Fields, Problem};
use crate::records::groups::read::{GroupWhole, read};
use crate::scope::{Permit, Scope, no_such};
use crate::store::{Conn, Failure, Store};

/// How a group ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    /// `graduated` or `suspended`.
    #[schema(example = "graduated")]
    status: String,
}

impl Close {
    fn checked(&self) -> Result<GroupStatus, Problem> {
        let mut fields = Fields::default();
        let status: Option<GroupStatus> = fields.parse("status", Some(&self.status));
        let last = status.filter(|status| *status >= GroupStatus::Graduated);
        if status.is_some() && last.is_none() {
            fields.refuse("status", "is one of graduated, suspended");
        }
        fields.done()?;
        last.ok_or_else(Problem::internal)
    }
}

/// Close a group
///
/// A manager closes a group of their own organisation: its status moves on, and nobody is assigned to it any more. Their
/// tablets are told to drop it at their next sync; what they hand in then is quarantined for the manager. Whoever must put
/// something right in it later can be assigned again. A status only moves forward: a suspended group can't graduate.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Closed, now or before", body = GroupWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/groups/{id}/close")]
pub(crate) async fn close_group(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<Close>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<GroupWhole>, Problem> {
    let (scope, member) = (permit.scope()?, Member::of(permit, clock.now()));
    let (group, status) = (GroupId::from(*id), body.checked()?);
    let closed = store.write("close group", move |tx| close(tx, group, scope, status, member)).await?;
    closed.map(web::Json).ok_or_else(|| no_such(Kind::Group))
}

fn close(
    tx: &mut Conn<'_>,
    group: GroupId,
    scope: Scope,
    status: GroupStatus,
    member: Member,
) -> Result<Option<GroupWhole>, Failure<AssignmentRefused>> {
    if !scope.holds(tx, group)? {
        return Err(AssignmentRefused::NoSuchGroup.into());
    }
    let led = leaders(tx, group)?;
    for user in &led {
        end(tx, group, *user, member)?;
    }
    let last = edit_group(tx, group, member, |group| {
        group.status().set(status)?;
        led.iter().try_for_each(|user| group.facilitators().remove(user))
    });
    last.map_err(Failure::lift)?;
    Ok(read(tx, scope, group)?)
}

//! Leading a group: begun, and ended so that whoever leads it no longer is sent nothing more of it, can open nothing that is
//! sealed from then on, and is not named in the group.

mod assigning;

use diesel::prelude::*;
use sync_core::id::{GroupId, Id, OrganisationId, StreamId, UserId};
use sync_core::record::Kind;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::Role;
use crate::desk::{EditRefused, Member, edit_group};
use crate::ledger;
use crate::on_each;
use crate::problem::{FieldError, Problem};
use crate::scope::no_such;
use crate::store::schema::{assignments, users};
use crate::store::{At, Code, Conn, Db, Failure, Refusal, StoreError};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(assigning::assign).service(assigning::unassign).service(assigning::list_assignments);
}

/// Why an assignment was not made or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssignmentRefused {
    #[error("there is no such group in the organisation")]
    NoSuchGroup,
    #[error("there is no such person in the organisation who may lead a group")]
    NoSuchUser,
    #[error("nobody assigns themselves")]
    Oneself,
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for AssignmentRefused {}

impl AssignmentRefused {
    /// Says it of the field that names the person.
    pub(crate) fn of_field(self, field: &str) -> Problem {
        let refuse = |detail: &str| {
            Problem::fields(vec![FieldError { field: field.to_owned(), detail: detail.to_owned() }])
        };
        match self {
            Self::NoSuchGroup => no_such(Kind::Group),
            Self::NoSuchUser => {
                refuse("is the id of a facilitator, supervisor or manager of the group's organisation")
            }
            Self::Oneself => refuse(
                "is yourself: whoever leads a group reads its referrals, incidents and screenings, so another manager assigns you, unless you \
                 are a protection officer",
            ),
            Self::Edit(refused) => refused.into(),
        }
    }
}

impl From<AssignmentRefused> for Problem {
    fn from(refused: AssignmentRefused) -> Self {
        refused.of_field("user_id")
    }
}

pub(crate) fn in_organisation(
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
pub(crate) fn begin(
    tx: &mut Conn<'_>,
    group: GroupId,
    user: UserId,
    organisation: OrganisationId,
    member: Member,
) -> Result<(), Failure<AssignmentRefused>> {
    // This locks the person's row: whoever disables or moves them meanwhile waits, and then ends this too.
    let found: Option<(Code<Role>, Option<At>)> =
        on_each!(tx, |c| diesel::update(users::table.find(Db(user)))
            .filter(users::organisation_id.eq(Db(organisation)))
            .filter(users::disabled_at.is_null())
            .set(users::role.eq(users::role))
            .returning((users::role, users::protects_since))
            .get_result(c)
            .optional())?;
    let protects = match found {
        Some((Code(role), protects)) if role.in_organisation() => protects.is_some(),
        _ => return Err(AssignmentRefused::NoSuchUser.into()),
    };
    if user == member.user && !protects {
        return Err(AssignmentRefused::Oneself.into());
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

/// The groups that a person leads now, by id.
pub(crate) fn groups_of(tx: &mut Conn<'_>, user: UserId) -> Result<Vec<GroupId>, StoreError> {
    let groups: Vec<Db<StreamId>> = on_each!(tx, |c| assignments::table
        .filter(assignments::user_id.eq(Db(user)))
        .filter(assignments::ended_at.is_null())
        .order(assignments::group_id)
        .select(assignments::group_id)
        .load(c))?;
    Ok(groups.into_iter().map(|Db(stream)| GroupId::from_uuid(stream.uuid())).collect())
}

/// Those who lead a group now.
pub(crate) fn leaders(tx: &mut Conn<'_>, group: GroupId) -> Result<Vec<UserId>, StoreError> {
    let users: Vec<Db<UserId>> = on_each!(tx, |c| assignments::table
        .filter(assignments::group_id.eq(Db(group)))
        .filter(assignments::ended_at.is_null())
        .order(assignments::user_id)
        .select(assignments::user_id)
        .load(c))?;
    Ok(users.into_iter().map(|Db(user)| user).collect())
}

/// Takes a person off a group.
fn take_off(
    tx: &mut Conn<'_>,
    group: GroupId,
    user: UserId,
    member: Member,
) -> Result<(), Failure<EditRefused>> {
    end(tx, group, user, member)?;
    edit_group(tx, group, member, |edit| edit.facilitators().remove(&user))
}

/// Takes a person off all their groups, in the order of their ids, so that two who do so at once queue.
pub(crate) fn take_off_all(
    tx: &mut Conn<'_>,
    user: UserId,
    member: Member,
) -> Result<(), Failure<EditRefused>> {
    for group in groups_of(tx, user)? {
        take_off(tx, group, user, member)?;
    }
    Ok(())
}

/// Ends an assignment, if it is in force, and gives the group another key.
pub(crate) fn end(tx: &mut Conn<'_>, group: GroupId, user: UserId, member: Member) -> Result<(), StoreError> {
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

//! Which tablet holds which group, or held it: when it was first sent it, how far it has read, when it was told to drop it,
//! and when it said that it has.

use actix_web::{get, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::{DeviceId, GroupId, Id, OrganisationId, StreamId};
use sync_core::record::Kind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::timestamp;
use crate::ledger::{self, StreamKind};
use crate::on_each;
use crate::problem::Problem;
use crate::register::devices::{self, DeviceRefused};
use crate::scope::{Permit, no_such};
use crate::store::schema::{devices as tablets, purges, readings, streams, users};
use crate::store::{At, Code, Conn, Db, Failure, Store, StoreError};

/// A group on a tablet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Holding {
    #[schema(value_type = Uuid)]
    pub(super) group_id: GroupId,
    #[schema(value_type = Uuid)]
    device_id: DeviceId,
    #[schema(example = "Nyagatare 3")]
    device_name: String,
    /// The name of the person whose tablet it is.
    held_by: String,
    /// When it was first sent the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Timestamp>,
    /// How many changes of the group it has not said that it read; absent once it has dropped the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<i64>,
    /// When it was first told to drop the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) told_at: Option<Timestamp>,
    /// When it said that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dropped_at: Option<Timestamp>,
}

/// List the groups on a tablet
///
/// All of them, for the manager of the organisation of the tablet's holder, who sees the groups of that organisation, and
/// for administrators. A group that the tablet dropped stays in the list, with when it said so.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The tablet")),
    responses(
        (status = 200, description = "Those that it holds or held, longest ago first", body = Vec<Holding>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-device`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/devices/{id}/groups")]
pub(crate) async fn groups_of_tablet(
    permit: Permit,
    id: web::Path<DeviceId>,
    store: web::Data<Store>,
) -> Result<web::Json<Vec<Holding>>, Problem> {
    let (id, organisation) = (*id, permit.organisations()?);
    let found = store.read("groups of a tablet", move |tx| -> Result<_, Failure<DeviceRefused>> {
        let seen = |tablet: &devices::Device| permit.covers(tablet.organisation);
        devices::find(tx, id)?.filter(seen).ok_or(DeviceRefused::NoSuchDevice)?;
        Ok(holdings(tx, Of::Tablet(id), organisation)?)
    });
    Ok(web::Json(found.await?))
}

/// List the tablets with a group
///
/// All of them, for the manager of the group's organisation, and for administrators. Tablets of people who have left the organisation
/// are among them: this says whether they still hold the group.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Those that hold or held it, longest ago first", body = Vec<Holding>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-group`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/groups/{id}/devices")]
pub(crate) async fn tablets_of_group(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<Vec<Holding>>, Problem> {
    let (id, organisation) = (StreamId::from_uuid(*id), permit.organisations()?);
    let found = store.read("tablets of a group", move |tx| -> Result<_, StoreError> {
        match ledger::stream(tx, id)? {
            Some(group) if permit.covers(group.organisation) => {
                holdings(tx, Of::Group(id), organisation).map(Some)
            }
            _ => Ok(None),
        }
    });
    found.await?.map(web::Json).ok_or_else(|| no_such(Kind::Group))
}

/// Of what.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Tablet(DeviceId),
    Group(StreamId),
}

/// The group, the tablet, its name, and whose it is.
type Where = (Db<StreamId>, Db<DeviceId>, String, String);
/// Since when, and when the tablet was told to drop it.
type When = (Option<At>, Option<At>);

/// The rows of one of the two tables, of the groups of one organisation or of all: what is held, or what was dropped. Each
/// with a last column of its own.
macro_rules! rows {
    ($tx:expr, $table:ident, $of:expr, $organisation:expr, $last:expr) => {
        on_each!($tx, |c, Backend| {
            let mut rows = $table::table
                .inner_join(tablets::table.inner_join(users::table))
                .inner_join(streams::table)
                .filter(streams::kind.eq(Code(StreamKind::Group)))
                .select((
                    ($table::stream_id, $table::device_id, tablets::name, users::name),
                    ($table::since.nullable(), $table::told_at),
                    $last,
                ))
                .into_boxed::<Backend>();
            rows = match $of {
                Of::Tablet(tablet) => rows.filter($table::device_id.eq(Db(tablet))),
                Of::Group(group) => rows.filter($table::stream_id.eq(Db(group))),
            };
            if let Some(organisation) = $organisation {
                rows = rows.filter(streams::organisation_id.eq(Db(organisation)));
            }
            rows.load(c)
        })
    };
}

/// The groups on a tablet, or the tablets with a group; those that were dropped too.
pub(super) fn holdings(
    tx: &mut Conn<'_>,
    of: Of,
    organisation: Option<OrganisationId>,
) -> Result<Vec<Holding>, StoreError> {
    let behind = streams::last_seq - readings::position;
    let held: Vec<(Where, When, i64)> = rows!(tx, readings, of, organisation, behind)?;
    let dropped: Vec<(Where, When, At)> = rows!(tx, purges, of, organisation, purges::received_at)?;
    let held = held.into_iter().map(|(place, when, behind)| holding(place, when, Some(behind), None));
    let dropped = dropped.into_iter().map(|(place, when, at)| holding(place, when, None, Some(at)));
    let mut all: Vec<Holding> = dropped.chain(held).collect();
    all.sort_by_key(|holding| (holding.since, holding.group_id, holding.device_id));
    Ok(all)
}

fn holding(
    (Db(stream), Db(device_id), device_name, held_by): Where,
    (since, told): When,
    behind: Option<i64>,
    dropped: Option<At>,
) -> Holding {
    let time = |at: Option<At>| at.map(|At(at)| timestamp(at));
    Holding {
        group_id: GroupId::from_uuid(stream.uuid()),
        device_id,
        device_name,
        held_by,
        since: time(since),
        behind,
        told_at: time(told),
        dropped_at: time(dropped),
    }
}

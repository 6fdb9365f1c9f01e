//! The tablets, as the manager of their holders' organisation or an administrator sees them.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::dsl::count_star;
use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::{DeviceId, OrganisationId, UserId};
use sync_core::time::Millis;
use utoipa::ToSchema;

use crate::access::Role;
use crate::clock::timestamp;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Problem, kind};
use crate::scope::Permit;
use crate::store::schema::{devices, documents, readings, users};
use crate::store::{At, Code, Conn, Db, Failure, Refusal, Store, StoreError, as_worker};

/// An enrolled tablet.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Device)]
pub(crate) struct DeviceView {
    #[schema(value_type = Uuid)]
    id: DeviceId,
    #[schema(example = "Nyagatare 3")]
    name: String,
    /// Who holds it.
    #[schema(value_type = Uuid)]
    pub(crate) user_id: UserId,
    #[schema(value_type = Option<Uuid>)]
    pub(crate) organisation_id: Option<OrganisationId>,
    enrolled_at: Timestamp,
    /// When it last reached the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen_at: Option<Timestamp>,
    /// Since when it is sent nothing, and what it hands in is quarantined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<Timestamp>,
    /// The program that it runs, with its version, as it said when it last reached the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ihuriro 0.1.0")]
    program: Option<String>,
    /// How many changes it had recorded and not handed in after it last reached the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsent: Option<i64>,
    /// How many records there are in what it was sent and has not said to have dropped: groups, and lessons.
    records_held: i64,
}

/// A tablet as the room that answers it needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    /// Its holder.
    pub user: UserId,
    pub organisation: Option<OrganisationId>,
    pub role: Role,
    /// Ed25519.
    pub public_key: [u8; 32],
    pub revoked: bool,
    /// The holder may not sign in any more.
    pub disabled: bool,
    /// The number of its last request.
    pub last_request: i64,
}

/// Why a tablet was not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeviceRefused {
    #[error("there is no such tablet in the organisation")]
    NoSuchDevice,
}

impl Refusal for DeviceRefused {}

impl From<DeviceRefused> for Problem {
    fn from(refused: DeviceRefused) -> Self {
        match refused {
            DeviceRefused::NoSuchDevice => {
                Self::of(kind::NO_SUCH_DEVICE, "No tablet of your organisation has this id.")
            }
        }
    }
}

/// List tablets
///
/// An administrator sees all; a manager those of their own organisation. In the order of their ids, which is that in which
/// they were enrolled.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Enrolled tablets", body = Page<DeviceView>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/devices")]
pub(crate) async fn list_devices(
    permit: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<DeviceView>>, Problem> {
    let window: Window<DeviceId> = query.of("devices")?;
    let asked = window.clone();
    let organisation = permit.organisations()?;
    let rows = store.read("list devices", move |tx| list(tx, organisation, &asked)).await?;
    Ok(web::Json(Page::of(rows, &window, |device: &DeviceView| device.id)))
}

/// The columns of a tablet in a list.
#[derive(Queryable, Selectable)]
#[diesel(table_name = devices)]
struct Columns {
    id: Db<DeviceId>,
    name: String,
    user_id: Db<UserId>,
    enrolled_at: At,
    last_seen_at: Option<At>,
    revoked_at: Option<At>,
    program: Option<String>,
    unsent: Option<i64>,
}

type ViewRow = (Columns, Option<Db<OrganisationId>>);

fn view((row, organisation): ViewRow, held: &BTreeMap<DeviceId, i64>) -> DeviceView {
    DeviceView {
        id: row.id.0,
        name: row.name,
        user_id: row.user_id.0,
        organisation_id: organisation.map(|Db(id)| id),
        enrolled_at: timestamp(row.enrolled_at.0),
        last_seen_at: row.last_seen_at.map(|At(at)| timestamp(at)),
        revoked_at: row.revoked_at.map(|At(at)| timestamp(at)),
        program: row.program,
        unsent: row.unsent,
        records_held: held.get(&row.id.0).copied().unwrap_or_default(),
    }
}

fn list(
    tx: &mut Conn<'_>,
    organisation: Option<OrganisationId>,
    window: &Window<DeviceId>,
) -> Result<Vec<DeviceView>, StoreError> {
    let rows: Vec<ViewRow> = on_each!(tx, |c, Backend| {
        let mut rows = devices::table
            .inner_join(users::table)
            .order(devices::id)
            .limit(window.rows())
            .select((Columns::as_select(), users::organisation_id))
            .into_boxed::<Backend>();
        if let Some(organisation) = organisation {
            rows = rows.filter(users::organisation_id.eq(Db(organisation)));
        }
        if let Some(after) = window.after {
            rows = rows.filter(devices::id.gt(Db(after)));
        }
        rows.load(c)
    })?;
    let held = as_worker(tx, |tx| records_held(tx, rows.iter().map(|(row, _)| row.id).collect()))?;
    Ok(rows.into_iter().map(|row| view(row, &held)).collect())
}

/// How many records there are in the groups that each of these tablets holds. Reads an index row for each record and tablet, and nothing of
/// a record.
fn records_held(
    tx: &mut Conn<'_>,
    tablets: Vec<Db<DeviceId>>,
) -> Result<BTreeMap<DeviceId, i64>, StoreError> {
    let rows: Vec<(Db<DeviceId>, i64)> = on_each!(tx, |c| readings::table
        .inner_join(documents::table.on(documents::stream_id.eq(readings::stream_id)))
        .filter(readings::device_id.eq_any(tablets))
        .group_by(readings::device_id)
        .select((readings::device_id, count_star()))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(id), count)| (id, count)).collect())
}

/// A tablet as lists show it.
///
/// # Errors
/// [`DeviceRefused`] where the caller does not reach it.
pub(crate) fn shown(
    tx: &mut Conn<'_>,
    permit: Permit,
    id: DeviceId,
) -> Result<DeviceView, Failure<DeviceRefused>> {
    let row: Option<ViewRow> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(devices::id.eq(Db(id)))
        .select((Columns::as_select(), users::organisation_id))
        .first(c)
        .optional())?;
    let row = row.filter(|(_, organisation)| permit.covers(organisation.map(|Db(id)| id)));
    let row = row.ok_or(DeviceRefused::NoSuchDevice)?;
    let held = as_worker(tx, |tx| records_held(tx, vec![Db(id)]))?;
    Ok(view(row, &held))
}

/// Revokes a tablet, unless it is. The key of its folder is forgotten: nobody unlocks it any more.
///
/// # Errors
/// [`DeviceRefused`].
pub(crate) fn revoke(
    tx: &mut Conn<'_>,
    permit: Permit,
    id: DeviceId,
    now: Millis,
) -> Result<DeviceView, Failure<DeviceRefused>> {
    find(tx, id)?.filter(|device| permit.covers(device.organisation)).ok_or(DeviceRefused::NoSuchDevice)?;
    on_each!(tx, |c| diesel::update(devices::table.find(Db(id)))
        .filter(devices::revoked_at.is_null())
        .set((
            devices::revoked_at.eq(At(now)),
            devices::folder_key.eq(None::<Vec<u8>>),
            devices::unlock_hash.eq(None::<Vec<u8>>),
        ))
        .execute(c))?;
    shown(tx, permit, id)
}

/// The tablet with this id, revoked or not.
///
/// # Errors
/// Those of the store.
pub fn find(tx: &mut Conn<'_>, id: DeviceId) -> Result<Option<Device>, StoreError> {
    type Row = (Db<UserId>, Option<Db<OrganisationId>>, Code<Role>, Vec<u8>, Option<At>, Option<At>, i64);
    let row: Option<Row> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(devices::id.eq(Db(id)))
        .select((
            devices::user_id,
            users::organisation_id,
            users::role,
            devices::public_key,
            devices::revoked_at,
            users::disabled_at,
            devices::last_request,
        ))
        .first(c)
        .optional())?;
    let Some((Db(user), organisation, Code(role), key, revoked, disabled, last_request)) = row else {
        return Ok(None);
    };
    let public_key = key.try_into().map_err(|_| StoreError::Damaged("a device's key is not 32 bytes"))?;
    Ok(Some(Device {
        id,
        user,
        organisation: organisation.map(|Db(id)| id),
        role,
        public_key,
        revoked: revoked.is_some(),
        disabled: disabled.is_some(),
        last_request,
    }))
}

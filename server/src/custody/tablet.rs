//! Revoking a tablet: lost, stolen, or replaced by another.

use actix_web::{post, web};
use sync_core::id::DeviceId;
use sync_core::time::Millis;

use crate::clock::Clock;
use crate::leading::groups_of;
use crate::ledger::renew_key;
use crate::problem::Problem;
use crate::register::devices::{self, DeviceRefused, DeviceView};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store, StoreError, as_worker};

/// Revoke a tablet
///
/// It is sent nothing more, and is told to drop all that it holds if it ever comes again. What it recorded and could not
/// send is not lost: it hands that in, and it waits for the manager.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The tablet")),
    responses(
        (status = 200, description = "Revoked, now or before", body = DeviceView),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-device`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/devices/{id}/revoke")]
pub(crate) async fn revoke_device(
    permit: Permit,
    device: web::Path<DeviceId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<DeviceView>, Problem> {
    let (device, now) = (device.into_inner(), clock.now());
    let revoked = store.write("revoke device", move |tx| revoke(tx, permit, device, now)).await?;
    Ok(web::Json(revoked))
}

/// What is sealed from now on, it can't open either.
fn revoke(
    tx: &mut Conn<'_>,
    permit: Permit,
    device: DeviceId,
    now: Millis,
) -> Result<DeviceView, Failure<DeviceRefused>> {
    let revoked = devices::revoke(tx, permit, device, now)?;
    // As the service: an administrator, who sees no records, decides about the tablet.
    as_worker(tx, |tx| -> Result<(), StoreError> {
        for group in groups_of(tx, revoked.user_id)? {
            renew_key(tx, group.into())?;
        }
        if let Some(own) = revoked.organisation_id {
            renew_key(tx, own.into())?;
        }
        Ok(())
    })?;
    Ok(revoked)
}

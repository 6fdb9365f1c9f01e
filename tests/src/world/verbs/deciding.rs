//! What managers and supervisors decide at a desk: which value holds, and what becomes of what was quarantined.

use actix_web::test::TestRequest;
use diesel::prelude::*;
use serde_json::json;
use server::on_each;
use server::store::schema::quarantine;
use server::store::{Conn, Db, StoreError};
use sync_core::id::{GroupId, StreamId};
use uuid::Uuid;

use super::people::{Reply, done};
use crate::world::{Sound, World};

/// A manager settles a clash by one of its values. What clashes may be a value that may not be taken back.
pub(super) fn settle(world: &mut World) -> Sound<bool> {
    let organisation = world.dice.below(world.organisations.len());
    let listed = world.manager(organisation, TestRequest::get().uri("/v1/conflicts?limit=50"))?;
    if !done(&listed, 200, &[])? {
        return Ok(false);
    }
    let open = listed.and_then(|(_, body)| body["items"].as_array().cloned()).unwrap_or_default();
    let Some(clash) = world.dice.pick(&open) else { return Ok(false) };
    let values = clash["values"].as_array().cloned().unwrap_or_default();
    let Some(value) = world.dice.pick(&values) else { return Ok(false) };
    let body = json!({
        "record": clash["record_id"], "field": clash["field"], "value": value["value"],
        "reason": "The register says so.", "conflict": clash["id"],
    });
    let request = TestRequest::post().uri("/v1/conflicts/resolve").set_json(body);
    let reply = world.manager(organisation, request)?;
    done(&reply, 204, &[409, 422])
}

pub(super) fn release(world: &mut World) -> Sound<bool> {
    let Some((organisation, group, waiting)) = waiting(world) else { return Ok(false) };
    let request = TestRequest::post().uri(&format!("/v1/quarantine/{waiting}/release"));
    let reply = decided(world, organisation, group, request.set_json(json!({})))?;
    if let Some((_, body)) = &reply {
        world.disturbed = true;
        world.coverage.count(format!("released: {}", body["outcome"].as_str().unwrap_or("refused")));
        world.coverage.add("went on with a release", body["others"].as_u64().unwrap_or(0));
    }
    done(&reply, 200, &[])
}

pub(super) fn reject(world: &mut World) -> Sound<bool> {
    let Some((organisation, group, waiting)) = waiting(world) else { return Ok(false) };
    let request = TestRequest::post().uri(&format!("/v1/quarantine/{waiting}/reject"));
    let reply = decided(world, organisation, group, request.set_json(json!({"reason": "Recorded twice."})))?;
    done(&reply, 200, &[])
}

/// Many are decided at once; some of them may be somebody else's to decide.
pub(super) fn decide_on_many(world: &mut World) -> Sound<bool> {
    let Some((organisation, group, _)) = waiting(world) else { return Ok(false) };
    let most = world.dice.between(2, 12) as usize;
    let ids: Vec<Uuid> = all_waiting(world).into_iter().take(most).map(|(id, _)| id).collect();
    let (what, body) = if world.dice.percent(80) {
        ("release", json!({"ids": ids}))
    } else {
        ("reject", json!({"ids": ids, "reason": "Recorded twice."}))
    };
    let request = TestRequest::post().uri(&format!("/v1/quarantine/{what}")).set_json(body);
    let reply = decided(world, organisation, group, request)?;
    if let Some((_, body)) = &reply {
        world.disturbed = true;
        for one in body["changes"].as_array().into_iter().flatten() {
            world.coverage.count(format!("of many: {}", one["outcome"].as_str().unwrap_or("refused")));
        }
        world.coverage.add("went the way of many", body["others"].as_u64().unwrap_or(0));
    }
    done(&reply, 200, &[])
}

/// Something that waits for a decision, and whose it is to decide.
fn waiting(world: &mut World) -> Option<(usize, GroupId, Uuid)> {
    let rows = all_waiting(world);
    let (id, stream) = world.dice.pick(&rows)?;
    let (group, organisation) = *world.groups.iter().find(|(group, _)| StreamId::from(*group) == stream)?;
    Some((organisation, group, id))
}

/// All that waits for a decision. By digest: the ids are the service's luck, not ours.
fn all_waiting(world: &World) -> Vec<(Uuid, StreamId)> {
    type Rows = Vec<(Vec<u8>, Db<StreamId>)>;
    let load = |tx: &mut Conn<'_>| -> Result<Rows, StoreError> {
        on_each!(tx, |c| quarantine::table
            .filter(quarantine::released_at.is_null())
            .filter(quarantine::rejected_at.is_null())
            .order((quarantine::document_id, quarantine::digest))
            .select((quarantine::id, quarantine::stream_id))
            .load(c))
    };
    let rows = world.ground.store.read_blocking("waiting", load).expect("the store answers");
    rows.into_iter().filter_map(|(id, Db(stream))| Some((Uuid::from_slice(&id).ok()?, stream))).collect()
}

/// The decision of the group's supervisor, if it has one, or of the manager.
fn decided(world: &mut World, organisation: usize, group: GroupId, request: TestRequest) -> Sound<Reply> {
    let supervisor = world.organisations[organisation].supervisor;
    if world.assigned.contains(&(supervisor, group)) && !world.disabled.contains(&supervisor) {
        world.coverage.count("decisions of a supervisor");
        return world.person(supervisor, request);
    }
    world.manager(organisation, request)
}

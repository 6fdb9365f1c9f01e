//! Somebody asked to be erased, and a manager confirms it; and the service's daily look for tablets that name them since.

use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::DocumentId;
use sync_core::record::{Kind, Participant};

use super::people::done;
use crate::world::{Sound, World};

pub(super) fn at_desk(world: &mut World) -> Sound<bool> {
    let Some(group) = world.some_group() else { return Ok(false) };
    let there = world.stored().into_iter().filter(|(_, one)| one.kind == Kind::Participant);
    let there = there.filter(|(_, one)| one.stream == group.into());
    let people: Vec<(DocumentId, String)> = there
        .filter_map(|(id, one)| Some((id, one.open().read::<Participant>().ok()?.code.to_string())))
        .collect();
    let Some((id, code)) = world.dice.pick(&people) else { return Ok(false) };
    let request = TestRequest::post().uri(&format!("/v1/participants/{id}/erasure"));
    let reply = world.person(world.manager_of(group), request.set_json(json!({ "code": code })))?;
    // Where the store broke off, it may be done all the same.
    world.ground.list_erasures();
    let did = done(&reply, 200, &[])?;
    if did {
        world.remembered.push((group, code));
    }
    if let Some((_, body)) = reply {
        world.coverage.add("records erased", body["records"].as_u64().unwrap_or(0));
        let again = body["sessions"].as_array().map_or(0, Vec::len);
        world.coverage.add("sessions recorded again without a code", again as u64);
        world
            .coverage
            .add("records that go on naming a code", body["left"].as_array().map_or(0, Vec::len) as u64);
    }
    Ok(did)
}

pub(super) fn late_names(world: &mut World) -> Sound<bool> {
    world.erase_late_names();
    Ok(!world.remembered.is_empty())
}

impl World {
    /// Gives how many sessions named somebody who was erased before.
    pub(in crate::world) fn erase_late_names(&mut self) -> usize {
        let again = self.ground.erase_late_names();
        self.coverage.add("sessions recorded again for a late name", again as u64);
        again
    }
}

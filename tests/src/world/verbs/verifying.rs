//! Sessions are verified, returned with a note, and either is taken back; and somebody says so who may not.

use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{DocumentId, GroupId};
use sync_core::record::Session;
use sync_core::record::session::SessionState;

use crate::world::{Sound, World, ensure};

/// By a supervisor or manager, who then sees it so.
pub(super) fn at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let mut all = world.records::<Session>(*group);
        all.retain(|(_, one, _)| !one.is_set_aside());
        all.into_iter().map(|(id, one, _)| (id, one.state != SessionState::Draft)).collect()
    });
    let Some((group, id, _)) = found else { return Ok(false) };
    let state = if world.dice.percent(60) {
        SessionState::Verified
    } else {
        world.dice.pick(&[SessionState::Draft, SessionState::Submitted]).unwrap_or(SessionState::Draft)
    };
    let keeper = world.keeper(group);
    let request = TestRequest::post().uri(&format!("/v1/sessions/{id}/state"));
    let Some(_) = world.at_desk(keeper, id, request, json!({"state": state}), (204, &[]))? else {
        return Ok(false);
    };
    world.coverage.count(format!("a session becomes {state}"));
    let read = world.person(keeper, TestRequest::get().uri(&format!("/v1/sessions/{id}")))?;
    let Some((_, read)) = read else { return Ok(true) };
    let returned = read["returned"].is_string() == (state == SessionState::Draft);
    let as_said = read["state"] == json!(state) && read["changed_since_verified"] == false && returned;
    ensure(as_said, "a session has the state that somebody gave it", || format!("{state}: {read}"))?;
    Ok(true)
}

pub(super) fn on_tablet(world: &mut World) -> Sound<bool> {
    let Some((at, group, id)) = some_session(world, true) else { return Ok(false) };
    world.on_tablet::<Session>(at, group, id, |edit, _| edit.state().set(SessionState::Verified))
}

/// A facilitator verifies, takes a verified session back or returns one, with a program that lets them.
pub(super) fn without_authority(world: &mut World) -> Sound<bool> {
    let Some((at, group, id)) = some_session(world, false) else { return Ok(false) };
    let turn = world.dice.below(4);
    world.beyond_authority(at, |world| {
        world.on_tablet::<Session>(at, group, id, |edit, why| match turn {
            0 => edit.returned().set(why),
            1 => edit.state().move_to(SessionState::Draft),
            _ => edit.state().set(SessionState::Verified),
        })
    })
}

/// A session that counts, on a tablet of a supervisor or of a facilitator.
fn some_session(world: &mut World, of_supervisor: bool) -> Option<(usize, GroupId, DocumentId)> {
    let all = world.slates.iter().enumerate();
    let all = all.filter(|(_, slate)| world.is_supervisor(slate.user()) == of_supervisor);
    let all: Vec<(usize, GroupId)> =
        all.flat_map(|(at, slate)| slate.tablet.groups().into_iter().map(move |group| (at, group))).collect();
    let (at, group) = world.dice.pick(&all)?;
    let all = world.slates[at].tablet.all::<Session>(group.into()).into_iter();
    let all: Vec<DocumentId> = all.filter(|(_, one)| !one.is_set_aside()).map(|(id, _)| id).collect();
    Some((at, group, world.dice.pick(&all)?))
}

//! What was recorded by mistake is made void, and that is taken back.

use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{DocumentId, GroupId, UserId};
use sync_core::record::{Group, Kind, Participant, Session};
use tablet::recording::is_of_holder;

use super::recording::somewhere;
use crate::world::slate::Slate;
use crate::world::{Sound, World};

/// By whoever recorded it.
pub(super) fn on_tablet(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, (at, group)| {
        let slate = &world.slates[*at];
        let mut all = on_slate(slate, *group);
        all.retain(|(id, _)| is_of_holder(&slate.tablet, *id));
        all
    });
    let Some(((at, group), id, back)) = found else { return Ok(false) };
    let wrote = say(world, at, group, id, back)?;
    if wrote {
        world.coverage.count(if back { "no longer void: on a tablet" } else { "void: on a tablet" });
    }
    Ok(wrote)
}

/// What others recorded, or the group, on a tablet that lets its holder say so.
pub(super) fn of_others(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, (at, group)| {
        let slate = &world.slates[*at];
        let mut all = on_slate(slate, *group);
        all.retain(|(id, _)| !is_of_holder(&slate.tablet, *id) && !world.is_supervisor(slate.user()));
        let void = slate.tablet.read::<Group>(*group).is_ok_and(|group| group.void.is_some());
        all.push(((*group).into(), void));
        all
    });
    let Some(((at, group), id, back)) = found else { return Ok(false) };
    world.beyond_authority(at, |world| say(world, at, group, id, back))
}

/// Of a session or a participant by a supervisor or manager.
pub(super) fn at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let sessions = world.records::<Session>(*group).into_iter();
        let people = world.records::<Participant>(*group).into_iter();
        let sessions = sessions.map(|(id, one, _)| (id, one.void.is_some()));
        sessions.chain(people.map(|(id, one, _)| (id, one.void.is_some()))).collect()
    });
    let Some((group, id, back)) = found else { return Ok(false) };
    let keeper = world.keeper(group);
    let said = ask(world, keeper, id, back)?;
    if said {
        world.coverage.count(if back { "no longer void: at a desk" } else { "void: at a desk" });
    }
    Ok(said)
}

/// Of a group with all that belongs to it, by a manager.
pub(super) fn of_group(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        world.records::<Group>(*group).into_iter().map(|(id, one, _)| (id, one.void.is_some())).collect()
    });
    let Some((group, id, back)) = found else { return Ok(false) };
    let manager = world.manager_of(group);
    let said = ask(world, manager, id, back)?;
    if said {
        world.coverage.count(if back { "no longer void: a group" } else { "void: a group" });
    }
    Ok(said)
}

/// The sessions and participants of a group on a tablet, and whether each is void.
fn on_slate(slate: &Slate, group: GroupId) -> Vec<(DocumentId, bool)> {
    let sessions = slate.tablet.all::<Session>(group.into()).into_iter();
    let people = slate.tablet.all::<Participant>(group.into()).into_iter();
    let sessions = sessions.map(|(id, one)| (id, one.void.is_some()));
    sessions.chain(people.map(|(id, one)| (id, one.void.is_some()))).collect()
}

fn say(world: &mut World, at: usize, group: GroupId, id: DocumentId, back: bool) -> Sound<bool> {
    macro_rules! of {
        ($kind:ident) => {
            world.on_tablet::<$kind>(at, group, id, |edit, why| match back {
                true => edit.void().clear(),
                false => edit.void().set(why),
            })
        };
    }
    match world.slates[at].tablet.place_of(id) {
        Some((Kind::Session, _)) => of!(Session),
        Some((Kind::Participant, _)) => of!(Participant),
        _ => of!(Group),
    }
}

fn ask(world: &mut World, keeper: UserId, id: DocumentId, back: bool) -> Sound<bool> {
    let request = TestRequest::post().uri(&format!("/v1/records/{id}/void"));
    let answer = world.at_desk(keeper, id, request, json!({"void": !back}), (204, &[]))?;
    Ok(answer.is_some())
}

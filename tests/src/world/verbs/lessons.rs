//! What organisations learn: written on tablets by several at once, published by a manager, and shared with all.

use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{DocumentId, LessonId, OrganisationId, StreamId};
use sync_core::record::lesson::LessonStatus;
use sync_core::record::{Kind, Lesson, SharedLesson};

use super::recording::edit;
use crate::world::{Sound, World, ensure};

/// A tablet that reads the stream of its organisation, with the id of that.
fn some_tablet(world: &mut World) -> Option<(usize, OrganisationId)> {
    let at = (!world.slates.is_empty()).then(|| world.dice.below(world.slates.len()))?;
    Some((at, world.slates[at].tablet.organisation()))
}

/// Before the first sync there is nowhere to write it: the edit is refused then.
pub(super) fn write(world: &mut World) -> Sound<bool> {
    let Some((at, own)) = some_tablet(world) else { return Ok(false) };
    let id = LessonId::new(&world.moment_of(at));
    let words = format!("Learned {}", world.dice.between(1, 999));
    edit::<Lesson>(world, at, own, id, |lesson| {
        lesson.organisation().set(own)?;
        lesson.title().set(words.parse()?)?;
        lesson.what_happened().append(&words)
    })
}

/// What a supervisor has published meanwhile is theirs to change: it waits for the manager then.
pub(super) fn write_on(world: &mut World) -> Sound<bool> {
    let Some((at, own)) = some_tablet(world) else { return Ok(false) };
    let there = world.slates[at].tablet.all::<Lesson>(own.into());
    let Some((id, _)) = world.dice.pick(&there) else { return Ok(false) };
    let words = format!("And {}.", world.dice.between(1, 999));
    edit::<Lesson>(world, at, own, id, |lesson| lesson.why().append(&words))
}

/// By the manager, who began none.
pub(super) fn publish(world: &mut World) -> Sound<bool> {
    let all: Vec<(DocumentId, StreamId, LessonStatus)> = world
        .stored()
        .into_iter()
        .filter(|(_, one)| one.kind == Kind::Lesson)
        .map(|(id, one)| {
            (id, one.stream, one.open().read::<Lesson>().expect("a stored record stands").status)
        })
        .collect();
    let Some((id, stream, before)) = world.dice.pick(&all) else { return Ok(false) };
    let own = world.organisations.iter().find(|one| StreamId::from(one.id) == stream);
    let Some(manager) = own.map(|one| one.manager) else { return Ok(false) };
    // Saying again what it is already changes nothing.
    let status = match before {
        LessonStatus::Published => "retired",
        LessonStatus::Retired => "published",
        _ if world.dice.percent(75) => "published",
        _ => "retired",
    };
    let request = TestRequest::post().uri(&format!("/v1/lessons/{id}/status"));
    let said = world.at_desk(manager, id, request, json!({"status": status}), (200, &[]))?;
    if said.is_some() {
        world.coverage.count(format!("a lesson becomes {status}"));
    }
    Ok(said.is_some())
}

/// The service does so every few seconds. All that is published is shared then, as it stands.
pub(super) fn share(world: &mut World) -> Sound<bool> {
    let shared = world.ground.share();
    let all = world.stored();
    for (id, one) in all.iter().filter(|(_, one)| one.kind == Kind::Lesson) {
        let lesson: Lesson = one.open().read().expect("a stored record stands");
        let out = all.get(&sync_core::id::SharedLessonId::of((*id).into()).into());
        let read = out.map(|one| one.open().read::<SharedLesson>().expect("a stored record stands"));
        let same = read.as_ref().is_none_or(|read| {
            read.retired_on.is_some() || (&read.title, &read.why) == (&lesson.title, &lesson.why)
        });
        ensure(same, "what is published is shared as it stands", || {
            format!("{id}: {lesson:?}, not {read:?}")
        })?;
    }
    Ok(shared > 0)
}

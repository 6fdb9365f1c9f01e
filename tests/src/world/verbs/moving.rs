//! Meetings that were recorded under a wrong day go under the right one and back, and what was recorded there since goes where it
//! counts.

use std::collections::BTreeMap;

use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{DocumentId, GroupId, SessionId};
use sync_core::moving::{copy, is_taken_back, recorded_since, target};
use sync_core::record::session::PartOfDay;
use sync_core::record::{Record, Session};
use sync_core::time::Date;
use tablet::recording::marks_to_move;

use super::recording::somewhere;
use crate::village::day;
use crate::world::{Sound, World};

/// Also days on which nobody records.
const DAYS: i64 = 5;

pub(super) fn on_tablet(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, (at, group)| {
        let all = world.slates[*at].tablet.all::<Session>((*group).into()).into_iter();
        all.map(|(id, one)| ((id, one.moved_to), one.moved_to.is_some())).collect()
    });
    let Some(((at, group), (id, moved_to), back)) = found else { return Ok(false) };
    let wrote = match moved_to {
        Some(to) => move_back(world, at, group, (id, to))?,
        None => move_on(world, at, group, id)?,
    };
    if wrote {
        world.coverage.count(if back { "moved back: on a tablet" } else { "moved: on a tablet" });
    }
    Ok(wrote)
}

/// As the command line does it. Whoever is stopped between the two records moves it again.
fn move_on(world: &mut World, at: usize, group: GroupId, id: DocumentId) -> Sound<bool> {
    let (date, part) = some_time(world);
    let tablet = &world.slates[at].tablet;
    let from = tablet.read::<Session>(id).expect("it is there");
    let Ok(slot) = target(&from, date, part, |id| tablet.record(id)) else { return Ok(false) };
    let Ok(marks) = marks_to_move(tablet, group, id.into()) else { return Ok(false) };
    let begun = world.on_tablet::<Session>(at, group, slot.id, |edit, _| {
        slot.begin(edit)?;
        edit.moved_from().set(id.into())?;
        copy(&from, &marks, edit)
    })?;
    if !begun || world.dice.percent(5) {
        return Ok(false);
    }
    world.on_tablet::<Session>(at, group, id, |edit, _| edit.moved_to().set(slot.id))
}

fn move_back(world: &mut World, at: usize, group: GroupId, (id, to): (DocumentId, SessionId)) -> Sound<bool> {
    let there = world.slates[at].tablet.read::<Session>(to);
    if there.is_ok_and(|there| there.moved_to.is_some()) {
        return Ok(false);
    }
    world.on_tablet::<Session>(at, group, id, |edit, _| edit.moved_to().clear())
}

pub(super) fn at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let mut all = world.records::<Session>(*group);
        all.retain(|(_, one, _)| one.void.is_none() && one.double_of.is_none());
        all.into_iter().map(|(id, one, _)| ((id, (one.date, one.part)), one.moved_to.is_some())).collect()
    });
    let Some((group, (id, stands), back)) = found else { return Ok(false) };
    let (date, part) = some_time(world);
    if !back && (date, part) == stands {
        return Ok(false);
    }
    let body = if back { json!({"date": null}) } else { json!({"date": date.to_string(), "part": part}) };
    let keeper = world.keeper(group);
    let request = TestRequest::post().uri(&format!("/v1/sessions/{id}/move"));
    // That day may have its record, or not have come; what it was moved to may have been moved on, or recorded in.
    let moved = world.at_desk(keeper, id, request, body, (200, &[409, 422]))?.is_some();
    if moved {
        world.coverage.count(if back { "moved back: at a desk" } else { "moved: at a desk" });
    }
    Ok(moved)
}

/// What somebody recorded who had not heard that a session was set aside goes where it counts.
pub(super) fn carry_over(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let mut all = world.records::<Session>(*group);
        let source: BTreeMap<SessionId, Record> = all
            .iter()
            .map(|(id, session, _)| (SessionId::from(*id), Record::Session(session.clone())))
            .collect();
        all.retain(|(id, session, document)| {
            let source = session.moved_from.and_then(|from| source.get(&from));
            let taken_back = is_taken_back((*id).into(), session, source);
            !recorded_since(session, document, taken_back).is_empty()
        });
        all.into_iter().map(|(id, session, _)| ((id, session.moved_to), true)).collect()
    });
    let Some((group, (id, moved_to), _)) = found else { return Ok(false) };
    let there = world.records::<Session>(group).into_iter().find(|(one, ..)| Some((*one).into()) == moved_to);
    let mut body = match there {
        Some((_, there, _)) if world.dice.percent(70) => {
            json!({"date": there.date.to_string(), "part": there.part})
        }
        _ => json!({}),
    };
    if let Some(clashes) = world.dice.pick(&[Some("keep"), Some("replace"), None]).flatten() {
        body["clashes"] = json!(clashes);
    }
    let keeper = world.keeper(group);
    let request = TestRequest::post().uri(&format!("/v1/sessions/{id}/split"));
    // Two accounts at length are too long for one; somebody may have written something else there, or two set it aside in two ways.
    Ok(world.at_desk(keeper, id, request, body, (200, &[409, 422]))?.is_some())
}

fn some_time(world: &mut World) -> (Date, PartOfDay) {
    let date = day(3, world.dice.between(1, DAYS) as i8);
    (date, world.dice.pick(PartOfDay::ALL).unwrap_or(PartOfDay::Morning))
}

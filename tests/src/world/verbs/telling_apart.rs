//! One person or two: a code that two tablets gave, not knowing of each other, and two codes of one person.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, GroupId, ParticipantId};
use sync_core::person::{check, in_doubt};
use sync_core::record::{Group, Participant};
use sync_core::value::Pseudonym;
use tablet::recording::{free_code, taken_codes};

use super::recording::{join_as, somewhere};
use crate::world::{Sound, World};

/// Two facilitators give the next free code, each to whom they see.
pub(in crate::world) fn give_twice(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    let tablet = &world.slates[at].tablet;
    let Some(code) = free_code(tablet, group) else { return Ok(false) };
    let others = world.slates.iter().enumerate().filter(|(_, other)| {
        let there = other.tablet.device() != tablet.device() && other.tablet.groups().contains(&group);
        there && !taken_codes(&other.tablet, group).contains(&code)
    });
    let others: Vec<usize> = others.map(|(other, _)| other).collect();
    let Some(other) = world.dice.pick(&others) else { return Ok(false) };
    Ok(join_as(world, at, group, code.clone())? && join_as(world, other, group, code)?)
}

/// Of whom a split may be said, or taken back: of each with a device.
fn splits(people: Vec<(DocumentId, Participant, Document)>) -> Vec<((DocumentId, DeviceId), bool)> {
    let of = |(id, one, document): (DocumentId, Participant, Document)| {
        let doubted = in_doubt(&document.begun_by(), &one).into_iter().map(|device| (device, false));
        let split: Vec<_> = one.split.into_keys().map(|device| (device, true)).collect();
        doubted.chain(split).map(move |(device, is)| ((id, device), is)).collect::<Vec<_>>()
    };
    people.into_iter().flat_map(of).collect()
}

/// The people of a group on a tablet.
fn on_slate(world: &World, (at, group): (usize, GroupId)) -> Vec<(DocumentId, Participant, Document)> {
    let tablet = &world.slates[at].tablet;
    let all = tablet.all::<Participant>(group.into()).into_iter();
    all.filter_map(|(id, one)| Some((id, one, tablet.document(id)?))).collect()
}

pub(super) fn split_on_tablet(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, place| splits(on_slate(world, *place)));
    let Some(((at, group), (id, device), back)) = found else { return Ok(false) };
    if back {
        let wrote = world.on_tablet::<Participant>(at, group, id, |edit, _| edit.split().clear(&device))?;
        world.coverage.add("told apart no longer: on a tablet", wrote.into());
        return Ok(wrote);
    }
    let Some(code) = free_code(&world.slates[at].tablet, group) else { return Ok(false) };
    if !join_because(world, at, group, &code)? {
        return Ok(false);
    }
    let wrote = world.on_tablet::<Participant>(at, group, id, |edit, _| edit.split().put(&device, code))?;
    world.coverage.add("told apart: on a tablet", wrote.into());
    Ok(wrote)
}

fn join_because(world: &mut World, at: usize, group: GroupId, code: &Pseudonym) -> Sound<bool> {
    world.on_tablet::<Participant>(at, group, ParticipantId::of(group, code), |person, _| {
        person.group().set(group)?;
        person.code().set(code.clone())
    })
}

pub(super) fn split_at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| splits(world.records(*group)));
    let Some((group, (id, device), back)) = found else { return Ok(false) };
    // With a letter that tablets don't use.
    let code = (!back).then(|| format!("Q{:02}", world.dice.between(1, 60)));
    let body = json!({"device": device, "code": code});
    let said = ask(world, group, id, "split", body, &[409])?;
    let word = if back { "told apart no longer: at a desk" } else { "told apart: at a desk" };
    world.coverage.add(word, said.into());
    Ok(said)
}

pub(super) fn confirm_on_tablet(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, place| {
        let people = on_slate(world, *place).into_iter();
        let doubted = people.map(|(id, one, document)| ((id, in_doubt(&document.begun_by(), &one)), false));
        doubted.filter(|((_, devices), _)| !devices.is_empty()).collect()
    });
    let Some(((at, group), (id, devices), _)) = found else { return Ok(false) };
    world.on_tablet::<Participant>(at, group, id, |edit, _| {
        devices.iter().try_for_each(|device| edit.confirmed().insert(device))
    })
}

/// Of one, or of all in the group; taken back of those who are named. Whoever is void, or in a void group, is in doubt only
/// where they are named.
pub(super) fn confirm_at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let void = world.records::<Group>(*group).iter().any(|(_, group, _)| group.void.is_some());
        let people = world.records::<Participant>(*group).into_iter();
        let all = people.filter_map(|(id, one, document)| {
            let confirmed = !one.confirmed.is_empty();
            let doubted = !in_doubt(&document.begun_by(), &one).is_empty();
            (confirmed || doubted).then_some(((id, void || one.void.is_some()), confirmed))
        });
        all.collect()
    });
    let Some((group, (id, void), back)) = found else { return Ok(false) };
    let mut body = json!({"one_person": !back});
    if back || void || world.dice.percent(50) {
        body["participants"] = json!([id]);
    }
    let keeper = world.keeper(group);
    let request = TestRequest::post().uri(&format!("/v1/groups/{group}/participants/confirm"));
    let said = world.at_desk(keeper, id, request, body, (200, &[]))?.is_some();
    world.coverage.add(if back { "one person no longer" } else { "one person" }, said.into());
    Ok(said)
}

pub(super) fn same_on_tablet(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, place| pairs(&on_slate(world, *place)));
    let Some(((at, group), (id, of), back)) = found else { return Ok(false) };
    let wrote = world.on_tablet::<Participant>(at, group, id, |edit, _| match of {
        Some(of) => edit.same_as().set(of),
        None => edit.same_as().clear(),
    })?;
    let word = if back { "the same no longer: on a tablet" } else { "the same: on a tablet" };
    world.coverage.add(word, wrote.into());
    Ok(wrote)
}

pub(super) fn same_at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| pairs(&world.records(*group)));
    let Some((group, (id, of), back)) = found else { return Ok(false) };
    let said = ask(world, group, id, "same", json!({"as": of}), &[])?;
    let word = if back { "the same no longer: at a desk" } else { "the same: at a desk" };
    world.coverage.add(word, said.into());
    Ok(said)
}

/// All of whom may be said that they are somebody else, with that one, or of whom it is said.
fn pairs(people: &[(DocumentId, Participant, Document)]) -> Vec<((DocumentId, Option<ParticipantId>), bool)> {
    let mut all = Vec::new();
    for (id, one, _) in people {
        let others = people.iter().map(|(of, other, _)| (ParticipantId::from(*of), other));
        let others = others.filter(|other| check(((*id).into(), one), Some(*other)).is_ok());
        all.extend(others.map(|(of, _)| ((*id, Some(of)), false)));
        all.extend(one.same_as.map(|_| ((*id, None), true)));
    }
    all
}

fn ask(
    world: &mut World,
    group: GroupId,
    id: DocumentId,
    what: &str,
    body: Value,
    also: &[u16],
) -> Sound<bool> {
    let keeper = world.keeper(group);
    let request = TestRequest::post().uri(&format!("/v1/participants/{id}/{what}"));
    Ok(world.at_desk(keeper, id, request, body, (204, also))?.is_some())
}

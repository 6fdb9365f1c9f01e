//! What begins again: consent that was withdrawn, and a group that was closed.

use actix_web::test::TestRequest;
use serde_json::json;
use sync_core::id::{GroupId, UserId};
use sync_core::record::Group;
use sync_core::record::group::GroupStatus;
use sync_core::record::participant::{ConsentMethod, Participant, Purpose};

use super::people::{done, leads_no_more};
use super::recording::{some_day, somewhere};
use crate::world::{Sound, World};

/// Withdrawn, or given again.
pub(super) fn consent_on_tablet(world: &mut World) -> Sound<bool> {
    let found = world.look_around(somewhere, |world, (at, group)| {
        let all = world.slates[*at].tablet.all::<Participant>((*group).into()).into_iter();
        let there = all.filter(|(_, one)| one.erased.is_none());
        there.map(|(id, one)| (id, one.consent_withdrawn.is_some())).collect()
    });
    let Some(((at, group), id, again)) = found else { return Ok(false) };
    let date = some_day(world);
    let wrote = world.on_tablet::<Participant>(at, group, id, |edit, _| {
        if !again {
            return edit.consent_withdrawn().set(date);
        }
        edit.consent_purpose().set(Purpose::Participation)?;
        edit.consent_method().set(ConsentMethod::Oral)?;
        edit.consent_date().set(date)?;
        edit.consent_guardian().set(true)?;
        edit.consent_withdrawn().clear()
    })?;
    world.coverage.add("consent given again: on a tablet", (wrote && again).into());
    Ok(wrote)
}

pub(super) fn consent_at_desk(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let there = world.records::<Participant>(*group).into_iter();
        there.map(|(id, one, _)| (id, one.consent_withdrawn.is_some())).collect()
    });
    let Some((group, id, again)) = found else { return Ok(false) };
    let date = some_day(world).to_string();
    let body = if again {
        json!({"consent": {"purpose": "participation", "method": "written", "date": date, "guardian": true}})
    } else {
        json!({"withdrawn": date})
    };
    let keeper = world.keeper(group);
    let request = TestRequest::patch().uri(&format!("/v1/participants/{id}"));
    let said = world.at_desk(keeper, id, request, body, (204, &[]))?.is_some();
    world.coverage.add("consent given again: at a desk", (said && again).into());
    Ok(said)
}

/// Nobody leads a group that is closed, and those who lead it once it is open again are assigned again.
pub(super) fn close_or_open(world: &mut World) -> Sound<bool> {
    let found = world.look_around(World::some_group, |world, group| {
        let there = world.records::<Group>(*group).into_iter();
        there.map(|(id, one, _)| (id, one.status >= GroupStatus::Graduated)).collect()
    });
    let Some((group, id, is_closed)) = found else { return Ok(false) };
    let manager = world.manager_of(group);
    if is_closed {
        let request = TestRequest::patch().uri(&format!("/v1/groups/{group}"));
        // Another partner may have begun the same there meanwhile.
        let body = json!({"status": "active", "overlap_reason": "Both partners were asked to."});
        let opened = world.at_desk(manager, id, request, body, (200, &[]))?.is_some();
        world.coverage.add("group opened again", opened.into());
        return Ok(opened);
    }
    let status = if world.dice.percent(50) { "graduated" } else { "suspended" };
    let request = TestRequest::post().uri(&format!("/v1/groups/{group}/close"));
    let reply = world.person(manager, request.set_json(json!({"status": status})))?;
    let closed = done(&reply, 200, &[])?;
    if closed {
        let led = world.assigned.iter().filter(|(_, one)| *one == group);
        let led: Vec<(UserId, GroupId)> = led.copied().collect();
        led.into_iter().for_each(|(user, group)| leads_no_more(world, user, group));
        world.coverage.count("group closed");
    }
    Ok(closed)
}

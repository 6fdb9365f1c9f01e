//! The secretariat keeps the directory of services, and protection officers answer what other organisations refer to theirs.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use sync_core::area::all;
use sync_core::record::referral::ServiceKind;

use crate::world::{Sound, World, ensure};

/// Enters a service, or changes or ends one that is there.
pub(super) fn keep(world: &mut World) -> Sound<bool> {
    let there = world.person(world.secretary, TestRequest::get().uri("/v1/services"))?;
    let there: Vec<Value> = there.and_then(|(_, page)| page["items"].as_array().cloned()).unwrap_or_default();
    let phone = format!("0788 {}", world.dice.between(100_000, 999_999));
    let old = world.dice.pick(&there).filter(|_| world.dice.percent(50));
    let request = match old {
        Some(old) => {
            let ended = world.dice.percent(20).then_some("2026-03-01");
            let address = format!("/v1/services/{}", old["id"].as_str().unwrap_or_default());
            let body = json!({"phone": phone, "ended": ended, "reason": "They have another number."});
            TestRequest::patch().uri(&address).set_json(body)
        }
        None => {
            let kinds = ServiceKind::ALL.iter().filter(|kind| **kind != ServiceKind::Partner);
            let kind = world.dice.pick(&kinds.collect::<Vec<_>>()).map_or("legal", |kind| kind.code());
            let area = all()[world.dice.below(all().len())].code;
            let body =
                json!({"name": format!("{kind} of {area}"), "kind": kind, "area": area, "phone": phone});
            TestRequest::post().uri("/v1/services").set_json(body)
        }
    };
    let Some((status, said)) = world.person(world.secretary, request)? else { return Ok(false) };
    ensure([200, 201].contains(&status), "the secretariat keeps the directory", || {
        format!("{status}: {said}")
    })?;
    Ok(true)
}

/// As a protection officer who looks into the inbox. What was closed, declined or recalled meanwhile is not there; nobody notes a day before the one
/// on which somebody was sent.
pub(super) fn answer(world: &mut World) -> Sound<bool> {
    let Some(organisation) = world.dice.pick(&world.organisations.clone()) else { return Ok(false) };
    let inbox = world.person(organisation.manager, TestRequest::get().uri("/v1/inbox"))?;
    let received: Vec<Value> =
        inbox.and_then(|(_, page)| page["items"].as_array().cloned()).unwrap_or_default();
    let Some(one) = world.dice.pick(&received) else { return Ok(false) };
    let step = world.dice.pick(&["arrived", "arrived", "closed", "declined"]).unwrap_or("arrived");
    let on = one["sent_on"].clone();
    let address = format!("/v1/inbox/{}/steps", one["id"].as_str().unwrap_or_default());
    let body = json!({"step": step, "on": on, "reason": "As we heard."});
    let request = TestRequest::post().uri(&address).set_json(body);
    let Some((status, said)) = world.person(organisation.manager, request)? else { return Ok(false) };
    // A day to come, as a tablet with a wrong clock has it, is refused.
    ensure([200, 422].contains(&status), "what is in an inbox is answered", || {
        format!("{address}: {status} {said}")
    })?;
    if status == 200 {
        world.coverage.count(format!("a received referral is {step}"));
    }
    Ok(status == 200)
}

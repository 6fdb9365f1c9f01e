//! What managers, supervisors and the administrator do.

use actix_web::test::TestRequest;
use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use serde_json::{Value, json};
use server::on_each;
use server::store::schema::users;
use server::store::{At, Conn, Db, StoreError};
use sync_core::batch::SigningKey;
use sync_core::id::{GroupId, StreamId, UserId};
use sync_core::tablet::{Enrolment, StoreKeys};
use tablet::link::PublicKeys;

use super::recording;
use crate::village::AREA;
use crate::world::slate::Slate;
use crate::world::soil::Organisation;
use crate::world::{Breach, Sound, World, ensure};

/// More groups than this only make a world slower.
const MOST_GROUPS: usize = 5;
const MOST_TABLETS: usize = 10;

pub(super) type Reply = Option<(u16, Value)>;

/// Whether it was done; a status that does not belong here breaks a promise.
pub(super) fn done(reply: &Reply, due: u16, also: &[u16]) -> Sound<bool> {
    let Some((status, body)) = reply else { return Ok(false) };
    let known = *status == due || also.contains(status);
    ensure(known, "a desk does what it is asked", || format!("{status}: {body}"))?;
    Ok(*status == due)
}

fn id<T: std::str::FromStr>(body: &Value, field: &str) -> Sound<T> {
    let text = body[field].as_str().unwrap_or_default();
    let how = format!("{field} in {body}");
    text.parse().map_err(|_| Breach { promise: "an answer says what it must", how })
}

impl World {
    pub(in crate::world) fn begin_group(&mut self, organisation: usize) -> Sound<bool> {
        let body = json!({
            "name": "Twiyubake", "kind": "healing_space", "modality": "sociotherapy", "area": AREA,
            "overlap_reason": "Both partners were asked to.",
        });
        let reply = self.manager(organisation, TestRequest::post().uri("/v1/groups").set_json(body))?;
        let begun = done(&reply, 201, &[])?;
        if let (true, Some((_, body))) = (begun, &reply) {
            self.groups.push((id(body, "id")?, organisation));
        }
        Ok(begun)
    }

    pub(in crate::world) fn assign(&mut self, user: UserId, at: usize) -> Sound<bool> {
        let (group, organisation) = self.groups[at];
        let request = TestRequest::post().uri(&format!("/v1/groups/{group}/assignments"));
        let reply = self.manager(organisation, request.set_json(json!({"user_id": user})))?;
        let assigned = done(&reply, 204, if self.disabled.contains(&user) { &[422] } else { &[] })?;
        if assigned {
            self.assigned.insert((user, group));
            self.ever.insert((user, StreamId::from(group)));
        }
        Ok(assigned)
    }

    /// Somebody gets a tablet. Whoever asks again with the same code gets the same answer.
    pub(in crate::world) fn enrol(&mut self, organisation: usize, user: UserId) -> Sound<bool> {
        let request =
            TestRequest::post().uri(&format!("/v1/users/{user}/enrolment-codes")).set_json(json!({}));
        let reply = self.manager(organisation, request)?;
        let issued = done(&reply, 201, if self.disabled.contains(&user) { &[409] } else { &[] })?;
        let Some((_, answer)) = reply.filter(|_| issued) else { return Ok(false) };
        let key = SigningKey::from_bytes(&self.dice.bytes());
        let public = BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
        let body = json!({"code": answer["code"], "public_key": public, "device_name": "a tablet"});
        let ask = |world: &mut Self| {
            let request = TestRequest::post().uri("/v1/enrol").set_json(body.clone());
            let reply = world.manager(organisation, request)?;
            Ok(if done(&reply, 200, &[])? { reply.map(|(_, body)| body) } else { None })
        };
        let first = ask(self)?;
        let again = if first.is_none() || self.dice.percent(20) { ask(self)? } else { None };
        let Some(answer) = first.clone().or_else(|| again.clone()) else { return Ok(false) };
        let same = first.zip(again).is_none_or(|(first, again)| first["device_id"] == again["device_id"]);
        ensure(same, "a code enrols one tablet", || answer.to_string())?;
        let enrolment = Enrolment {
            device: id(&answer, "device_id")?,
            user,
            name: id(&answer["user"], "name")?,
            organisation: self.organisations[organisation].id,
            epoch: id(&answer, "epoch")?,
            key,
            store: store_keys(&answer)?,
        };
        let clock = self.ground.clock.now().plus_minutes(self.dice.between(-60, 60));
        self.slates.push(Slate::enrolled(enrolment, clock));
        Ok(true)
    }
}

/// The store's public keys, as enrolling tells them.
fn store_keys(answer: &Value) -> Sound<StoreKeys> {
    let told = serde_json::from_value::<PublicKeys>(answer["store"].clone()).ok();
    let keys = told.and_then(|told| told.keys());
    ensure(keys.is_some(), "a tablet learns the store's keys", || answer["store"].to_string())?;
    Ok(keys.expect("just looked"))
}

pub(super) fn begin_group(world: &mut World) -> Sound<bool> {
    let organisation = world.dice.below(world.organisations.len());
    if world.groups.len() < MOST_GROUPS { world.begin_group(organisation) } else { Ok(false) }
}

pub(super) fn assign(world: &mut World) -> Sound<bool> {
    let at = world.dice.below(world.groups.len());
    let user = somebody(world, world.groups[at].1);
    world.assign(user, at)
}

pub(super) fn unassign(world: &mut World) -> Sound<bool> {
    let there: Vec<(UserId, GroupId)> = world.assigned.iter().copied().collect();
    let Some((user, group)) = world.dice.pick(&there) else { return Ok(false) };
    take_off(world, user, group)
}

/// Somebody has recorded more than one request carries, and is taken off before any of it is handed in.
pub(super) fn leave_with_much(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = recording::somewhere(world) else { return Ok(false) };
    let user = world.slates[at].user();
    if !world.assigned.contains(&(user, group)) {
        return Ok(false);
    }
    recording::tell_at_length_at(world, at, group)?;
    take_off(world, user, group)
}

fn take_off(world: &mut World, user: UserId, group: GroupId) -> Sound<bool> {
    let organisation = organisation_of(world, group);
    let address = format!("/v1/groups/{group}/assignments/{user}");
    let reply = world.manager(organisation, TestRequest::delete().uri(&address))?;
    let ended = done(&reply, 204, &[])?;
    if ended {
        leads_no_more(world, user, group);
    }
    Ok(ended)
}

pub(super) fn leads_no_more(world: &mut World, user: UserId, group: GroupId) {
    world.assigned.remove(&(user, group));
    for slate in world.slates.iter_mut().filter(|slate| slate.user() == user) {
        slate.owes_only_its_own(|stream| stream == StreamId::from(group));
    }
}

pub(super) fn enrol(world: &mut World) -> Sound<bool> {
    let organisation = world.dice.below(world.organisations.len());
    let user = somebody(world, organisation);
    if world.slates.len() < MOST_TABLETS { world.enrol(organisation, user) } else { Ok(false) }
}

/// A tablet and all its copies: they have one key.
pub(super) fn revoke(world: &mut World) -> Sound<bool> {
    let tablets = world.slates.iter().map(|slate| (slate.tablet.device(), slate.tablet.organisation()));
    let tablets: Vec<_> = tablets.filter(|(device, _)| !world.strangers.contains(device)).collect();
    let Some((device, of)) = world.dice.pick(&tablets) else { return Ok(false) };
    let organisation = world.organisations.iter().position(|one| one.id == of).unwrap_or_default();
    let request = TestRequest::post().uri(&format!("/v1/devices/{device}/revoke"));
    let reply = world.manager(organisation, request)?;
    let revoked = done(&reply, 200, &[])?;
    for slate in world.slates.iter_mut().filter(|slate| slate.tablet.device() == device) {
        slate.barred |= revoked;
        if revoked {
            slate.owes_only_its_own(|_| true);
        }
    }
    Ok(revoked)
}

pub(super) fn disable(world: &mut World) -> Sound<bool> {
    let organisation = world.dice.below(world.organisations.len());
    let user = somebody(world, organisation);
    let now = At(world.ground.clock.now());
    let disable = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        let row = users::table.find(Db(user));
        on_each!(tx, |c| diesel::update(row).set(users::disabled_at.eq(now)).execute(c))
    };
    world.ground.store.write_blocking("disable", disable).expect("the store obeys");
    for slate in world.slates.iter_mut().filter(|slate| slate.user() == user) {
        slate.owes_only_its_own(|_| true);
    }
    Ok(world.disabled.insert(user))
}

pub(in crate::world) fn organisation_of(world: &World, group: GroupId) -> usize {
    world.groups.iter().find(|(one, _)| *one == group).map_or(0, |(_, organisation)| *organisation)
}

/// A facilitator or the supervisor of an organisation.
fn somebody(world: &mut World, organisation: usize) -> UserId {
    let Organisation { supervisor, facilitators, .. } = &world.organisations[organisation];
    let at = world.dice.below(facilitators.len() + 1);
    facilitators.get(at).copied().unwrap_or(*supervisor)
}

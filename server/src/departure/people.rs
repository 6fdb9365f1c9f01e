//! The people of an organisation, their teams and tablets, and who led which group, as lines. No password, key or other secret is among them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::json;
use sync_core::id::{DeviceId, Id, OrganisationId, StreamId, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use super::Refused;
use super::folder::{Content, Folder};
use crate::access::Role;
use crate::clock::timestamp;
use crate::on_each;
use crate::store::schema::{
    assignments, devices, enrolment_codes, identity_providers, known_addresses, organisations,
    password_codes, provider_links, recovery_codes, refresh_tokens, retention_rules, second_factors, streams,
    team_members, teams, users,
};
use crate::store::{At, Code, Conn, Db, StoreError};

/// The login behind each author of changes: a tablet, or a person at the web interface.
pub(super) fn logins(tx: &mut Conn<'_>) -> Result<BTreeMap<DeviceId, String>, StoreError> {
    let people: Vec<(Db<DeviceId>, String)> =
        on_each!(tx, |c| users::table.select((users::id, users::login)).load(c))?;
    let tablets: Vec<(Db<DeviceId>, String)> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .select((devices::id, users::login))
        .load(c))?;
    Ok(people.into_iter().chain(tablets).map(|(Db(id), login)| (id, login)).collect())
}

/// Writes the files of people, teams, tablets and assignments.
pub(super) fn write(
    tx: &mut Conn<'_>,
    folder: &Folder,
    organisation: OrganisationId,
) -> Result<Vec<Content>, Refused> {
    let of = Db(organisation);
    Ok(vec![
        people(tx, folder, of)?,
        members(tx, folder, of)?,
        tablets(tx, folder, of)?,
        leaders(tx, folder, of)?,
    ])
}

fn at(time: Option<At>) -> Option<jiff::Timestamp> {
    time.map(|At(at)| timestamp(at))
}

fn people(tx: &mut Conn<'_>, folder: &Folder, of: Db<OrganisationId>) -> Result<Content, Refused> {
    type Row = (Db<UserId>, String, String, Code<Role>, At, Option<At>, Option<At>);
    let rows: Vec<Row> = on_each!(tx, |c| users::table
        .filter(users::organisation_id.eq(of))
        .order(users::id)
        .select((
            users::id,
            users::login,
            users::name,
            users::role,
            users::created_at,
            users::disabled_at,
            users::protects_since
        ))
        .load(c))?;
    let mut out = folder.file("users.jsonl")?;
    for (Db(id), login, name, Code(role), At(created), disabled, protects) in rows {
        out.put(&json!({
            "id": id, "login": login, "name": name, "role": role.code(), "created_at": timestamp(created),
            "disabled_at": at(disabled), "protects_since": at(protects),
        }))?;
    }
    out.finish()
}

fn members(tx: &mut Conn<'_>, folder: &Folder, of: Db<OrganisationId>) -> Result<Content, Refused> {
    type Row = (Vec<u8>, String, At, Option<At>, Option<(Db<UserId>, At, Option<At>)>);
    let rows: Vec<Row> = on_each!(tx, |c| teams::table
        .left_join(team_members::table.on(team_members::team_id.eq(teams::id)))
        .filter(teams::organisation_id.eq(of))
        .order((teams::id, team_members::id))
        .select((
            teams::id,
            teams::name,
            teams::created_at,
            teams::ended_at,
            (team_members::user_id, team_members::joined_at, team_members::ended_at).nullable(),
        ))
        .load(c))?;
    let mut out = folder.file("team_members.jsonl")?;
    for (team, name, At(created), ended, member) in rows {
        let member = member.map(|(Db(user), At(joined), left)| {
            json!({"user_id": user, "joined_at": timestamp(joined), "left_at": at(left)})
        });
        out.put(&json!({
            "team_id": Uuid::from_slice(&team).unwrap_or_default(), "team": name, "created_at": timestamp(created),
            "ended_at": at(ended), "member": member,
        }))?;
    }
    out.finish()
}

fn tablets(tx: &mut Conn<'_>, folder: &Folder, of: Db<OrganisationId>) -> Result<Content, Refused> {
    type Row = (Db<DeviceId>, Db<UserId>, String, At, Option<At>, Option<At>, Option<String>, Option<i64>);
    let rows: Vec<Row> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(users::organisation_id.eq(of))
        .order(devices::id)
        .select((
            devices::id,
            devices::user_id,
            devices::name,
            devices::enrolled_at,
            devices::revoked_at,
            devices::last_seen_at,
            devices::program,
            devices::unsent,
        ))
        .load(c))?;
    let mut out = folder.file("tablets.jsonl")?;
    for (Db(id), Db(user), name, At(enrolled), revoked, seen, program, unsent) in rows {
        out.put(&json!({
            "id": id, "user_id": user, "name": name, "enrolled_at": timestamp(enrolled), "revoked_at": at(revoked),
            "last_seen_at": at(seen), "program": program, "unsent": unsent,
        }))?;
    }
    out.finish()
}

fn leaders(tx: &mut Conn<'_>, folder: &Folder, of: Db<OrganisationId>) -> Result<Content, Refused> {
    type Row = (Db<StreamId>, Db<UserId>, Db<UserId>, At, Option<Db<UserId>>, Option<At>);
    let rows: Vec<Row> = on_each!(tx, |c| assignments::table
        .inner_join(streams::table)
        .filter(streams::organisation_id.eq(of))
        .order((assignments::group_id, assignments::assigned_at, assignments::id))
        .select((
            assignments::group_id,
            assignments::user_id,
            assignments::assigned_by,
            assignments::assigned_at,
            assignments::ended_by,
            assignments::ended_at,
        ))
        .load(c))?;
    let mut out = folder.file("assignments.jsonl")?;
    for (Db(group), Db(user), Db(by), At(assigned), ended_by, ended) in rows {
        out.put(&json!({
            "group": group, "user_id": user, "assigned_by": by, "assigned_at": timestamp(assigned),
            "ended_by": ended_by.map(|Db(by)| by.uuid()), "ended_at": at(ended),
        }))?;
    }
    out.finish()
}

/// Signs all people of an organisation out for good, ends what they lead, and revokes their tablets: these hand in what they have, and are told to
/// drop the rest. Nothing that is sealed for a group from then on opens anywhere.
pub(super) fn shut_out(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    now: Millis,
) -> Result<(), StoreError> {
    let of = Db(organisation);
    let theirs = users::table.filter(users::organisation_id.eq(of)).select(users::id);
    let groups = streams::table.filter(streams::organisation_id.eq(of)).select(streams::id);
    on_each!(tx, |c| {
        diesel::update(users::table.filter(users::organisation_id.eq(of)))
            .filter(users::disabled_at.is_null())
            .set(users::disabled_at.eq(At(now)))
            .execute(c)?;
        diesel::delete(refresh_tokens::table.filter(refresh_tokens::user_id.eq_any(theirs))).execute(c)?;
        diesel::delete(password_codes::table.filter(password_codes::user_id.eq_any(theirs))).execute(c)?;
        diesel::update(devices::table.filter(devices::user_id.eq_any(theirs)))
            .filter(devices::revoked_at.is_null())
            .set(devices::revoked_at.eq(At(now)))
            .execute(c)?;
        diesel::update(devices::table.filter(devices::user_id.eq_any(theirs)))
            .set((devices::folder_key.eq(None::<Vec<u8>>), devices::unlock_hash.eq(None::<Vec<u8>>)))
            .execute(c)?;
        diesel::delete(enrolment_codes::table.filter(enrolment_codes::user_id.eq_any(theirs))).execute(c)?;
        diesel::update(assignments::table.filter(assignments::group_id.eq_any(groups)))
            .filter(assignments::ended_at.is_null())
            .set(assignments::ended_at.eq(At(now)))
            .execute(c)?;
        diesel::update(streams::table.filter(streams::organisation_id.eq(of)))
            .set(streams::key_identity.eq(None::<String>))
            .execute(c)
    })?;
    Ok(())
}

/// Leaves of the people of an organisation what others refer to: who wrote a change, who let it in, whose entry in the audit log it is. Names,
/// logins, passwords and teams go. It may be done again.
pub(super) fn let_go(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<(), StoreError> {
    let of = Db(organisation);
    let theirs = users::table.filter(users::organisation_id.eq(of)).select(users::id);
    let ids: Vec<Db<UserId>> = on_each!(tx, |c| theirs.load(c))?;
    let teams_of = teams::table.filter(teams::organisation_id.eq(of)).select(teams::id);
    on_each!(tx, |c| {
        for id in &ids {
            // A login is of one person; nobody signs in with this one, as it has no password.
            let login = format!("left-{}", id.0.uuid().simple());
            let nobody = (
                users::login.eq(login),
                users::name.eq(NOBODY),
                users::password_hash.eq("!"),
                users::protects_since.eq(None::<At>),
            );
            diesel::update(users::table.find(id)).set(nobody).execute(c)?;
        }
        diesel::update(devices::table.filter(devices::user_id.eq_any(&ids)))
            .set((devices::name.eq(NOBODY), devices::program.eq(None::<String>)))
            .execute(c)?;
        diesel::delete(known_addresses::table.filter(known_addresses::user_id.eq_any(&ids))).execute(c)?;
        diesel::delete(second_factors::table.filter(second_factors::user_id.eq_any(&ids))).execute(c)?;
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq_any(&ids))).execute(c)?;
        diesel::delete(provider_links::table.filter(provider_links::user_id.eq_any(&ids))).execute(c)?;
        diesel::delete(identity_providers::table.filter(identity_providers::organisation_id.eq(of)))
            .execute(c)?;
        diesel::delete(team_members::table.filter(team_members::team_id.eq_any(teams_of))).execute(c)?;
        diesel::delete(teams::table.filter(teams::organisation_id.eq(of))).execute(c)?;
        diesel::delete(retention_rules::table.filter(retention_rules::organisation_id.eq(of))).execute(c)?;
        diesel::update(organisations::table.find(of))
            .set(organisations::contact.eq(None::<String>))
            .execute(c)
    })?;
    Ok(())
}

/// What stands in the place of a name.
const NOBODY: &str = "somebody who left";

//! What a tablet holds or may hold, for whoever must give notice that it is lost: the supervisory authority within 48 hours, the people
//! concerned where the risk is high (Law No 058/2021, articles 43 to 45). It names records by id and kind, and tells nothing of what they say.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{get, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::codes;
use sync_core::id::{DeviceId, DocumentId, GroupId, Id, OrganisationId, ParticipantId, StreamId, UserId};
use sync_core::record::{Kind, Level};
use sync_core::time::Millis;
use utoipa::ToSchema;

use super::holdings::{Holding, Of, holdings};
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::Problem;
use crate::register::devices::{self, DeviceRefused};
use crate::register::lease::Lease;
use crate::scope::Permit;
use crate::store::schema::{changes, devices as tablets, people, purges, quarantine, users};
use crate::store::{At, Code, Conn, Db, Failure, Store, StoreError, as_worker};

codes! {
    /// What is known of a revoked tablet.
    #[derive(ToSchema)]
    Acknowledgement {
        NotRevoked = "not-revoked",
        /// It has not come since, or has not said yet that it dropped everything: it may hold all that is listed.
        NotYetSeen = "not-yet-seen",
        /// It came, and said that it has dropped everything.
        Dropped = "dropped",
    }
}

/// What a tablet holds or may hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentReport)]
pub struct Report {
    pub made_at: Timestamp,
    #[schema(value_type = Uuid)]
    pub device_id: DeviceId,
    #[schema(example = "Nyagatare 3")]
    pub device_name: String,
    /// Whose it is.
    #[schema(value_type = Uuid)]
    pub user_id: UserId,
    /// The name of that person.
    pub held_by: String,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<OrganisationId>,
    pub enrolled_at: Timestamp,
    /// When it last reached the service. What the report lists is as of then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// How many changes it had recorded and not handed in then: records and people of whom the service may not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsent: Option<i64>,
    /// When it stops to show what it holds, by its own clock, if it does not sync before; absent where it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_ends_at: Option<Timestamp>,
    /// Whether that has passed.
    pub lease_has_ended: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    pub acknowledgement: Acknowledgement,
    /// When it said that it has dropped everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    /// What it holds of all groups that it has not dropped.
    pub holds: Held,
    /// By group, longest held first; those that it said to have dropped are among them.
    pub groups: Vec<GroupHeld>,
}

/// How much of what.
#[derive(Debug, Default, Clone, Copy, Serialize, ToSchema)]
#[schema(as = HeldOnTablet)]
pub struct Held {
    /// People under a code, each once where a group says that two codes are one person. Heads that were only counted are not among them.
    pub people: u64,
    pub records: u64,
    /// How many of the records are of each level of the data dictionary.
    pub levels: Levels,
}

/// Records of each level of secrecy.
#[derive(Debug, Default, Clone, Copy, Serialize, ToSchema)]
pub struct Levels {
    /// Public.
    #[serde(rename = "P")]
    pub public: u64,
    /// Internal to the partnership.
    #[serde(rename = "I")]
    pub internal: u64,
    /// Of the organisation: groups, participants and sessions.
    #[serde(rename = "O")]
    pub organisation: u64,
    /// Sensitive: referrals, incidents and screenings.
    #[serde(rename = "S")]
    pub sensitive: u64,
}

/// A group on the tablet.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupHeld {
    #[schema(value_type = Uuid)]
    pub group_id: GroupId,
    /// When it was first sent the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it was told to drop it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// When it said that it has. What it held until then is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_at: Option<Timestamp>,
    pub holds: Held,
    /// The records, but for sensitive ones where the caller is no protection officer: of those only the number is told.
    pub records: Vec<HeldRecord>,
}

/// A record on the tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldRecord {
    #[schema(value_type = Uuid)]
    pub id: DocumentId,
    #[schema(value_type = String)]
    pub kind: Kind,
}

/// Report what a tablet holds
///
/// For whoever must give notice that a tablet is lost: which records of which groups it held or may have held when it last reached the
/// service, how many people, since when, whether its lease has ended, and whether it was revoked and has said that it dropped them. No content. Managers see tablets of
/// their own organisation, administrators all; the ids of sensitive records are for protection officers alone.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The tablet")),
    responses(
        (status = 200, description = "What it holds or may hold", body = Report),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-device`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/devices/{id}/incident-report")]
pub(crate) async fn incident_report(
    permit: Permit,
    id: web::Path<DeviceId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    lease: web::Data<Lease>,
) -> Result<web::Json<Report>, Problem> {
    let (id, now, lease, organisation) = (*id, clock.now(), **lease, permit.organisations()?);
    let made = store.read("incident report", move |tx| -> Result<_, Failure<DeviceRefused>> {
        let seen = |tablet: &devices::Device| permit.covers(tablet.organisation);
        devices::find(tx, id)?.filter(seen).ok_or(DeviceRefused::NoSuchDevice)?;
        // As the service: records are counted that whoever asks does not see.
        let made = as_worker(tx, |tx| report(tx, id, organisation, lease, now))?;
        let mut made = made.ok_or(DeviceRefused::NoSuchDevice)?;
        if !permit.protects() {
            made.leave_sensitive_out();
        }
        Ok(made)
    });
    Ok(web::Json(made.await?))
}

/// What a tablet holds of the groups of one organisation, or of all; `None` where there is no such tablet.
///
/// # Errors
/// Those of the store.
pub fn report(
    tx: &mut Conn<'_>,
    id: DeviceId,
    organisation: Option<OrganisationId>,
    lease: Lease,
    now: Millis,
) -> Result<Option<Report>, StoreError> {
    type Row =
        (String, (Db<UserId>, String, Option<Db<OrganisationId>>), At, Option<At>, Option<At>, Option<i64>);
    let row: Option<Row> = on_each!(tx, |c| tablets::table
        .inner_join(users::table)
        .filter(tablets::id.eq(Db(id)))
        .select((
            tablets::name,
            (users::id, users::name, users::organisation_id),
            tablets::enrolled_at,
            tablets::last_seen_at,
            tablets::revoked_at,
            tablets::unsent,
        ))
        .first(c)
        .optional())?;
    let Some((device_name, (Db(user_id), held_by, of), At(enrolled), seen, revoked, unsent)) = row else {
        return Ok(None);
    };
    let mut groups = Vec::new();
    let mut holds = Held::default();
    for holding in holdings(tx, Of::Tablet(id), organisation)? {
        let group = group_held(tx, id, &holding, seen.map(|At(at)| at))?;
        if group.dropped_at.is_none() {
            holds.add(group.holds);
        }
        groups.push(group);
    }
    let (acknowledgement, acknowledged) = acknowledgement(tx, id, seen, revoked)?;
    let lease_ends = seen.map(|At(at)| lease.until(at));
    let time = |at: Option<At>| at.map(|At(at)| timestamp(at));
    Ok(Some(Report {
        made_at: timestamp(now),
        device_id: id,
        device_name,
        user_id,
        held_by,
        organisation_id: of.map(|Db(id)| id),
        enrolled_at: timestamp(enrolled),
        last_seen_at: time(seen),
        unsent,
        lease_ends_at: lease_ends.map(timestamp),
        lease_has_ended: lease_ends.is_some_and(|ends| now > ends),
        revoked_at: time(revoked),
        acknowledgement,
        acknowledged_at: time(acknowledged),
        holds,
        groups,
    }))
}

/// What became of revoking it. A tablet that held nothing when it came after that has nothing to drop, and has acknowledged by coming.
fn acknowledgement(
    tx: &mut Conn<'_>,
    id: DeviceId,
    seen: Option<At>,
    revoked: Option<At>,
) -> Result<(Acknowledgement, Option<At>), StoreError> {
    let Some(revoked) = revoked else { return Ok((Acknowledgement::NotRevoked, None)) };
    let holds = holdings(tx, Of::Tablet(id), None)?.iter().any(|holding| holding.dropped_at.is_none());
    let Some(came) = seen.filter(|seen| *seen >= revoked && !holds) else {
        return Ok((Acknowledgement::NotYetSeen, None));
    };
    let last: Option<At> = on_each!(tx, |c| purges::table
        .filter(purges::device_id.eq(Db(id)))
        .select(diesel::dsl::max(purges::received_at))
        .first(c))?;
    Ok((Acknowledgement::Dropped, last.filter(|last| *last >= revoked).or(Some(came))))
}

/// What a tablet holds of a group, or held until it dropped it.
fn group_held(
    tx: &mut Conn<'_>,
    device: DeviceId,
    holding: &Holding,
    seen: Option<Millis>,
) -> Result<GroupHeld, StoreError> {
    let until = holding.dropped_at.map(|at| Millis(at.as_millisecond())).or(seen).unwrap_or_default();
    let stream = StreamId::from_uuid(holding.group_id.uuid());
    let records = records_at(tx, device, stream, until)?;
    let people = people_among(tx, stream, &records)?;
    let mut holds = Held { people, records: records.len() as u64, levels: Levels::default() };
    records.values().for_each(|kind| holds.levels.count(*kind));
    Ok(GroupHeld {
        group_id: holding.group_id,
        since: holding.since,
        told_at: holding.told_at,
        dropped_at: holding.dropped_at,
        holds,
        records: records.into_iter().map(|(id, kind)| HeldRecord { id, kind }).collect(),
    })
}

/// The records of a stream that a tablet holds or may hold at a moment: those of which the service had anything then, since its answer may
/// have brought them, and those that the tablet itself handed in and that were quarantined.
fn records_at(
    tx: &mut Conn<'_>,
    device: DeviceId,
    stream: StreamId,
    until: Millis,
) -> Result<BTreeMap<DocumentId, Kind>, StoreError> {
    type Row = (Db<DocumentId>, Code<Kind>);
    let merged: Vec<Row> = on_each!(tx, |c| changes::table
        .filter(changes::stream_id.eq(Db(stream)))
        .filter(changes::received_at.le(At(until)))
        .select((changes::document_id, changes::kind))
        .distinct()
        .load(c))?;
    let waiting: Vec<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::stream_id.eq(Db(stream)))
        .filter(quarantine::device_id.eq(Db(device)))
        .filter(quarantine::received_at.le(At(until)))
        .select((quarantine::document_id, quarantine::kind))
        .distinct()
        .load(c))?;
    Ok(merged.into_iter().chain(waiting).map(|(Db(id), Code(kind))| (id, kind)).collect())
}

/// How many people the participants among these records are.
fn people_among(
    tx: &mut Conn<'_>,
    stream: StreamId,
    records: &BTreeMap<DocumentId, Kind>,
) -> Result<u64, StoreError> {
    let rows: Vec<(Db<ParticipantId>, Db<ParticipantId>)> = on_each!(tx, |c| people::table
        .filter(people::group_id.eq(Db(stream)))
        .select((people::participant_id, people::person_id))
        .load(c))?;
    let same: BTreeMap<DocumentId, DocumentId> =
        rows.into_iter().map(|(Db(one), Db(person))| (one.into(), person.into())).collect();
    let participants = records.iter().filter(|(_, kind)| **kind == Kind::Participant).map(|(id, _)| id);
    let people: BTreeSet<&DocumentId> = participants.map(|id| same.get(id).unwrap_or(id)).collect();
    Ok(people.len() as u64)
}

impl Report {
    /// Leaves the ids of sensitive records out; their number stays.
    fn leave_sensitive_out(&mut self) {
        for group in &mut self.groups {
            group.records.retain(|record| record.kind.level() != Level::Sensitive);
        }
    }
}

impl Held {
    fn add(&mut self, other: Self) {
        self.people += other.people;
        self.records += other.records;
        self.levels.public += other.levels.public;
        self.levels.internal += other.levels.internal;
        self.levels.organisation += other.levels.organisation;
        self.levels.sensitive += other.levels.sensitive;
    }
}

impl Levels {
    fn count(&mut self, kind: Kind) {
        *match kind.level() {
            Level::Public => &mut self.public,
            Level::Internal => &mut self.internal,
            Level::Organisation => &mut self.organisation,
            Level::Sensitive => &mut self.sensitive,
        } += 1;
    }
}

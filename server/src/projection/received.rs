//! What organisations have in their inboxes: of each referral to a member of the partnership, once somebody is sent, what that member may know.
//!
//! A row follows from the referral, from what its group says of the participant, and from where the group is. So all rows of a group are computed
//! again whenever one of these changes, by whoever holds the lock of the group's stream. Whoever changes them is of the organisation that refers, and
//! may not see all referrals of the group: the rows are read and written as the service.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::area::{AreaCode, Level};
use sync_core::id::{GroupId, OrganisationId, ParticipantId, ReferralId};
use sync_core::person::all_codes_of;
use sync_core::record::referral::ReferralStep;

use crate::on_each;
use crate::store::schema::{
    groups, organisations, participants, received_referrals, referral_steps, referrals, streams,
};
use crate::store::{Conn, Db, StoreError, as_worker};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = received_referrals)]
struct ReceivedRow {
    id: Db<ReferralId>,
    group_id: Db<GroupId>,
    organisation_id: Db<OrganisationId>,
    from_organisation: Db<OrganisationId>,
    service: String,
    reason: Option<String>,
    urgency: Option<String>,
    sex: Option<String>,
    age_band: Option<String>,
    sector: Option<String>,
    sent_on: String,
    overdue_from: Option<String>,
    state: String,
    state_on: String,
}

type Received = BTreeMap<ReferralId, ReceivedRow>;

/// Writes the rows of a group that differ from those that it must have. A group has few, mostly none.
pub(super) fn write(tx: &mut Conn<'_>, group: GroupId) -> Result<(), StoreError> {
    as_worker(tx, |tx| {
        let (old, new) = (there(tx, group)?, compute(tx, group)?);
        for (id, _) in old.iter().filter(|(id, row)| new.get(id) != Some(row)) {
            on_each!(tx, |c| diesel::delete(received_referrals::table.find(Db(*id))).execute(c))?;
        }
        let differ = new.into_iter().filter(|(id, row)| old.get(id) != Some(row));
        let rows: Vec<ReceivedRow> = differ.map(|(_, row)| row).collect();
        for some in rows.chunks(super::write::ROWS) {
            on_each!(tx, |c| diesel::insert_into(received_referrals::table)
                .values(some.to_vec())
                .execute(c))?;
        }
        Ok(())
    })
}

/// Whether the row of a referral is not the one that it must have.
pub(super) fn differ(tx: &mut Conn<'_>, id: ReferralId, group: GroupId) -> Result<bool, StoreError> {
    Ok(there(tx, group)?.get(&id) != compute(tx, group)?.get(&id))
}

fn there(tx: &mut Conn<'_>, group: GroupId) -> Result<Received, StoreError> {
    let rows: Vec<ReceivedRow> = on_each!(tx, |c| received_referrals::table
        .filter(received_referrals::group_id.eq(Db(group)))
        .select(ReceivedRow::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(|row| (row.id.0, row)).collect())
}

/// An open referral to a member of the partnership.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = referrals)]
struct Sent {
    id: Db<ReferralId>,
    participant_id: Db<ParticipantId>,
    service: String,
    to_organisation: Option<Db<OrganisationId>>,
    reason: Option<String>,
    urgency: Option<String>,
    state: Option<String>,
    state_on: Option<String>,
    overdue_from: Option<String>,
}

/// The rows that a group must have.
fn compute(tx: &mut Conn<'_>, group: GroupId) -> Result<Received, StoreError> {
    // 1. Referrals to a member of the partnership for which something is to be done. What is closed, declined or void leaves the inbox; who left
    //    the partnership has none.
    let partners =
        || organisations::table.filter(organisations::left_at.is_null()).select(organisations::id.nullable());
    let open: Vec<Sent> = on_each!(tx, |c| referrals::table
        .filter(referrals::group_id.eq(Db(group)))
        .filter(referrals::to_organisation.eq_any(partners()))
        .filter(referrals::open.eq(true))
        .select(Sent::as_select())
        .load(c))?;
    if open.is_empty() {
        return Ok(Received::new());
    }
    // 2. Nobody else is told before somebody is sent, which they agreed to (`told_without_consent`).
    let mut sent = sent_on(tx, open.iter().map(|one| one.id))?;
    let own: Option<Db<OrganisationId>> =
        on_each!(tx, |c| streams::table.find(Db(group)).select(streams::organisation_id).first(c))?;
    let Some(own) = own else { return Ok(Received::new()) };
    let sector = sector(tx, group)?;
    let people = People::of(tx, group)?;
    let mut received = Received::new();
    for one in open {
        let (Some(organisation_id), Some(sent_on)) = (one.to_organisation, sent.remove(&one.id)) else {
            continue;
        };
        // 3. One's own organisation reads the referral itself. Who took their consent back, or asked to be erased, is recalled.
        if organisation_id == own || people.recall(one.participant_id) {
            continue;
        }
        let person = people.told.get(&one.participant_id);
        let row = ReceivedRow {
            id: one.id,
            group_id: Db(group),
            organisation_id,
            from_organisation: own,
            service: one.service,
            reason: one.reason,
            urgency: one.urgency,
            sex: person.and_then(|person| person.sex.clone()),
            age_band: person.and_then(|person| person.age_band.clone()),
            sector: sector.clone(),
            sent_on,
            overdue_from: one.overdue_from,
            state: one.state.unwrap_or_default(),
            state_on: one.state_on.unwrap_or_default(),
        };
        received.insert(row.id.0, row);
    }
    Ok(received)
}

/// The last day on which somebody was sent.
fn sent_on(
    tx: &mut Conn<'_>,
    ids: impl Iterator<Item = Db<ReferralId>>,
) -> Result<BTreeMap<Db<ReferralId>, String>, StoreError> {
    let ids: Vec<Db<ReferralId>> = ids.collect();
    let mut sent = BTreeMap::new();
    for some in ids.chunks(super::write::ROWS) {
        let rows: Vec<(Db<ReferralId>, String)> = on_each!(tx, |c| referral_steps::table
            .filter(referral_steps::referral_id.eq_any(some))
            .filter(referral_steps::step.eq(ReferralStep::Sent.code()))
            .order(referral_steps::day)
            .select((referral_steps::referral_id, referral_steps::day))
            .load(c))?;
        sent.extend(rows);
    }
    Ok(sent)
}

/// Where a group is, no nearer than its sector.
fn sector(tx: &mut Conn<'_>, group: GroupId) -> Result<Option<String>, StoreError> {
    let area: Option<String> =
        on_each!(tx, |c| groups::table.find(Db(group)).select(groups::area).first(c).optional())?;
    let area: Option<AreaCode> = area.and_then(|area| area.parse().ok());
    Ok(area.and_then(|area| area.at(Level::Sector)).map(|sector| sector.to_string()))
}

/// What a group says of a participant.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = participants)]
struct Told {
    id: Db<ParticipantId>,
    sex: Option<String>,
    age_band: Option<String>,
    withdrawn: bool,
    erased: bool,
    void: Option<String>,
    same_as: Option<Db<ParticipantId>>,
}

/// The people of a group.
#[derive(Debug)]
struct People {
    told: BTreeMap<Db<ParticipantId>, Told>,
    /// Those who took their consent back or asked to be erased, under all of their codes.
    gone: BTreeSet<ParticipantId>,
}

impl People {
    fn of(tx: &mut Conn<'_>, group: GroupId) -> Result<Self, StoreError> {
        let told: Vec<Told> = on_each!(tx, |c| participants::table
            .filter(participants::group_id.eq(Db(group)))
            .select(Told::as_select())
            .load(c))?;
        let gone = told.iter().filter(|one| one.withdrawn || one.erased).map(|one| one.id.0);
        let same_as = told.iter().filter_map(|one| Some((one.id.0, one.same_as?.0)));
        let gone = all_codes_of(gone, same_as);
        Ok(Self { told: told.into_iter().map(|one| (one.id, one)).collect(), gone })
    }

    /// Whether nobody elsewhere is to be told of somebody any more. Who is not known in the group may arrive later.
    fn recall(&self, id: Db<ParticipantId>) -> bool {
        self.gone.contains(&id.0) || self.told.get(&id).is_some_and(|one| one.void.is_some())
    }
}

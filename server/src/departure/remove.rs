//! Removing what an organisation recorded, once it has an export of all of it.
//!
//! 1. In one transaction ([`Leaving::shut_out`]) nobody of the organisation signs in, leads a group or is sent anything any more.
//! 2. In the next ([`Leaving::leave`]), under the locks of all its streams, what is exported is compared with what there is: whoever wrote at the moment of
//!    the first has ended. Its row stays, with the time, so that its code is given to nobody else.
//! 3. In many short ones: tombstones take the place of all records, group by group, and what was quarantined is deleted. Broken off, it goes on
//!    where it was when it is run again.
//! 4. In one: of people and tablets what others refer to stays, an id, and no name.
//!
//! Published figures stay, with targets and budgets, as they tell of nobody; so does the audit log, which holds ids. Its services end: tablets offer them no more. What tablets hand in later is quarantined; an export takes
//! it along for [`LATE_DAYS`], then it is deleted.

use std::path::Path;

use diesel::prelude::*;
use sync_core::id::{Id, OrganisationId, StreamId};
use sync_core::record::{Kind, Place};
use sync_core::time::Millis;

use super::Refused;
use super::folder::Manifest;
use super::people::{let_go, shut_out};
use super::standing::Standing;
use crate::audit::{self, Action, ObjectKind};
use crate::edits::services::end_all_of;
use crate::ledger::{self, Erasure};
use crate::on_each;
use crate::register::organisations;
use crate::store::schema::{
    devices, held_counts, organisations as rows, quarantine, received_referrals, streams, users,
};
use crate::store::{At, Conn, Db, Store, StoreError, identity};

/// How many records one transaction erases: others who write wait no longer than that.
const AT_ONCE: usize = 50;
/// For how long what tablets hand in later waits.
const LATE_DAYS: i64 = 30;

/// An organisation that is to be removed, with an export that is whole.
#[derive(Debug)]
pub struct Leaving {
    code: String,
    manifest: Manifest,
    /// How many of its tablets are not revoked and had work that they had not handed in when they last synced.
    pub unsent: i64,
}

impl Leaving {
    /// Reads each file of the export, and compares it with the store.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn of(store: &Store, code: &str, exported: &Path) -> Result<Self, Refused> {
        let manifest = Manifest::read(exported)?;
        let unsent = store.read_blocking("who leaves", |tx| -> Result<i64, Refused> {
            let id = matches(tx, code, &manifest)?;
            Ok(unsent(tx, id)?)
        })?;
        Ok(Self { code: code.to_lowercase(), manifest, unsent })
    }

    /// Removes it. Gives how many records were erased. It may be broken off, and run again.
    ///
    /// Must not be called from async code.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn remove(&self, store: &Store, now: Millis) -> Result<usize, Refused> {
        store.write_blocking("shut out", |tx| self.shut_out(tx, now))?;
        let organisation = store.write_blocking("leave", |tx| self.leave(tx, now))?;
        let all = store.read_blocking("streams of", |tx| streams_of(tx, organisation))?;
        let mut erased = 0;
        for stream in all {
            erased += empty(store, stream, now)?;
        }
        store.write_blocking("let go of people", |tx| let_go(tx, organisation))?;
        Ok(erased)
    }

    fn shut_out(&self, tx: &mut Conn<'_>, now: Millis) -> Result<(), Refused> {
        let id = matches(tx, &self.code, &self.manifest)?;
        let entry = audit::by_operator(now, Action::Removal, "ihuriro remove");
        audit::note(tx, &entry.about(ObjectKind::Organisation, id.uuid()))?;
        Ok(shut_out(tx, id, now)?)
    }

    fn leave(&self, tx: &mut Conn<'_>, now: Millis) -> Result<OrganisationId, Refused> {
        let id = self.manifest.organisation.id;
        // This takes the lock of each stream: a push that was let in before waits no longer, and has written.
        let theirs = streams::table.filter(streams::organisation_id.eq(Db(id)));
        on_each!(tx, |c| diesel::update(theirs).set(streams::last_seq.eq(streams::last_seq)).execute(c))?;
        let id = matches(tx, &self.code, &self.manifest)?;
        let partner = rows::table.find(Db(id)).filter(rows::left_at.is_null());
        on_each!(tx, |c| diesel::update(partner).set(rows::left_at.eq(At(now))).execute(c))?;
        // What others referred to it stays with them.
        let received = received_referrals::table.filter(received_referrals::organisation_id.eq(Db(id)));
        on_each!(tx, |c| diesel::delete(received).execute(c))?;
        // Nobody would read who is sent to its services, and no revision counts its people again.
        end_all_of(tx, id, now)?;
        let held = held_counts::table.filter(held_counts::organisation_id.eq(Db(id)));
        on_each!(tx, |c| diesel::delete(held).execute(c))?;
        Ok(id)
    }
}

/// The organisation, if the export is of it and, unless it has left already, holds all that the store has of it now.
fn matches(tx: &mut Conn<'_>, code: &str, manifest: &Manifest) -> Result<OrganisationId, Refused> {
    let found = organisations::find_by_code(tx, code)?;
    let found = found.ok_or_else(|| Refused::NoSuchOrganisation(code.to_owned()))?;
    if manifest.organisation.id != found.id || manifest.epoch != identity::epoch(tx)? {
        return Err(Refused::OfAnother);
    }
    if found.left_at.is_none() && Standing::of(tx, found.id)? != manifest.standing {
        return Err(Refused::Since);
    }
    Ok(found.id)
}

fn unsent(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<i64, StoreError> {
    on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(users::organisation_id.eq(Db(organisation)))
        .filter(devices::revoked_at.is_null())
        .filter(devices::unsent.gt(0))
        .count()
        .get_result(c))
}

fn streams_of(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<Vec<StreamId>, StoreError> {
    let rows: Vec<Db<StreamId>> = on_each!(tx, |c| streams::table
        .filter(streams::organisation_id.eq(Db(organisation)))
        .order(streams::id)
        .select(streams::id)
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id).collect())
}

/// The order in which records go: what others point to after them, and the group last.
const ORDER: [Kind; 10] = [
    Kind::Referral,
    Kind::Screening,
    Kind::Incident,
    Kind::Session,
    Kind::Participant,
    Kind::Adoption,
    Kind::Lesson,
    Kind::SharedLesson,
    Kind::Service,
    Kind::Group,
];

/// Puts tombstones in the place of all records of a stream, and deletes what was quarantined for it until its organisation left.
fn empty(store: &Store, stream: StreamId, now: Millis) -> Result<usize, Refused> {
    let mut erased = 0;
    for kind in ORDER {
        let ids = store.read_blocking("records left", |tx| ledger::live(tx, stream, kind))?;
        for some in ids.chunks(AT_ONCE) {
            let place = |document| Place { stream, document, kind };
            let gone: Vec<Erasure> =
                some.iter().map(|id| Erasure { place: place(*id), at: now, by: None }).collect();
            erased += store.write_blocking("remove records", |tx| ledger::erase(tx, &gone, now))?;
        }
    }
    store.write_blocking("remove quarantined", |tx| -> Result<usize, StoreError> {
        let left = streams::table
            .inner_join(rows::table.on(streams::organisation_id.eq(rows::id.nullable())))
            .filter(streams::id.eq(Db(stream)))
            .select(rows::left_at);
        let left: Option<Option<At>> = on_each!(tx, |c| left.first(c).optional())?;
        let Some(until) = left.flatten() else { return Ok(0) };
        let waits = quarantine::table
            .filter(quarantine::stream_id.eq(Db(stream)))
            .filter(quarantine::received_at.le(until));
        on_each!(tx, |c| diesel::delete(waits).execute(c))
    })?;
    Ok(erased)
}

/// Deletes what tablets of organisations that left have handed in since, once it has waited for [`LATE_DAYS`]. Gives how many changes that were.
///
/// # Errors
/// Those of the store.
pub fn forget_late_work(tx: &mut Conn<'_>, now: Millis) -> Result<usize, StoreError> {
    let until = At(now.plus_minutes(-LATE_DAYS * 24 * 60));
    let of_left = streams::table
        .filter(
            streams::organisation_id
                .eq_any(rows::table.filter(rows::left_at.is_not_null()).select(rows::id.nullable())),
        )
        .select(streams::id);
    let late = quarantine::table
        .filter(quarantine::stream_id.eq_any(of_left))
        .filter(quarantine::received_at.le(until));
    on_each!(tx, |c| diesel::delete(late).execute(c))
}

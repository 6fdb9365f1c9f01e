//! Who asked to be erased and was confirmed by no manager in time.
//!
//! The law gives thirty days from the day on which somebody asks. A tablet writes that day, by a clock that may be wrong, and syncs when it can. So
//! nobody is erased within a week of when the service heard of it: a manager reads of it before, and confirms it or asks what happened.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use sync_core::conflict::standing;
use sync_core::id::{GroupId, Id, OrganisationId, ParticipantId};
use sync_core::record::Participant;
use sync_core::time::Millis;

use super::carrying_out::{Refused, carry_out};
use super::find::find;
use crate::audit::{self, Action, Entry, ObjectKind, Who};
use crate::clock::day_begins;
use crate::desk::Member;
use crate::ledger;
use crate::on_each;
use crate::store::schema::{changes, participants, streams};
use crate::store::{At, Conn, Db, Failure, Store, StoreError};

/// From the day on which they asked (Law 058/2021, article 23).
const WITHIN_DAYS: i64 = 30;
/// From when the service heard of it.
const NOTICE_DAYS: i64 = 7;
const DAY_MINUTES: i64 = 24 * 60;

/// Somebody who is to be erased now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub organisation: OrganisationId,
    pub group: GroupId,
    pub participant: ParticipantId,
}

/// Who asked thirty days ago, and of whom the service has known for a week.
///
/// # Errors
/// Those of the store.
pub fn overdue(tx: &mut Conn<'_>, now: Millis) -> Result<Vec<Asked>, StoreError> {
    type Row = (Db<ParticipantId>, Db<GroupId>, Option<Db<OrganisationId>>);
    let rows: Vec<Row> = on_each!(tx, |c| participants::table
        .inner_join(streams::table.on(streams::id.eq(participants::group_id)))
        // Written out, as the index has it.
        .filter(sql::<Bool>("participants.erased"))
        // Of whom nothing is left, the code is not either.
        .filter(participants::code.ne(""))
        .order((participants::group_id, participants::id))
        .select((participants::id, participants::group_id, streams::organisation_id))
        .load(c))?;
    let mut all = Vec::new();
    for (Db(participant), Db(group), organisation) in rows {
        let organisation = organisation.ok_or(StoreError::Damaged("a group without an organisation"))?.0;
        match is_due(tx, participant, now) {
            Ok(true) => all.push(Asked { organisation, group, participant }),
            // A record that can't be read is named by `verify`, and keeps nobody else from being erased.
            Ok(false) | Err(StoreError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn is_due(tx: &mut Conn<'_>, id: ParticipantId, now: Millis) -> Result<bool, StoreError> {
    let Some(stored) = ledger::load(tx, id.into())? else { return Ok(false) };
    let document = stored.open()?;
    let record: Participant = document.read().map_err(|_| StoreError::Damaged("a record"))?;
    let (Some(asked), Some(claim)) = (record.erased, standing(&document, "erased")) else { return Ok(false) };
    let heard: Option<At> = on_each!(tx, |c| changes::table
        .filter(changes::document_id.eq(Db(id)))
        .filter(changes::hash.eq(claim.change.as_bytes().to_vec()))
        .select(changes::received_at)
        .first(c)
        .optional())?;
    let Some(At(heard)) = heard else { return Ok(false) };
    let after = |from: Millis, days: i64| from.plus_minutes(days * DAY_MINUTES) <= now;
    Ok(after(day_begins(asked), WITHIN_DAYS) && after(heard, NOTICE_DAYS))
}

/// Erases them, each in a transaction of its own, and notes it as done by the service. Gives those who were erased. Somebody who can't be erased,
/// since a record of their group can't be read, does not keep others from it. Several services may do so at once.
///
/// # Errors
/// The first that there was, once all others are erased.
pub async fn erase_overdue(store: &Store, now: Millis) -> Result<Vec<Asked>, StoreError> {
    let (mut erased, mut failed) = (Vec::new(), None);
    for one in store.read("overdue erasures", move |tx| overdue(tx, now)).await? {
        match erase(store, one, now).await {
            Ok(true) => erased.push(one),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if !erased.is_empty() {
        store.forget_what_was_overwritten().await;
    }
    failed.map_or(Ok(erased), Err)
}

/// Says whether it was this service that erased them.
async fn erase(store: &Store, one: Asked, now: Millis) -> Result<bool, StoreError> {
    let (stream, id) = (one.group.into(), one.participant);
    let found = store.read("look for somebody", move |tx| find(tx, stream, id)).await?;
    let entry = Entry::of(Who::service(), now, Action::Retention, "erasure after 30 days")
        .about(ObjectKind::Participant, id.uuid())
        .of_organisation(one.organisation);
    let erased = store.write("erase", move |tx| -> Result<(), Failure<Refused>> {
        carry_out(tx, id, &found, Member::service(now))?;
        Ok(audit::note(tx, &entry)?)
    });
    match erased.await {
        Ok(()) => Ok(true),
        // Another service, or a manager, did it meanwhile.
        Err(Failure::Refused(Refused::NoSuchParticipant)) => Ok(false),
        Err(Failure::Refused(_)) => Err(StoreError::Damaged("a session that can't be recorded again")),
        Err(Failure::Store(error)) => Err(error),
    }
}

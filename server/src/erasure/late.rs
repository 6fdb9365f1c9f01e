//! Sessions that name somebody who was erased before.
//!
//! A tablet that had not heard of it merges its words into a session as ever, or whoever holds it remembers the code. Such a session is
//! recorded again without the code, as it would have been then. The code can't mean anybody else in that group: no record begins under it.

use std::collections::BTreeSet;

use diesel::dsl::min;
use diesel::prelude::*;
use sync_core::erasing::ever_named;
use sync_core::id::{DocumentId, GroupId, Id, OrganisationId, ParticipantId, StreamId};
use sync_core::record::Kind;
use sync_core::time::Millis;
use sync_core::value::Pseudonym;

use super::carrying_out::{Refused, take_away};
use super::find::{Found, find_again};
use crate::audit::{self, Action, Entry, ObjectKind, Who};
use crate::desk::Member;
use crate::ledger::{self, tombstone_heads};
use crate::on_each;
use crate::store::schema::{documents, erasures, streams};
use crate::store::{At, Code, Conn, Db, Failure, Store, StoreError, identity};

/// A change may become visible this long after the time that it bears: clocks of services differ, and a transaction takes its time.
const OVERLAP_MINUTES: i64 = 60;

/// How many sessions are in memory at a time: each may be a mebibyte.
const IN_MEMORY: usize = 16;

/// A group in which somebody was erased.
#[derive(Debug, Clone, Copy)]
struct Place {
    stream: StreamId,
    organisation: OrganisationId,
    /// When the first one was.
    erased_at: Millis,
}

/// Records again the sessions that name somebody who was erased before, group by group, and notes it as done by the service. Opens what was
/// written since it was last looked for, of groups in which somebody was erased. Gives how many were recorded again. What can't be read in one
/// group does not keep others from it. Several services may do so at once.
///
/// # Errors
/// The first that there was, once all other groups are done.
pub async fn erase_late_names(store: &Store, now: Millis) -> Result<usize, StoreError> {
    let (until, places) = store
        .read("late names", |tx| Ok::<_, StoreError>((identity::names_looked_for(tx)?, places(tx)?)))
        .await?;
    let since = until.plus_minutes(-OVERLAP_MINUTES);
    let (mut again, mut failed) = (0, None);
    for place in places {
        match in_group(store, place, since, now).await {
            Ok(sessions) => again += sessions,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if again > 0 {
        store.forget_what_was_overwritten().await;
    }
    if let Some(error) = failed {
        return Err(error);
    }
    store.write("late names", move |tx| identity::set_names_looked_for(tx, now)).await?;
    Ok(again)
}

fn places(tx: &mut Conn<'_>) -> Result<Vec<Place>, StoreError> {
    type Row = (Db<StreamId>, Option<Db<OrganisationId>>, Option<At>);
    let rows: Vec<Row> = on_each!(tx, |c| erasures::table
        .inner_join(streams::table.on(streams::id.eq(erasures::stream_id)))
        .filter(erasures::kind.eq(Code(Kind::Participant)))
        .group_by((streams::id, streams::organisation_id))
        .order(streams::id)
        .select((streams::id, streams::organisation_id, min(erasures::erased_at)))
        .load(c))?;
    let place = |(Db(stream), organisation, at): Row| {
        let (Db(organisation), At(erased_at)) = organisation.zip(at)?;
        Some(Place { stream, organisation, erased_at })
    };
    Ok(rows.into_iter().filter_map(place).collect())
}

/// Gives how many sessions of a group were recorded again.
async fn in_group(store: &Store, place: Place, since: Millis, now: Millis) -> Result<usize, StoreError> {
    let Place { stream, organisation, erased_at } = place;
    let since = since.max(erased_at);
    let look = move |tx: &mut Conn<'_>| -> Result<Option<(BTreeSet<Pseudonym>, Found)>, StoreError> {
        let codes = named_since(tx, stream, since)?;
        if codes.is_empty() {
            return Ok(None);
        }
        let found = find_again(tx, stream, codes.clone())?;
        Ok(Some((codes, found)))
    };
    let Some((codes, before)) = store.read("late names", look).await? else { return Ok(0) };
    let again = store.write("late names", move |tx| -> Result<usize, Failure<Refused>> {
        ledger::hold(tx, stream)?;
        let found = if before.stands(tx)? { before.clone() } else { find_again(tx, stream, codes.clone())? };
        let sessions = found.naming.len();
        // Another service has done it meanwhile.
        if sessions == 0 {
            return Ok(0);
        }
        take_away(tx, found, Member::service(now))?;
        let entry = Entry::of(Who::service(), now, Action::Retention, "late names of somebody erased");
        let entry = entry.about(ObjectKind::Group, stream.uuid()).of_organisation(organisation);
        audit::note(tx, &Entry { items: Some(sessions as u64), ..entry })?;
        Ok(sessions)
    });
    match again.await {
        Ok(sessions) => Ok(sessions),
        Err(Failure::Refused(_)) => Err(StoreError::Damaged("a session that can't be recorded again")),
        Err(Failure::Store(error)) => Err(error),
    }
}

/// The codes of people erased that sessions name which were written since a time.
fn named_since(
    tx: &mut Conn<'_>,
    stream: StreamId,
    since: Millis,
) -> Result<BTreeSet<Pseudonym>, StoreError> {
    let rows: Vec<Db<DocumentId>> = on_each!(tx, |c| documents::table
        .filter(documents::stream_id.eq(Db(stream)))
        .filter(documents::kind.eq(Code(Kind::Session)))
        .filter(documents::heads.ne(tombstone_heads(Kind::Session)))
        .filter(documents::updated_at.ge(At(since)))
        .order(documents::id)
        .select(documents::id)
        .load(c))?;
    let ids: Vec<DocumentId> = rows.into_iter().map(|Db(id)| id).collect();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (group, erased) = (GroupId::from_uuid(stream.uuid()), erased(tx, stream)?);
    let mut codes = BTreeSet::new();
    for some in ids.chunks(IN_MEMORY) {
        for stored in ledger::load_all(tx, some)?.into_values() {
            // One session may name as many codes as it has room for: only those that matter are kept.
            let named = ever_named(&stored.open()?).unwrap_or_default();
            codes.extend(named.into_iter().filter(|code| erased.contains(&ParticipantId::of(group, code))));
        }
    }
    Ok(codes)
}

/// The people of a group who were erased.
fn erased(tx: &mut Conn<'_>, stream: StreamId) -> Result<BTreeSet<ParticipantId>, StoreError> {
    let rows: Vec<Db<DocumentId>> = on_each!(tx, |c| erasures::table
        .filter(erasures::stream_id.eq(Db(stream)))
        .filter(erasures::kind.eq(Code(Kind::Participant)))
        .select(erasures::document_id)
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id.into()).collect())
}

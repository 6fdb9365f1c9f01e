//! Days that may be wrong: by the clock that wrote them, or by themselves. The rule stands here twice, as a condition that
//! finds them and as a function that says why; a test holds the two equal.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::day::{Began, EARLIEST, LONG_AGO, Unlikely, in_words, unlikely};
use sync_core::id::{DocumentId, ParticipantId, SessionId};
use sync_core::record::session::SessionState;
use sync_core::time::{self, Date, Millis, day_in_rwanda};

use super::VOID_GROUPS;
use super::clocks::{DAY, HANDED_IN, HandedIn, clock_off};
use crate::on_each;
use crate::store::schema::{batches, changes, days, groups, participants, sessions};
use crate::store::{At, Conn, Db, StoreError};

/// Whether the day of a session is in doubt, unless somebody verified that it took place so, or it was set aside: somebody has
/// looked at it then. A condition on the table that is called `sessions`, for each row of it that is looked at.
pub(crate) fn day_doubt(sessions: &str) -> String {
    let early = format!("days.day < (SELECT began_on FROM groups WHERE groups.id = {sessions}.group_id)");
    let verified = SessionState::Verified;
    let looked_at = format!(
        "{sessions}.state = '{verified}' OR {sessions}.void IS NOT NULL
         OR {sessions}.moved_to IS NOT NULL OR {sessions}.double_of IS NOT NULL
         OR {sessions}.group_id IN ({VOID_GROUPS})"
    );
    format!("(NOT ({looked_at}) AND {})", any_day(sessions, &early))
}

/// Whether a day of the consent of a participant who counts is in doubt. People may be asked for it before their group begins.
pub(crate) fn consent_doubt(participants: &str) -> String {
    let crossed = "(days.field = 'consent_withdrawn' AND days.day < (SELECT given.day FROM days given
                    WHERE given.document_id = days.document_id AND given.field = 'consent_date'))";
    let void = format!("{participants}.void IS NOT NULL OR {participants}.group_id IN ({VOID_GROUPS})");
    format!("(NOT ({void}) AND {})", any_day(participants, crossed))
}

/// Whether the clock that wrote the day of a session was wrong, and nobody verified that it took place so. A condition as [`day_doubt`].
pub(crate) fn wrong_clock(sessions: &str) -> String {
    let verified = SessionState::Verified;
    format!(
        "({sessions}.state <> '{verified}' AND EXISTS (
             SELECT 1 FROM days
             JOIN changes ON changes.document_id = days.document_id AND changes.hash = days.written_by
             JOIN batches ON batches.id = changes.batch_id
             WHERE days.document_id = {sessions}.id AND ({})
         ))",
        clock_is_off()
    )
}

/// Whether one of the clocks was wrong when a batch was handed in: the service's, or that of the tablet that wrote it.
fn clock_is_off() -> String {
    format!(
        "batches.received_in_doubt > 0
                 OR (batches.carrier_id IS NULL AND batches.claimed_at NOT BETWEEN
                     batches.received_at - {DAY} AND batches.received_at + {DAY})"
    )
}

/// Whether a record has a day that is in doubt, or of which `also` holds. Nothing is subtracted from what a tablet says: it
/// may be any number.
fn any_day(records: &str, also: &str) -> String {
    let (long_ago, clock_is_off) = ((LONG_AGO + 1) * DAY, clock_is_off());
    format!(
        "EXISTS (
             SELECT 1 FROM days
             LEFT JOIN changes ON changes.document_id = days.document_id AND changes.hash = days.written_by
             LEFT JOIN batches ON batches.id = changes.batch_id
             WHERE days.document_id = {records}.id AND (
                 {clock_is_off}
                 OR days.begins_at > coalesce(batches.received_at, changes.received_at)
                 OR days.begins_at > days.written_at
                 OR days.begins_at + {long_ago} <= days.written_at
                 OR days.day < '{EARLIEST}'
                 OR {also}
             )
         )"
    )
}

/// A day, and how it came to be written.
struct Dated {
    day: Date,
    began: Option<Began>,
    /// By the author's clock.
    written_at: Option<Millis>,
    /// By the service's.
    received_at: Option<Millis>,
    batch: Option<HandedIn>,
}

type Row = (Db<DocumentId>, String, String, Option<At>, Option<At>, Option<HandedIn>);

impl Dated {
    fn of((_, _, day, written, received, batch): Row, began: Option<Began>) -> Result<Self, StoreError> {
        let received = batch.map(|(_, received, ..)| received).or(received);
        Ok(Self {
            day: read(&day)?,
            began,
            written_at: written.map(|At(at)| at),
            received_at: received.map(|At(at)| at),
            batch,
        })
    }

    /// Why the day is in doubt, in words. What a wrong clock explains is said of the clock.
    fn why(&self) -> Option<String> {
        // 1. A clock was wrong; the service's own is doubted before a tablet's.
        if let Some((At(claimed), At(received), _, 1)) = self.batch {
            let days = apart(received.0.abs_diff(claimed.0) / 1000);
            return Some(format!(
                "When the service got it, its own clock and the tablet's were {days} apart, and which of them was wrong is \
                 not known."
            ));
        }
        if let Some(seconds) = clock_off(self.batch).filter(|_| self.tablet_is_off()) {
            let way = if seconds > 0 { "behind" } else { "ahead" };
            let days = apart(seconds.unsigned_abs());
            return Some(format!("The clock of the tablet that wrote the date was {days} {way}."));
        }
        // 2. It had not begun.
        if self.received_at.is_some_and(|at| self.day > day_in_rwanda(at)) {
            return Some("The day had not begun when the service got it.".to_owned());
        }
        // 3. It can hardly be, whoever wrote it. Where it is not known when that was, nothing is said of that.
        let written = self.written_at.map(day_in_rwanda);
        Some(match unlikely(self.day, self.began, written.unwrap_or(self.day))? {
            Unlikely::Ahead { .. } => "The day had not begun when it was written.".to_owned(),
            Unlikely::BeforeGroup { began } => format!("The group {began}."),
            Unlikely::BeforeAll => format!("No group met before {}.", EARLIEST.year()),
            Unlikely::LongAgo { days } => format!("It was written {days} days after that day."),
        })
    }

    fn tablet_is_off(&self) -> bool {
        let off =
            |(At(claimed), At(received), ..): HandedIn| claimed.0.abs_diff(received.0) > DAY.unsigned_abs();
        self.batch.is_some_and(off)
    }
}

fn read(day: &str) -> Result<Date, StoreError> {
    time::day(day).ok_or(StoreError::Damaged("a day"))
}

/// `3 days`, of a time of more than one.
fn apart(seconds: u64) -> String {
    match seconds / 86_400 {
        0 | 1 => "more than a day".to_owned(),
        days => format!("{days} days"),
    }
}

fn load(tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<Vec<Row>, StoreError> {
    let of: Vec<Db<DocumentId>> = ids.iter().copied().map(Db).collect();
    let written =
        changes::document_id.eq(days::document_id).and(changes::hash.nullable().eq(days::written_by));
    on_each!(tx, |c| days::table
        .left_join(changes::table.on(written))
        .left_join(batches::table.on(batches::id.nullable().eq(changes::batch_id.nullable())))
        .filter(days::document_id.eq_any(&of))
        .order((days::document_id, days::field))
        .select((
            days::document_id,
            days::field,
            days::day,
            days::written_at,
            changes::received_at.nullable(),
            HANDED_IN.nullable(),
        ))
        .load(c))
}

/// Why the days of some sessions are in doubt.
///
/// # Errors
/// Those of the store.
pub(crate) fn of_sessions(
    tx: &mut Conn<'_>,
    ids: &[SessionId],
) -> Result<BTreeMap<SessionId, String>, StoreError> {
    type Group = (Db<SessionId>, Option<String>, Option<String>);
    let of: Vec<Db<SessionId>> = ids.iter().copied().map(Db).collect();
    let groups: Vec<Group> = on_each!(tx, |c| sessions::table
        .left_join(groups::table.on(groups::id.eq(sessions::group_id)))
        .filter(sessions::id.eq_any(&of))
        .filter(sessions::state.ne(SessionState::Verified.code()))
        .filter(groups::void.is_null())
        .filter(sessions::void.is_null())
        .filter(sessions::moved_to.is_null())
        .filter(sessions::double_of.is_null())
        .select((sessions::id, groups::began_on.nullable(), groups::starts_on.nullable()))
        .load(c))?;
    let mut began: BTreeMap<DocumentId, Option<Began>> = BTreeMap::new();
    for (Db(id), on, said) in groups {
        let on = on.as_deref().map(read).transpose()?;
        began.insert(id.into(), on.map(|on| Began { on, said: said.is_some() }));
    }
    let ids: Vec<DocumentId> = began.keys().copied().collect();
    let mut found = BTreeMap::new();
    for row in load(tx, &ids)? {
        let id = row.0.0;
        let began = began.get(&id).copied().flatten();
        if let Some(why) = Dated::of(row, began)?.why() {
            found.insert(id.into(), format!("{why} Ask which day it was."));
        }
    }
    Ok(found)
}

/// Why the days of some participants' consent are in doubt.
///
/// # Errors
/// Those of the store.
pub(crate) fn of_participants(
    tx: &mut Conn<'_>,
    ids: &[ParticipantId],
) -> Result<BTreeMap<ParticipantId, String>, StoreError> {
    let of: Vec<Db<ParticipantId>> = ids.iter().copied().map(Db).collect();
    let ids: Vec<Db<ParticipantId>> = on_each!(tx, |c| participants::table
        .left_join(groups::table.on(groups::id.eq(participants::group_id)))
        .filter(participants::id.eq_any(&of))
        .filter(participants::void.is_null())
        .filter(groups::void.is_null())
        .select(participants::id)
        .load(c))?;
    let ids: Vec<DocumentId> = ids.into_iter().map(|Db(id)| id.into()).collect();
    let mut found: BTreeMap<ParticipantId, String> = BTreeMap::new();
    let mut given: BTreeMap<DocumentId, Date> = BTreeMap::new();
    for row in load(tx, &ids)? {
        let (id, withdrawn) = (row.0.0, row.1 == "consent_withdrawn");
        let dated = Dated::of(row, None)?;
        if !withdrawn {
            given.insert(id, dated.day);
        }
        let crossed = withdrawn && given.get(&id).is_some_and(|given| dated.day < *given);
        let crossed = || crossed.then(|| "It is before the consent was given.".to_owned());
        if let Some(why) = dated.why().or_else(crossed) {
            let what = if withdrawn { "Withdrawal" } else { "Consent" };
            let said = found.entry(id.into()).or_default();
            let space = if said.is_empty() { "" } else { " " };
            said.push_str(&format!("{space}{what} on {}: {why}", in_words(dated.day)));
        }
    }
    Ok(found)
}

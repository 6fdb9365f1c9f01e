//! What about a session somebody should look at, or totals leave out: conditions in SQL that both databases read, each
//! written once, for lists and totals alike.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use sync_core::double::LONGEST_CIRCLE;
use sync_core::id::SessionId;
use sync_core::record::session::SessionState;

use crate::ledger::{HandedIn, clock_off};
use crate::on_each;
use crate::store::schema::{batches, changes, possible_doubles, sessions};
use crate::store::{Conn, Db, StoreError};

/// The ids of the sessions that totals leave out, as a query: all that are marked as the double of one that is there, but
/// the least of a circle. As [`sync_core::double::counts`], walking from each through greater ids back to itself.
pub(crate) fn doubles() -> String {
    format!(
        "WITH RECURSIVE mark (id, other) AS (
             SELECT one.id, two.id FROM sessions one
             JOIN sessions two ON two.id = one.double_of AND two.group_id = one.group_id
             WHERE one.double_of IS NOT NULL
         ), walk (id, at, steps) AS (
             SELECT id, other, 1 FROM mark
             UNION ALL
             SELECT walk.id, mark.other, walk.steps + 1 FROM walk JOIN mark ON mark.id = walk.at
             WHERE walk.at > walk.id AND walk.steps < {LONGEST_CIRCLE}
         )
         SELECT id FROM mark WHERE id NOT IN (SELECT id FROM walk WHERE at = id)"
    )
}

/// The ids of the sessions that totals leave out, as a query: those that are void, or of a void group, those that began with a move which was
/// taken back, and of those that were moved or marked as doubles all but the least of a circle. As
/// [`sync_core::double::counted`], walking from each through greater ids back to itself. It looks only at the few sessions of
/// which any of this is said; each is found by an index.
pub(crate) fn left_out() -> String {
    format!(
        "WITH RECURSIVE fallen (id) AS (
             SELECT id FROM sessions WHERE void IS NOT NULL
             UNION
             SELECT one.id FROM sessions one
             JOIN sessions source ON source.id = one.moved_from AND source.group_id = one.group_id
             WHERE one.moved_from IS NOT NULL AND (source.moved_to IS NULL OR source.moved_to <> one.id)
         ), moved (id, other) AS (
             SELECT one.id, two.id FROM sessions one
             JOIN sessions two ON two.id = one.moved_to AND two.group_id = one.group_id
             WHERE one.moved_to IS NOT NULL
         ), mark (id, other) AS (
             SELECT id, other FROM moved
             UNION
             SELECT one.id, two.id FROM sessions one
             JOIN sessions two ON two.id = one.double_of AND two.group_id = one.group_id
             WHERE one.double_of IS NOT NULL AND one.id NOT IN (SELECT id FROM moved)
             AND two.id NOT IN (SELECT id FROM fallen)
         ), walk (id, at, steps) AS (
             SELECT id, other, 1 FROM mark
             UNION ALL
             SELECT walk.id, mark.other, walk.steps + 1 FROM walk JOIN mark ON mark.id = walk.at
             WHERE walk.at > walk.id AND walk.steps < {LONGEST_CIRCLE}
         )
         SELECT id FROM fallen
         UNION
         SELECT id FROM mark WHERE id NOT IN (SELECT id FROM walk WHERE at = id)
         UNION
         SELECT one.id FROM groups JOIN sessions one ON one.group_id = groups.id WHERE groups.void IS NOT NULL"
    )
}

/// The ids of the sessions that look like a record of the same meeting as another, as a query.
pub(crate) const POSSIBLE_DOUBLES: &str = "SELECT session_id FROM possible_doubles";

/// Whether the clock of the tablet that dated a session was more than a day off. Nothing is subtracted from what a tablet
/// says: it may be any number. What a colleague carried was signed nobody knows how long before.
const CLOCK_OFF: &str = "(batches.carrier_id IS NULL
      AND batches.claimed_at NOT BETWEEN batches.received_at - 86400000 AND batches.received_at + 86400000)";

/// Whether the day of a session had not begun when the service got it.
const UNBEGUN: &str = "begins_at > coalesce(batches.received_at, changes.received_at)";

/// Whether the day of a session is in doubt: by the change that dated it, unless somebody verified that it took place so.
/// A condition on the table that is called `sessions`, for each row of it that is looked at.
pub(crate) fn date_doubt(sessions: &str) -> String {
    format!(
        "EXISTS (
             SELECT 1 FROM changes LEFT JOIN batches ON batches.id = changes.batch_id
             WHERE changes.document_id = {sessions}.id AND changes.hash = {sessions}.dated_by
             AND {sessions}.state <> '{}' AND ({sessions}.{UNBEGUN} OR {CLOCK_OFF})
         )",
        SessionState::Verified
    )
}

/// What there is to say of some sessions.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// For each, others that look like a record of the same meeting.
    pub(super) alike: BTreeMap<SessionId, Vec<SessionId>>,
    /// Why a day is in doubt, in words.
    pub(super) dates: BTreeMap<SessionId, String>,
    /// Those that totals leave out.
    pub(super) left_out: Vec<SessionId>,
}

impl Doubts {
    /// # Errors
    /// Those of the store.
    pub(super) fn of(tx: &mut Conn<'_>, ids: &[SessionId]) -> Result<Self, StoreError> {
        type Dated = (Db<SessionId>, Option<bool>, Option<HandedIn>);
        let of: Vec<Db<SessionId>> = ids.iter().copied().map(Db).collect();
        let pairs: Vec<(Db<SessionId>, Db<SessionId>)> = on_each!(tx, |c| possible_doubles::table
            .filter(possible_doubles::session_id.eq_any(&of))
            .order((possible_doubles::session_id, possible_doubles::other_id))
            .load(c))?;
        let left_out: Vec<Db<SessionId>> = on_each!(tx, |c| sessions::table
            .filter(sessions::id.eq_any(&of))
            .filter(diesel::dsl::sql::<Bool>(&format!("sessions.id IN ({})", left_out())))
            .select(sessions::id)
            .load(c))?;
        let dated =
            changes::document_id.eq(sessions::id).and(changes::hash.nullable().eq(sessions::dated_by));
        let dated: Vec<Dated> = on_each!(tx, |c| sessions::table
            .inner_join(changes::table.on(dated))
            .left_join(batches::table.on(batches::id.nullable().eq(changes::batch_id)))
            .filter(sessions::id.eq_any(&of))
            .filter(diesel::dsl::sql::<Bool>(&date_doubt("sessions")))
            .select((
                sessions::id,
                diesel::dsl::sql::<Nullable<Bool>>(CLOCK_OFF),
                (batches::claimed_at, batches::received_at, batches::carrier_id).nullable(),
            ))
            .load(c))?;
        let mut alike: BTreeMap<SessionId, Vec<SessionId>> = BTreeMap::new();
        for (Db(id), Db(other)) in pairs {
            alike.entry(id).or_default().push(other);
        }
        let dates =
            dated.into_iter().map(|(Db(id), off, batch)| (id, words(batch.filter(|_| off == Some(true)))));
        Ok(Self { alike, dates: dates.collect(), left_out: left_out.into_iter().map(|Db(id)| id).collect() })
    }
}

/// Why a day is in doubt: `off` has the tablet's clock and the service's where they were more than a day apart, which also
/// explains a day that had not begun.
fn words(off: Option<HandedIn>) -> String {
    let Some(seconds) = clock_off(off) else {
        return "The day had not begun when the service got it. Ask which day it was.".to_owned();
    };
    let way = if seconds > 0 { "behind" } else { "ahead" };
    let days = match seconds.abs() / 86_400 {
        0 | 1 => "more than a day".to_owned(),
        days => format!("{days} days"),
    };
    format!("The clock of the tablet that wrote the date was {days} {way}. Ask which day it was.")
}

//! What about a session somebody should look at, or totals leave out: conditions in SQL that both databases read, each
//! written once, for lists and totals alike.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};
use sync_core::double::LONGEST_CIRCLE;
use sync_core::id::SessionId;

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

/// The ids of the sessions that look like a record of the same meeting as another, as a query.
pub(crate) const POSSIBLE_DOUBLES: &str = "SELECT session_id FROM possible_doubles";

/// Where the change that dated a session came from, and when.
const DATED: &str =
    "sessions JOIN changes ON changes.document_id = sessions.id AND changes.hash = sessions.dated_by
    LEFT JOIN batches ON batches.id = changes.batch_id";

/// The day of a session had not begun when the service got it.
const UNBEGUN: &str = "sessions.begins_at > coalesce(batches.received_at, changes.received_at)";

/// By how many milliseconds the clock of the tablet that dated a session was behind, where that is more than a day.
const CLOCK_OFF: &str = "CASE WHEN abs(batches.received_at - batches.claimed_at) > 86400000
    THEN batches.received_at - batches.claimed_at END";

/// Nobody has verified that a session took place as it is recorded.
const UNVERIFIED: &str = "sessions.state <> 'verified'";

/// The ids of the sessions of which the day is in doubt, as a query.
pub(crate) fn date_doubts() -> String {
    format!("SELECT sessions.id FROM {DATED} WHERE {UNVERIFIED} AND ({UNBEGUN} OR ({CLOCK_OFF}) IS NOT NULL)")
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
        type Dated = (Db<SessionId>, bool, Option<i64>);
        let of: Vec<Db<SessionId>> = ids.iter().copied().map(Db).collect();
        let pairs: Vec<(Db<SessionId>, Db<SessionId>)> = on_each!(tx, |c| possible_doubles::table
            .filter(possible_doubles::session_id.eq_any(&of))
            .order((possible_doubles::session_id, possible_doubles::other_id))
            .load(c))?;
        let left_out: Vec<Db<SessionId>> = on_each!(tx, |c| sessions::table
            .filter(sessions::id.eq_any(&of))
            .filter(sessions::double_of.is_not_null())
            .filter(diesel::dsl::sql::<Bool>(&format!("sessions.id IN ({})", doubles())))
            .select(sessions::id)
            .load(c))?;
        let dated =
            changes::document_id.eq(sessions::id).and(changes::hash.nullable().eq(sessions::dated_by));
        let dated: Vec<Dated> = on_each!(tx, |c| sessions::table
            .inner_join(changes::table.on(dated))
            .left_join(batches::table.on(batches::id.nullable().eq(changes::batch_id)))
            .filter(sessions::id.eq_any(&of))
            .filter(diesel::dsl::sql::<Bool>(UNVERIFIED))
            .select((
                sessions::id,
                diesel::dsl::sql::<Bool>(UNBEGUN),
                diesel::dsl::sql::<Nullable<BigInt>>(CLOCK_OFF),
            ))
            .load(c))?;
        let mut alike: BTreeMap<SessionId, Vec<SessionId>> = BTreeMap::new();
        for (Db(id), Db(other)) in pairs {
            alike.entry(id).or_default().push(other);
        }
        let dates = dated.into_iter().filter_map(|(Db(id), unbegun, off)| Some((id, words(unbegun, off)?)));
        Ok(Self { alike, dates: dates.collect(), left_out: left_out.into_iter().map(|Db(id)| id).collect() })
    }
}

fn words(unbegun: bool, clock_off: Option<i64>) -> Option<String> {
    match (clock_off, unbegun) {
        (Some(off), _) => {
            let days = off.abs() / 86_400_000;
            let way = if off > 0 { "behind" } else { "ahead" };
            let days = if days == 1 { "more than a day".to_owned() } else { format!("{days} days") };
            Some(format!(
                "The clock of the tablet that wrote the date was {days} {way}. Ask which day it was."
            ))
        }
        (None, true) => {
            Some("The day had not begun when the service got it. Ask which day it was.".to_owned())
        }
        (None, false) => None,
    }
}

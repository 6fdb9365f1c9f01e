//! What about a record somebody should look at, or totals leave out: conditions in SQL that both databases read, each
//! written once, for lists and totals alike.

mod day;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::Bool;
use sync_core::double::LONGEST_CIRCLE;
use sync_core::id::SessionId;

pub(crate) use day::{consent_doubt, day_doubt};
pub(super) use day::{of_participants, of_sessions};

use crate::on_each;
use crate::store::schema::{possible_doubles, sessions};
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

/// What there is to say of some sessions.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// For each, others that look like a record of the same meeting.
    pub(super) alike: BTreeMap<SessionId, Vec<SessionId>>,
    /// Why a day is in doubt, in words.
    pub(super) dates: BTreeMap<SessionId, String>,
    /// Those that totals leave out.
    pub(super) left_out: BTreeSet<SessionId>,
}

impl Doubts {
    /// # Errors
    /// Those of the store.
    pub(super) fn of(tx: &mut Conn<'_>, ids: &[SessionId]) -> Result<Self, StoreError> {
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
        let mut alike: BTreeMap<SessionId, Vec<SessionId>> = BTreeMap::new();
        for (Db(id), Db(other)) in pairs {
            alike.entry(id).or_default().push(other);
        }
        let left_out = left_out.into_iter().map(|Db(id)| id).collect();
        Ok(Self { alike, dates: of_sessions(tx, ids)?, left_out })
    }
}

//! What about a record somebody should look at, or totals leave out: conditions in SQL that both databases read, each
//! written once, for lists and totals alike.

mod clocks;
mod day;
mod marks;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::Bool;
use sync_core::double::LONGEST_CIRCLE;
use sync_core::id::SessionId;

pub(crate) use clocks::{Doubt, HANDED_IN, HandedIn, clock_off, own_clock_in_doubt};
pub(crate) use day::{consent_doubt, day_doubt, of_participants, of_sessions, wrong_clock};
pub(crate) use marks::{Splits, given_to, marks};
pub(crate) use people::{ABSENT_MARK, CAME, GRADUATED, MET_LAST, absences, one_or_two};

use crate::on_each;
use crate::store::identity::CATCHING_UP;
use crate::store::schema::{possible_doubles, sessions};
use crate::store::{Conn, Db, StoreError};

/// The sessions that totals leave out, as a query for their `id` and `why` (`void`, `moved` or `double`), each once. As
/// [`sync_core::double::counted`], and all of a group that is void.
///
/// 1. `nowhere`: void, or of a void group.
/// 2. `back`: made by a move that was taken back, or went elsewhere.
/// 3. `mark`: moved to, or marked as the double of, a session that is there. `said` finds those in two indexes: were both one condition, a `UNION` that
///    leaves out what comes twice, or a join that is not `CROSS`, SQLite would read each session there is. Of a chain the end counts, of a circle the least:
///    `walk` goes from each through greater ids back to itself.
pub(crate) fn set_aside() -> String {
    format!(
        "WITH RECURSIVE nowhere (id) AS (
             SELECT id FROM sessions WHERE void IS NOT NULL
             UNION ALL
             SELECT s.id FROM groups g CROSS JOIN sessions s
             WHERE g.void IS NOT NULL AND s.group_id = g.id AND s.void IS NULL
         ), back (id) AS (
             {TAKEN_BACK}
         ), mark (id, other, why) AS (
             SELECT one.id, coalesce(m.id, d.id), CASE WHEN m.id IS NULL THEN 'double' ELSE 'moved' END
             FROM (SELECT id FROM sessions WHERE moved_to IS NOT NULL
                   UNION ALL SELECT id FROM sessions WHERE double_of IS NOT NULL AND moved_to IS NULL) AS said
             CROSS JOIN sessions one
             LEFT JOIN sessions m ON m.id = one.moved_to AND m.group_id = one.group_id
             LEFT JOIN sessions d ON d.id = one.double_of AND d.group_id = one.group_id
                 AND d.void IS NULL AND d.id NOT IN (SELECT id FROM back)
             WHERE one.id = said.id AND (m.id IS NOT NULL OR d.id IS NOT NULL)
         ), walk (id, at, steps) AS (
             SELECT id, other, 1 FROM mark
             UNION ALL
             SELECT walk.id, mark.other, walk.steps + 1 FROM walk JOIN mark ON mark.id = walk.at
             WHERE walk.at > walk.id AND walk.steps < {LONGEST_CIRCLE}
         )
         SELECT id, 'void' AS why FROM nowhere
         UNION ALL
         SELECT id, 'moved' FROM back WHERE id NOT IN (SELECT id FROM nowhere)
         UNION ALL
         SELECT id, why FROM mark WHERE id NOT IN (SELECT id FROM walk WHERE at = id)
         AND id NOT IN (SELECT id FROM back) AND id NOT IN (SELECT id FROM nowhere)"
    )
}

/// The ids of groups that count nowhere, and nothing of theirs.
const VOID_GROUPS: &str = "SELECT id FROM groups WHERE void IS NOT NULL";

/// The sessions that totals leave out for one reason, as a condition on `sessions`.
pub(crate) fn set_aside_as(why: &str) -> String {
    format!("sessions.id IN (SELECT id FROM ({}) AS set_aside WHERE why = '{why}')", set_aside())
}

/// The ids of the sessions that totals leave out, as a query.
pub(crate) fn left_out() -> String {
    format!("SELECT id FROM ({}) AS set_aside", set_aside())
}

/// The ids of sessions that a move made which was taken back, or went elsewhere, as a query.
const TAKEN_BACK: &str =
    "SELECT s.id FROM sessions s JOIN sessions f ON f.id = s.moved_from AND f.group_id = s.group_id
             WHERE s.moved_from IS NOT NULL AND (f.moved_to IS NULL OR f.moved_to <> s.id)";

/// Whether something was recorded in a session that counts nowhere, by somebody who had not heard, as a condition on
/// `sessions` under a name of the query's. As [`sync_core::moving::recorded_since`].
pub(crate) fn recorded_since(session: &str) -> String {
    format!(
        "({session}.id IN (SELECT id FROM sessions WHERE recorded_since
                           UNION ALL SELECT id FROM sessions WHERE recorded_since_moved AND id IN ({TAKEN_BACK})))"
    )
}

/// What a list may ask after, as conditions for [`few`].
pub(crate) const VOID: &str = "void IS NOT NULL";
pub(crate) const MOVED: &str = "moved_to IS NOT NULL";
pub(crate) const RETURNED: &str = "returned IS NOT NULL";
pub(crate) const CHANGED: &str = "changed_since_verified";

/// What few sessions say, as a condition on `sessions`. They are found in an index that holds no others; as a condition on each session, SQLite would
/// read all of the caller's.
pub(crate) fn few(say: &str) -> String {
    format!("(sessions.id IN (SELECT id FROM sessions WHERE {say}))")
}

/// The pairs of sessions that look like records of one meeting, as a condition on `possible_doubles`. A pair follows from its two documents; that a
/// move was taken back stands in a third one.
fn both_stand() -> String {
    format!(
        "possible_doubles.session_id NOT IN ({TAKEN_BACK}) AND possible_doubles.other_id NOT IN ({TAKEN_BACK})"
    )
}

/// The ids of the sessions that look like a record of the same meeting as another, as a query.
pub(crate) fn possible_doubles() -> String {
    format!("SELECT possible_doubles.session_id FROM possible_doubles WHERE {}", both_stand())
}

/// A condition on records `of` some kind, each of a group, looked at only in groups of which the facts count some such doubt, or in which they are
/// to be counted again: what a list asks of all records of an organisation, where few or none are in doubt.
pub(crate) fn where_facts_count(counts: &str, of: &str, condition: &str) -> String {
    format!(
        "({of}.group_id IN (SELECT group_id FROM fact_doubts WHERE {counts} > 0
                            UNION SELECT group_id FROM facts_due
                            UNION SELECT id FROM groups WHERE {CATCHING_UP})
          AND {condition})"
    )
}

/// The conditions of a list: those that are to hold, and those that are not. What nobody asks after is neither.
pub(crate) fn wanted(asked: impl IntoIterator<Item = (Option<bool>, String)>) -> Vec<String> {
    let condition = |(wanted, condition): (Option<bool>, String)| {
        wanted.map(|wanted| if wanted { condition } else { format!("NOT {condition}") })
    };
    asked.into_iter().filter_map(condition).collect()
}

/// What there is to say of some sessions.
#[derive(Debug, Default)]
pub(crate) struct SessionDoubts {
    /// For each, others that look like a record of the same meeting.
    pub(crate) alike: BTreeMap<SessionId, Vec<SessionId>>,
    /// Why a day is in doubt, in words.
    pub(crate) dates: BTreeMap<SessionId, String>,
    /// Those that totals leave out.
    pub(crate) left_out: Vec<SessionId>,
    /// Those in which something was recorded by somebody who had not heard that they count nowhere.
    pub(crate) recorded_since: Vec<SessionId>,
}

impl SessionDoubts {
    /// # Errors
    /// Those of the store.
    pub(crate) fn of(tx: &mut Conn<'_>, ids: &[SessionId]) -> Result<Self, StoreError> {
        let of: Vec<Db<SessionId>> = ids.iter().copied().map(Db).collect();
        let mut those = |condition: String| -> Result<Vec<SessionId>, StoreError> {
            let found: Vec<Db<SessionId>> = on_each!(tx, |c| sessions::table
                .filter(sessions::id.eq_any(&of))
                .filter(diesel::dsl::sql::<Bool>(&condition))
                .select(sessions::id)
                .load(c))?;
            Ok(found.into_iter().map(|Db(id)| id).collect())
        };
        let left_out = those(format!("sessions.id IN ({})", left_out()))?;
        let recorded_since = those(recorded_since("sessions"))?;
        Ok(Self { alike: alike(tx, ids)?, dates: of_sessions(tx, ids)?, left_out, recorded_since })
    }
}

/// For each of some sessions, others that look like a record of the same meeting.
///
/// # Errors
/// Those of the store.
pub(crate) fn alike(
    tx: &mut Conn<'_>,
    ids: &[SessionId],
) -> Result<BTreeMap<SessionId, Vec<SessionId>>, StoreError> {
    let of: Vec<Db<SessionId>> = ids.iter().copied().map(Db).collect();
    let pairs: Vec<(Db<SessionId>, Db<SessionId>)> = on_each!(tx, |c| possible_doubles::table
        .filter(possible_doubles::session_id.eq_any(&of))
        .filter(diesel::dsl::sql::<Bool>(&both_stand()))
        .order((possible_doubles::session_id, possible_doubles::other_id))
        .load(c))?;
    let mut alike: BTreeMap<SessionId, Vec<SessionId>> = BTreeMap::new();
    for (Db(id), Db(other)) in pairs {
        alike.entry(id).or_default().push(other);
    }
    Ok(alike)
}

/// All sessions of the store that totals leave out: one query, which reads each session that is void, moved or a double.
///
/// # Errors
/// Those of the store.
pub(crate) fn all_left_out(tx: &mut Conn<'_>) -> Result<BTreeSet<SessionId>, StoreError> {
    let ids: Vec<Db<SessionId>> = on_each!(tx, |c| sessions::table
        .filter(diesel::dsl::sql::<Bool>(&format!("sessions.id IN ({})", left_out())))
        .select(sessions::id)
        .load(c))?;
    Ok(ids.into_iter().map(|Db(id)| id).collect())
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text;

    use super::*;
    use crate::store::tests::fresh;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// What SQLite knows of a store of half a million sessions.
    const STATISTICS: [(&str, &str, &str); 4] = [
        ("groups", "sqlite_autoindex_groups_1", "22010 1"),
        ("sessions", "sessions_by_group", "448592 20 1"),
        ("sessions", "sessions_by_date", "466464 251 1"),
        ("sessions", "sqlite_autoindex_sessions_1", "476652 1"),
    ];

    /// What lists ask after that few sessions say.
    const FEW: [&str; 4] = [VOID, MOVED, RETURNED, CHANGED];

    /// There are half a million sessions, of which a hundred may be left out: whoever asks must not wait until all are read.
    #[test]
    fn what_totals_leave_out_is_found_by_indexes_whether_sqlite_knows_how_much_there_is_or_not() {
        let (store, _folder) = fresh();
        let alone = left_out();
        let of_a_group =
            format!("SELECT s.id FROM sessions s WHERE s.group_id = x'00' AND s.id NOT IN ({alone})");
        let of_each = format!(
            "SELECT g.id FROM groups g WHERE EXISTS (SELECT 1 FROM sessions s WHERE s.group_id = g.id AND s.id NOT IN ({alone}))"
        );
        let list = |condition: String| format!("SELECT * FROM sessions WHERE {condition}");
        let lists = FEW.map(|say| list(few(say))).into_iter().chain([list(recorded_since("sessions"))]);
        let asked = [alone, of_a_group, of_each, possible_doubles(), TAKEN_BACK.to_owned()];
        let origins =
            |which: &str| format!("SELECT * FROM participant_origins WHERE {which} AND split_to IS NOT NULL");
        let splits = ["split_to = x'00'", "(participant_id = x'00' OR split_to = x'00')"].map(origins);
        let asked: Vec<String> = asked.into_iter().chain(lists).chain(splits).collect();
        let plans = |tx: &mut Conn<'_>| -> Result<Vec<String>, StoreError> {
            let mut all = Vec::new();
            for knows in [false, true] {
                if knows {
                    on_each!(tx, |c| diesel::sql_query("ANALYZE").execute(c))?;
                    for (table, index, numbers) in STATISTICS {
                        let known =
                            format!("INSERT INTO sqlite_stat1 VALUES ('{table}', '{index}', '{numbers}')");
                        on_each!(tx, |c| diesel::sql_query(&known).execute(c))?;
                    }
                    on_each!(tx, |c| diesel::sql_query("ANALYZE sqlite_schema").execute(c))?;
                }
                for text in &asked {
                    let text = format!("EXPLAIN QUERY PLAN {text}");
                    let steps: Vec<Step> = on_each!(tx, |c| diesel::sql_query(&text).load(c))?;
                    all.extend(steps.into_iter().map(|step| step.detail));
                }
            }
            Ok(all)
        };
        let plans = store.write_blocking("plans", plans).expect("it plans");
        // But for the indexes that hold only those that are void, moved or doubles.
        let few = [
            "sessions_void",
            "sessions_moved",
            "sessions_moved_from",
            "sessions_double",
            "sessions_returned",
            "sessions_changed",
            "sessions_recorded_since",
            "sessions_recorded_since_moved",
        ];
        let of_sessions = ["sessions", "one", "s", "f", "m", "d", "participant_origins"];
        let reads_all = |step: &&String| {
            let words: Vec<&str> = step.split(' ').collect();
            words[0] == "SCAN"
                && of_sessions.contains(&words[1])
                && !few.iter().any(|index| words.contains(index))
        };
        let all: Vec<&String> = plans.iter().filter(reads_all).collect();
        assert_eq!(all, Vec::<&String>::new(), "{plans:#?}");
        assert!(plans.iter().any(|step| step.contains("sessions_moved")), "{plans:#?}");
    }
}

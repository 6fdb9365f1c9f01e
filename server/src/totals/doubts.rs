//! What somebody should know who reads totals: what they leave out, and what may make them wrong.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;
use utoipa::ToSchema;

use super::question::Question;
use crate::doubt::{CAME, consent_doubt, day_doubt, one_or_two, possible_doubles, recorded_since, set_aside};
use crate::on_each;
use crate::scope::Scope;
use crate::scope::conditions::{Values, bound};
use crate::store::identity::CATCHING_UP;
use crate::store::{Conn, StoreError};

/// What totals leave out, and what may make them wrong. Of sessions those of the groups and days that are asked for, of people
/// those of the groups, whatever the days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName, Serialize, ToSchema)]
pub(crate) struct Doubts {
    /// Sessions that the totals leave out: they are marked as doubles.
    #[diesel(sql_type = BigInt)]
    doubles: i64,
    /// Sessions that the totals leave out: they were moved to another day, which counts, or such a move was taken back.
    #[diesel(sql_type = BigInt)]
    moved: i64,
    /// Sessions that the totals leave out: they were recorded by mistake, or their group was.
    #[diesel(sql_type = BigInt)]
    void: i64,
    /// Sessions that are void, moved, doubles or of a move that was taken back, in which somebody recorded something who had not heard of that.
    #[diesel(sql_type = BigInt)]
    recorded_since: i64,
    /// Sessions that look like a record of the same meeting as another; they are counted.
    #[diesel(sql_type = BigInt)]
    possible_doubles: i64,
    /// Sessions of which the date may be wrong; they are counted.
    #[diesel(sql_type = BigInt)]
    date_doubts: i64,
    /// Attendances that the totals leave out: of people who were recorded by mistake.
    #[diesel(sql_type = BigInt)]
    void_attendances: i64,
    /// Attendances of people who have no record in the group: they count as attendances, and as no person.
    #[diesel(sql_type = BigInt)]
    without_record: i64,
    /// People who may be two: two tablets gave one code, not knowing of each other. Each counts once.
    #[diesel(sql_type = BigInt)]
    one_or_two: i64,
    /// People of whose consent a day may be wrong.
    #[diesel(sql_type = BigInt)]
    consent_date_doubts: i64,
    /// Groups that are being counted again, as very much changed in them at once, or as the service was updated: until then their totals may
    /// be those of a moment ago.
    #[diesel(sql_type = BigInt)]
    being_counted: i64,
}

impl Question {
    /// What about the sessions of these groups and days somebody should know who reads the totals.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn doubts(&self, tx: &mut Conn<'_>, scope: Scope) -> Result<Doubts, StoreError> {
        let mut values = Values::default();
        let sessions = self.sessions(&mut values, scope);
        let groups = self.groups(&mut values, scope);
        let all = self.groups(&mut values, scope);
        let people = |condition: String| format!("(SELECT count(*) FROM people_asked p WHERE {condition})");
        let text = format!(
            "WITH all_asked AS (
                 SELECT s.* FROM sessions s JOIN groups g ON g.id = s.group_id WHERE {sessions}
             ), people_asked AS (
                 SELECT p.* FROM participants p JOIN groups g ON g.id = p.group_id WHERE {groups} AND g.void IS NULL
             ), set_aside AS ({set_aside}
             ), asked AS (
                 SELECT * FROM all_asked WHERE id NOT IN (SELECT id FROM set_aside)
             ), {CAME}
             SELECT count(CASE WHEN set_aside.why = 'double' THEN 1 END) AS doubles,
                    count(CASE WHEN set_aside.why = 'moved' THEN 1 END) AS moved,
                    count(CASE WHEN set_aside.why = 'void' THEN 1 END) AS void,
                    count(CASE WHEN {recorded_since} THEN 1 END) AS recorded_since,
                    count(CASE WHEN set_aside.id IS NULL AND s.id IN ({doubles}) THEN 1 END)
                        AS possible_doubles,
                    count(CASE WHEN set_aside.id IS NULL AND {day_doubt} THEN 1 END) AS date_doubts,
                    (SELECT count(*) FROM (SELECT DISTINCT session_id, owner FROM mark WHERE void IS NOT NULL) AS gone)
                        AS void_attendances,
                    (SELECT count(*) FROM came
                     LEFT JOIN participants p ON p.id = came.who AND p.group_id = came.group_id
                     WHERE p.id IS NULL) AS without_record,
                    {one_or_two} AS one_or_two,
                    {consents} AS consent_date_doubts, CASE WHEN {CATCHING_UP} THEN (SELECT count(*) FROM groups g WHERE {all}) ELSE 0 END AS being_counted
             FROM all_asked s LEFT JOIN set_aside ON set_aside.id = s.id",
            set_aside = set_aside(),
            doubles = possible_doubles(),
            day_doubt = day_doubt("s"),
            recorded_since = recorded_since("s"),
            one_or_two = people(one_or_two("p")),
            consents = people(consent_doubt("p")),
        );
        on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))
    }
}

impl Doubts {
    /// Those that there are, by their names.
    pub(crate) fn there_are(self) -> impl Iterator<Item = (String, i64)> {
        let all = serde_json::to_value(self).ok().and_then(|all| all.as_object().cloned());
        let count = |(name, count): (String, serde_json::Value)| Some((name, count.as_i64()?));
        all.into_iter().flatten().filter_map(count).filter(|(_, count)| *count > 0)
    }
}

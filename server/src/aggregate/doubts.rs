//! What somebody should know who reads totals: what they leave out, and what may make them wrong.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;
use utoipa::ToSchema;

use super::conditions::{Values, bound};
use super::query::Question;
use crate::on_each;
use crate::records::doubt::{POSSIBLE_DOUBLES, consent_doubt, day_doubt, doubles};
use crate::records::scope::Scope;
use crate::store::{Conn, StoreError};

/// What about sessions may make their totals wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName, Serialize, ToSchema)]
pub(crate) struct Doubts {
    /// Sessions that the totals leave out: they are marked as doubles.
    #[diesel(sql_type = BigInt)]
    doubles: i64,
    /// Sessions that look like a record of the same meeting as another; they are counted.
    #[diesel(sql_type = BigInt)]
    possible_doubles: i64,
    /// Sessions of which the date may be wrong; they are counted.
    #[diesel(sql_type = BigInt)]
    date_doubts: i64,
    /// Attendances of people who have no record in the group: they count as attendances, and as no person.
    #[diesel(sql_type = BigInt)]
    without_record: i64,
    /// People in these groups of whose consent a day may be wrong, whatever days are asked for.
    #[diesel(sql_type = BigInt)]
    consent_date_doubts: i64,
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
        let text = format!(
            "WITH asked AS (
                 SELECT s.* FROM sessions s JOIN groups g ON g.id = s.group_id WHERE {sessions}
             ), out AS ({doubles})
             SELECT count(CASE WHEN s.id IN (SELECT id FROM out) THEN 1 END) AS doubles,
                    count(CASE WHEN s.id IN ({POSSIBLE_DOUBLES}) THEN 1 END) AS possible_doubles,
                    count(CASE WHEN {day_doubt} THEN 1 END) AS date_doubts,
                    (SELECT count(*) FROM asked
                     JOIN attendances a ON a.session_id = asked.id AND a.mark IN ('present', 'late')
                     LEFT JOIN participants p ON p.id = a.participant_id AND p.group_id = asked.group_id
                     WHERE p.id IS NULL AND asked.id NOT IN (SELECT id FROM out)) AS without_record,
                    (SELECT count(*) FROM participants p JOIN groups g ON g.id = p.group_id
                     WHERE {groups} AND {consent_doubt}) AS consent_date_doubts
             FROM asked s",
            doubles = doubles(),
            day_doubt = day_doubt("s"),
            consent_doubt = consent_doubt("p"),
        );
        on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))
    }
}

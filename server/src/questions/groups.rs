//! The groups that a question is about, and how often each of them met.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use sync_core::id::GroupId;

use super::asked::Asked;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use crate::doubt::left_out;
use crate::on_each;
use crate::records::groups::list::{HAS_MET, shown};
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::scope::{Groups, groups_in};
use crate::store::schema::{facts, groups};
use crate::store::{Conn, Db, Failure, StoreError};

/// A group that is not void.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = groups)]
pub(super) struct Group {
    pub(super) id: Db<GroupId>,
    pub(super) name: String,
    /// NISR code of the village.
    pub(super) area: String,
    pub(super) modality: String,
    /// As people are shown it.
    pub(super) status: String,
    #[diesel(select_expression = sql::<Bool>(HAS_MET))]
    #[diesel(select_expression_type = SqlLiteral<Bool>)]
    has_met: bool,
    pub(super) planned_sessions: Option<i32>,
    pub(super) starts_on: Option<String>,
    pub(super) began_on: Option<String>,
    pub(super) phased_out_on: Option<String>,
}

impl Group {
    /// The day on which it began, or is to.
    pub(super) fn begins_on(&self) -> Option<&String> {
        self.starts_on.as_ref().or(self.began_on.as_ref())
    }

    /// By area.
    ///
    /// # Errors
    /// [`Refused::Rows`], and those of the store.
    pub(super) fn load(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<Vec<Self>, Failure<Refused>> {
        // Too many are refused before they are sorted, and asked one by one whether they have met.
        let ids: Vec<Db<GroupId>> = on_each!(tx, |c, Backend| groups_in!(Backend, of, &asked.groups)
            .filter(groups::void.is_null())
            .limit(MAX_ROWS as i64 + 1)
            .load(c))?;
        few_enough(ids)?;
        let mut groups: Vec<Self> = on_each!(tx, |c, Backend| groups::table
            .filter(groups::id.eq_any(groups_in!(Backend, of, &asked.groups)))
            .filter(groups::void.is_null())
            .order((groups::area, groups::id))
            .select(Self::as_select())
            .load(c))?;
        for group in &mut groups {
            group.status = shown(&group.status, group.has_met);
        }
        Ok(groups)
    }
}

/// The day of the last meeting that counts of each group.
///
/// # Errors
/// Those of the store.
pub(super) fn last_meetings(
    tx: &mut Conn<'_>,
    of: Groups,
    asked: &Asked,
) -> Result<BTreeMap<GroupId, String>, StoreError> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Binary)]
        id: Db<GroupId>,
        #[diesel(sql_type = Nullable<Text>)]
        day: Option<String>,
    }
    let mut values = Values::default();
    let groups = groups_asked(&mut values, of, &asked.groups);
    let text = format!(
        "SELECT g.id AS id, (SELECT s.date FROM sessions s WHERE s.group_id = g.id AND s.id NOT IN ({})
                             ORDER BY s.date DESC LIMIT 1) AS day
         FROM groups g WHERE {groups} AND g.void IS NULL",
        left_out()
    );
    let rows: Vec<Last> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    Ok(rows.into_iter().filter_map(|Last { id: Db(id), day }| Some((id, day?))).collect())
}

/// How many meetings of each group count, in the months that are asked for.
///
/// # Errors
/// Those of the store.
pub(super) fn held(
    tx: &mut Conn<'_>,
    of: Groups,
    asked: &Asked,
) -> Result<BTreeMap<GroupId, i64>, StoreError> {
    let month = |day: sync_core::time::Date| day.to_string()[..7].to_owned();
    let rows: Vec<(Db<GroupId>, i64)> = on_each!(tx, |c, Backend| {
        let mut rows = facts::table
            .group_by(facts::group_id)
            .select((facts::group_id, sql::<BigInt>("CAST(sum(facts.sessions) AS bigint)")))
            .filter(facts::group_id.eq_any(groups_in!(Backend, of, &asked.groups)))
            // What is told apart by nothing.
            .filter(facts::sex.eq("").and(facts::age_band.eq("")).and(facts::state.eq("")))
            .into_boxed::<Backend>();
        if let Some(from) = asked.groups.from {
            rows = rows.filter(facts::month.ge(month(from)));
        }
        if let Some(to) = asked.groups.to {
            rows = rows.filter(facts::month.le(month(to)));
        }
        rows.load(c)
    })?;
    Ok(rows.into_iter().map(|(Db(id), held)| (id, held)).collect())
}

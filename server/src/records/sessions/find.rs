//! Which sessions stand on a page, the latest first.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool};
use sync_core::id::{GroupId, SessionId};

use super::list::Row;
use crate::on_each;
use crate::page::Window;
use crate::scope::{Asked, Scope, each_word, groups_in};
use crate::store::schema::sessions;
use crate::store::{Conn, Db, StoreError};

/// The day and the id.
pub(super) type Key = (String, SessionId);

/// Of a caller with more groups than this the latest sessions are probably among the latest of all.
const MANY_GROUPS: i64 = 1_000;
/// How many of the latest of all are looked through for them.
const LATEST: i64 = 5_000;

/// The rows of a page, one more where there is a next one.
///
/// # Errors
/// Those of the store.
pub(super) fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    conditions: &[String],
    page: &Window<Key>,
) -> Result<Vec<Row>, StoreError> {
    let day = match conditions.is_empty() && asked.text.is_none() {
        true => day_of_latest(tx, scope, asked, page)?,
        false => None,
    };
    if let Some(day) = day {
        let found = since(tx, scope, asked, conditions, page, Some(&day))?;
        if found.len() as i64 == page.rows() {
            return Ok(found);
        }
    }
    since(tx, scope, asked, conditions, page, None)
}

/// The day of the earliest of the latest sessions of all, for a caller who has many groups. SQLite would read all sessions of all these groups and sort
/// them, for a page that it finds among the latest; it does not count what there is. PostgreSQL does, and chooses by itself.
fn day_of_latest(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    page: &Window<Key>,
) -> Result<Option<String>, StoreError> {
    if matches!(tx, Conn::Postgres(_)) {
        return Ok(None);
    }
    let groups: Vec<Db<GroupId>> =
        on_each!(tx, |c, Backend| groups_in!(Backend, scope.groups, asked).limit(MANY_GROUPS + 1).load(c))?;
    if groups.len() as i64 <= MANY_GROUPS {
        return Ok(None);
    }
    let until =
        asked.to.map(|to| to.to_string()).into_iter().chain(page.after.iter().map(|(day, _)| day.clone()));
    on_each!(tx, |c, Backend| {
        let mut days = sessions::table
            .select(sessions::date)
            .order((sessions::date.desc(), sessions::id.desc()))
            .offset(LATEST)
            .limit(1)
            .into_boxed::<Backend>();
        for day in until.clone() {
            days = days.filter(sessions::date.le(day));
        }
        days.first(c).optional()
    })
}

/// The sessions of a page; where a day is said those since then, found by their days and not by their groups.
fn since(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    conditions: &[String],
    page: &Window<Key>,
    day: Option<&str>,
) -> Result<Vec<Row>, StoreError> {
    // With a sign before it SQLite looks for no group in an index.
    let group = if day.is_some() { "+sessions.group_id" } else { "sessions.group_id" };
    on_each!(tx, |c, Backend| {
        let mut rows = sessions::table
            .filter(sql::<Binary>(group).eq_any(groups_in!(Backend, scope.groups, asked)))
            .order((sessions::date.desc(), sessions::id.desc()))
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(day) = day {
            rows = rows.filter(sessions::date.ge(day));
        }
        if let Some((day, id)) = &page.after {
            let same_day = sessions::date.eq(day).and(sessions::id.lt(Db(*id)));
            rows = rows.filter(sessions::date.le(day)).filter(sessions::date.lt(day).or(same_day));
        }
        if let Some(from) = asked.from {
            rows = rows.filter(sessions::date.ge(from.to_string()));
        }
        if let Some(to) = asked.to {
            rows = rows.filter(sessions::date.le(to.to_string()));
        }
        for word in asked.text.as_deref().into_iter().flat_map(each_word) {
            rows = rows.filter(sessions::summary_folded.like(word).escape('\\'));
        }
        for condition in conditions {
            rows = rows.filter(sql::<Bool>(condition));
        }
        rows.load(c)
    })
}

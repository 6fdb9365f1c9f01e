//! Which sessions there were.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::{GroupId, SessionId};
use utoipa::ToSchema;

use super::asked::SessionQuery;
use super::came::attended;
use super::find::list;
use crate::doubt::SessionDoubts;
use crate::on_each;
use crate::page::Page;
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::schema::{headcounts, sessions};
use crate::store::{Conn, Db, Store, StoreError};

/// A session in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionItem {
    #[schema(value_type = Uuid)]
    id: SessionId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(example = "2026-03-05")]
    date: String,
    #[schema(example = "morning")]
    part: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "08:30")]
    starts_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    /// `draft`, `submitted` or `verified`.
    state: String,
    /// Whether it fell into the commemoration period, 7 April to 3 July.
    commemoration: bool,
    /// How many people came, each once, under however many codes; nobody whose record is void or who asked to be erased. As in totals.
    attended: i64,
    /// How many heads were counted, in an open circle; never part of `attended`.
    heads: i64,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
    /// The session of which it is marked as the double.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    double_of: Option<SessionId>,
    /// The session under the right day, which counts in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    moved_to: Option<SessionId>,
    /// The session that was moved to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    moved_from: Option<SessionId>,
    /// Why it was recorded by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
    /// What is to be put right in it, as whoever returned it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<String>,
    /// Whether something was recorded that whoever verified it had not seen.
    changed_since_verified: bool,
    /// Whether something was recorded in it that whoever made it void, moved it (or took a move back) or marked it as a
    /// double had not seen: it counts nowhere as it stands.
    pub(super) recorded_since: bool,
    /// Whether totals count it: what is void, moved or a double they leave out.
    counts: bool,
    /// Sessions of the group that look like a record of the same meeting, of which one may have a wrong date.
    #[schema(value_type = Vec<Uuid>)]
    possible_doubles: Vec<SessionId>,
    /// Why the date may be wrong, in words: the clock of the tablet that wrote it, or the day itself, gives reason to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "The clock of the tablet that wrote the date was 3 days behind. Ask which day it was."
    )]
    date_doubt: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(super) struct Row {
    id: Db<SessionId>,
    pub(super) group_id: Db<GroupId>,
    date: String,
    part: String,
    starts_at: Option<String>,
    minutes: Option<i32>,
    phase: Option<String>,
    state: String,
    commemoration: bool,
    conflicts: i32,
    was_in_conflict: bool,
    double_of: Option<Db<SessionId>>,
    moved_to: Option<Db<SessionId>>,
    moved_from: Option<Db<SessionId>>,
    void: Option<String>,
    returned: Option<String>,
    changed_since_verified: bool,
}

/// What a list tells of some sessions, in their order.
///
/// # Errors
/// Those of the store.
pub(super) fn items(tx: &mut Conn<'_>, rows: Vec<Row>) -> Result<Vec<SessionItem>, StoreError> {
    let ids: Vec<SessionId> = rows.iter().map(|row| row.id.0).collect();
    let of: Vec<(SessionId, GroupId)> = rows.iter().map(|row| (row.id.0, row.group_id.0)).collect();
    let (attended, heads, doubts) = (attended(tx, &of)?, heads(tx, &ids)?, SessionDoubts::of(tx, &ids)?);
    Ok(rows.into_iter().map(|row| SessionItem::of(row, &attended, &heads, &doubts)).collect())
}

/// How many heads were counted at each session, where any were.
fn heads(tx: &mut Conn<'_>, ids: &[SessionId]) -> Result<BTreeMap<SessionId, i64>, StoreError> {
    let of: Vec<Db<SessionId>> = ids.iter().copied().map(Db).collect();
    let rows: Vec<(Db<SessionId>, Option<i64>)> = on_each!(tx, |c| headcounts::table
        .filter(headcounts::session_id.eq_any(&of))
        .group_by(headcounts::session_id)
        .select((headcounts::session_id, diesel::dsl::sum(headcounts::heads)))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(id), heads)| (id, heads.unwrap_or_default())).collect())
}

impl SessionItem {
    fn of(
        row: Row,
        attended: &BTreeMap<SessionId, i64>,
        heads: &BTreeMap<SessionId, i64>,
        doubts: &SessionDoubts,
    ) -> Self {
        let id = row.id.0;
        Self {
            id,
            group_id: row.group_id.0,
            date: row.date,
            part: row.part,
            starts_at: row.starts_at,
            minutes: row.minutes,
            phase: row.phase,
            state: row.state,
            commemoration: row.commemoration,
            attended: attended.get(&id).copied().unwrap_or_default(),
            heads: heads.get(&id).copied().unwrap_or_default(),
            conflicts: row.conflicts,
            was_in_conflict: row.was_in_conflict,
            double_of: row.double_of.map(|Db(of)| of),
            moved_to: row.moved_to.map(|Db(to)| to),
            moved_from: row.moved_from.map(|Db(from)| from),
            void: row.void,
            returned: row.returned,
            changed_since_verified: row.changed_since_verified,
            recorded_since: doubts.recorded_since.contains(&id),
            counts: !doubts.left_out.contains(&id),
            possible_doubles: doubts.alike.get(&id).cloned().unwrap_or_default(),
            date_doubt: doubts.dates.get(&id).cloned(),
        }
    }
}

/// List sessions
///
/// Of the groups that the caller may see, the latest day first, those of a day by their ids.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(SessionQuery),
    responses(
        (status = 200, description = "Sessions, the latest first", body = Page<SessionItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/sessions")]
pub(crate) async fn list_sessions(
    permit: Permit,
    query: web::Query<SessionQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<SessionItem>>, Problem> {
    let scope = permit.scope()?;
    let (asked, window) = (query.asked().checked()?, query.asked().page().of("sessions")?);
    let (conditions, page) = (query.conditions()?, window.clone());
    let items = store.read("list sessions", move |tx| {
        let rows = list(tx, scope, &asked, &conditions, &page)?;
        items(tx, rows)
    });
    Ok(web::Json(Page::of(items.await?, &window, |item: &SessionItem| (item.date.clone(), item.id))))
}

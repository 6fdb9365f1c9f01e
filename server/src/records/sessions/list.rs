//! Which sessions there were.

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;
use sync_core::id::{GroupId, Id, SessionId};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::on_each;
use crate::page::{Page, PageQuery};
use crate::problem::Problem;
use crate::records::Asked;
use crate::records::asked::{AskedQuery, anywhere};
use crate::records::scope::{Scope, groups_in};
use crate::store::schema::sessions;
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
    /// How many known participants came.
    attended: i32,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
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
    attended: i32,
    conflicts: i32,
    was_in_conflict: bool,
}

impl From<Row> for SessionItem {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            group_id: row.group_id.0,
            date: row.date,
            part: row.part,
            starts_at: row.starts_at,
            minutes: row.minutes,
            phase: row.phase,
            state: row.state,
            commemoration: row.commemoration,
            attended: row.attended,
            conflicts: row.conflicts,
            was_in_conflict: row.was_in_conflict,
        }
    }
}

/// List sessions
///
/// Of the groups that the caller may see, the latest day first.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(AskedQuery),
    responses(
        (status = 200, description = "Sessions, the latest first", body = Page<SessionItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/sessions")]
pub(crate) async fn list_sessions(
    caller: Caller,
    query: web::Query<AskedQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<SessionItem>>, Problem> {
    let scope = Scope::of(&caller)?;
    let (asked, page) = (query.checked()?, query.page());
    let rows = store.read("list sessions", move |tx| list(tx, scope, &asked, &page)).await?;
    Ok(web::Json(Page::of(rows, &query.page(), |row: &Row| row.id.0.uuid())))
}

fn list(tx: &mut Conn<'_>, scope: Scope, asked: &Asked, page: &PageQuery) -> Result<Vec<Row>, StoreError> {
    let last = match page.after {
        Some(id) => day_of(tx, SessionId::from(id))?.map(|day| (day, SessionId::from(id))),
        None => None,
    };
    on_each!(tx, |c, Backend| {
        let mut rows = sessions::table
            .filter(sessions::group_id.eq_any(groups_in!(Backend, scope, asked)))
            .order((sessions::date.desc(), sessions::id.desc()))
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some((day, id)) = &last {
            let same_day = sessions::date.eq(day).and(sessions::id.lt(Db(*id)));
            rows = rows.filter(sessions::date.lt(day).or(same_day));
        }
        if let Some(from) = asked.from {
            rows = rows.filter(sessions::date.ge(from.to_string()));
        }
        if let Some(to) = asked.to {
            rows = rows.filter(sessions::date.le(to.to_string()));
        }
        if let Some(text) = &asked.text {
            let summary = diesel::dsl::sql::<Text>("lower(sessions.summary)");
            rows = rows.filter(summary.like(anywhere(text)).escape('\\'));
        }
        rows.load(c)
    })
}

fn day_of(tx: &mut Conn<'_>, id: SessionId) -> Result<Option<String>, StoreError> {
    on_each!(tx, |c| sessions::table.find(Db(id)).select(sessions::date).first(c).optional())
}

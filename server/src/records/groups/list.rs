//! Which groups there are.

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;
use sync_core::id::{GroupId, OrganisationId};
use sync_core::record::group::GroupStatus;
use utoipa::ToSchema;

use crate::on_each;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::scope::{Asked, AskedQuery, Permit, Scope, each_word, groups_in};
use crate::store::schema::groups;
use crate::store::{Conn, Db, Store, StoreError};

/// A group in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupItem {
    #[schema(value_type = Uuid)]
    id: GroupId,
    #[schema(value_type = Uuid)]
    organisation_id: OrganisationId,
    name: String,
    kind: String,
    modality: String,
    /// NISR code of the village.
    area: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_sessions: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_on: Option<String>,
    /// Active as soon as a session of it counts, whatever was recorded.
    status: String,
    /// Why it was recorded by mistake; totals leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
struct Row {
    id: Db<GroupId>,
    organisation_id: Db<OrganisationId>,
    name: String,
    kind: String,
    modality: String,
    area: String,
    planned_sessions: Option<i32>,
    starts_on: Option<String>,
    status: String,
    void: Option<String>,
    #[diesel(select_expression = diesel::dsl::sql::<Bool>(HAS_MET))]
    #[diesel(select_expression_type = diesel::expression::SqlLiteral<Bool>)]
    has_met: bool,
    conflicts: i32,
    was_in_conflict: bool,
}

/// Whether a session of a group counts, as its facts say: a condition on `groups`.
pub(crate) const HAS_MET: &str =
    "EXISTS (SELECT 1 FROM facts WHERE facts.group_id = groups.id AND facts.sessions > 0)";

/// A status as people are shown it.
pub(crate) fn shown(status: &str, has_met: bool) -> String {
    let known: Result<GroupStatus, _> = status.parse();
    known.map_or_else(|_| status.to_owned(), |status| status.shown(has_met).to_string())
}

impl From<Row> for GroupItem {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation_id.0,
            name: row.name,
            kind: row.kind,
            modality: row.modality,
            area: row.area,
            planned_sessions: row.planned_sessions,
            starts_on: row.starts_on,
            status: shown(&row.status, row.has_met),
            void: row.void,
            conflicts: row.conflicts,
            was_in_conflict: row.was_in_conflict,
        }
    }
}

/// List groups
///
/// A manager sees those of their organisation, a facilitator or supervisor those to which they are assigned; in the order
/// of their ids, which is that in which they were begun. `from` and `to` are for the day on which a group starts.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(AskedQuery),
    responses(
        (status = 200, description = "Groups, the first begun first", body = Page<GroupItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/groups")]
pub(crate) async fn list_groups(
    permit: Permit,
    query: web::Query<AskedQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<GroupItem>>, Problem> {
    let scope = permit.scope()?;
    let (asked, window) = (query.checked()?, query.page().of("groups")?);
    let page = window.clone();
    let rows = store.read("list groups", move |tx| list(tx, scope, &asked, &page)).await?;
    Ok(web::Json(Page::of(rows, &window, |row: &Row| row.id.0)))
}

fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    page: &Window<GroupId>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = groups::table
            .filter(groups::id.eq_any(groups_in!(Backend, scope.groups, asked)))
            .order(groups::id)
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(from) = asked.from {
            rows = rows.filter(groups::starts_on.ge(from.to_string()));
        }
        if let Some(to) = asked.to {
            rows = rows.filter(groups::starts_on.le(to.to_string()));
        }
        for word in asked.text.as_deref().into_iter().flat_map(each_word) {
            rows = rows.filter(groups::name_folded.like(word).escape('\\'));
        }
        if let Some(after) = page.after {
            rows = rows.filter(groups::id.gt(Db(after)));
        }
        rows.load(c)
    })
}

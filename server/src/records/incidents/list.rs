//! Which incidents there were.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};
use sync_core::id::{GroupId, IncidentId, SessionId};
use sync_core::record::incident::{IncidentType, Severity};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::doubt::wanted;
use crate::on_each;
use crate::page::{Page, Window};
use crate::problem::{Fields, Problem};
use crate::scope::{Asked, AskedQuery, Permit, Scope, groups_in};
use crate::store::schema::{incidents, sessions};
use crate::store::{Conn, Db, Store, StoreError};

/// A question as it stands in an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentQuery {
    /// One group.
    group: Option<Uuid>,
    /// The groups of one organisation.
    organisation: Option<Uuid>,
    /// `sociotherapy`, `space_for_peace` and so on.
    modality: Option<String>,
    /// NISR code of a province, district, sector, cell or village (1, 2, 4, 6 or 8 digits): it and all below it.
    #[param(example = "52")]
    area: Option<String>,
    /// The first day of the meeting, `2026-03-01`.
    from: Option<String>,
    /// The last day of the meeting, `2026-03-31`.
    to: Option<String>,
    /// `suicide_risk`, `gbv_disclosure` and so on.
    #[param(example = "suicide_risk")]
    kind: Option<String>,
    /// `low`, `medium` or `high`.
    #[param(example = "high")]
    severity: Option<String>,
    /// `true`: those that were recorded by mistake; `false`: the others.
    void: Option<bool>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl IncidentQuery {
    /// What is asked of the groups and days, and which page. The kind is that of the incident, and not the group's.
    pub(super) fn asked(&self) -> AskedQuery {
        AskedQuery {
            group: self.group,
            organisation: self.organisation,
            kind: None,
            modality: self.modality.clone(),
            area: self.area.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            text: None,
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// Conditions on `incidents`, in SQL.
    ///
    /// # Errors
    /// 422 `invalid-fields`.
    fn conditions(&self, asked: &Asked) -> Result<Vec<String>, Problem> {
        let mut fields = Fields::default();
        let kind: Option<IncidentType> = fields.parse("kind", self.kind.as_deref());
        let severity: Option<Severity> = fields.parse("severity", self.severity.as_deref());
        fields.done()?;
        // The day is the meeting's, which is another record, of the same group where it is known.
        let met = |order: &str, day| {
            format!(
                "EXISTS (SELECT 1 FROM sessions WHERE sessions.id = incidents.session_id \
                 AND sessions.group_id = incidents.group_id AND sessions.date {order} '{day}')"
            )
        };
        let said = [
            kind.map(|kind| format!("(incidents.kind = '{kind}')")),
            severity.map(|severity| format!("(incidents.severity = '{severity}')")),
            asked.from.map(|day| met(">=", day)),
            asked.to.map(|day| met("<=", day)),
        ];
        let void = wanted([(self.void, "(incidents.void IS NOT NULL)".to_owned())]);
        Ok(said.into_iter().flatten().chain(void).collect())
    }
}

/// An incident in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentItem {
    #[schema(value_type = Uuid)]
    id: IncidentId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    /// The meeting at which it happened, or around which.
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    /// The day of the meeting, where it is known in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-05")]
    date: Option<String>,
    #[schema(example = "trauma_crisis")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "medium")]
    severity: Option<String>,
    /// What was done.
    #[schema(example = json!(["psychological_first_aid"]))]
    actions: Vec<String>,
    /// Who was asked for help.
    #[schema(example = json!(["health_centre"]))]
    escalated_to: Vec<String>,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
    /// Why it was recorded by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = incidents)]
pub(super) struct Row {
    id: Db<IncidentId>,
    group_id: Db<GroupId>,
    session_id: Db<SessionId>,
    kind: String,
    severity: Option<String>,
    actions: String,
    escalated_to: String,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
}

/// What a list tells of some incidents, in their order.
///
/// # Errors
/// Those of the store.
pub(super) fn items(tx: &mut Conn<'_>, rows: Vec<Row>) -> Result<Vec<IncidentItem>, StoreError> {
    let days = days(tx, &rows)?;
    let codes = |listed: &str| listed.split_terminator(',').map(str::to_owned).collect();
    let item = |row: Row| IncidentItem {
        id: row.id.0,
        group_id: row.group_id.0,
        session_id: row.session_id.0,
        date: days.get(&(row.group_id.0, row.session_id.0)).cloned(),
        kind: row.kind,
        severity: row.severity,
        actions: codes(&row.actions),
        escalated_to: codes(&row.escalated_to),
        conflicts: row.conflicts,
        was_in_conflict: row.was_in_conflict,
        void: row.void,
    };
    Ok(rows.into_iter().map(item).collect())
}

/// The days of the meetings, each in its group.
fn days(tx: &mut Conn<'_>, of: &[Row]) -> Result<BTreeMap<(GroupId, SessionId), String>, StoreError> {
    let ids: Vec<Db<SessionId>> = of.iter().map(|row| row.session_id).collect();
    let rows: Vec<(Db<GroupId>, Db<SessionId>, String)> = on_each!(tx, |c| sessions::table
        .filter(sessions::id.eq_any(&ids))
        .select((sessions::group_id, sessions::id, sessions::date))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(group), Db(id), date)| ((group, id), date)).collect())
}

/// List incidents
///
/// Of groups that the caller leads or whose facilitators they supervise; to a protection officer, of all groups of the organisation. The
/// latest recorded first.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(IncidentQuery),
    responses(
        (status = 200, description = "Incidents, the latest first", body = Page<IncidentItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/incidents")]
pub(crate) async fn list_incidents(
    permit: Permit,
    query: web::Query<IncidentQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<IncidentItem>>, Problem> {
    let scope = permit.scope()?;
    let (asked, window) = (query.asked().checked()?, query.asked().page().of("incidents")?);
    let (conditions, page) = (query.conditions(&asked)?, window.clone());
    let items = store.read("list incidents", move |tx| {
        let rows = list(tx, scope, &asked, &conditions, &page)?;
        items(tx, rows)
    });
    Ok(web::Json(Page::of(items.await?, &window, |item: &IncidentItem| item.id)))
}

fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    conditions: &[String],
    page: &Window<IncidentId>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = incidents::table
            .filter(incidents::group_id.eq_any(groups_in!(Backend, scope.sensitive, asked)))
            .order(incidents::id.desc())
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(after) = page.after {
            rows = rows.filter(incidents::id.lt(Db(after)));
        }
        for condition in conditions {
            rows = rows.filter(diesel::dsl::sql::<Bool>(condition));
        }
        rows.load(c)
    })
}

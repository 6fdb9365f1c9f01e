//! Which referrals there are, and which wait for somebody to ask after them.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;
use sync_core::id::{GroupId, OrganisationId, ParticipantId, ReferralId, ServiceId};
use sync_core::time::{Date, day_in_rwanda};
use utoipa::ToSchema;

use super::asked::ReferralQuery;
use crate::clock::Clock;
use crate::on_each;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::records::care::codes;
use crate::scope::{Asked, Permit, Scope, groups_in};
use crate::store::schema::{referral_steps, referrals};
use crate::store::{Conn, Db, Store, StoreError};

/// A referral in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferralItem {
    #[schema(value_type = Uuid)]
    id: ReferralId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(value_type = Uuid)]
    participant_id: ParticipantId,
    /// The participant's pseudonym, where they are known in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "P07")]
    code: Option<String>,
    /// The organisation that refers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    from_organisation_id: Option<OrganisationId>,
    /// The service.
    #[schema(example = "health_centre")]
    to: String,
    /// The entry of the directory of services that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    to_service_id: Option<ServiceId>,
    /// Where a member of the partnership runs the service: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    to_organisation_id: Option<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "trauma")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "soon")]
    urgency: Option<String>,
    /// The latest step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sent")]
    state: Option<String>,
    /// The day of the latest step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-05")]
    state_on: Option<String>,
    /// Whether something is still to be done for it: it is not closed, declined or void.
    open: bool,
    /// The first day of any step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-02")]
    begun_on: Option<String>,
    /// Whether the person was sent and has not arrived in the time that the urgency gives.
    overdue: bool,
    /// The day from which it is overdue, where somebody is on their way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-12")]
    overdue_from: Option<String>,
    /// Every step, by its day.
    steps: Vec<Step>,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
    /// Why it was recorded by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
}

/// A step on the way to a service.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReferralStep)]
pub(crate) struct Step {
    #[schema(example = "sent")]
    step: String,
    #[schema(example = "2026-03-05")]
    on: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = referrals)]
pub(super) struct Row {
    id: Db<ReferralId>,
    group_id: Db<GroupId>,
    participant_id: Db<ParticipantId>,
    from_organisation: Option<Db<OrganisationId>>,
    service: String,
    to_organisation: Option<Db<OrganisationId>>,
    reason: Option<String>,
    urgency: Option<String>,
    state: Option<String>,
    state_on: Option<String>,
    open: bool,
    begun_on: Option<String>,
    overdue_from: Option<String>,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
    to_service: Option<Db<ServiceId>>,
}

/// What a list tells of some referrals, in their order.
///
/// # Errors
/// Those of the store.
pub(super) fn items(tx: &mut Conn<'_>, rows: Vec<Row>, today: Date) -> Result<Vec<ReferralItem>, StoreError> {
    let codes = codes(tx, rows.iter().map(|row| row.participant_id.0))?;
    let mut steps = steps(tx, &rows)?;
    let today = today.to_string();
    let item = |row: Row| ReferralItem {
        id: row.id.0,
        group_id: row.group_id.0,
        participant_id: row.participant_id.0,
        code: codes.get(&(row.group_id.0, row.participant_id.0)).cloned(),
        from_organisation_id: row.from_organisation.map(|Db(id)| id),
        to: row.service,
        to_service_id: row.to_service.map(|Db(id)| id),
        to_organisation_id: row.to_organisation.map(|Db(id)| id),
        reason: row.reason,
        urgency: row.urgency,
        state: row.state,
        state_on: row.state_on,
        open: row.open,
        begun_on: row.begun_on,
        overdue: row.overdue_from.as_ref().is_some_and(|from| *from <= today),
        overdue_from: row.overdue_from,
        steps: steps.remove(&row.id.0).unwrap_or_default(),
        conflicts: row.conflicts,
        was_in_conflict: row.was_in_conflict,
        void: row.void,
    };
    Ok(rows.into_iter().map(item).collect())
}

fn steps(tx: &mut Conn<'_>, of: &[Row]) -> Result<BTreeMap<ReferralId, Vec<Step>>, StoreError> {
    let ids: Vec<Db<ReferralId>> = of.iter().map(|row| row.id).collect();
    let rows: Vec<(Db<ReferralId>, String, String)> = on_each!(tx, |c| referral_steps::table
        .filter(referral_steps::referral_id.eq_any(&ids))
        .order((referral_steps::day, referral_steps::step))
        .load(c))?;
    let mut steps: BTreeMap<ReferralId, Vec<Step>> = BTreeMap::new();
    for (Db(id), step, on) in rows {
        steps.entry(id).or_default().push(Step { step, on });
    }
    Ok(steps)
}

/// List referrals
///
/// Of groups that the caller leads or whose facilitators they supervise; to a protection officer, of all groups of the organisation. The
/// latest recorded first.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(ReferralQuery),
    responses(
        (status = 200, description = "Referrals, the latest first", body = Page<ReferralItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/referrals")]
pub(crate) async fn list_referrals(
    permit: Permit,
    query: web::Query<ReferralQuery>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Page<ReferralItem>>, Problem> {
    let (scope, today) = (permit.scope()?, day_in_rwanda(clock.now()));
    let (asked, window) = (query.asked().checked()?, query.asked().page().of("referrals")?);
    let (participant, conditions, page) = (query.participant(), query.conditions(today)?, window.clone());
    let items = store.read("list referrals", move |tx| {
        let rows = list(tx, scope, &asked, participant, &conditions, &page)?;
        items(tx, rows, today)
    });
    Ok(web::Json(Page::of(items.await?, &window, |item: &ReferralItem| item.id)))
}

fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    participant: Option<ParticipantId>,
    conditions: &[String],
    page: &Window<ReferralId>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = referrals::table
            .filter(referrals::group_id.eq_any(groups_in!(Backend, scope.sensitive, asked)))
            .order(referrals::id.desc())
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(after) = page.after {
            rows = rows.filter(referrals::id.lt(Db(after)));
        }
        if let Some(from) = asked.from {
            rows = rows.filter(referrals::begun_on.ge(from.to_string()));
        }
        if let Some(to) = asked.to {
            rows = rows.filter(referrals::begun_on.le(to.to_string()));
        }
        if let Some(participant) = participant {
            rows = rows.filter(referrals::participant_id.eq(Db(participant)));
        }
        for condition in conditions {
            rows = rows.filter(diesel::dsl::sql::<Bool>(condition));
        }
        rows.load(c)
    })
}

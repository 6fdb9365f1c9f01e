//! Participants: pseudonyms inside their groups, listed and read.

mod asked;
pub mod held;
mod held_page;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use jiff::civil::Date;
use serde::Serialize;
use sync_core::id::{DeviceId, GroupId, ParticipantId};
use sync_core::person::in_doubt;
use sync_core::record::{Kind, Participant};
use sync_core::value::Pseudonym;
use utoipa::ToSchema;
use uuid::Uuid;

use super::clash::{Clash, clashes};
use crate::doubt::{absences, of_participants, one_or_two};
use crate::ledger;
use crate::on_each;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::scope::{Asked, Permit, Scope, groups_in, no_such};
use crate::store::schema::participants;
use crate::store::{Conn, Db, Store, StoreError};
use asked::ParticipantQuery;

/// A participant in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParticipantItem {
    #[schema(value_type = Uuid)]
    id: ParticipantId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    /// The pseudonym inside the group.
    #[schema(example = "P07")]
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_band: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    /// Whether consent was given and still stands.
    consents: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<String>,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
    /// From how many sessions that count they were absent without an excuse; where `absences` is asked after.
    #[serde(skip_serializing_if = "Option::is_none")]
    absences: Option<i64>,
    /// Why they were recorded by mistake; totals leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
    /// The participant who is the same person and counts in their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    same_as: Option<ParticipantId>,
    /// Whether several tablets gave this code not knowing of each other, and nobody has said yet whether to one person.
    one_or_two: bool,
    /// Why a day of the consent may be wrong, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Consent on 7 April 1994: No group met before 2005.")]
    date_doubt: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = participants)]
struct Row {
    id: Db<ParticipantId>,
    group_id: Db<GroupId>,
    code: String,
    sex: Option<String>,
    age_band: Option<String>,
    family: Option<String>,
    consents: bool,
    exit: Option<String>,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
    same_as: Option<Db<ParticipantId>>,
    #[diesel(select_expression = diesel::dsl::sql::<Bool>(&one_or_two("participants")))]
    #[diesel(select_expression_type = diesel::expression::SqlLiteral<Bool>)]
    one_or_two: bool,
}

impl ParticipantItem {
    fn of(row: Row, date_doubts: &BTreeMap<ParticipantId, String>) -> Self {
        let date_doubt = date_doubts.get(&row.id.0).cloned();
        Self {
            id: row.id.0,
            group_id: row.group_id.0,
            code: row.code,
            sex: row.sex,
            age_band: row.age_band,
            family: row.family,
            consents: row.consents,
            exit: row.exit,
            conflicts: row.conflicts,
            was_in_conflict: row.was_in_conflict,
            absences: None,
            void: row.void,
            same_as: row.same_as.map(|Db(id)| id),
            one_or_two: row.one_or_two,
            date_doubt,
        }
    }
}

/// List participants
///
/// Of the groups that the caller may see; group by group, by their codes. `from`, `to` and `text` say nothing here.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(ParticipantQuery),
    responses(
        (status = 200, description = "Participants, group by group", body = Page<ParticipantItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/participants")]
pub(crate) async fn list_participants(
    permit: Permit,
    query: web::Query<ParticipantQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<ParticipantItem>>, Problem> {
    let scope = permit.scope()?;
    let (asked, window) = (query.asked().checked()?, query.asked().page().of("participants")?);
    let (doubts, counts_absences, page) = (query.doubts(), query.counts_absences(), window.clone());
    let items = store.read("list participants", move |tx| {
        let rows = list(tx, scope, &asked, &doubts, &page)?;
        let ids: Vec<ParticipantId> = rows.iter().map(|row| row.id.0).collect();
        let date_doubts = of_participants(tx, &ids)?;
        // Which sessions count is a question to all of them: it is asked only for whoever wants to know.
        let absences = if counts_absences { absences_of(tx, &ids)? } else { BTreeMap::new() };
        let item = |row: Row| ParticipantItem {
            absences: absences.get(&row.id.0).copied(),
            ..ParticipantItem::of(row, &date_doubts)
        };
        Ok::<_, StoreError>(rows.into_iter().map(item).collect())
    });
    let key = |item: &ParticipantItem| (item.group_id, item.code.clone(), item.id);
    Ok(web::Json(Page::of(items.await?, &window, key)))
}

/// From how many sessions each was absent.
fn absences_of(tx: &mut Conn<'_>, ids: &[ParticipantId]) -> Result<BTreeMap<ParticipantId, i64>, StoreError> {
    let number = diesel::dsl::sql::<BigInt>(&absences("participants"));
    let rows: Vec<(Db<ParticipantId>, i64)> = on_each!(tx, |c| participants::table
        .filter(participants::id.eq_any(ids.iter().copied().map(Db)))
        .select((participants::id, number))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(id), number)| (id, number)).collect())
}

/// The group, the code, and the id.
type Key = (GroupId, String, ParticipantId);

fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    doubts: &[String],
    page: &Window<Key>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = participants::table
            .filter(participants::group_id.eq_any(groups_in!(Backend, scope.groups, asked)))
            .filter(participants::erased.eq(false))
            .order((participants::group_id, participants::code, participants::id))
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some((group, code, id)) = &page.after {
            let same_code = participants::code.eq(code).and(participants::id.gt(Db(*id)));
            let same_group =
                participants::group_id.eq(Db(*group)).and(participants::code.gt(code).or(same_code));
            rows = rows.filter(participants::group_id.gt(Db(*group)).or(same_group));
        }
        for doubt in doubts {
            rows = rows.filter(diesel::dsl::sql::<Bool>(doubt));
        }
        rows.load(c)
    })
}

/// A participant, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParticipantWhole {
    #[serde(flatten)]
    item: ParticipantItem,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-03-05")]
    consent_date: Option<Date>,
    /// Whether a guardian consented, for a minor.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_guardian: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-04-09")]
    consent_withdrawn: Option<Date>,
    /// The tablets that gave this code not knowing of each other, where it is in doubt whether to one person.
    tablets: Vec<TabletOf>,
    /// Those that gave it to somebody else, with the code of that person.
    split: Vec<SplitOff>,
    clashes: Vec<Clash>,
}

/// A tablet that recorded something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TabletOf {
    #[schema(value_type = Uuid)]
    device: DeviceId,
    /// The name of the person whose it is, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// With the names of the people whose they are.
pub(super) fn tablets(tx: &mut Conn<'_>, of: BTreeSet<DeviceId>) -> Result<Vec<TabletOf>, StoreError> {
    let names = ledger::authors(tx, &of)?;
    let tablet = |device: DeviceId| TabletOf { device, by: names.get(&device).map(|one| one.person.clone()) };
    Ok(of.into_iter().map(tablet).collect())
}

/// A tablet that gave a code to somebody else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SplitOff {
    #[schema(value_type = Uuid)]
    device: DeviceId,
    #[schema(value_type = Uuid)]
    participant_id: ParticipantId,
    #[schema(example = "P21")]
    code: String,
}

/// Read a participant
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The participant", body = ParticipantWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-participant`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/participants/{id}")]
pub(crate) async fn read_participant(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<ParticipantWhole>, Problem> {
    let scope = permit.scope()?;
    let id = ParticipantId::from(*id);
    let whole = store.read("read participant", move |tx| read(tx, scope, id)).await?;
    whole.map(web::Json).ok_or_else(|| no_such(Kind::Participant))
}

fn read(tx: &mut Conn<'_>, scope: Scope, id: ParticipantId) -> Result<Option<ParticipantWhole>, StoreError> {
    let Some((seen, participant)) = scope.record_of::<Participant>(tx, id)? else { return Ok(None) };
    let row: Row = on_each!(tx, |c| participants::table.find(Db(id)).select(Row::as_select()).first(c))?;
    let doubted: BTreeSet<DeviceId> = in_doubt(&seen.document.begun_by(), &participant);
    let split = |(device, code): (&DeviceId, &Pseudonym)| SplitOff {
        device: *device,
        participant_id: ParticipantId::of(participant.group, code),
        code: code.to_string(),
    };
    Ok(Some(ParticipantWhole {
        item: ParticipantItem::of(row, &of_participants(tx, &[id])?),
        tablets: tablets(tx, doubted)?,
        split: participant.split.iter().map(split).collect(),
        consent_purpose: participant.consent_purpose.map(|purpose| purpose.to_string()),
        consent_method: participant.consent_method.map(|method| method.to_string()),
        consent_date: participant.consent_date,
        consent_guardian: participant.consent_guardian,
        consent_withdrawn: participant.consent_withdrawn,
        clashes: clashes(tx, id.into(), Kind::Participant)?,
    }))
}

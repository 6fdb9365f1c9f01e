//! One session, whole, as its document says.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::{DeviceId, GroupId, ParticipantId, SessionId, UserId};
use sync_core::moving::recorded_since;
use sync_core::person::{marks, of_whom};
use sync_core::record::session::{Attendance, Theme};
use sync_core::record::{Kind, Session};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::{Row, SessionItem, items};
use crate::doubt::Splits;
use crate::on_each;
use crate::problem::Problem;
use crate::records::clash::{Clash, clashes};
use crate::records::participants::{TabletOf, tablets};
use crate::scope::{Permit, Scope, no_such};
use crate::store::schema::{participants, sessions};
use crate::store::{Conn, Db, Store, StoreError};

/// A session, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionWhole {
    #[serde(flatten)]
    item: SessionItem,
    #[schema(value_type = Vec<String>)]
    themes: Vec<Theme>,
    #[schema(value_type = Vec<Uuid>)]
    facilitators_present: Vec<UserId>,
    attendance: Vec<Mark>,
    /// Heads counted in an open circle, by `sex/age band`; never part of `attendance`.
    headcount: BTreeMap<String, i64>,
    summary: String,
    /// Those who recorded something in it that whoever set it aside had not seen.
    recorded_since_by: Vec<TabletOf>,
    /// Fields that two people set differently at the same time.
    clashes: Vec<Clash>,
}

/// How one participant came, as the tablet meant that marked them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mark {
    #[schema(value_type = Uuid)]
    participant_id: ParticipantId,
    /// Their pseudonym, once the participant's own record has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "P07")]
    code: Option<String>,
    #[schema(value_type = String, example = "present")]
    mark: Attendance,
}

/// Read a session
///
/// With everything that two facilitators recorded, and every value where they clash.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The session", body = SessionWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-session`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/sessions/{id}")]
pub(crate) async fn read_session(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<SessionWhole>, Problem> {
    let scope = permit.scope()?;
    let id = SessionId::from(*id);
    let whole = store.read("read session", move |tx| read(tx, scope, id)).await?;
    whole.map(web::Json).ok_or_else(|| no_such(Kind::Session))
}

fn read(tx: &mut Conn<'_>, scope: Scope, id: SessionId) -> Result<Option<SessionWhole>, StoreError> {
    let Some((seen, session)) = scope.record_of::<Session>(tx, id)? else { return Ok(None) };
    let row: Row = on_each!(tx, |c| sessions::table.find(Db(id)).select(Row::as_select()).first(c))?;
    let marks = marks(&seen.document);
    let splits = Splits::of_marks(tx, &[session.group], &marks)?;
    let attendance = of_whom(&marks, |mark| splits.owner(mark));
    let codes = codes(tx, session.group, attendance.iter().map(|(owner, _)| *owner))?;
    let Some(item) = items(tx, vec![row])?.pop() else { return Ok(None) };
    let mark =
        |(participant_id, mark)| Mark { participant_id, code: codes.get(&participant_id).cloned(), mark };
    // In one that was not set aside itself something counts nowhere only where the move that made it was taken back.
    let since = recorded_since(&session, &seen.document, item.recorded_since);
    let devices: BTreeSet<DeviceId> = since.iter().map(|change| change.actor().device).collect();
    Ok(Some(SessionWhole {
        recorded_since_by: tablets(tx, devices)?,
        item,
        themes: session.themes.into_iter().collect(),
        facilitators_present: session.facilitators_present.into_iter().collect(),
        attendance: attendance.into_iter().map(mark).collect(),
        headcount: session
            .headcount
            .into_iter()
            .map(|(cell, heads)| (cell.to_string(), heads.get()))
            .collect(),
        summary: session.summary,
        clashes: clashes(tx, id.into(), Kind::Session)?,
    }))
}

/// The pseudonyms of those who are marked.
fn codes(
    tx: &mut Conn<'_>,
    group: GroupId,
    marked: impl Iterator<Item = ParticipantId>,
) -> Result<BTreeMap<ParticipantId, String>, StoreError> {
    let ids: Vec<Db<ParticipantId>> = marked.map(Db).collect();
    let rows: Vec<(Db<ParticipantId>, String)> = on_each!(tx, |c| participants::table
        .filter(participants::id.eq_any(&ids))
        .filter(participants::group_id.eq(Db(group)))
        .filter(participants::erased.eq(false))
        .select((participants::id, participants::code))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(id), code)| (id, code)).collect())
}

//! Everything that is held on one participant: what they may ask to see (Law 058/2021, article 18), as a page to print and as JSON.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, get, web};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;
use sync_core::area;
use sync_core::fold::fold;
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId, SessionId};
use sync_core::limits::MAX_DOCUMENT_OPERATIONS;
use sync_core::reading::{self, Reading};
use sync_core::record::{Group, Kind, Level, Participant, Record, Session};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::doubt::{Splits, given_to, left_out, marks};
use crate::ledger::{self, Stored};
use crate::on_each;
use crate::problem::Problem;
use crate::records::participants::held_page::written;
use crate::scope::{Permit, Scope, anywhere, no_such};
use crate::store::schema::{attendances, referrals, screenings, sessions};
use crate::store::{Conn, Db, Store, StoreError};

/// How many marks are told, and how many records are looked through, at the most: more than a group has.
const MOST: i64 = 2_000;
/// How many operations the records hold that are opened: those of one that is as large as a record may be.
const OPERATIONS: u64 = MAX_DOCUMENT_OPERATIONS;
/// And how many bytes.
const BYTES: u64 = 16 * 1024 * 1024;

/// Everything that is held on one participant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Held {
    /// The pseudonym inside the group.
    #[schema(example = "P07")]
    pub(super) code: String,
    /// The name of the group.
    pub(super) group: String,
    /// Village, cell, sector, district, province.
    pub(super) area_path: String,
    /// What is recorded of them, field by field, in words.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub(super) record: Reading,
    /// The meetings of which it is noted whether they came, earliest first.
    pub(super) meetings: Vec<Meeting>,
    /// The lines of summaries in which their code stands.
    pub(super) mentions: Vec<Mention>,
    /// Referrals and screenings, field by field, in words.
    pub(super) sensitive: Vec<Sensitive>,
    /// How many records were not looked through, because all of them together are too large to be opened at once: look at these by themselves.
    pub(super) left_out: usize,
    /// Why referrals and screenings are not among them, where the caller may not see any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) withheld: Option<&'static str>,
}

/// Whether they came to a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Meeting {
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    #[schema(example = "2026-03-05")]
    pub(super) date: String,
    /// Two tablets may have noted different ones: each is told.
    #[schema(example = "present")]
    pub(super) mark: String,
    /// Whether the record of the meeting counts: it does not where it is void, was moved to another day, or is a second record of one meeting.
    pub(super) counts: bool,
}

/// A line of a summary in which their code stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mention {
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    #[schema(example = "2026-03-05")]
    pub(super) date: String,
    pub(super) line: String,
}

/// A referral or a screening.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sensitive {
    #[schema(value_type = Uuid)]
    record_id: DocumentId,
    #[schema(value_type = String, example = "referral")]
    pub(super) kind: Kind,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub(super) record: Reading,
}

/// Read everything that is held on a participant
///
/// For somebody who asks what is known of them: their record, the meetings of which it is noted whether they came, what summaries say of their
/// code, and referrals and screenings where the caller may see these. As a page to print with `Accept: text/html`.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "Everything that is held", content((Held = "application/json"), (String = "text/html"))),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-participant`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/participants/{id}/held")]
pub(crate) async fn read_held(
    permit: Permit,
    id: web::Path<Uuid>,
    request: HttpRequest,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let (scope, id) = (permit.scope()?, ParticipantId::from(*id));
    let held = store.read("held on a participant", move |tx| held(tx, scope, id)).await?;
    let held = held.ok_or_else(|| no_such(Kind::Participant))?;
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(match accepts.starts_with("text/html") {
        true => crate::html::answer(written(&held)),
        false => HttpResponse::Ok().json(held),
    })
}

fn held(tx: &mut Conn<'_>, scope: Scope, id: ParticipantId) -> Result<Option<Held>, StoreError> {
    // 1. The participant, and the group.
    let Some((seen, participant)) = scope.record_of::<Participant>(tx, id)? else { return Ok(None) };
    let group = participant.group;
    let (name, area_path) = match scope.record_of::<Group>(tx, group)? {
        Some((_, group)) => {
            let area = area::find(group.area.code()).map(|area| area.path()).unwrap_or_default();
            (group.name.to_string(), area)
        }
        None => Default::default(),
    };
    // 2. Marks, and summaries that name the code.
    let mut room = Room { operations: OPERATIONS, bytes: BYTES, left_out: 0 };
    let meetings = meetings(tx, group, id)?;
    let mentions = mentions(tx, group, &participant.code.to_string(), &mut room)?;
    // 3. Referrals and screenings: whoever may not see them does not learn whether there are any.
    let may = scope.groups_of(Level::Sensitive).hold(tx, group)?;
    let sensitive = if may { sensitive(tx, group, id, &mut room)? } else { Vec::new() };
    Ok(Some(Held {
        code: participant.code.to_string(),
        group: name,
        area_path,
        record: reading::read(&seen.document),
        meetings,
        mentions,
        sensitive,
        left_out: room.left_out,
        withheld: (!may).then_some(
            "Referrals and screenings, if there are any, are told by those who lead the group, their supervisor, or a protection officer.",
        ),
    }))
}

/// What may still be opened for one answer.
struct Room {
    operations: u64,
    bytes: u64,
    left_out: usize,
}

impl Room {
    /// Loads those records of a group for which there is room, in a few queries for all; counts the others.
    fn load(
        &mut self,
        tx: &mut Conn<'_>,
        group: GroupId,
        ids: Vec<DocumentId>,
    ) -> Result<BTreeMap<DocumentId, Stored>, StoreError> {
        let sizes = ledger::sizes(tx, &[group.into()], &ids)?;
        let mut fit = Vec::new();
        for id in ids {
            let Some(size) = sizes.get(&id) else { continue };
            if size.operations <= self.operations && size.bytes <= self.bytes {
                self.operations -= size.operations;
                self.bytes -= size.bytes;
                fit.push(id);
            } else {
                self.left_out += 1;
            }
        }
        ledger::load_all(tx, &fit)
    }
}

fn meetings(tx: &mut Conn<'_>, group: GroupId, id: ParticipantId) -> Result<Vec<Meeting>, StoreError> {
    let splits = Splits::of_person(tx, group, id)?;
    let met: Vec<(Db<SessionId>, String, bool)> = on_each!(tx, |c| sessions::table
        .filter(sessions::group_id.eq(Db(group)))
        .filter(exists(attendances::table.filter(attendances::session_id.eq(sessions::id)).filter(
            attendances::participant_id.eq(Db(id)).or(attendances::participant_id.eq_any(given_to(id)))
        )))
        .order((sessions::date, sessions::id))
        .limit(MOST)
        .select((sessions::id, sessions::date, sql::<Bool>(&format!("sessions.id NOT IN ({})", left_out()))))
        .load(c))?;
    let ids: Vec<SessionId> = met.iter().map(|(id, ..)| id.0).collect();
    let marks = marks(tx, &ids, Some(id))?;
    let of_one = |(Db(session_id), date, counts): (Db<SessionId>, String, bool)| {
        let theirs = marks.get(&session_id).into_iter().flatten().filter(|mark| splits.owner(mark) == id);
        // Each author has a mark: what two tablets noted alike is told once.
        let noted: BTreeSet<&str> = theirs.map(|mark| mark.mark.code()).collect();
        let meeting = move |mark: &str| Meeting { session_id, date: date.clone(), mark: mark.into(), counts };
        noted.into_iter().map(meeting).collect::<Vec<_>>()
    };
    Ok(met.into_iter().flat_map(of_one).collect())
}

fn mentions(
    tx: &mut Conn<'_>,
    group: GroupId,
    code: &str,
    room: &mut Room,
) -> Result<Vec<Mention>, StoreError> {
    let rows: Vec<(Db<SessionId>, String)> = on_each!(tx, |c| sessions::table
        .filter(sessions::group_id.eq(Db(group)))
        .filter(sessions::summary_folded.like(anywhere(code)).escape('\\'))
        .order((sessions::date, sessions::id))
        .limit(MOST)
        .select((sessions::id, sessions::date))
        .load(c))?;
    let stored = room.load(tx, group, rows.iter().map(|(Db(id), _)| (*id).into()).collect())?;
    let mut found = Vec::new();
    for (Db(session_id), date) in rows {
        let Some(stored) = stored.get(&session_id.into()) else { continue };
        let Ok(session) = stored.open()?.read::<Session>() else { continue };
        let lines = session.summary.lines().filter(|line| names(line, code));
        found.extend(lines.map(|line| Mention { session_id, date: date.clone(), line: line.to_owned() }));
    }
    Ok(found)
}

/// Whether the code stands in a line as a word: P01 does not in P012.
fn names(line: &str, code: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric()).any(|word| fold(word) == fold(code))
}

fn sensitive(
    tx: &mut Conn<'_>,
    group: GroupId,
    id: ParticipantId,
    room: &mut Room,
) -> Result<Vec<Sensitive>, StoreError> {
    macro_rules! of {
        ($table:ident) => {
            on_each!(tx, |c| $table::table
                .filter($table::group_id.eq(Db(group)))
                .filter($table::participant_id.eq(Db(id)))
                .order($table::id)
                .limit(MOST)
                .select($table::id)
                .load::<Db<DocumentId>>(c))?
        };
    }
    let (referrals, screenings) = (of!(referrals), of!(screenings));
    let ids = referrals.into_iter().chain(screenings);
    let mut found = Vec::new();
    for (record_id, stored) in room.load(tx, group, ids.map(|Db(id)| id).collect())? {
        if let Some(record) = about(&stored, id)? {
            found.push(Sensitive { record_id, kind: stored.kind, record });
        }
    }
    Ok(found)
}

/// What a record says, if it is about this participant.
fn about(stored: &Stored, id: ParticipantId) -> Result<Option<Reading>, StoreError> {
    let document = stored.open()?;
    let is = document.record().is_ok_and(|record: Record| {
        record.is_about().is_some_and(|about| about.document.uuid() == id.uuid())
    });
    Ok(is.then(|| reading::read(&document)))
}

//! Records as rows: what can be asked for, without what only a reader of the whole record needs.

use diesel::prelude::*;
use sync_core::conflict::standing;
use sync_core::document::Document;
use sync_core::id::{GroupId, OrganisationId, ParticipantId, SessionId, StreamId};
use sync_core::record::{Group, Participant, Session};

use super::clashes::Clashes;
use crate::clock::day_begins;
use crate::store::schema::{attendances, groups, headcounts, participants, session_themes, sessions};
use crate::store::{At, Db};

fn word(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn number(value: Option<i64>) -> Option<i32> {
    value.and_then(|value| value.try_into().ok())
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = groups, treat_none_as_null = true)]
pub(super) struct GroupRow {
    pub(super) id: Db<GroupId>,
    organisation_id: Db<OrganisationId>,
    name: String,
    kind: String,
    modality: String,
    pillar: Option<String>,
    setting: Option<String>,
    cohort: Option<String>,
    area: String,
    planned_sessions: Option<i32>,
    starts_on: Option<String>,
    status: String,
    conflicts: i32,
    was_in_conflict: bool,
}

impl GroupRow {
    pub(super) fn of(id: GroupId, group: &Group, clashes: &Clashes) -> Self {
        Self {
            id: Db(id),
            organisation_id: Db(group.organisation),
            name: group.name.to_string(),
            kind: group.kind.to_string(),
            modality: group.modality.to_string(),
            pillar: word(group.pillar),
            setting: word(group.setting),
            cohort: word(group.cohort),
            area: group.area.to_string(),
            planned_sessions: number(group.planned_sessions.map(Into::into)),
            starts_on: word(group.starts_on),
            status: group.status.to_string(),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = participants, treat_none_as_null = true)]
pub(super) struct ParticipantRow {
    pub(super) id: Db<ParticipantId>,
    group_id: Db<StreamId>,
    code: String,
    sex: Option<String>,
    age_band: Option<String>,
    family: Option<String>,
    consents: bool,
    exit: Option<String>,
    erased: bool,
    conflicts: i32,
    was_in_conflict: bool,
}

impl ParticipantRow {
    pub(super) fn of(id: ParticipantId, participant: &Participant, clashes: &Clashes) -> Self {
        Self {
            id: Db(id),
            group_id: Db(participant.group.into()),
            code: participant.code.to_string(),
            sex: word(participant.sex),
            age_band: word(participant.age_band),
            family: word(participant.family.as_ref()),
            consents: participant.consents(),
            exit: word(participant.exit),
            erased: participant.erased.is_some(),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_null = true)]
pub(super) struct SessionRow {
    pub(super) id: Db<SessionId>,
    group_id: Db<StreamId>,
    date: String,
    part: String,
    starts_at: Option<String>,
    minutes: Option<i32>,
    phase: Option<String>,
    state: String,
    commemoration: bool,
    attended: i32,
    summary: String,
    conflicts: i32,
    was_in_conflict: bool,
    double_of: Option<Db<SessionId>>,
    begins_at: At,
    dated_by: Option<Vec<u8>>,
}

impl SessionRow {
    pub(super) fn of(id: SessionId, session: &Session, document: &Document, clashes: &Clashes) -> Self {
        Self {
            id: Db(id),
            group_id: Db(session.group.into()),
            date: session.date.to_string(),
            part: session.part.to_string(),
            starts_at: word(session.starts_at),
            minutes: number(session.minutes.map(Into::into)),
            phase: word(session.phase),
            state: session.state.to_string(),
            commemoration: session.commemoration(),
            attended: i32::try_from(session.attended()).unwrap_or(i32::MAX),
            // PostgreSQL has no place for NUL in a text; the document keeps it.
            summary: session.summary.replace('\0', ""),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            double_of: session.double_of.map(Db),
            begins_at: At(day_begins(session.date)),
            dated_by: standing(document, "date").map(|claim| claim.change.as_bytes().to_vec()),
        }
    }
}

/// One mark of one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = attendances)]
pub(super) struct AttendanceRow {
    pub(super) session_id: Db<SessionId>,
    participant_id: Db<ParticipantId>,
    mark: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = session_themes)]
pub(super) struct ThemeRow {
    pub(super) session_id: Db<SessionId>,
    theme: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = headcounts)]
pub(super) struct HeadcountRow {
    pub(super) session_id: Db<SessionId>,
    sex: String,
    age_band: String,
    heads: i32,
}

/// The rows that a session has many of.
pub(super) fn parts(
    id: SessionId,
    session: &Session,
) -> (Vec<AttendanceRow>, Vec<ThemeRow>, Vec<HeadcountRow>) {
    let session_id = Db(id);
    let marks = session.attendance.iter().map(|(participant, mark)| AttendanceRow {
        session_id,
        participant_id: Db(*participant),
        mark: mark.to_string(),
    });
    let themes = session.themes.iter().map(|theme| ThemeRow { session_id, theme: theme.to_string() });
    let heads = session.headcount.iter().map(|(cell, heads)| HeadcountRow {
        session_id,
        sex: cell.sex.to_string(),
        age_band: cell.age_band.to_string(),
        heads: heads.get() as i32,
    });
    (marks.collect(), themes.collect(), heads.collect())
}

//! Records as rows: the fields by which queries filter, sort and count. A reader of the whole record opens its
//! document.

use diesel::prelude::*;
use sync_core::conflict::standing;
use sync_core::day::began_on;
use sync_core::document::Document;
use sync_core::fold::fold;
use sync_core::history::since;
use sync_core::id::{DeviceId, DocumentId, GroupId, OrganisationId, ParticipantId, SessionId, StreamId};
use sync_core::moving::recorded_since;
use sync_core::person::{marked, marks};
use sync_core::record::session::SessionState;
use sync_core::record::{Group, Participant, Record, Session};
use sync_core::time::Date;
use sync_core::value::Value as _;

use std::collections::{BTreeMap, BTreeSet};

use super::Standing;
use super::clashes::Clashes;
use crate::clock::day_begins;
use crate::store::schema::{
    attendances, days, groups, headcounts, participant_origins, participants, session_themes, sessions,
};
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
    name_folded: String,
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
    began_on: Option<String>,
    void: Option<String>,
}

impl GroupRow {
    pub(super) fn of(id: GroupId, group: &Group, document: &Document, clashes: &Clashes) -> Self {
        Self {
            id: Db(id),
            organisation_id: Db(group.organisation),
            name: group.name.to_string(),
            name_folded: fold(group.name.as_str()),
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
            began_on: word(began_on(document, group).map(|began| began.on)),
            void: word(group.void.as_ref()),
        }
    }
}

impl GroupRow {
    /// The columns by which every record of the group counts.
    pub(super) fn counts(&self) -> impl PartialEq + use<> {
        let Self { organisation_id, kind, modality, area, began_on, void, .. } = self.clone();
        (organisation_id, kind, modality, area, began_on, void.is_some())
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
    void: Option<String>,
    same_as: Option<Db<ParticipantId>>,
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
            void: word(participant.void.as_ref()),
            same_as: participant.same_as.map(Db),
        }
    }
}

impl ParticipantRow {
    /// The columns by which the participant counts.
    pub(super) fn counts(&self) -> impl PartialEq + use<> {
        (self.sex.clone(), self.age_band.clone(), self.consents, self.void.is_some())
    }

    /// The columns by which participants count in each other's place.
    pub(super) fn stands(&self) -> impl PartialEq + use<> {
        (self.void.is_some(), self.same_as)
    }
}

/// A device that began a participant's record, or gave its code to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = participant_origins, primary_key(participant_id, device_id))]
pub(super) struct OriginRow {
    pub(super) participant_id: Db<ParticipantId>,
    device_id: Db<DeviceId>,
    began: bool,
    confirmed: bool,
    split_to: Option<Db<ParticipantId>>,
}

pub(super) fn origins(id: ParticipantId, participant: &Participant, document: &Document) -> Vec<OriginRow> {
    let begun_by = document.begun_by();
    let devices: BTreeSet<&DeviceId> = begun_by.iter().chain(participant.split.keys()).collect();
    let row = |device: &DeviceId| OriginRow {
        participant_id: Db(id),
        device_id: Db(*device),
        began: begun_by.contains(device),
        confirmed: participant.confirmed.contains(device),
        split_to: participant.split.contains_key(device).then(|| Db(marked(id, Some(participant), *device))),
    };
    devices.into_iter().map(row).collect()
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
    marked: i32,
    summary_folded: String,
    conflicts: i32,
    was_in_conflict: bool,
    double_of: Option<Db<SessionId>>,
    nth: i32,
    void: Option<String>,
    moved_to: Option<Db<SessionId>>,
    moved_from: Option<Db<SessionId>>,
    returned: Option<String>,
    changed_since_verified: bool,
    recorded_since: bool,
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
            marked: i32::try_from(session.attendance.len() + session.headcount.len()).unwrap_or(i32::MAX),
            // The summary is only searched here; it is read from the document.
            summary_folded: fold(&session.summary),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            double_of: session.double_of.map(Db),
            nth: i32::from(session.number()),
            void: word(session.void.as_ref()),
            moved_to: session.moved_to.map(Db),
            moved_from: session.moved_from.map(Db),
            returned: word(session.returned.as_ref()),
            changed_since_verified: changed_since_verified(session, document),
            recorded_since: !recorded_since(session, document).is_empty(),
        }
    }
}

impl SessionRow {
    pub(super) fn date(&self) -> &str {
        &self.date
    }

    pub(super) fn standing(&self) -> Standing {
        let others = [self.moved_to, self.moved_from, self.double_of];
        let others = others.into_iter().flatten().map(|Db(id)| id).collect();
        Standing { void: self.void.is_some(), others }
    }

    /// The columns by which sessions are compared, beside attendance, themes and headcount.
    pub(super) fn compared(&self) -> impl PartialEq + use<> {
        let Self { date, part, nth, phase, state, void, moved_to, double_of, .. } = self.clone();
        (date, part, nth, phase, state, void.is_some(), moved_to.is_some(), double_of.is_some())
    }
}

/// Whether a verified session holds a change that the person who verified it had not seen.
fn changed_since_verified(session: &Session, document: &Document) -> bool {
    let verified = SessionState::Verified;
    session.state == verified && !since(document, "state", |state| *state == verified.to_scalar()).is_empty()
}

/// A day of a record, with the change that put it: the day may be doubted by that author's clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = days, primary_key(document_id, field))]
pub(super) struct DayRow {
    pub(super) document_id: Db<DocumentId>,
    field: String,
    day: String,
    begins_at: At,
    written_by: Option<Vec<u8>>,
    written_at: Option<At>,
}

/// The days of a record that may be doubted. Of a participant who was erased none is kept.
pub(super) fn days_of(id: DocumentId, document: &Document, record: &Record) -> Vec<DayRow> {
    let all = match record {
        Record::Session(session) => vec![("date", Some(session.date))],
        Record::Participant(one) if one.erased.is_none() => {
            vec![("consent_date", one.consent_date), ("consent_withdrawn", one.consent_withdrawn)]
        }
        _ => Vec::new(),
    };
    let row = |(field, day): (&str, Option<Date>)| {
        let day = day?;
        let written = standing(document, field);
        Some(DayRow {
            document_id: Db(id),
            field: field.to_owned(),
            day: day.to_string(),
            begins_at: At(day_begins(day)),
            written_by: written.as_ref().map(|claim| claim.change.as_bytes().to_vec()),
            written_at: written.map(|claim| At(claim.at)),
        })
    };
    all.into_iter().filter_map(row).collect()
}

/// One mark of a participant in a session; concurrent marks are rows of their own, of which one is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = attendances, primary_key(session_id, participant_id, author, mark))]
pub(super) struct AttendanceRow {
    pub(super) session_id: Db<SessionId>,
    participant_id: Db<ParticipantId>,
    author: Db<DeviceId>,
    mark: String,
    shown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = session_themes, primary_key(session_id, theme))]
pub(super) struct ThemeRow {
    pub(super) session_id: Db<SessionId>,
    theme: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = headcounts, primary_key(session_id, sex, age_band))]
pub(super) struct HeadcountRow {
    pub(super) session_id: Db<SessionId>,
    sex: String,
    age_band: String,
    heads: i32,
}

/// The rows of a session's attendance, themes and headcount.
pub(super) fn parts(
    id: SessionId,
    session: &Session,
    document: &Document,
) -> (Vec<AttendanceRow>, Vec<ThemeRow>, Vec<HeadcountRow>) {
    let session_id = Db(id);
    // A device can have made the same mark in two incarnations: the key has room for one of them.
    let mut each: BTreeMap<(ParticipantId, DeviceId, String), bool> = BTreeMap::new();
    for one in marks(document) {
        *each.entry((one.participant, one.device, one.mark.to_string())).or_default() |= one.shown;
    }
    let marks = each.into_iter().map(|((participant, device, mark), shown)| AttendanceRow {
        session_id,
        participant_id: Db(participant),
        author: Db(device),
        mark,
        shown,
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

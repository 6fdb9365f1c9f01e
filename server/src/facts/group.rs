//! What the facts of a group follow from: its sessions without what they hold, and who its people are.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::double::{Says, SetAside, set_aside};
use sync_core::id::{GroupId, OrganisationId, ParticipantId, SessionId};

use super::affected::Affected;
use crate::doubt::Splits;
use crate::on_each;
use crate::store::schema::{groups, participants, people, sessions};
use crate::store::{Conn, Db, StoreError};

/// What sums are told apart by, of all that is counted of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stratum {
    pub(crate) organisation: OrganisationId,
    /// NISR code of a village.
    pub(crate) area: String,
    pub(crate) kind: String,
    pub(crate) modality: String,
}

/// A group, with all that is small of it.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) stratum: Stratum,
    pub(super) void: bool,
    pub(super) sessions: BTreeMap<SessionId, Meeting>,
    pub(super) set_aside: BTreeMap<SessionId, SetAside>,
    pub(super) participants: BTreeMap<ParticipantId, Person>,
    /// Who counts in a participant's place, where that is somebody else.
    pub(super) stand_ins: BTreeMap<ParticipantId, ParticipantId>,
    /// Whose the marks are that a device made under a code, where that is somebody else.
    pub(super) splits: Splits,
}

/// A session, without what was recorded in it.
#[derive(Debug)]
pub(super) struct Meeting {
    /// `2026-03`
    pub(super) month: String,
    pub(super) says: Says,
    recorded_since: bool,
    recorded_since_moved: bool,
    marked: i32,
    pub(super) minutes: i64,
    pub(super) phase: String,
    pub(super) part_of_day: String,
    pub(super) state: String,
}

/// A participant, as far as totals tell people apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) sex: String,
    pub(super) age_band: String,
    pub(super) consents: bool,
    pub(super) void: bool,
}

/// What somebody is of whom it is not said, and a meeting.
pub(super) const UNKNOWN: &str = "unknown";

/// The month of a day.
pub(crate) fn month(day: &str) -> String {
    day.get(..7).unwrap_or(day).to_owned()
}

impl Group {
    /// None where the group's own record is not there yet.
    pub(super) fn load(tx: &mut Conn<'_>, id: GroupId) -> Result<Option<Self>, StoreError> {
        type Row = (Db<OrganisationId>, String, String, String, Option<String>);
        let row: Option<Row> = on_each!(tx, |c| groups::table
            .find(Db(id))
            .select((groups::organisation_id, groups::area, groups::kind, groups::modality, groups::void))
            .first(c)
            .optional())?;
        let Some((Db(organisation), area, kind, modality, void)) = row else { return Ok(None) };
        let sessions = meetings(tx, id)?;
        let says = sessions.iter().map(|(id, meeting)| (*id, meeting.says.clone())).collect();
        Ok(Some(Self {
            id,
            stratum: Stratum { organisation, area, kind, modality },
            void: void.is_some(),
            set_aside: set_aside(&says),
            sessions,
            participants: members(tx, id)?,
            stand_ins: stand_ins(tx, id)?,
            splits: Splits::of_group(tx, id)?,
        }))
    }

    /// Of how many people and heads the sessions of some months say something.
    pub(super) fn marks_in(&self, affected: &Affected) -> i64 {
        let of = self.sessions.values().filter(|meeting| affected.month(&meeting.month));
        of.map(|meeting| i64::from(meeting.marked)).sum()
    }

    /// Whether a session of it counts.
    pub(super) fn has_met(&self) -> bool {
        self.sessions.keys().any(|id| self.left_out(*id).is_none())
    }

    /// Whether something was recorded in a session that counts nowhere, by somebody who had not heard.
    pub(super) fn recorded_since(&self, id: SessionId, meeting: &Meeting) -> bool {
        let taken_back = || self.set_aside.get(&id) == Some(&SetAside::Moved);
        meeting.recorded_since || (meeting.recorded_since_moved && taken_back())
    }

    /// Why totals leave a session out.
    pub(super) fn left_out(&self, id: SessionId) -> Option<SetAside> {
        if self.void { Some(SetAside::Void) } else { self.set_aside.get(&id).copied() }
    }
}

fn meetings(tx: &mut Conn<'_>, group: GroupId) -> Result<BTreeMap<SessionId, Meeting>, StoreError> {
    type Id = Option<Db<SessionId>>;
    type Others = (Option<String>, Id, Id, Id);
    type Told = (Option<String>, String, String);
    type Row = (Db<SessionId>, String, Others, (bool, bool), i32, Option<i32>, Told);
    let rows: Vec<Row> = on_each!(tx, |c| sessions::table
        .filter(sessions::group_id.eq(Db(group)))
        .select((
            sessions::id,
            sessions::date,
            (sessions::void, sessions::moved_to, sessions::moved_from, sessions::double_of),
            (sessions::recorded_since, sessions::recorded_since_moved),
            sessions::marked,
            sessions::minutes,
            (sessions::phase, sessions::part, sessions::state),
        ))
        .load(c))?;
    let id = |id: Id| id.map(|Db(id)| id);
    let meeting = |(Db(session), date, says, since, marked, minutes, told): Row| {
        let (recorded_since, recorded_since_moved) = since;
        let (void, to, from, double) = says;
        let (phase, part_of_day, state) = told;
        let meeting = Meeting {
            month: month(&date),
            says: Says {
                group,
                void: void.is_some(),
                moved_to: id(to),
                moved_from: id(from),
                double_of: id(double),
            },
            recorded_since,
            recorded_since_moved,
            marked,
            minutes: minutes.map_or(0, i64::from),
            phase: phase.unwrap_or_else(|| UNKNOWN.to_owned()),
            part_of_day,
            state,
        };
        (session, meeting)
    };
    Ok(rows.into_iter().map(meeting).collect())
}

fn members(tx: &mut Conn<'_>, group: GroupId) -> Result<BTreeMap<ParticipantId, Person>, StoreError> {
    type Row = (Db<ParticipantId>, Option<String>, Option<String>, bool, Option<String>, bool);
    let rows: Vec<Row> = on_each!(tx, |c| participants::table
        .filter(participants::group_id.eq(Db(group)))
        .select((
            participants::id,
            participants::sex,
            participants::age_band,
            participants::consents,
            participants::void,
            participants::erased,
        ))
        .load(c))?;
    let known = |word: Option<String>| word.unwrap_or_else(|| UNKNOWN.to_owned());
    let person = |(Db(id), sex, age_band, consents, void, erased): Row| {
        // Who asked to be erased counts nowhere from then on.
        let void = void.is_some() || erased;
        (id, Person { sex: known(sex), age_band: known(age_band), consents, void })
    };
    Ok(rows.into_iter().map(person).collect())
}

fn stand_ins(
    tx: &mut Conn<'_>,
    group: GroupId,
) -> Result<BTreeMap<ParticipantId, ParticipantId>, StoreError> {
    let rows: Vec<(Db<ParticipantId>, Db<ParticipantId>)> = on_each!(tx, |c| people::table
        .filter(people::group_id.eq(Db(group)))
        .select((people::participant_id, people::person_id))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(participant), Db(person))| (participant, person)).collect())
}

//! A meeting is recorded, or corrected. Only what is said is written; what is not said stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::form::EditError;
use sync_core::id::{GroupId, ParticipantId, SessionId, StreamId, UserId};
use sync_core::moving::Slot;
use sync_core::person::marked;
use sync_core::record::Participant;
use sync_core::record::session::{
    Attendance, Cell, Count, Minutes, PartOfDay, Phase, Session, SessionEdit, SessionState, Theme, TimeOfDay,
};
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::{RecordError, Who, find, group_of, participants_of};
use crate::device::Device;

/// A meeting of a group, with what is said of it.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub date: Date,
    pub part: PartOfDay,
    pub details: Details,
}

/// What is said of a meeting; for an edit, only what changes.
#[derive(Debug, Clone, Default)]
pub struct Details {
    pub starts_at: Option<TimeOfDay>,
    pub minutes: Option<Minutes>,
    pub phase: Option<Phase>,
    /// Themes that were spoken of, and those that were noted by mistake.
    pub themes: BTreeSet<Theme>,
    pub not_themes: BTreeSet<Theme>,
    /// Who was there and who was not.
    pub attendance: Vec<(Who, Attendance)>,
    /// Whose mark is taken back.
    pub unmarked: Vec<Who>,
    /// The facilitators who were there. Who records a meeting was there, where none is given: also in a record that a colleague began.
    pub facilitators: BTreeSet<UserId>,
    /// Heads counted in an open circle.
    pub headcount: BTreeMap<Cell, Count>,
    /// How it went. A record adds it to what is there, an edit puts it in its place.
    pub summary: Option<String>,
    /// How far the record has come; only forward.
    pub state: Option<SessionState>,
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub session: SessionId,
    /// Whether the tablet had no record of this meeting before.
    pub begun: bool,
    /// Whether there was anything to change.
    pub changed: bool,
}

impl Details {
    /// Whether each person is marked in one way, as far as that can be told without knowing them.
    ///
    /// # Errors
    /// [`RecordError::MarkedTwice`].
    pub fn check_marks(&self) -> Result<(), RecordError> {
        let mut marks = BTreeMap::new();
        let cleared = self.unmarked.iter().map(|who| (who, None));
        for (who, mark) in self.attendance.iter().map(|(who, mark)| (who, Some(*mark))).chain(cleared) {
            if marks.insert(who, mark).is_some_and(|before| before != mark) {
                return Err(RecordError::MarkedTwice(who.clone()));
            }
        }
        Ok(())
    }
}

/// Details with the people found.
struct Marks {
    put: BTreeMap<ParticipantId, Attendance>,
    cleared: BTreeSet<ParticipantId>,
    /// Marks that stand under one of these codes, made by another tablet that had given it to somebody else, and whose they are.
    of_others: BTreeMap<ParticipantId, (ParticipantId, Attendance)>,
}

impl Marks {
    /// Those of a session, over what stands in it already.
    fn of(
        tablet: &Tablet,
        group: GroupId,
        session: SessionId,
        details: &Details,
    ) -> Result<Self, RecordError> {
        let all = participants_of(tablet, group);
        let mut put = BTreeMap::new();
        for (who, mark) in &details.attendance {
            let id = find(&all, who)?;
            refuse_split(tablet, &all, id)?;
            let before = put.insert(id, *mark);
            if before.is_some_and(|before| before != *mark) {
                return Err(RecordError::MarkedTwice(who.clone()));
            }
        }
        let mut cleared = BTreeSet::new();
        for who in &details.unmarked {
            let id = find(&all, who)?;
            if put.contains_key(&id) {
                return Err(RecordError::MarkedTwice(who.clone()));
            }
            cleared.insert(id);
        }
        let of_colleagues = tablet.attendance(session).into_iter().filter(|mark| mark.shown);
        let of_others = of_colleagues.filter(|mark| mark.device != tablet.device()).filter_map(|mark| {
            let (under, one) = all.iter().find(|(id, _)| *id == mark.participant)?;
            let whose = marked(*under, Some(one), mark.device);
            (whose != *under).then_some((*under, (whose, mark.mark)))
        });
        Ok(Self { put, cleared, of_others: of_others.collect() })
    }

    /// Writes them. What stands there of somebody else goes under their own code first, and is this tablet's from then on.
    fn write(&self, there: Option<&Session>, edit: &mut SessionEdit<'_>) -> Result<(), EditError> {
        for under in self.put.keys().chain(&self.cleared) {
            let Some((whose, mark)) = self.of_others.get(under) else { continue };
            let has_own = there.is_some_and(|there| there.attendance.contains_key(whose));
            if !has_own && !self.put.contains_key(whose) && !self.cleared.contains(whose) {
                edit.attendance().put(whose, *mark)?;
            }
        }
        for (who, mark) in &self.put {
            match self.of_others.contains_key(who) {
                true => edit.attendance().put_again(who, *mark)?,
                false => edit.attendance().put(who, *mark)?,
            }
        }
        self.cleared.iter().try_for_each(|who| edit.attendance().clear(who))
    }
}

/// What this tablet marks under a code that it had given to somebody else counts for them, who have a code of their own by now. Whoever types it may
/// mean either.
fn refuse_split(
    tablet: &Tablet,
    all: &[(ParticipantId, Participant)],
    id: ParticipantId,
) -> Result<(), RecordError> {
    let one = all.iter().find(|(other, _)| *other == id).map(|(_, one)| one);
    match one.and_then(|one| Some((one, one.split.get(&tablet.device())?))) {
        Some((one, now)) => Err(RecordError::CodeSplit { code: one.code.clone(), now: now.clone() }),
        None => Ok(()),
    }
}

impl Device {
    /// Records a meeting. Where it is on this tablet already, recorded here or by a co-facilitator, this adds to it.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is recorded then.
    pub fn record_session(&mut self, group: GroupId, new: NewSession) -> Result<Recorded, RecordError> {
        group_of(self.tablet(), group)?;
        let NewSession { date, part, mut details } = new;
        let slot = Slot::of(group, date, part, |id| self.tablet().record(id));
        let session = slot.id;
        let marks = Marks::of(self.tablet(), group, session, &details)?;
        let there = self.tablet().read::<Session>(session).ok();
        let summary = details.summary.take();
        let said = there.as_ref().map_or("", |there| there.summary.as_str());
        let addition = summary.filter(|text| !said.contains(text.trim()));
        if details.facilitators.is_empty() {
            details.facilitators.insert(self.tablet().user());
        }
        let changed = self.edit::<Session>(StreamId::from(group), session, |edit| {
            slot.begin(edit)?;
            write(edit, &details)?;
            marks.write(there.as_ref(), edit)?;
            addition.map_or(Ok(()), |text| edit.summary().append(&text))
        })?;
        Ok(Recorded { session, begun: there.is_none(), changed })
    }

    /// Changes what is recorded of a meeting. Setting one of two clashing values settles the clash.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn edit_session(&mut self, session: SessionId, details: &Details) -> Result<Recorded, RecordError> {
        let there = self.tablet().read::<Session>(session)?;
        let group = there.group;
        let marks = Marks::of(self.tablet(), group, session, details)?;
        let changed = self.edit::<Session>(StreamId::from(group), session, |edit| {
            write(edit, details)?;
            marks.write(Some(&there), edit)?;
            details.summary.as_deref().map_or(Ok(()), |text| edit.summary().write(text))
        })?;
        Ok(Recorded { session, begun: false, changed })
    }
}

fn write(edit: &mut SessionEdit<'_>, details: &Details) -> Result<(), EditError> {
    details.starts_at.map_or(Ok(()), |time| edit.starts_at().set(time))?;
    details.minutes.map_or(Ok(()), |minutes| edit.minutes().set(minutes))?;
    details.phase.map_or(Ok(()), |phase| edit.phase().set(phase))?;
    for theme in &details.themes {
        edit.themes().insert(theme)?;
    }
    for theme in &details.not_themes {
        edit.themes().remove(theme)?;
    }
    for facilitator in &details.facilitators {
        edit.facilitators_present().insert(facilitator)?;
    }
    for (cell, count) in &details.headcount {
        edit.headcount().put(cell, *count)?;
    }
    details.state.map_or(Ok(()), |state| edit.state().set(state))
}

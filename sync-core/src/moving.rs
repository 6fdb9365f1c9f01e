//! Moving a meeting that was recorded under a wrong day or part of the day. The fields of which an id is made never
//! change, so the meeting is recorded again under the right id, with all that the first record says; the first record
//! names the second (`moved_to`), and the second the first (`moved_from`). Nothing is deleted.

mod carrying;

pub use carrying::{Carried, CarriedField};

use std::collections::BTreeSet;

use automerge::ScalarValue;

use crate::change::Change;
use crate::document::Document;
use crate::form::EditError;
use crate::history::since_first_said;
use crate::id::{GroupId, ParticipantId, SessionId};
use crate::record::session::{Attendance, Nth, PartOfDay, SessionEdit, SessionState};
use crate::record::{Record, Session};
use crate::time::Date;
use crate::value::Value;

/// The record under which a group's meeting of one part of a day is to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub id: SessionId,
    pub group: GroupId,
    pub date: Date,
    pub part: PartOfDay,
    pub nth: Option<Nth>,
    /// Whether the record exists already.
    pub begun: bool,
}

impl Slot {
    /// The first record of that part of the day that was not set aside (void, moved or a double) or erased, or the next
    /// one that can begin. `read` gives a record that is there. Every tablet, and the service, that has the same records finds
    /// the same slot. A tablet that has not heard that a record was set aside goes on in that one: its work is then
    /// flagged ([`recorded_since`]) and not lost.
    pub fn of(
        group: GroupId,
        date: Date,
        part: PartOfDay,
        read: impl Fn(SessionId) -> Option<Record>,
    ) -> Self {
        let mut slot = Self::numbered(group, date, part, 0);
        for number in 0..=99 {
            slot = Self::numbered(group, date, part, number);
            let Some(there) = read(slot.id) else { return slot };
            slot.begun = true;
            let Record::Session(there) = there else { continue };
            // The next record must not be written into one that counts nowhere.
            let source = there.moved_from.and_then(&read);
            if !there.is_set_aside() && !is_taken_back(slot.id, &there, source.as_ref()) {
                return slot;
            }
        }
        slot
    }

    /// The record that people mean when they name that day: the one that counts, or, where none does, the last one that
    /// was set aside; `None` where there is no record of that day.
    pub fn latest(&self) -> Option<SessionId> {
        if self.begun {
            return Some(self.id);
        }
        let before = u8::try_from(self.nth?.get() - 1).ok()?;
        Some(SessionId::of(self.group, self.date, self.part.ordinal(), before))
    }

    /// The record of a part of a day with this number, whether or not there is one.
    pub fn numbered(group: GroupId, date: Date, part: PartOfDay, number: u8) -> Self {
        let id = SessionId::of(group, date, part.ordinal(), number);
        Self { id, group, date, part, nth: Nth::try_from(i64::from(number)).ok(), begun: false }
    }

    /// Writes the fields of which the record's id is made.
    ///
    /// # Errors
    /// [`EditError`] in words.
    pub fn begin(&self, session: &mut SessionEdit<'_>) -> Result<(), EditError> {
        session.group().set(self.group)?;
        session.date().set(self.date)?;
        session.part().set(self.part)?;
        self.nth.map_or(Ok(()), |nth| session.nth().set(nth))
    }
}

/// Whether a move made a session and was taken back, or went elsewhere: it counts nowhere. `source` is the record that its
/// `moved_from` names, where that is there.
pub fn is_taken_back(id: SessionId, session: &Session, source: Option<&Record>) -> bool {
    matches!(source, Some(Record::Session(source)) if source.group == session.group && source.moved_to != Some(id))
}

/// Writes what one record says into another, field by field, with the marks of attendance in `marks`. A verified record
/// becomes a submitted one: it was verified under another day.
///
/// # Errors
/// [`EditError`] in words.
pub fn copy(
    from: &Session,
    marks: &[(ParticipantId, Attendance)],
    into: &mut SessionEdit<'_>,
) -> Result<(), EditError> {
    from.starts_at.map_or(Ok(()), |time| into.starts_at().set(time))?;
    from.minutes.map_or(Ok(()), |minutes| into.minutes().set(minutes))?;
    from.phase.map_or(Ok(()), |phase| into.phase().set(phase))?;
    for theme in &from.themes {
        into.themes().insert(theme)?;
    }
    for facilitator in &from.facilitators_present {
        into.facilitators_present().insert(facilitator)?;
    }
    for (who, mark) in marks {
        into.attendance().put(who, *mark)?;
    }
    for (cell, heads) in &from.headcount {
        into.headcount().put(cell, *heads)?;
    }
    into.summary().carry(&from.summary)?;
    into.state().set(from.state.min(SessionState::Submitted))
}

/// The changes of a session that was set aside (void, moved or a double) which the person who did so had not seen; of one
/// that a move made which was [taken back](is_taken_back), all changes since the move. What they record counts nowhere until
/// somebody carries it over; none for a session that counts.
///
/// Two who move it to two records have each taken along what they had seen. Of these one counts, so what its mover had not seen is
/// meant, also once somebody has settled which one that is.
pub fn recorded_since(session: &Session, document: &Document, taken_back: bool) -> Vec<Change> {
    let there = session.moved_to.map(|to| to.to_scalar());
    let said = |value: &ScalarValue| !value.is_null();
    let of = |field, set: bool| if set { since_first_said(document, field, said) } else { Vec::new() };
    let moved = there.map(|there| since_first_said(document, "moved_to", |value| *value == there));
    let unseen = of("void", session.void.is_some())
        .into_iter()
        .chain(moved.unwrap_or_default())
        .chain(of("double_of", session.double_of.is_some()))
        .chain(of("moved_from", taken_back && !session.is_set_aside()));
    let mut seen = BTreeSet::new();
    unseen.filter(|change| seen.insert(change.hash())).collect()
}

/// The fields by which a session counts nowhere. While values of one of them clash, people have not said which record counts.
pub const SET_ASIDE: [&str; 4] = ["void", "moved_to", "moved_from", "double_of"];

/// Puts the values by which a session counts nowhere again. The new change has seen all that was recorded in the session, so
/// nothing is flagged as recorded since.
///
/// # Errors
/// [`EditError`] in words.
pub fn say_again(session: &Session, edit: &mut SessionEdit<'_>) -> Result<(), EditError> {
    session.void.clone().map_or(Ok(()), |why| edit.void().set_again(why))?;
    session.moved_to.map_or(Ok(()), |to| edit.moved_to().set_again(to))?;
    session.double_of.map_or(Ok(()), |of| edit.double_of().set_again(of))?;
    match session.moved_from {
        Some(from) if !session.is_set_aside() => edit.moved_from().set_again(from),
        _ => Ok(()),
    }
}

/// Why a meeting is not moved, or the move not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMoved {
    #[error("it stands under that day and part of the day already")]
    Already,
    #[error("it was moved already; take that back first")]
    Moved,
    #[error("it is void; take that back first")]
    Void,
    #[error("it is marked as a double; take that back first")]
    Double,
    #[error("there is a record of that day and part of the day; mark this one as its double instead")]
    Recorded,
    #[error("it was not moved")]
    NotMoved,
    #[error("what it was moved to was moved on; take that back first")]
    MovedOn,
}

/// The slot to which a session is moved when its meeting took place on `date` in `part`.
///
/// # Errors
/// [`NotMoved`] in words.
pub fn target(
    session: &Session,
    date: Date,
    part: PartOfDay,
    read: impl Fn(SessionId) -> Option<Record>,
) -> Result<Slot, NotMoved> {
    if (session.date, session.part) == (date, part) {
        return Err(NotMoved::Already);
    }
    if session.void.is_some() {
        return Err(NotMoved::Void);
    }
    if session.moved_to.is_some() {
        return Err(NotMoved::Moved);
    }
    if session.double_of.is_some() {
        return Err(NotMoved::Double);
    }
    // A day that has a record is not written over: the two may be of one meeting, which people must say.
    let slot = Slot::of(session.group, date, part, read);
    if slot.begun { Err(NotMoved::Recorded) } else { Ok(slot) }
}

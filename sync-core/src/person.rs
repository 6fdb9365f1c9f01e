//! Who counts for whom among the participants of a group: two codes of one person count as one (`same_as`), and marks that a
//! tablet made under a code which it had given to somebody else belong to that person (`split`).
//!
//! Two tablets that register P01 offline write one record, whether or not they mean one person: only people know that, so it is
//! in doubt until somebody says so (`confirmed`) or tells them apart.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ObjId;

use crate::change::Actor;
use crate::document::Document;

use crate::id::{DeviceId, ParticipantId};
use crate::record::Participant;
use crate::record::session::Attendance;
use crate::value::{Key, Value};

/// For each of some participants the one who counts in its place, itself where none does. `same_as` holds if the other is
/// there, in the same group and not void.
///
/// Of a chain the end counts. Two who say so of each other at the same time make a circle: of that the least id counts, on
/// every tablet and at the service.
pub fn people(participants: &BTreeMap<ParticipantId, Participant>) -> BTreeMap<ParticipantId, ParticipantId> {
    let same_as = |id: ParticipantId| {
        let one = participants.get(&id)?;
        let there = |other: &Participant| other.group == one.group && other.void.is_none();
        one.same_as.filter(|other| participants.get(other).is_some_and(there))
    };
    let said: BTreeMap<ParticipantId, ParticipantId> =
        participants.keys().filter_map(|id| Some((*id, same_as(*id)?))).collect();
    let found = stand_for(&said);
    participants.keys().map(|id| (*id, found.get(id).copied().unwrap_or(*id))).collect()
}

/// [`counts_as`] for all who are said to be somebody, in one walk through them: a group that somebody filled with a chain of
/// thousands costs no more than one of as many people.
pub fn stand_for(same_as: &BTreeMap<ParticipantId, ParticipantId>) -> BTreeMap<ParticipantId, ParticipantId> {
    let mut found: BTreeMap<ParticipantId, ParticipantId> = BTreeMap::new();
    for start in same_as.keys() {
        let (mut path, mut place) = (Vec::new(), BTreeMap::new());
        let mut at = *start;
        let end = loop {
            // 1. Somebody was here before, and knows where it ends.
            if let Some(known) = found.get(&at) {
                break *known;
            }
            // 2. The walk has come back to itself: of the circle the least counts, for what led to it too.
            if let Some(entry) = place.get(&at) {
                break path[*entry..].iter().copied().min().unwrap_or(at);
            }
            place.insert(at, path.len());
            path.push(at);
            // 3. The chain ends.
            match same_as.get(&at) {
                Some(next) => at = *next,
                None => break at,
            }
        };
        found.extend(path.into_iter().map(|one| (one, end)));
    }
    found
}

/// Who counts in the place of a participant, where `same_as` says of whom each is said to be the same.
pub fn counts_as(
    id: ParticipantId,
    same_as: impl Fn(ParticipantId) -> Option<ParticipantId>,
) -> ParticipantId {
    let (mut at, mut seen) = (id, vec![id]);
    while let Some(next) = same_as(at) {
        // The walk has come back to itself: what lies between is the circle, and what led to it is not.
        if let Some(entry) = seen.iter().position(|one| *one == next) {
            return seen[entry..].iter().copied().min().unwrap_or(next);
        }
        seen.push(next);
        at = next;
    }
    at
}

/// Whose a mark is that `device` made under the code of a participant.
pub fn marked(id: ParticipantId, participant: Option<&Participant>, device: DeviceId) -> ParticipantId {
    let split = participant.and_then(|one| Some(ParticipantId::of(one.group, one.split.get(&device)?)));
    split.unwrap_or(id)
}

/// One of the marks that a participant has in a session at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub participant: ParticipantId,
    pub mark: Attendance,
    /// The device that made it.
    pub device: DeviceId,
    /// Whether it is the one that is shown where there is room for one.
    pub shown: bool,
}

/// All marks of a session. Of several of one participant more than one can count: where two devices gave one code to two
/// people, each mark is of another person.
pub fn marks(session: &Document) -> Vec<Mark> {
    let mut all = Vec::new();
    for (key, slot) in session.values().map("attendance").into_iter().flatten() {
        let Ok(participant) = ParticipantId::from_key(key) else { continue };
        let found = slot.candidates.iter().filter_map(|one| {
            let ObjId::Id(_, actor, _) = &one.operation else { return None };
            let device = Actor::try_from(actor).ok()?.device;
            let mark = Attendance::from_scalar(&one.value).ok()?;
            Some(Mark { participant, mark, device, shown: false })
        });
        let mut found: Vec<Mark> = found.collect();
        if let Some(last) = found.last_mut() {
            last.shown = true;
        }
        all.extend(found);
    }
    all
}

/// The devices that began a record not knowing of each other, where nobody has said whether all mean one person: none, or
/// two and more. `begun_by` is [`crate::document::Document::begun_by`].
pub fn in_doubt(begun_by: &BTreeSet<DeviceId>, participant: &Participant) -> BTreeSet<DeviceId> {
    let left: BTreeSet<DeviceId> =
        begun_by.iter().copied().filter(|device| !participant.split.contains_key(device)).collect();
    if left.len() < 2 || left.is_subset(&participant.confirmed) { BTreeSet::new() } else { left }
}

/// Why two participants are not said to be one person, or that is not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSame {
    #[error("nobody is the same person as themselves")]
    Itself,
    #[error("the other one is in another group")]
    OtherGroup,
    #[error("it is said to be somebody already; take that back first")]
    Already,
    #[error("the other one is said to be a third; name that one, or take that back first")]
    OfAnother,
    #[error("the other one is void")]
    Void,
    #[error("it is not said to be the same person as another")]
    NotSaid,
}

/// Whether somebody may say that two participants are one person, or (`None`) take that back.
///
/// # Errors
/// [`NotSame`] in words.
pub fn check(
    (id, one): (ParticipantId, &Participant),
    other: Option<(ParticipantId, &Participant)>,
) -> Result<(), NotSame> {
    match (other, one.same_as) {
        (None, None) => Err(NotSame::NotSaid),
        (None, Some(_)) => Ok(()),
        (Some((of, _)), _) if of == id => Err(NotSame::Itself),
        (Some((_, other)), _) if other.group != one.group => Err(NotSame::OtherGroup),
        (Some(_), Some(_)) => Err(NotSame::Already),
        (Some((_, other)), None) if other.void.is_some() => Err(NotSame::Void),
        (Some((_, other)), None) if other.same_as.is_some() => Err(NotSame::OfAnother),
        (Some(_), None) => Ok(()),
    }
}

//! Who counts for whom among the participants of a group. Two codes of one person count as one person (`same_as`). One
//! code that two tablets gave to two people is split: the marks that one of the tablets made under it belong to another
//! code (`split`).
//!
//! Two tablets that register P01 offline write one record, whether or not they mean one person. Only people know that,
//! so the record is in doubt until somebody says that all tablets mean one person (`confirmed`) or splits the code.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ObjId;

use crate::change::Actor;
use crate::document::Document;

use crate::id::{DeviceId, ParticipantId};
use crate::record::Participant;
use crate::record::session::Attendance;
use crate::value::{Key, Value};

/// For each participant the participant who counts in its place; itself where no other does. `same_as` holds only if
/// the other participant is among them, in the same group, and neither void nor one who asked to be erased.
///
/// Of a chain the end counts. Two participants who are each said to be the other, at the same time, make a circle: of a
/// circle the least id counts, on every tablet and at the service.
pub fn people(participants: &BTreeMap<ParticipantId, Participant>) -> BTreeMap<ParticipantId, ParticipantId> {
    let same_as = |id: ParticipantId| {
        let one = participants.get(&id)?;
        let there =
            |other: &Participant| other.group == one.group && other.void.is_none() && other.erased.is_none();
        one.same_as.filter(|other| participants.get(other).is_some_and(there))
    };
    let said: BTreeMap<ParticipantId, ParticipantId> =
        participants.keys().filter_map(|id| Some((*id, same_as(*id)?))).collect();
    let found = stand_for(&said);
    participants.keys().map(|id| (*id, found.get(id).copied().unwrap_or(*id))).collect()
}

/// Everybody who is said to be one of these, directly or through others, in whichever direction. Unlike [`people`] it asks nobody whether they count:
/// what one person wants for themselves holds for all codes that they were ever said to have.
pub fn all_codes_of(
    these: impl IntoIterator<Item = ParticipantId>,
    same_as: impl IntoIterator<Item = (ParticipantId, ParticipantId)>,
) -> BTreeSet<ParticipantId> {
    let mut beside: BTreeMap<ParticipantId, Vec<ParticipantId>> = BTreeMap::new();
    for (id, other) in same_as {
        beside.entry(id).or_default().push(other);
        beside.entry(other).or_default().push(id);
    }
    // Each is visited once: a chain of thousands that somebody made on purpose costs no more than any group of that size.
    let (mut all, mut ahead) = (BTreeSet::new(), Vec::from_iter(these));
    while let Some(one) = ahead.pop() {
        if all.insert(one) {
            ahead.extend(beside.get(&one).into_iter().flatten());
        }
    }
    all
}

/// [`counts_as`] for all participants with a `same_as`, in one walk: each is visited once, so that a group that was
/// filled with a chain of thousands on purpose costs no more than any group of that size.
pub fn stand_for(same_as: &BTreeMap<ParticipantId, ParticipantId>) -> BTreeMap<ParticipantId, ParticipantId> {
    let mut found: BTreeMap<ParticipantId, ParticipantId> = BTreeMap::new();
    for start in same_as.keys() {
        let (mut path, mut place) = (Vec::new(), BTreeMap::new());
        let mut at = *start;
        let end = loop {
            // 1. An earlier walk came by here: its end is this one's.
            if let Some(known) = found.get(&at) {
                break *known;
            }
            // 2. The walk has come back to itself: the least of the circle counts, also for the chain that led to it.
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

/// The participant who counts in the place of `id`, where `same_as` gives the participant whom each is said to be.
/// Costs the square of the chain's length.
pub fn counts_as(
    id: ParticipantId,
    same_as: impl Fn(ParticipantId) -> Option<ParticipantId>,
) -> ParticipantId {
    let (mut at, mut seen) = (id, vec![id]);
    while let Some(next) = same_as(at) {
        // The walk has come back to itself: from `entry` on it is the circle, of which the least counts.
        if let Some(entry) = seen.iter().position(|one| *one == next) {
            return seen[entry..].iter().copied().min().unwrap_or(next);
        }
        seen.push(next);
        at = next;
    }
    at
}

/// The participant to whom a mark belongs that `device` made under the code of `id`.
pub fn marked(id: ParticipantId, participant: Option<&Participant>, device: DeviceId) -> ParticipantId {
    let split = participant.and_then(|one| Some(ParticipantId::of(one.group, one.split.get(&device)?)));
    split.unwrap_or(id)
}

/// One of the concurrent marks that a participant has in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub participant: ParticipantId,
    pub mark: Attendance,
    /// The device that made it.
    pub device: DeviceId,
    /// Whether it is shown where there is room for one mark: true for the last of a participant's marks.
    pub shown: bool,
}

/// All marks of a session. Of several marks of one participant more than one can count: where two devices gave one code
/// to two people, each device's mark is of another person.
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

/// The devices that began a participant's record without knowing of each other, and of which nobody has said whether
/// they mean one person; none, or at least two. `begun_by` is [`crate::document::Document::begun_by`].
pub fn in_doubt(begun_by: &BTreeSet<DeviceId>, participant: &Participant) -> BTreeSet<DeviceId> {
    let left: BTreeSet<DeviceId> =
        begun_by.iter().copied().filter(|device| !participant.split.contains_key(device)).collect();
    if left.len() < 2 || left.is_subset(&participant.confirmed) { BTreeSet::new() } else { left }
}

/// Of whom the marks of a session are, given whose each of them is ([`marked`]). Of several marks of one code at the same time the one that is
/// shown says how somebody came; another one only where it is of another person, as its tablet had given the code to somebody else.
pub fn of_whom(marks: &[Mark], owner: impl Fn(&Mark) -> ParticipantId) -> Vec<(ParticipantId, Attendance)> {
    let shown: BTreeMap<ParticipantId, ParticipantId> =
        marks.iter().filter(|mark| mark.shown).map(|mark| (mark.participant, owner(mark))).collect();
    let says =
        |mark: &&Mark| mark.shown || shown.get(&mark.participant).is_some_and(|one| *one != owner(mark));
    marks.iter().filter(says).map(|mark| (owner(mark), mark.mark)).collect()
}

/// Why a `same_as` is not set, or not taken back.
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

/// Whether a participant may be said to be the same person as `other`, or (`None`) that be taken back. The other must
/// not be said to be a third person, as far as the caller has heard.
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

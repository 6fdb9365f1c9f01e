//! What facilitators do, in their own terms: a person joins a group, a meeting is recorded or corrected, somebody is referred or screened,
//! an incident is noted, and what was recorded by mistake is put right: moved, made void, said to be a double or somebody else. The
//! command line and the demo both say it this way.

mod care;
mod double;
mod lesson;
mod incident;
mod moving;
mod participant;
mod person;
mod referral;
mod screening;
mod service;
mod session;
mod void;

use std::collections::BTreeSet;

use sync_core::double::NotMarked;
use sync_core::form::EditError;
use sync_core::id::{GroupId, ParticipantId, StreamId};
use sync_core::moving::NotMoved;
use sync_core::person::{NotSame, people};
use sync_core::record::referral::ReferralEvent;
use sync_core::record::screening::Instrument;
use sync_core::record::{Group, Note, Participant};
use sync_core::tablet::{NotSaved, Tablet};
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use crate::device::SaveError;
use crate::folder::FolderError;

pub use care::{is_of_erased, of_group};
pub use double::Meetings;
pub use incident::{Done, NewIncident};
pub use lesson::LessonDetails;
pub use moving::{marks_of, marks_to_move};
pub use participant::{Consent, NewParticipant, ParticipantDetails, Undone};
pub use referral::NewReferral;
pub use screening::{NewScreening, corrected};
pub use service::Destination;
pub use session::{Details, NewSession, Recorded};
pub use void::is_of_holder;

/// Somebody in a group, by code or by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Code(Pseudonym),
    Id(ParticipantId),
}

impl From<Pseudonym> for Who {
    fn from(code: Pseudonym) -> Self {
        Self::Code(code)
    }
}

impl From<ParticipantId> for Who {
    fn from(id: ParticipantId) -> Self {
        Self::Id(id)
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => code.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// Something that was not recorded. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("there is or was a participant {code} in this group, and a code is never given again{}", next(.free))]
    CodeTaken { code: Pseudonym, free: Option<Pseudonym> },
    #[error("a guardian must consent for somebody under 16 (Law 058/2021, article 9)")]
    NoGuardian,
    #[error("there is no participant {0} in this group; add them first")]
    NoSuchParticipant(Who),
    #[error(
        "this tablet gave {code} to somebody whose code is {now} now: say {now} for them. Whom the others call {code}, add here under a code of their own, \
         and say that it is the same person: ihuriro tablet participant same-as --help"
    )]
    CodeSplit { code: Pseudonym, now: Pseudonym },
    #[error(
        "{0} is marked there, and this tablet gave {0} to somebody else: moved here, that mark would count for them. Ask your co-facilitator or \
         your supervisor to move the meeting"
    )]
    MarkOfAnother(Pseudonym),
    #[error("{0} is marked twice, in different ways")]
    MarkedTwice(Who),
    #[error("it is void already")]
    AlreadyVoid,
    #[error("it is not void")]
    NotVoid,
    #[error("it was not you who recorded it{}; ask your supervisor to make it void", but(.0))]
    NotYours(String),
    #[error("your organisation learned it itself; adopt what others published")]
    OwnLesson,
    #[error("this tablet has not synced with a service that keeps lessons yet; sync first")]
    NotSyncedYet,
    #[error("it is void ({0}): nothing is added to it. Take that back first, or record it again")]
    IsVoid(Note),
    #[error("the person asked to be erased: nothing more is recorded of them")]
    AskedToBeErased,
    #[error(
        "nobody is sent to a service who has not agreed to it (Law 058/2021, articles 6 and 9): ask {code}, and note first that they \
         consented, on {} or before",
        sync_core::day::in_words(.event.on)
    )]
    NotConsented { code: String, event: ReferralEvent },
    #[error("{instrument} goes from {range}; {score} out of that is not possible. Look at the sheet again")]
    OutOfRange { instrument: Instrument, score: i64, range: String },
    #[error(
        "{instrument} is a scale of the programme's own; say the greatest score that it has: --max NUMBER"
    )]
    NoMax { instrument: Instrument },
    #[error(
        "{instrument} asks about it ({item}): say --risk yes if the answer was not \"no\" or \"not at all\", else --risk no"
    )]
    RiskNotSaid { instrument: Instrument, item: &'static str },
    #[error("nobody is sent to {name} since {}; choose another one, see: ihuriro tablet service list", sync_core::day::in_words(*.on))]
    ServiceEnded { name: String, on: Date },
    #[error("a screening corrects one of the same participant and instrument")]
    CorrectsAnother,
    #[error(transparent)]
    NotMoved(#[from] NotMoved),
    #[error(transparent)]
    NotSame(#[from] NotSame),
    #[error(transparent)]
    NotMarked(#[from] NotMarked),
    #[error(transparent)]
    Save(#[from] SaveError),
}

fn next(free: &Option<Pseudonym>) -> String {
    free.as_ref().map(|free| format!("; the next free one is {free}")).unwrap_or_default()
}

fn but(names: &str) -> String {
    if names.is_empty() { String::new() } else { format!(" but {names}") }
}

impl From<NotSaved> for RecordError {
    fn from(error: NotSaved) -> Self {
        Self::Save(error.into())
    }
}

impl From<EditError> for RecordError {
    fn from(error: EditError) -> Self {
        Self::Save(NotSaved::from(error).into())
    }
}

impl From<FolderError> for RecordError {
    fn from(error: FolderError) -> Self {
        Self::Save(error.into())
    }
}

/// The group, which must be on the tablet.
fn group_of(tablet: &Tablet, group: GroupId) -> Result<Group, RecordError> {
    Ok(tablet.read::<Group>(group).map_err(|error| match error {
        NotSaved::UnknownRecord => NotSaved::UnknownGroup,
        other => other,
    })?)
}

/// The participants of a group, by code.
pub fn participants_of(tablet: &Tablet, group: GroupId) -> Vec<(ParticipantId, Participant)> {
    let all = tablet.all::<Participant>(StreamId::from(group)).into_iter();
    let mut all: Vec<_> = all.map(|(id, one)| (ParticipantId::from(id), one)).collect();
    all.sort_by(|(a, one), (b, other)| (&one.code, a).cmp(&(&other.code, b)));
    all
}

/// Whether totals count a group: not one that was begun by mistake, and nothing of it.
fn counts(tablet: &Tablet, group: GroupId) -> bool {
    tablet.read::<Group>(group).is_ok_and(|group| group.void.is_none())
}

/// The people of a group whom totals count: nobody who was recorded by mistake or asked to be erased, and each
/// once; nobody of a void group.
pub fn counted_people(tablet: &Tablet, group: GroupId) -> BTreeSet<ParticipantId> {
    if !counts(tablet, group) {
        return BTreeSet::new();
    }
    let all = participants_of(tablet, group).into_iter().collect();
    let counts = people(&all).into_iter().filter(|(id, counts_as)| id == counts_as);
    counts.map(|(id, _)| id).filter(|id| all[id].void.is_none() && all[id].erased.is_none()).collect()
}

/// The codes of a group that somebody has or had: a code is never given again, whatever became of that person.
pub fn taken_codes(tablet: &Tablet, group: GroupId) -> BTreeSet<Pseudonym> {
    let all = participants_of(tablet, group).into_iter();
    all.flat_map(|(_, one)| one.split.into_values().chain([one.code])).collect()
}

/// The next code that nobody had: after the highest, with the letters of the group's last.
pub fn free_code(tablet: &Tablet, group: GroupId) -> Option<Pseudonym> {
    let taken: Vec<String> = taken_codes(tablet, group).iter().map(ToString::to_string).collect();
    let parts = |code: &str| {
        let digits = code.find(|letter: char| letter.is_ascii_digit())?;
        Some((code[..digits].to_owned(), code[digits..].parse::<u32>().ok()?))
    };
    let (letters, highest) = taken
        .iter()
        .filter_map(|code| parts(code))
        .max_by_key(|(_, number)| *number)
        .unwrap_or_else(|| ("P".to_owned(), 0));
    let free = (highest + 1..=9999).chain(1..=highest).map(|number| format!("{letters}{number:02}"));
    // Of somebody who was erased the code is known no more; their record has its id all the same.
    let gone = |code: &Pseudonym| tablet.place_of(ParticipantId::of(group, code).into()).is_some();
    let free = free.filter(|code| !taken.contains(code)).filter_map(|code| code.parse().ok());
    free.into_iter().find(|code| !gone(code))
}

/// Finds somebody of a group.
///
/// # Errors
/// [`RecordError::NoSuchParticipant`].
pub fn participant_of(tablet: &Tablet, group: GroupId, who: &Who) -> Result<ParticipantId, RecordError> {
    find(&participants_of(tablet, group), who)
}

fn find(all: &[(ParticipantId, Participant)], who: &Who) -> Result<ParticipantId, RecordError> {
    let fits = |id: &ParticipantId, one: &Participant| match who {
        Who::Code(code) => one.code == *code,
        Who::Id(wanted) => id == wanted,
    };
    let found = all.iter().find(|(id, one)| fits(id, one));
    found.map(|(id, _)| *id).ok_or_else(|| RecordError::NoSuchParticipant(who.clone()))
}

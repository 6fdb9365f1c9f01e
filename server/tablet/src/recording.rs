//! What facilitators do, in their own terms: a person joins a group, a meeting is recorded or corrected, or marked as
//! recorded twice. The command
//! line and the demo both say it this way.

mod double;
mod participant;
mod session;

use sync_core::double::NotMarked;
use sync_core::form::EditError;
use sync_core::id::{GroupId, ParticipantId, StreamId};
use sync_core::record::{Group, Participant};
use sync_core::tablet::{NotSaved, Tablet};
use sync_core::value::Pseudonym;

use crate::device::SaveError;
use crate::folder::FolderError;

pub use double::Meetings;
pub use participant::{Consent, NewParticipant, ParticipantDetails};
pub use session::{Details, NewSession, Recorded};

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
    #[error("there is already a participant {0} in this group")]
    CodeTaken(Pseudonym),
    #[error("a guardian must consent for somebody under 16 (Law 058/2021, article 9)")]
    NoGuardian,
    #[error("there is no participant {0} in this group; add them first")]
    NoSuchParticipant(Who),
    #[error("{0} is marked twice, in different ways")]
    MarkedTwice(Who),
    #[error(transparent)]
    NotMarked(#[from] NotMarked),
    #[error(transparent)]
    Save(#[from] SaveError),
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

//! Erasing somebody, once it is known what is about them.

use serde::Serialize;
use sync_core::id::{DocumentId, Id, ParticipantId, SessionId};
use sync_core::record::{Kind, Level, Place};
use utoipa::ToSchema;
use uuid::Uuid;

use super::again::record_again;
use super::find::{Found, find};
use crate::desk::{EditRefused, Member};
use crate::ledger::{self, Erasure, erase};
use crate::problem::{FieldError, Problem};
use crate::scope::no_such;
use crate::store::{Conn, Failure, Refusal};

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erased {
    /// The participants: somebody may have several codes in a group.
    participants: Vec<Uuid>,
    /// How many records were erased, with sessions; with referrals and screenings where the caller may know of any.
    records: usize,
    /// How many of them are of level S.
    #[serde(skip)]
    sensitive: usize,
    /// The sessions that named a code, each with the record in which it stands now without it.
    sessions: Vec<RecordedAgain>,
    /// Records that name a code in the grounds of a change, or as one that was split off: they are as they were.
    left: Vec<Uuid>,
}

impl Erased {
    /// The same, for somebody who may not know whether there were any referrals and screenings.
    #[must_use]
    pub(super) fn without_sensitive(self) -> Self {
        Self { records: self.records.saturating_sub(self.sensitive), ..self }
    }
}

/// A session that was recorded again.
#[derive(Debug, Serialize, ToSchema)]
struct RecordedAgain {
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    #[schema(value_type = Uuid)]
    recorded_again: SessionId,
}

/// Why nobody is erased.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there is no such participant")]
    NoSuchParticipant,
    #[error("the code is another one")]
    OtherCode,
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchParticipant => no_such(Kind::Participant),
            Refused::OtherCode => {
                let detail = "is not the code of this participant: look again whom you mean".to_owned();
                Self::fields(vec![FieldError { field: "code".to_owned(), detail }])
            }
            Refused::Edit(refused) => refused.into(),
        }
    }
}

/// Records again what names them, and puts tombstones in the place of all that is about them. Where something was recorded in the group since it
/// was looked through, it is looked through again here, under the lock of its stream: what comes later finds them erased.
///
/// # Errors
/// [`Refused::NoSuchParticipant`] where somebody else erased them since, and those of the store.
pub(super) fn carry_out(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    before: &Found,
    member: Member,
) -> Result<Erased, Failure<Refused>> {
    let stream = before.stream;
    ledger::hold(tx, stream)?;
    if ledger::stands(tx, id.into())?.is_none_or(|there| there.is_erased) {
        return Err(Refused::NoSuchParticipant.into());
    }
    let found = if before.stands(tx)? { before.clone() } else { find(tx, stream, id)? };
    take_away(tx, found, member)
}

/// Records again what names somebody, and puts tombstones in the place of all that was found. The stream is held, and nothing was recorded in it
/// since.
///
/// # Errors
/// A session that can't be recorded again, and those of the store.
pub(super) fn take_away(tx: &mut Conn<'_>, found: Found, member: Member) -> Result<Erased, Failure<Refused>> {
    let stream = found.stream;
    let again = record_again(tx, &found, member)?;
    let sessions =
        found.naming.keys().map(|id| Place { stream, document: (*id).into(), kind: Kind::Session });
    let gone: Vec<Erasure> = found
        .about
        .iter()
        .copied()
        .chain(sessions)
        .map(|place| Erasure { place, at: member.now, by: member.person() })
        .collect();
    let records = erase(tx, &gone, member.now)?;
    let participants = found.about.iter().filter(|place| place.kind == Kind::Participant);
    let uuid = |id: DocumentId| id.uuid();
    Ok(Erased {
        participants: participants.map(|place| uuid(place.document)).collect(),
        records,
        sensitive: found.about.iter().filter(|place| place.kind.level() == Level::Sensitive).count(),
        sessions: again
            .into_iter()
            .map(|(session_id, recorded_again)| RecordedAgain { session_id, recorded_again })
            .collect(),
        left: found.left.into_iter().map(uuid).collect(),
    })
}

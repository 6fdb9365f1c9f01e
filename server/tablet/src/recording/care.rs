//! What referrals, incidents and screenings have in common: they are about somebody, or a meeting, of one group.

use sync_core::id::{DocumentId, GroupId, ParticipantId, StreamId};
use sync_core::record::{Kind, Kinded, Participant, Record};
use sync_core::tablet::{NotSaved, Tablet};

use super::RecordError;

/// The records of a kind in a group that may be shown: none about somebody who asked to be erased.
pub fn of_group<R: Kinded>(tablet: &Tablet, group: GroupId) -> Vec<(DocumentId, R)> {
    let mut all = tablet.all::<R>(StreamId::from(group));
    all.retain(|(id, _)| !is_of_erased(tablet, *id));
    all
}

/// Whether a record is about somebody who asked to be erased: nothing of them is shown any more, and nothing added.
pub fn is_of_erased(tablet: &Tablet, id: DocumentId) -> bool {
    let about = tablet
        .record(id)
        .and_then(|record| record.is_about())
        .filter(|about| about.kind == Kind::Participant);
    about.is_some_and(|about| tablet.record(about.document).is_some_and(|person| person.is_erased()))
}

/// Somebody of whom something may be recorded, and where.
pub(super) fn about(tablet: &Tablet, id: ParticipantId) -> Result<(StreamId, Participant), RecordError> {
    if tablet.record(id).is_some_and(|record| record.is_erased()) {
        return Err(RecordError::AskedToBeErased);
    }
    let one: Participant = tablet.read(id)?;
    Ok((one.group.into(), one))
}

/// A record that may be added to, and where it stands.
pub(super) fn open<R: Kinded>(
    tablet: &Tablet,
    id: impl Into<DocumentId>,
) -> Result<(StreamId, R), RecordError> {
    let id = id.into();
    let (_, stream) = tablet.place_of(id).ok_or(NotSaved::UnknownRecord)?;
    let record: R = tablet.read(id)?;
    if is_of_erased(tablet, id) {
        return Err(RecordError::AskedToBeErased);
    }
    match tablet.record(id).as_ref().and_then(Record::void) {
        Some(why) => Err(RecordError::IsVoid(why.clone())),
        None => Ok((stream, record)),
    }
}

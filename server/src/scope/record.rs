//! The record that a caller may see: found by its id, or not there.

use diesel::dsl::exists;
use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId};

use sync_core::record::{Home, Kind, Kinded, Place, Record};

use super::Scope;
use crate::ledger::{self, Stored};
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::participants;
use crate::store::{Conn, Db, StoreError};

/// A record that the caller may see, opened.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) place: Place,
    pub(crate) stored: Stored,
    pub(crate) document: Document,
}

impl Scope {
    /// The record with this id, of whatever kind. One outside the scope is not there, as nobody is to learn that it is; nor
    /// is one of, or about, somebody who asked to be erased.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn record(self, tx: &mut Conn<'_>, id: DocumentId) -> Result<Option<Seen>, StoreError> {
        let Some(stored) = ledger::load(tx, id)? else { return Ok(None) };
        let seen = match stored.kind.lives_in() {
            Home::Group => {
                self.groups_of(stored.kind.level()).hold(tx, GroupId::from_uuid(stored.stream.uuid()))?
            }
            Home::Organisation => self.is_of_organisation(stored.stream),
            Home::Partnership => true,
        };
        if !seen {
            return Ok(None);
        }
        let document = stored.open()?;
        let place = stored.home(id);
        let erased = match document.record() {
            Ok(record) => record.is_erased() || is_about_somebody_erased(tx, place, &record)?,
            Err(_) => false,
        };
        Ok((!erased).then_some(Seen { place, stored, document }))
    }

    /// As [`Scope::record`], of one kind, with what it says.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it can't be read, and those of the store.
    pub(crate) fn record_of<R: Kinded>(
        self,
        tx: &mut Conn<'_>,
        id: impl Into<DocumentId>,
    ) -> Result<Option<(Seen, R)>, StoreError> {
        let seen = self.record(tx, id.into())?.filter(|seen| seen.place.kind == R::KIND);
        let read = |seen: Seen| match seen.document.read() {
            Ok(record) => Ok((seen, record)),
            Err(_) => Err(StoreError::Damaged("a record")),
        };
        seen.map(read).transpose()
    }
}

/// Whether a referral or a screening is about somebody of the group who asked to be erased.
fn is_about_somebody_erased(tx: &mut Conn<'_>, place: Place, record: &Record) -> Result<bool, StoreError> {
    let Some(about) = record.is_about().filter(|about| about.kind == Kind::Participant) else {
        return Ok(false);
    };
    let of_group = participants::table
        .find(Db(ParticipantId::from(about.document)))
        .filter(participants::group_id.eq(Db(place.stream)))
        .filter(participants::erased.eq(true));
    Ok(on_each!(tx, |c| diesel::select(exists(of_group)).get_result(c))?)
}

/// No record of this kind that the caller may see has the id.
pub(crate) fn no_such(record: Kind) -> Problem {
    let (kind, detail) = match record {
        Kind::Group => (kind::NO_SUCH_GROUP, "No group that you may see has this id."),
        Kind::Participant => {
            (kind::NO_SUCH_PARTICIPANT, "No participant of a group that you may see has this id.")
        }
        Kind::Session => (kind::NO_SUCH_SESSION, "No session of a group that you may see has this id."),
        Kind::Lesson | Kind::SharedLesson => (
            kind::NO_SUCH_LESSON,
            "No lesson that is published, or that your organisation writes, has this id.",
        ),
        Kind::Service => (kind::NO_SUCH_SERVICE, "No entry of the directory has this id."),
        _ => return no_such_record(),
    };
    Problem::of(kind, detail)
}

/// As [`no_such`], where a record of any kind would do.
pub(crate) fn no_such_record() -> Problem {
    Problem::of(kind::NO_SUCH_RECORD, "No record of a group that you may see has this id.")
}

//! Editing a record at the web interface: an ordinary change, by an author who has no tablet.

use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{GroupId, UserId};
use sync_core::merge::After;
use sync_core::record::group::GroupEdit;
use sync_core::record::{Group, Kind, Place, SCHEMA};
use sync_core::time::Millis;

use crate::ledger::{self, Gain, Origin, Stored, keep, web_author};
use crate::problem::{FieldError, Problem};
use crate::store::{Conn, Failure, Refusal, StoreError, identity};

/// Who edits, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) now: Millis,
}

/// An edit that the record does not allow.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct EditRefused(Box<EditError>);

impl From<EditError> for EditRefused {
    fn from(error: EditError) -> Self {
        Self(Box::new(error))
    }
}

impl Refusal for EditRefused {}

impl From<EditRefused> for Problem {
    fn from(EditRefused(error): EditRefused) -> Self {
        let field = match &*error {
            EditError::AlreadySet { field } | EditError::Backward { field } => (*field).to_owned(),
            EditError::Refused { field, .. } => (*field).to_owned(),
            EditError::Invalid(invalid) => invalid.field.clone(),
            EditError::Value(_) | EditError::Full | EditError::Damaged(_) => "record".to_owned(),
        };
        Self::fields(vec![FieldError { field, detail: error.to_string() }])
    }
}

/// Edits a record, or begins it where there is none before. `work` gives back the change that it wrote, if any.
pub(crate) fn edit<E: Refusal>(
    tx: &mut Conn<'_>,
    place: Place,
    before: Option<Stored>,
    member: Member,
    work: impl FnOnce(&mut Document, Actor) -> Result<Option<Change>, E>,
) -> Result<(), Failure<E>> {
    let mut document = match &before {
        Some(stored) => stored.open()?,
        None => Document::genesis(place.kind),
    };
    let actor = Actor { device: web_author(member.user), incarnation: identity::incarnation(tx)? };
    let Some(change) = work(&mut document, actor)? else { return Ok(()) };
    let record = document.record().map_err(|_| StoreError::Damaged("a record"))?;
    let fresh = vec![(Origin { batch: None, schema: SCHEMA }, change)];
    let gain = Gain::new(place.stream, place.document, before, After::new(document, record), fresh);
    Ok(keep(tx, &[gain], &[], member.now)?)
}

/// Edits a group, or begins it in its stream. One that nothing changes is left as it was.
pub(crate) fn edit_group(
    tx: &mut Conn<'_>,
    id: GroupId,
    member: Member,
    work: impl FnOnce(&mut GroupEdit<'_>) -> Result<(), EditError>,
) -> Result<(), Failure<EditRefused>> {
    let place = Place { stream: id.into(), document: id.into(), kind: Kind::Group };
    let before = ledger::load(tx, place.document)?;
    edit(tx, place, before, member, |document, actor| {
        document.edit::<Group>(actor, member.now, work).map_err(EditRefused::from)
    })
}

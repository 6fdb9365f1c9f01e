//! Editing a group at the web interface: an ordinary change, by an author who has no tablet.

use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{GroupId, UserId};
use sync_core::merge::After;
use sync_core::record::group::GroupEdit;
use sync_core::record::{Group, Kind, SCHEMA};
use sync_core::time::Millis;

use crate::ledger::{self, Gain, Origin, keep, web_author};
use crate::problem::{FieldError, Problem};
use crate::store::{Conn, Failure, Refusal, StoreError};

/// Who edits, and when.
#[derive(Debug, Clone, Copy)]
pub(in crate::records) struct Member {
    pub(in crate::records) user: UserId,
    pub(in crate::records) now: Millis,
}

/// An edit that the record does not allow.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(in crate::records) struct EditRefused(Box<EditError>);

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
            EditError::Value(_) | EditError::Damaged(_) => "group".to_owned(),
        };
        Self::fields(vec![FieldError { field, detail: error.to_string() }])
    }
}

/// Edits a group, or begins it in its stream. One that nothing changes is left as it was.
pub(in crate::records) fn edit(
    tx: &mut Conn<'_>,
    id: GroupId,
    member: Member,
    edit: impl FnOnce(&mut GroupEdit<'_>) -> Result<(), EditError>,
) -> Result<(), Failure<EditRefused>> {
    let before = ledger::load(tx, id.into())?;
    let mut document = match &before {
        Some(stored) => stored.open()?,
        None => Document::genesis(Kind::Group),
    };
    let actor = Actor { device: web_author(member.user), incarnation: 0 };
    let Some(change) = document.edit::<Group>(actor, member.now, edit).map_err(EditRefused::from)? else {
        return Ok(());
    };
    let record = document.record().map_err(|_| StoreError::Damaged("a group"))?;
    let gain = Gain {
        stream: id.into(),
        id: id.into(),
        before,
        after: After { document, record },
        fresh: vec![(Origin { batch: None, schema: SCHEMA }, change)],
    };
    Ok(keep(tx, vec![gain], member.now)?)
}

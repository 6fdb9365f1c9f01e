//! Editing a group, field by field.

use sync_core::form::EditError;
use sync_core::id::GroupId;
use sync_core::record::group::GroupEdit;
use sync_core::record::{Group, Kind, Place};

use crate::ledger;
use crate::records::edit::{self, EditRefused, Member};
use crate::store::{Conn, Failure};

/// Edits a group, or begins it in its stream. One that nothing changes is left as it was.
pub(in crate::records) fn edit(
    tx: &mut Conn<'_>,
    id: GroupId,
    member: Member,
    edit: impl FnOnce(&mut GroupEdit<'_>) -> Result<(), EditError>,
) -> Result<(), Failure<EditRefused>> {
    let place = Place { stream: id.into(), document: id.into(), kind: Kind::Group };
    let before = ledger::load(tx, place.document)?;
    edit::edit(tx, place, before, member, |document, actor| {
        document.edit::<Group>(actor, member.now, edit).map_err(EditRefused::from)
    })
}

//! What lists of referrals, incidents and screenings have in common: whom they are about, and of whom nothing is shown.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::id::{GroupId, ParticipantId};

use crate::on_each;
use crate::store::schema::participants;
use crate::store::{Conn, Db, StoreError};

/// That a row of this table, `referrals` or `screenings`, is about nobody who asked to be erased, in SQL. Somebody of another group is
/// somebody who is not known.
pub(crate) fn of_nobody_erased(table: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM participants WHERE participants.id = {table}.participant_id \
         AND participants.group_id = {table}.group_id AND participants.erased)"
    )
}

/// The pseudonyms of some participants, each in their group.
///
/// # Errors
/// Those of the store.
pub(super) fn codes(
    tx: &mut Conn<'_>,
    ids: impl IntoIterator<Item = ParticipantId>,
) -> Result<BTreeMap<(GroupId, ParticipantId), String>, StoreError> {
    let ids: Vec<Db<ParticipantId>> = ids.into_iter().map(Db).collect();
    let rows: Vec<(Db<GroupId>, Db<ParticipantId>, String)> = on_each!(tx, |c| participants::table
        .filter(participants::id.eq_any(&ids))
        .filter(participants::erased.eq(false))
        .select((participants::group_id, participants::id, participants::code))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(group), Db(id), code)| ((group, id), code)).collect())
}

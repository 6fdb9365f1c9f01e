//! Which sessions of a group look like records of one meeting, as rows.
//!
//! The rows of a pair follow from two documents, so they are computed again whenever either is written. Whoever projects a
//! session holds the lock of its stream, so that of two sessions written at once the later one sees the other.

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::double::{days, look_alike};
use sync_core::id::{DocumentId, SessionId};
use sync_core::record::{Kind, Session};

use crate::on_each;
use crate::store::schema::{documents, possible_doubles, sessions};
use crate::store::{Conn, Db, StoreError};

/// Writes the pairs of a session in the place of those it was in.
pub(super) fn write(tx: &mut Conn<'_>, id: SessionId, session: &Session) -> Result<(), StoreError> {
    let of = Db(id);
    let old = possible_doubles::session_id.eq(of).or(possible_doubles::other_id.eq(of));
    on_each!(tx, |c| diesel::delete(possible_doubles::table.filter(old)).execute(c))?;
    if session.double_of.is_some() {
        return Ok(());
    }
    let days: Vec<String> = days(session.date).iter().map(ToString::to_string).collect();
    let near: Vec<(Db<DocumentId>, Vec<u8>)> = on_each!(tx, |c| sessions::table
        .inner_join(documents::table)
        .filter(sessions::group_id.eq(Db(session.group)))
        .filter(sessions::date.eq_any(&days))
        .filter(sessions::id.ne(of))
        .select((sessions::id, documents::snapshot))
        .load(c))?;
    let mut pairs = Vec::new();
    for (Db(other), snapshot) in near {
        let document =
            Document::load(Kind::Session, &snapshot).map_err(|_| StoreError::Damaged("a document"))?;
        let read: Session = document.read().map_err(|_| StoreError::Damaged("a record"))?;
        if look_alike(session, &read) {
            let other = SessionId::from(other);
            pairs.extend([(id, other), (other, id)]);
        }
    }
    let rows: Vec<_> = pairs
        .into_iter()
        .map(|(one, other)| {
            (possible_doubles::session_id.eq(Db(one)), possible_doubles::other_id.eq(Db(other)))
        })
        .collect();
    on_each!(tx, |c| diesel::insert_into(possible_doubles::table).values(rows).execute(c))?;
    Ok(())
}

//! Which sessions of a group look like records of one meeting, as rows.
//!
//! The rows of a pair follow from two documents, so they are computed again whenever either is written. Whoever projects a
//! session holds the lock of its stream, so that of two sessions written at once the later one sees the other.

use std::collections::BTreeSet;

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
    clear(tx, id)?;
    let pairs = near(tx, id, session)?.alike.into_iter().flat_map(|other| [(id, other), (other, id)]);
    let rows: Vec<_> = pairs
        .map(|(one, other)| {
            (possible_doubles::session_id.eq(Db(one)), possible_doubles::other_id.eq(Db(other)))
        })
        .collect();
    on_each!(tx, |c| diesel::insert_into(possible_doubles::table).values(rows).execute(c))?;
    Ok(())
}

/// Takes a session out of the pairs it was in.
pub(super) fn clear(tx: &mut Conn<'_>, id: SessionId) -> Result<(), StoreError> {
    let of = Db(id);
    let old = possible_doubles::session_id.eq(of).or(possible_doubles::other_id.eq(of));
    on_each!(tx, |c| diesel::delete(possible_doubles::table.filter(old)).execute(c))?;
    Ok(())
}

/// Whether the pairs of a session are not those that it must be in.
pub(super) fn differ(tx: &mut Conn<'_>, id: SessionId, session: &Session) -> Result<bool, StoreError> {
    type Others = Vec<Db<SessionId>>;
    let pairs = possible_doubles::table;
    let one: Others = on_each!(tx, |c| pairs
        .filter(possible_doubles::session_id.eq(Db(id)))
        .select(possible_doubles::other_id)
        .load(c))?;
    let other: Others = on_each!(tx, |c| pairs
        .filter(possible_doubles::other_id.eq(Db(id)))
        .select(possible_doubles::session_id)
        .load(c))?;
    let must = near(tx, id, session)?;
    let set = |others: Others| -> BTreeSet<SessionId> {
        others.into_iter().map(|Db(id)| id).filter(|id| !must.unreadable.contains(id)).collect()
    };
    Ok(set(one) != must.alike || set(other) != must.alike)
}

/// Sessions of a group on days that may be mistaken for that of another.
#[derive(Default)]
struct Near {
    /// Those that look like records of the same meeting.
    alike: BTreeSet<SessionId>,
    /// Those of which that can't be said; `ihuriro verify` names them.
    unreadable: BTreeSet<SessionId>,
}

fn near(tx: &mut Conn<'_>, id: SessionId, session: &Session) -> Result<Near, StoreError> {
    let mut found = Near::default();
    if session.is_set_aside() {
        return Ok(found);
    }
    let days: Vec<String> = days(session.date).iter().map(ToString::to_string).collect();
    let others: Vec<(Db<DocumentId>, Vec<u8>)> = on_each!(tx, |c| sessions::table
        .inner_join(documents::table)
        .filter(sessions::group_id.eq(Db(session.group)))
        .filter(sessions::date.eq_any(&days))
        .filter(sessions::id.ne(Db(id)))
        .select((sessions::id, documents::snapshot))
        .load(c))?;
    for (Db(other), snapshot) in others {
        let document = Document::load(Kind::Session, &snapshot).ok();
        match document.and_then(|document| document.read::<Session>().ok()) {
            Some(read) if look_alike(session, &read) => found.alike.insert(other.into()),
            Some(_) => continue,
            None => found.unreadable.insert(other.into()),
        };
    }
    Ok(found)
}

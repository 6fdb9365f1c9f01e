//! Writing what differs: rows that are gone, rows that are new, and nothing of what stayed as it was.
//!
//! Each table is written once for all documents, so that a push of many sessions takes no more statements than that of one.

use diesel::prelude::*;
use sync_core::id::DocumentId;

use super::{Difference, Rows, doubles, people};
use crate::on_each;
use crate::store::schema::{
    attendances, conflict_claims, conflicts, days, groups, headcounts, participant_origins, participants,
    session_themes, sessions,
};
use crate::store::{Conn, Db, StoreError};

/// How many rows one statement writes: a database takes only so many values at once.
pub(super) const ROWS: usize = 500;

/// Those rows of a document, in the order of their values, that are not among those of another.
fn without<'a, T: Ord>(rows: &'a [T], others: &'a [T]) -> impl Iterator<Item = &'a T> {
    rows.iter().filter(|row| others.binary_search(row).is_err())
}

/// Brings the rows of these documents from what they were to what they are to be.
///
/// 1. Rows of which a document has one: those that others refer to come first.
/// 2. Rows of which it has many: one of which a value changed goes, and comes again.
/// 3. What refers to nothing any longer goes last.
pub(super) fn write(tx: &mut Conn<'_>, all: &[Difference]) -> Result<(), StoreError> {
    macro_rules! insert {
        ($rows:expr => $table:ident) => {
            let rows: Vec<_> = $rows.collect();
            for some in rows.chunks(ROWS) {
                on_each!(tx, |c| diesel::insert_into($table::table).values(some.to_vec()).execute(c))?;
            }
        };
    }
    macro_rules! one {
        ($field:ident => $table:ident) => {
            insert!(all.iter().filter(|one| one.old.$field.is_none()).filter_map(|one| one.new.$field.as_ref()) => $table);
            for one in all.iter().filter(|one| one.old.$field.is_some() && one.old.$field != one.new.$field) {
                if let Some(row) = &one.new.$field {
                    on_each!(tx, |c| diesel::update($table::table.find(Db(one.id))).set(row).execute(c))?;
                }
            }
        };
    }
    macro_rules! many {
        ($field:ident => $table:ident) => {
            for row in all.iter().flat_map(|one| without(&one.old.$field, &one.new.$field)) {
                on_each!(tx, |c| diesel::delete(row).execute(c))?;
            }
            insert!(all.iter().flat_map(|one| without(&one.new.$field, &one.old.$field)) => $table);
        };
    }
    one!(group => groups);
    one!(participant => participants);
    one!(session => sessions);

    many!(origins => participant_origins);
    many!(days => days);
    many!(attendances => attendances);
    many!(themes => session_themes);
    many!(headcounts => headcounts);
    // What clashes is named by its values, so all of a document goes and comes together.
    let clashing =
        |one: &&Difference| one.old.conflicts != one.new.conflicts || one.old.claims != one.new.claims;
    for one in all.iter().filter(clashing).filter(|one| !one.old.conflicts.is_empty()) {
        clear_conflicts(tx, one.id)?;
    }
    insert!(all.iter().filter(clashing).flat_map(|one| &one.new.conflicts) => conflicts);
    insert!(all.iter().filter(clashing).flat_map(|one| &one.new.claims) => conflict_claims);

    for Difference { id, old, new } in all {
        remove(tx, *id, old, new)?;
    }
    Ok(())
}

/// Takes the one row of a document out that it must not have: it is of another kind than its rows say.
fn remove(tx: &mut Conn<'_>, id: DocumentId, old: &Rows, new: &Rows) -> Result<(), StoreError> {
    if old.group.is_some() && new.group.is_none() {
        on_each!(tx, |c| diesel::delete(groups::table.find(Db(id))).execute(c))?;
    }
    if old.participant.is_some() && new.participant.is_none() {
        people::clear(tx, id.into())?;
        on_each!(tx, |c| diesel::delete(participants::table.find(Db(id))).execute(c))?;
    }
    if old.session.is_some() && new.session.is_none() {
        doubles::clear(tx, id.into())?;
        on_each!(tx, |c| diesel::delete(sessions::table.find(Db(id))).execute(c))?;
    }
    Ok(())
}

fn clear_conflicts(tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
    let old = conflicts::table.filter(conflicts::document_id.eq(Db(id)));
    on_each!(tx, |c| {
        let of_old = conflict_claims::conflict_id.eq_any(old.select(conflicts::id));
        diesel::delete(conflict_claims::table.filter(of_old)).execute(c)?;
        diesel::delete(old).execute(c)
    })?;
    Ok(())
}

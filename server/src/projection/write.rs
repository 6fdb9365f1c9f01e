//! Writing the rows that differ: rows that are gone are deleted, new ones inserted, and rows that stayed are not
//! touched.
//!
//! New rows of all documents go into each table together, so that a push of many new sessions takes no more statements
//! than a push of one.

use diesel::prelude::*;
use sync_core::id::DocumentId;

use super::{CoverageId, Difference, Rows, doubles, people};
use crate::on_each;
use crate::store::schema::{
    attendances, conflict_claims, conflicts, coverage, days, groups, headcounts, incidents, lessons,
    participant_origins, participants, referral_steps, referrals, screenings, services, session_themes,
    sessions,
};
use crate::store::{Conn, Db, StoreError};

/// How many rows one statement writes: a database takes a limited number of values at once.
pub(super) const ROWS: usize = 500;

/// The rows that are not among `others`. Both are sorted.
fn without<'a, T: Ord>(rows: &'a [T], others: &'a [T]) -> impl Iterator<Item = &'a T> {
    rows.iter().filter(|row| others.binary_search(row).is_err())
}

/// Brings the rows of these documents from the old ones to the new ones.
///
/// 1. Tables with one row for a document come first, since rows of the others refer to them.
/// 2. Tables with many rows for a document: a row of which a value changed is deleted, and inserted again.
/// 3. A row that its document must not have is deleted last, when no other row refers to it.
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
                    on_each!(tx, |c| diesel::update($table::table.find(row.id)).set(row).execute(c))?;
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
    one!(coverage => coverage);
    one!(participant => participants);
    one!(session => sessions);
    one!(lesson => lessons);
    one!(service => services);
    one!(referral => referrals);
    one!(incident => incidents);
    one!(screening => screenings);

    many!(origins => participant_origins);
    many!(days => days);
    many!(attendances => attendances);
    many!(themes => session_themes);
    many!(headcounts => headcounts);
    many!(steps => referral_steps);
    // The id of a conflict follows from its values, so all conflicts of a document are deleted and inserted together.
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

/// Deletes the row of a document that is of another kind than the row says, with the rows that refer to it.
fn remove(tx: &mut Conn<'_>, id: DocumentId, old: &Rows, new: &Rows) -> Result<(), StoreError> {
    if old.group.is_some() && new.group.is_none() {
        on_each!(tx, |c| diesel::delete(groups::table.find(Db(id))).execute(c))?;
    }
    if old.coverage.is_some() && new.coverage.is_none() {
        let row = coverage::table.find(Db(CoverageId::of(id.into())));
        on_each!(tx, |c| diesel::delete(row).execute(c))?;
    }
    if old.participant.is_some() && new.participant.is_none() {
        people::clear(tx, id.into())?;
        on_each!(tx, |c| diesel::delete(participants::table.find(Db(id))).execute(c))?;
    }
    if old.session.is_some() && new.session.is_none() {
        doubles::clear(tx, id.into())?;
        on_each!(tx, |c| diesel::delete(sessions::table.find(Db(id))).execute(c))?;
    }
    macro_rules! alone {
        ($($field:ident => $table:ident),*) => {$(
            if old.$field.is_some() && new.$field.is_none() {
                on_each!(tx, |c| diesel::delete($table::table.find(Db(id))).execute(c))?;
            }
        )*};
    }
    alone!(lesson => lessons, service => services, referral => referrals, incident => incidents, screening => screenings);
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

//! The log as lines of JSON.

use diesel::prelude::*;
use sync_core::id::OrganisationId;
use sync_core::time::Millis;

use super::line::{AuditEntry, Row};
use super::tiles::WHOLE;
use crate::on_each;
use crate::store::schema::audit_entries;
use crate::store::{At, Conn, Db, StoreError};

/// Some lines of entries from `from` to before `until`, in the order of their places, and the place after which the next follow; `None` at the
/// end of the log.
///
/// # Errors
/// Those of the store.
pub fn lines(
    tx: &mut Conn<'_>,
    after: Option<i64>,
    from: Option<Millis>,
    until: Option<Millis>,
) -> Result<(Vec<String>, Option<i64>), StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = audit_entries::table
            .filter(audit_entries::place.gt(after.unwrap_or(-1)))
            .order(audit_entries::place)
            .limit(WHOLE.cast_signed())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(from) = from {
            rows = rows.filter(audit_entries::at.ge(At(from)));
        }
        if let Some(until) = until {
            rows = rows.filter(audit_entries::at.lt(At(until)));
        }
        rows.load(c)
    })?;
    let last = rows.last().and_then(|row| row.place);
    Ok((rows.into_iter().map(|row| AuditEntry::from(row).line()).collect(), last))
}

/// Some lines of what people of an organisation did, and of what was done with its data, in the order of their ids, and the id after which the
/// next follow; `None` at the end. Where they stand in the log is left out: that tells how much is done elsewhere.
///
/// # Errors
/// Those of the store.
pub fn lines_of(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    after: Option<&[u8]>,
) -> Result<(Vec<String>, Option<Vec<u8>>), StoreError> {
    let theirs = audit_entries::organisation_id.eq(Db(organisation));
    let about = audit_entries::of_organisation_id.eq(Db(organisation));
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let rows = audit_entries::table
            .filter(theirs.or(about))
            .order(audit_entries::id)
            .limit(WHOLE.cast_signed())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        match after {
            Some(after) => rows.filter(audit_entries::id.gt(after)).load(c),
            None => rows.load(c),
        }
    })?;
    let last = rows.last().map(|row| row.id.clone());
    Ok((rows.into_iter().map(|row| AuditEntry::from(row.without_place()).line()).collect(), last))
}

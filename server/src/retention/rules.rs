//! For how many months records of each kind are kept.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::id::{Id, OrganisationId};
use sync_core::record::Kind;
use uuid::Uuid;

use crate::on_each;
use crate::store::schema::retention_rules;
use crate::store::{Code, Conn, Db, StoreError};

/// A hundred years.
pub(super) const MOST: i32 = 1_200;

pub(super) type Rules = BTreeMap<Kind, i32>;

/// Under which the rules of the whole partnership stand.
fn partnership() -> OrganisationId {
    OrganisationId::from_uuid(Uuid::nil())
}

/// Those that were set for an organisation; of `None` those of the whole partnership.
pub(super) fn of(tx: &mut Conn<'_>, organisation: Option<OrganisationId>) -> Result<Rules, StoreError> {
    let rows: Vec<(Code<Kind>, i32)> = on_each!(tx, |c| retention_rules::table
        .filter(retention_rules::organisation_id.eq(Db(organisation.unwrap_or_else(partnership))))
        .select((retention_rules::kind, retention_rules::months))
        .load(c))?;
    Ok(rows.into_iter().map(|(Code(kind), months)| (kind, months)).collect())
}

/// Those by which the records of an organisation are kept: its own, and of other kinds those of the partnership.
pub(super) fn in_force(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<Rules, StoreError> {
    let mut rules = of(tx, None)?;
    rules.extend(of(tx, Some(organisation))?);
    Ok(rules)
}

/// Sets them, in the place of those that there were.
pub(super) fn set(
    tx: &mut Conn<'_>,
    organisation: Option<OrganisationId>,
    rules: &Rules,
) -> Result<(), StoreError> {
    let organisation = Db(organisation.unwrap_or_else(partnership));
    let old = retention_rules::table.filter(retention_rules::organisation_id.eq(organisation));
    on_each!(tx, |c| diesel::delete(old).execute(c))?;
    for (kind, months) in rules {
        let row = (
            retention_rules::organisation_id.eq(organisation),
            retention_rules::kind.eq(Code(*kind)),
            retention_rules::months.eq(*months),
        );
        on_each!(tx, |c| diesel::insert_into(retention_rules::table).values(row).execute(c))?;
    }
    Ok(())
}

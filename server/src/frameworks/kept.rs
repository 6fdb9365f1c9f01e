//! Frameworks as they are kept: each version is one text, which never changes once it is in force.

use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use super::indicator::Content;
use crate::on_each;
use crate::store::schema::{frameworks, organisations};
use crate::store::{At, Conn, Db, StoreError};

/// A version of a framework.
#[derive(Debug, Clone)]
pub(crate) struct Framework {
    pub(crate) id: Uuid,
    /// Of no organisation, where it is a common one.
    pub(super) organisation: Option<OrganisationId>,
    /// The code of that organisation.
    pub(crate) partner: Option<String>,
    pub(crate) code: String,
    pub(crate) version: i32,
    pub(crate) content: Content,
    pub(super) drawn_up_at: Millis,
    pub(crate) in_force_since: Option<Millis>,
}

impl Framework {
    /// Whether it is a common one, or that of this organisation.
    pub(crate) fn is_of(&self, organisation: Option<OrganisationId>) -> bool {
        self.organisation.is_none_or(|of| Some(of) == organisation)
    }
}

type Row = (Vec<u8>, Option<Db<OrganisationId>>, Option<String>, String, i32, String, At, Option<At>);

impl TryFrom<Row> for Framework {
    type Error = StoreError;
    fn try_from(
        (id, organisation, partner, code, version, content, at, since): Row,
    ) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("a framework");
        Ok(Self {
            id: Uuid::from_slice(&id).map_err(|_| damaged())?,
            organisation: organisation.map(|Db(id)| id),
            partner,
            code,
            version,
            content: serde_json::from_str(&content).map_err(|_| damaged())?,
            drawn_up_at: at.0,
            in_force_since: since.map(|At(at)| at),
        })
    }
}

macro_rules! read {
    ($c:expr, $rows:ident => $asked:expr) => {{
        let $rows = frameworks::table
            .left_join(organisations::table)
            .order((frameworks::code, frameworks::version.desc()))
            .select((
                frameworks::id,
                frameworks::organisation_id,
                organisations::code.nullable(),
                frameworks::code,
                frameworks::version,
                frameworks::content,
                frameworks::drawn_up_at,
                frameworks::in_force_at,
            ));
        $asked.load::<Row>($c)
    }};
}

fn read(rows: Vec<Row>) -> Result<Vec<Framework>, StoreError> {
    rows.into_iter().map(Framework::try_from).collect()
}

/// There are few: each organisation draws up one or two.
pub(super) const MOST: i64 = 200;

/// All versions, by code, the latest first.
///
/// # Errors
/// Those of the store.
pub(super) fn all(tx: &mut Conn<'_>) -> Result<Vec<Framework>, StoreError> {
    read(on_each!(tx, |c| read!(c, rows => rows.limit(MOST)))?)
}

/// # Errors
/// Those of the store.
pub(crate) fn find(tx: &mut Conn<'_>, id: Uuid) -> Result<Option<Framework>, StoreError> {
    let id = id.as_bytes().to_vec();
    let rows = on_each!(tx, |c| read!(c, rows => rows.filter(frameworks::id.eq(&id))))?;
    Ok(read(rows)?.pop())
}

/// The latest version of this code.
///
/// # Errors
/// Those of the store.
pub(super) fn latest(tx: &mut Conn<'_>, code: &str) -> Result<Option<Framework>, StoreError> {
    let rows = on_each!(tx, |c| read!(c, rows => rows.filter(frameworks::code.eq(code)).limit(1)))?;
    Ok(read(rows)?.pop())
}

/// The latest version in force of each framework.
///
/// # Errors
/// Those of the store.
pub(crate) fn in_force(tx: &mut Conn<'_>) -> Result<Vec<Framework>, StoreError> {
    let mut found = read(on_each!(
        tx,
        |c| read!(c, rows => rows.filter(frameworks::in_force_at.is_not_null()).limit(MOST))
    )?)?;
    found.dedup_by(|one, before| one.code == before.code);
    Ok(found)
}

/// Keeps a draft: a new version, or the draft that there is in another form.
///
/// # Errors
/// Those of the store.
pub(super) fn draw_up(tx: &mut Conn<'_>, draft: &Framework, by: UserId) -> Result<(), StoreError> {
    let content = serde_json::to_string(&draft.content).map_err(|_| StoreError::Damaged("a framework"))?;
    let written = (
        frameworks::content.eq(&content),
        frameworks::drawn_up_at.eq(At(draft.drawn_up_at)),
        frameworks::drawn_up_by.eq(Db(by)),
    );
    let row = (
        frameworks::id.eq(draft.id.as_bytes().to_vec()),
        frameworks::organisation_id.eq(draft.organisation.map(Db)),
        frameworks::code.eq(&draft.code),
        frameworks::version.eq(draft.version),
        written,
    );
    on_each!(tx, |c| diesel::insert_into(frameworks::table)
        .values(row)
        .on_conflict(frameworks::id)
        .do_update()
        .set(written)
        .execute(c))?;
    Ok(())
}

/// # Errors
/// Those of the store.
pub(super) fn put_in_force(tx: &mut Conn<'_>, id: Uuid, at: Millis, by: UserId) -> Result<(), StoreError> {
    let draft = frameworks::table.find(id.as_bytes().to_vec()).filter(frameworks::in_force_at.is_null());
    let now = (frameworks::in_force_at.eq(At(at)), frameworks::in_force_by.eq(Db(by)));
    on_each!(tx, |c| diesel::update(draft).set(now).execute(c))?;
    Ok(())
}

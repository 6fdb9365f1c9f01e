//! Frameworks as they are kept: each version is one text, which never changes once it is in force.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
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
    pub(super) withdrawn_at: Option<Millis>,
}

impl Framework {
    /// Whether targets are set for it, and results told by it.
    pub(super) fn is_in_force(&self) -> bool {
        self.in_force_since.is_some() && self.withdrawn_at.is_none()
    }

    /// Whether it is still being drawn up.
    pub(super) fn is_draft(&self) -> bool {
        self.in_force_since.is_none()
    }
}

type Moments = (At, Option<At>, Option<At>);
type Row = (Vec<u8>, Option<Db<OrganisationId>>, Option<String>, String, i32, String, Moments);

impl TryFrom<Row> for Framework {
    type Error = StoreError;
    fn try_from(
        (id, organisation, partner, code, version, content, (at, since, withdrawn)): Row,
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
            withdrawn_at: withdrawn.map(|At(at)| at),
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
                (frameworks::drawn_up_at, frameworks::in_force_at, frameworks::withdrawn_at),
            ));
        $asked.load::<Row>($c)
    }};
}

fn read(rows: Vec<Row>) -> Result<Vec<Framework>, StoreError> {
    rows.into_iter().map(Framework::try_from).collect()
}

/// How many versions of frameworks there may be of one keeper: each draws up one or two, and a new version in some years.
pub(super) const MOST: i64 = 20;

/// How many versions a keeper has.
///
/// # Errors
/// Those of the store.
pub(super) fn versions_of(tx: &mut Conn<'_>, keeper: Option<OrganisationId>) -> Result<i64, StoreError> {
    on_each!(tx, |c, Backend| {
        let rows = frameworks::table.count().into_boxed::<Backend>();
        let rows = match keeper {
            Some(keeper) => rows.filter(frameworks::organisation_id.eq(Db(keeper))),
            None => rows.filter(frameworks::organisation_id.is_null()),
        };
        rows.get_result(c)
    })
}

/// What is told of a version in a list: all but its indicators.
#[derive(Debug, Queryable)]
pub(super) struct Listed {
    pub(super) id: Vec<u8>,
    pub(super) organisation: Option<Db<OrganisationId>>,
    pub(super) code: String,
    pub(super) version: i32,
    pub(super) title: String,
    pub(super) drawn_up_at: At,
    pub(super) in_force_since: Option<At>,
    pub(super) withdrawn_at: Option<At>,
}

/// All versions, by code, the latest first.
///
/// # Errors
/// Those of the store.
pub(super) fn listed(tx: &mut Conn<'_>) -> Result<Vec<Listed>, StoreError> {
    on_each!(tx, |c| frameworks::table
        .order((frameworks::code, frameworks::version.desc()))
        .select((
            frameworks::id,
            frameworks::organisation_id,
            frameworks::code,
            frameworks::version,
            frameworks::title,
            frameworks::drawn_up_at,
            frameworks::in_force_at,
            frameworks::withdrawn_at,
        ))
        .load(c))
}

/// All versions of a keeper.
///
/// # Errors
/// Those of the store.
pub(super) fn all_of(tx: &mut Conn<'_>, keeper: OrganisationId) -> Result<Vec<Framework>, StoreError> {
    read(on_each!(tx, |c| read!(c, rows => rows.filter(frameworks::organisation_id.eq(Db(keeper)))))?)
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

/// Whose frameworks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept {
    /// The common ones.
    Common,
    /// The common ones, and those of one organisation.
    CommonAnd(OrganisationId),
    /// Those of all.
    ByAll,
}

/// The latest version in force of each framework; what was withdrawn is not in force.
///
/// # Errors
/// Those of the store.
pub(crate) fn in_force(tx: &mut Conn<'_>, kept: Kept) -> Result<Vec<Framework>, StoreError> {
    let later = "NOT EXISTS (SELECT 1 FROM frameworks later WHERE later.code = frameworks.code
        AND later.version > frameworks.version AND later.in_force_at IS NOT NULL AND later.withdrawn_at IS NULL)";
    let rows = on_each!(tx, |c, Backend| read!(c, rows => {
        let rows = rows
            .filter(frameworks::in_force_at.is_not_null().and(frameworks::withdrawn_at.is_null()))
            .filter(sql::<Bool>(later))
            .into_boxed::<Backend>();
        match kept {
            Kept::Common => rows.filter(frameworks::organisation_id.is_null()),
            Kept::CommonAnd(own) => {
                rows.filter(frameworks::organisation_id.is_null().or(frameworks::organisation_id.eq(Db(own))))
            }
            Kept::ByAll => rows,
        }
    }))?;
    read(rows)
}

/// Keeps the first draft of a version.
///
/// # Errors
/// [`StoreError::Raced`] where somebody else began this version since, and those of the store.
pub(super) fn begin(tx: &mut Conn<'_>, draft: &Framework, by: UserId) -> Result<(), StoreError> {
    let row = (
        frameworks::id.eq(draft.id.as_bytes().to_vec()),
        frameworks::organisation_id.eq(draft.organisation.map(Db)),
        frameworks::code.eq(&draft.code),
        frameworks::version.eq(draft.version),
        frameworks::title.eq(&draft.content.title),
        frameworks::content.eq(text(&draft.content)?),
        frameworks::drawn_up_at.eq(At(draft.drawn_up_at)),
        frameworks::drawn_up_by.eq(Db(by)),
    );
    let begun = on_each!(tx, |c| diesel::insert_into(frameworks::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if begun == 1 { Ok(()) } else { Err(StoreError::Raced) }
}

/// Keeps a draft in another form.
///
/// # Errors
/// [`StoreError::Raced`] where it was put in force since: then it never changes; and those of the store.
pub(super) fn replace(tx: &mut Conn<'_>, draft: &Framework, by: UserId) -> Result<(), StoreError> {
    let there =
        frameworks::table.find(draft.id.as_bytes().to_vec()).filter(frameworks::in_force_at.is_null());
    let written = (
        frameworks::title.eq(&draft.content.title),
        frameworks::content.eq(text(&draft.content)?),
        frameworks::drawn_up_at.eq(At(draft.drawn_up_at)),
        frameworks::drawn_up_by.eq(Db(by)),
        (frameworks::withdrawn_at.eq(None::<At>), frameworks::withdrawn_by.eq(None::<Db<UserId>>)),
    );
    let replaced = on_each!(tx, |c| diesel::update(there).set(written).execute(c))?;
    if replaced == 1 { Ok(()) } else { Err(StoreError::Raced) }
}

fn text(content: &Content) -> Result<String, StoreError> {
    serde_json::to_string(content).map_err(|_| StoreError::Damaged("a framework"))
}

/// Puts a draft in force, or what was withdrawn in force again.
///
/// # Errors
/// Those of the store.
pub(super) fn put_in_force(tx: &mut Conn<'_>, id: Uuid, at: Millis, by: UserId) -> Result<(), StoreError> {
    let one = || frameworks::table.find(id.as_bytes().to_vec());
    let now = (frameworks::in_force_at.eq(At(at)), frameworks::in_force_by.eq(Db(by)));
    let back = (frameworks::withdrawn_at.eq(None::<At>), frameworks::withdrawn_by.eq(None::<Db<UserId>>));
    on_each!(tx, |c| {
        diesel::update(one().filter(frameworks::in_force_at.is_null())).set(now).execute(c)?;
        diesel::update(one()).set(back).execute(c)
    })?;
    Ok(())
}

/// Withdraws what is in force.
///
/// # Errors
/// Those of the store.
pub(super) fn withdraw(tx: &mut Conn<'_>, id: Uuid, at: Millis, by: UserId) -> Result<(), StoreError> {
    let one = frameworks::table.find(id.as_bytes().to_vec()).filter(frameworks::withdrawn_at.is_null());
    let now = (frameworks::withdrawn_at.eq(At(at)), frameworks::withdrawn_by.eq(Db(by)));
    on_each!(tx, |c| diesel::update(one).set(now).execute(c))?;
    Ok(())
}

/// Gives a draft up. Nothing was ever told by it, and the next one takes its number.
///
/// # Errors
/// [`StoreError::Raced`] where it was put in force since, and those of the store.
pub(super) fn give_up(tx: &mut Conn<'_>, id: Uuid) -> Result<(), StoreError> {
    let one = frameworks::table.find(id.as_bytes().to_vec()).filter(frameworks::in_force_at.is_null());
    let gone = on_each!(tx, |c| diesel::delete(one).execute(c))?;
    if gone == 1 { Ok(()) } else { Err(StoreError::Raced) }
}

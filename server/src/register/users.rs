//! The people who sign in: added by an administrator, or by the manager of their organisation, who also end that.

pub mod create;
pub mod list;
pub mod logins;
pub mod me;
pub mod password;
pub mod protection;
pub mod rename;
pub mod second_factor;
pub mod standing;

use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::{OrganisationId, UserId};
use utoipa::ToSchema;

use crate::access::Role;
use crate::clock::timestamp;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::users;
use crate::store::{At, Code, Conn, Db, StoreError};

/// A person who signs in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// Facilitators, supervisors and managers belong to one.
    #[schema(value_type = Option<Uuid>)]
    pub organisation_id: Option<OrganisationId>,
    #[schema(example = "uwase")]
    pub login: String,
    #[schema(example = "Uwase Marie")]
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    /// Since when the person may not sign in any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
    /// Since when they are a protection officer, who sees the referrals, incidents and screenings of the whole organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protects_since: Option<Timestamp>,
}

/// A user's columns, without the password.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: Db<UserId>,
    organisation_id: Option<Db<OrganisationId>>,
    login: String,
    name: String,
    role: Code<Role>,
    created_at: At,
    disabled_at: Option<At>,
    protects_since: Option<At>,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            organisation_id: row.organisation_id.map(|id| id.0),
            login: row.login,
            name: row.name,
            role: row.role.0,
            created_at: timestamp(row.created_at.0),
            disabled_at: row.disabled_at.map(|at| timestamp(at.0)),
            protects_since: row.protects_since.map(|at| timestamp(at.0)),
        }
    }
}

/// A manager asks for what only the administrator decides.
pub(crate) fn not_for_managers() -> Problem {
    Problem::of(
        kind::ROLE_NOT_ALLOWED,
        "A manager decides about the facilitators and supervisors of their own organisation, the administrator about \
         others.",
    )
}

/// The user with this id, disabled or not.
///
/// # Errors
/// Those of the store.
pub fn find(tx: &mut Conn<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    let row: Option<Row> =
        on_each!(tx, |c| users::table.find(Db(id)).select(Row::as_select()).first(c).optional())?;
    Ok(row.map(User::from))
}

/// The user with this login, disabled or not.
///
/// # Errors
/// Those of the store.
pub fn find_by_login(tx: &mut Conn<'_>, login: &str) -> Result<Option<User>, StoreError> {
    let row: Option<Row> = on_each!(tx, |c| users::table
        .filter(users::login.eq(login))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(User::from))
}

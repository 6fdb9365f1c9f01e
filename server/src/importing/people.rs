//! Facilitators and supervisors, who then sign in with the code that the answer has of each.

use sync_core::id::Id;
use sync_core::time::Moment;

use super::cells::{Cells, word};
use super::known;
use super::report::{FirstCode, LineRemark};
use super::row::{Importer, NotMade, Row, There, Written};
use super::table::Column;
use crate::access::{PasswordHash, Role, issue_password_code};
use crate::audit::{self, ObjectKind};
use crate::ledger::Gain;
use crate::problem::Fields;
use crate::register::users::create::{NewUser, UserRefused, create};
use crate::register::users::find_by_login;
use crate::store::{Conn, Failure, StoreError};

/// Somebody to add.
#[derive(Debug, Clone)]
pub(super) struct Person {
    login: String,
    name: String,
    role: Role,
}

/// Those of the organisation. Whether somebody of another one has a login is said only where it was to be made: a sheet that is tried
/// would tell of thousands of names who signs in elsewhere.
pub(super) struct Known(known::People);

impl Row for Person {
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "login",
            says: "What they sign in with: 3 to 64 letters (a to z), digits or . _ - @ +",
            example: "uwase",
            needed: true,
        },
        Column {
            name: "name",
            says: "Their name, as colleagues know it",
            example: "Uwase Marie",
            needed: true,
        },
        Column { name: "role", says: "facilitator or supervisor", example: "facilitator", needed: true },
    ];
    const KEY: &'static [&'static str] = &["login"];
    const NOTED: (audit::Action, ObjectKind) = (audit::Action::AccessChanged, ObjectKind::User);
    type Known = Known;

    fn known(tx: &mut Conn<'_>, importer: Importer) -> Result<Known, StoreError> {
        Ok(Known(known::People::of(tx, importer.organisation)?))
    }

    fn read(cells: Cells<'_>, _: &Known, importer: Importer, fields: &mut Fields) -> Option<Self> {
        let login = cells.needed(fields, "login").map(|text| fields.login(text));
        let name = cells.needed(fields, "name").map(|text| fields.name("name", text));
        let role = cells.needed(fields, "role").map(word);
        let role: Option<Role> = role.and_then(|role| role.parse().ok()).filter(|role| importer.adds(*role));
        if role.is_none() && cells.text("role").is_some() {
            fields
                .refuse("role", "is facilitator or supervisor; the administrator adds people of other roles");
        }
        Some(Self { login: login?, name: name?, role: role? })
    }

    fn key(&self) -> String {
        self.login.clone()
    }

    fn there(&self, known: &Known) -> Option<There> {
        let there = known.0.get(&self.login)?;
        let differs = [("name", there.name != self.name), ("role", there.role != self.role)];
        let differs: Vec<&str> = differs.into_iter().filter(|(_, is)| *is).map(|(field, _)| field).collect();
        let but = match differs.as_slice() {
            [] => String::new(),
            fields => format!(" with another {}", fields.join(" and another ")),
        };
        let disabled = if there.disabled { " and may not sign in any more" } else { "" };
        let remark = LineRemark::new("login", format!("is there already{but}{disabled}; it stays as it is"));
        Some(There { id: Some(there.id.uuid()), remark })
    }

    fn make(
        &self,
        tx: &mut Conn<'_>,
        importer: Importer,
        moment: &Moment,
        _: &mut Vec<Gain>,
    ) -> Result<Written, Failure<NotMade>> {
        let there = find_by_login(tx, &self.login)?;
        if let Some(there) = there.filter(|there| there.organisation_id == Some(importer.organisation)) {
            return Ok(Written::There(Some(there.id.uuid())));
        }
        let new = NewUser::checked(&self.login, &self.name, self.role, Some(importer.organisation), None);
        // It was checked by the same rules when it was read.
        let new = new.map_err(|_| StoreError::Damaged("a line of a sheet"))?;
        let user = match create(tx, &new, &PasswordHash::none(), moment) {
            Ok(user) => user,
            Err(Failure::Refused(refused @ UserRefused::LoginTaken)) => {
                return Err(Failure::Refused(refused.into()));
            }
            Err(failure) => return Err(failure.lift()),
        };
        let code = issue_password_code(tx, user.id, moment.now)?;
        Ok(Written::Made(user.id.uuid(), Some(FirstCode { login: user.login, code })))
    }
}

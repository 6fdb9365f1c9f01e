//! An entry as it stands in its table, and as it is hashed, exported and shown.

use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::UserId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{Action, ObjectKind, Outcome};
use crate::clock::timestamp;
use crate::store::At;
use crate::store::schema::audit_entries;

/// An entry as its table has it, word by word: one that somebody changed is read all the same, so that it can be named.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries)]
pub struct Row {
    pub(super) id: Vec<u8>,
    pub(super) place: Option<i64>,
    pub(super) at: At,
    pub(super) user_id: Option<Vec<u8>>,
    pub(super) role: String,
    pub(super) organisation_id: Option<Vec<u8>>,
    pub(super) action: String,
    pub(super) outcome: String,
    pub(super) route: String,
    pub(super) of_organisation_id: Option<Vec<u8>>,
    pub(super) object_kind: Option<String>,
    pub(super) object_id: Option<Vec<u8>>,
    pub(super) person_id: Option<Vec<u8>>,
    pub(super) items: Option<i64>,
    pub(super) viewed_as_id: Option<Vec<u8>>,
}

impl Row {
    /// Its id, by which lists are sorted.
    pub fn id(&self) -> Uuid {
        id_of(&self.id)
    }

    /// Method and address, or the command.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Whether this person did it.
    pub fn is_by(&self, user: UserId) -> bool {
        self.user_id.as_deref() == Some(user.as_bytes().as_slice())
    }

    /// The same, without what was looked at, and how many.
    #[must_use]
    pub fn without_object(self) -> Self {
        Self { object_kind: None, object_id: None, items: None, ..self }
    }

    /// The same, without telling where in the log it stands.
    #[must_use]
    pub fn without_place(self) -> Self {
        Self { place: None, ..self }
    }
}

/// An id that is none is nil, which no entry had when it was hashed.
fn id_of(bytes: &[u8]) -> Uuid {
    Uuid::from_slice(bytes).unwrap_or_default()
}

/// Who did what, when. A line of an export is this, as JSON; its hash in the log is SHA-256 of a zero byte and that line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its place in the log, from 0; absent for the moment until it is given one, and for whoever does not see the whole log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    place: Option<i64>,
    id: Uuid,
    at: Timestamp,
    /// Who did it; absent for the operator at the command line, for the service itself, and where no account was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    /// Their role then; `operator` at the command line, `nobody` where no account was found, `service` where it acted by itself.
    #[schema(example = "manager")]
    role: String,
    /// Their organisation then.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_id: Option<Uuid>,
    #[schema(value_type = Action)]
    action: String,
    #[schema(value_type = Outcome)]
    outcome: String,
    /// Method and address, or the command.
    #[schema(example = "GET /v1/sessions/{id}")]
    route: String,
    /// Whose data it was about; absent where it is of no one organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_organisation_id: Option<Uuid>,
    /// What it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ObjectKind>)]
    object_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_id: Option<Uuid>,
    /// Who was assigned, taken off, put into a team or taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<Uuid>,
    /// How many of a list were shown or decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    items: Option<i64>,
    /// As whom they looked, by `View-As`.
    #[serde(skip_serializing_if = "Option::is_none")]
    viewed_as: Option<Uuid>,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        let id = |bytes: Option<Vec<u8>>| bytes.map(|bytes| id_of(&bytes));
        Self {
            place: row.place,
            id: id_of(&row.id),
            at: timestamp(row.at.0),
            user_id: id(row.user_id),
            role: row.role,
            organisation_id: id(row.organisation_id),
            action: row.action,
            outcome: row.outcome,
            route: row.route,
            of_organisation_id: id(row.of_organisation_id),
            object_kind: row.object_kind,
            object_id: id(row.object_id),
            person_id: id(row.person_id),
            items: row.items,
            viewed_as: id(row.viewed_as_id),
        }
    }
}

impl AuditEntry {
    /// The line: JSON in one order of keys, without spaces. It never changes for an entry; what a later version adds is absent from those
    /// of an earlier one.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("texts, ids and numbers are JSON")
    }
}

#[cfg(test)]
mod tests {
    use sync_core::time::Millis;

    use super::*;

    /// What is hashed never changes: not by another version of this program, nor of what writes JSON and times.
    #[test]
    fn a_line_is_written_in_one_way() {
        let bytes = |n: u128| Some(n.to_be_bytes().to_vec());
        let row = Row {
            id: 1u128.to_be_bytes().to_vec(),
            place: Some(7),
            at: At(Millis(1_772_697_600_120)),
            user_id: bytes(2),
            role: "manager".to_owned(),
            organisation_id: bytes(3),
            action: Action::AccessChanged.code().to_owned(),
            outcome: Outcome::Allowed.code().to_owned(),
            route: "POST /v1/groups/{id}/assignments".to_owned(),
            of_organisation_id: bytes(3),
            object_kind: Some(ObjectKind::Group.code().to_owned()),
            object_id: bytes(4),
            person_id: bytes(5),
            items: None,
            viewed_as_id: None,
        };
        assert_eq!(
            AuditEntry::from(row.clone()).line(),
            "{\"place\":7,\"id\":\"00000000-0000-0000-0000-000000000001\",\"at\":\"2026-03-05T08:00:00.12Z\",\
             \"user_id\":\"00000000-0000-0000-0000-000000000002\",\"role\":\"manager\",\
             \"organisation_id\":\"00000000-0000-0000-0000-000000000003\",\"action\":\"access-changed\",\
             \"outcome\":\"allowed\",\"route\":\"POST /v1/groups/{id}/assignments\",\
             \"of_organisation_id\":\"00000000-0000-0000-0000-000000000003\",\"object_kind\":\"group\",\
             \"object_id\":\"00000000-0000-0000-0000-000000000004\",\
             \"person_id\":\"00000000-0000-0000-0000-000000000005\"}"
        );
        let line = AuditEntry::from(Row { viewed_as_id: bytes(6), ..row }).line();
        assert!(line.ends_with("5\",\"viewed_as\":\"00000000-0000-0000-0000-000000000006\"}"), "{line}");
    }
}

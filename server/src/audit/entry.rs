//! An entry, as it is noted.

use std::sync::Mutex;

use diesel::prelude::*;
use sync_core::codes;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::{ContextV7, Uuid};

use super::line::Row;
use crate::on_each;
use crate::store::schema::{devices, users};
use crate::store::{At, Conn, Db, StoreError};

codes! {
    /// What somebody did.
    #[derive(ToSchema)]
    Action {
        /// One record, its history, or what of it is quarantined, was shown.
        ReadRecord = "read-record",
        /// A page of a list was shown.
        ListRecords = "list-records",
        /// Exact totals were shown.
        ReadTotals = "read-totals",
        /// This log was shown.
        ReadAudit = "read-audit",
        /// Something left as a file.
        Export = "export",
        /// A login began; or was refused, or ended since a token of it came twice.
        SignIn = "sign-in",
        SignOut = "sign-out",
        /// Somebody may do more, or less, than before: people, teams, assignments, tablets, organisations.
        AccessChanged = "access-changed",
        /// A record was begun, changed or put right by a person without a tablet.
        RecordChanged = "record-changed",
        /// It was said how an overlap with another partner was settled.
        OverlapSettled = "overlap-settled",
        /// Something quarantined was released or rejected.
        QuarantineDecided = "quarantine-decided",
        Backup = "backup",
        /// The store was rebuilt from a backup.
        Restore = "restore",
        /// Rows and facts were computed again from the documents.
        Rebuild = "rebuild",
        /// The bytes of old changes were given up.
        Compact = "compact",
        /// It was said for how long records are kept; or records were erased since their time was over, or the person had asked thirty days
        /// before.
        Retention = "retention",
        /// The records of an organisation that left were removed.
        Removal = "removal",
    }

    /// How it ended.
    #[derive(ToSchema)]
    Outcome {
        Allowed = "allowed",
        Refused = "refused",
    }

    /// What kind of thing it was about.
    #[derive(ToSchema)]
    ObjectKind {
        Group = "group",
        Participant = "participant",
        Session = "session",
        Lesson = "lesson",
        /// An entry of the directory of services.
        Service = "service",
        /// A version of a framework of indicators.
        Framework = "framework",
        BudgetLine = "budget-line",
        /// A record of any kind.
        Record = "record",
        /// A change that was quarantined.
        Change = "change",
        User = "user",
        /// One login of a person, and all that was refreshed from it.
        Login = "login",
        Device = "device",
        Team = "team",
        /// Two groups of different partners that do the same.
        Overlap = "overlap",
        Organisation = "organisation",
        /// A life of the store.
        Epoch = "epoch",
    }
}

/// One thing by its kind and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    pub kind: ObjectKind,
    pub id: Uuid,
}

/// Who did it, as they were then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub user: Option<UserId>,
    /// The code of a role; `operator` at the command line, `nobody` where no account is known, `service` of what it does by itself.
    pub role: &'static str,
    pub organisation: Option<OrganisationId>,
}

impl Who {
    /// Those who are no person with a role.
    pub const OTHERS: [&'static str; 3] = ["operator", "nobody", "service"];

    pub const fn operator() -> Self {
        Self { user: None, role: Self::OTHERS[0], organisation: None }
    }

    pub const fn nobody() -> Self {
        Self { user: None, role: Self::OTHERS[1], organisation: None }
    }

    pub const fn service() -> Self {
        Self { user: None, role: Self::OTHERS[2], organisation: None }
    }
}

/// What is noted.
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: Millis,
    pub who: Who,
    pub action: Action,
    pub outcome: Outcome,
    /// Method and pattern of the address, `GET /v1/groups/{id}`; or the command.
    pub route: String,
    pub object: Option<Object>,
    /// Who was assigned, taken off, put into a team or taken out, where the object is the group or team.
    pub person: Option<UserId>,
    /// The organisation whose data it is about, where that is not the one of whoever did it.
    pub of: Option<OrganisationId>,
    /// How many of a list were shown or decided.
    pub items: Option<u64>,
    /// As whom they looked.
    pub viewed_as: Option<UserId>,
}

impl Entry {
    /// Something that was allowed, and is about nothing in particular.
    pub fn of(who: Who, at: Millis, action: Action, route: impl Into<String>) -> Self {
        let (outcome, route) = (Outcome::Allowed, route.into());
        let (object, person, of, items, viewed_as) = (None, None, None, None, None);
        Self { at, who, action, outcome, route, object, person, of, items, viewed_as }
    }

    /// The same about one thing.
    pub fn about(self, kind: ObjectKind, id: impl Into<Uuid>) -> Self {
        Self { object: Some(Object { kind, id: id.into() }), ..self }
    }

    /// The same, about data of an organisation.
    pub fn of_organisation(self, of: OrganisationId) -> Self {
        Self { of: Some(of), ..self }
    }

    /// The same, refused.
    pub fn refused(self) -> Self {
        Self { outcome: Outcome::Refused, ..self }
    }

    /// The row that it becomes.
    pub(super) fn row(&self, tx: &mut Conn<'_>) -> Result<Row, StoreError> {
        let bytes = |id: Uuid| id.as_bytes().to_vec();
        Ok(Row {
            id: bytes(new_id(self.at)),
            place: None,
            at: At(self.at),
            user_id: self.who.user.map(|id| id.as_bytes().to_vec()),
            role: self.who.role.to_owned(),
            organisation_id: self.who.organisation.map(|id| id.as_bytes().to_vec()),
            action: self.action.code().to_owned(),
            outcome: self.outcome.code().to_owned(),
            route: self.route.clone(),
            of_organisation_id: self.whose(tx)?.map(|id| id.as_bytes().to_vec()),
            object_kind: self.object.map(|object| object.kind.code().to_owned()),
            object_id: self.object.map(|object| bytes(object.id)),
            person_id: self.person.map(|id| id.as_bytes().to_vec()),
            items: self.items.map(|items| i64::try_from(items).unwrap_or(i64::MAX)),
            viewed_as_id: self.viewed_as.map(|id| id.as_bytes().to_vec()),
        })
    }

    /// The organisation whose data it is about. Whoever belongs to one reaches nothing of another; an administrator belongs to none, and
    /// decides about the people and tablets of all. What somebody was refused may be anybody's, and they are not to learn whose.
    fn whose(&self, tx: &mut Conn<'_>) -> Result<Option<OrganisationId>, StoreError> {
        if self.outcome == Outcome::Refused {
            return Ok(None);
        }
        if let Some(known) = self.of.or(self.who.organisation) {
            return Ok(Some(known));
        }
        let Some(Object { kind, id }) = self.object else { return Ok(None) };
        let id = id.as_bytes().to_vec();
        let found: Option<Option<Db<OrganisationId>>> = match kind {
            ObjectKind::Organisation => return Ok(self.object.map(|object| object.id.into())),
            ObjectKind::User => {
                on_each!(tx, |c| users::table.find(id).select(users::organisation_id).first(c).optional())?
            }
            ObjectKind::Device => on_each!(tx, |c| devices::table
                .inner_join(users::table)
                .filter(devices::id.eq(id))
                .select(users::organisation_id)
                .first(c)
                .optional())?,
            _ => None,
        };
        Ok(found.flatten().map(|Db(id)| id))
    }
}

/// Counts the entries of a millisecond, so that ids are in the order in which one service notes them.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn new_id(at: Millis) -> Uuid {
    let millis = u64::try_from(at.0).unwrap_or(0);
    let (seconds, nanos) = (millis / 1000, (millis % 1000) as u32 * 1_000_000);
    Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, seconds, nanos))
}

/// No id that was given at this time or later comes before it.
pub(super) fn first_id(at: Millis) -> Vec<u8> {
    let millis = u64::try_from(at.0).unwrap_or(0);
    [&millis.to_be_bytes()[2..], &[0; 10]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time() {
        let at = Millis(1_772_697_600_120);
        let ids: Vec<_> = (0..500).map(|_| new_id(at)).collect();
        assert!(ids.is_sorted() && ids[0].as_bytes().as_slice() >= first_id(at).as_slice());
    }
}

//! What clashes in a record, as rows.

use diesel::prelude::*;
use sync_core::conflict::{Claim, Conflict, conflicts};
use sync_core::document::Document;
use sync_core::history::was_in_conflict;
use sync_core::id::{DocumentId, GroupId, Id};
use sync_core::record::{Kind, Record};
use uuid::Uuid;

use crate::on_each;
use crate::store::schema::{conflict_claims, conflicts as table};
use crate::store::{At, Code, Conn, Db, StoreError};

/// The conflicts of one record.
#[derive(Debug)]
pub(super) struct Clashes {
    open: Vec<Conflict>,
    /// Whether there is or was one.
    pub(super) ever: bool,
    kind: Kind,
    group: Option<GroupId>,
    date: Option<String>,
}

impl Clashes {
    /// What a record of a group has. Somebody who was erased has none that anybody may still ask for.
    pub(super) fn of(id: DocumentId, document: &Document, record: &Record) -> Self {
        let (group, date) = match record {
            Record::Group(_) => (Some(id.into()), None),
            Record::Participant(participant) if participant.erased.is_some() => (None, None),
            Record::Participant(participant) => (Some(participant.group), None),
            Record::Session(session) => (Some(session.group), Some(session.date.to_string())),
            _ => (None, None),
        };
        Self {
            open: conflicts(document),
            ever: was_in_conflict(document),
            kind: document.kind(),
            group,
            date,
        }
    }

    /// How many fields are in conflict now.
    pub(super) fn open(&self) -> i32 {
        i32::try_from(self.open.len()).unwrap_or(i32::MAX)
    }

    /// Writes the rows in the place of those that the record had.
    pub(super) fn write(&self, tx: &mut Conn<'_>, document: DocumentId) -> Result<(), StoreError> {
        let old = table::table.filter(table::document_id.eq(Db(document)));
        on_each!(tx, |c| {
            let of_old = conflict_claims::conflict_id.eq_any(old.select(table::id));
            diesel::delete(conflict_claims::table.filter(of_old)).execute(c)?;
            diesel::delete(old).execute(c)
        })?;
        let Some(group) = self.group else { return Ok(()) };
        for conflict in &self.open {
            let id = id_of(document, conflict);
            let row = (
                table::id.eq(id.as_bytes().to_vec()),
                table::document_id.eq(Db(document)),
                table::kind.eq(Code(self.kind)),
                table::group_id.eq(Db(group)),
                table::date.eq(&self.date),
                table::field.eq(&conflict.field),
            );
            let claims: Vec<_> =
                (0i32..).zip(&conflict.claims).map(|(place, claim)| claim_row(id, place, claim)).collect();
            on_each!(tx, |c| {
                diesel::insert_into(table::table).values(row).execute(c)?;
                diesel::insert_into(conflict_claims::table).values(claims).execute(c)
            })?;
        }
        Ok(())
    }
}

type ClaimRow = (
    diesel::dsl::Eq<conflict_claims::conflict_id, Vec<u8>>,
    diesel::dsl::Eq<conflict_claims::place, i32>,
    diesel::dsl::Eq<conflict_claims::value, String>,
    diesel::dsl::Eq<conflict_claims::author, Db<sync_core::id::DeviceId>>,
    diesel::dsl::Eq<conflict_claims::written_at, At>,
    diesel::dsl::Eq<conflict_claims::hash, Vec<u8>>,
);

fn claim_row(id: Uuid, place: i32, claim: &Claim) -> ClaimRow {
    (
        conflict_claims::conflict_id.eq(id.as_bytes().to_vec()),
        conflict_claims::place.eq(place),
        conflict_claims::value.eq(claim.value.clone()),
        conflict_claims::author.eq(Db(claim.device)),
        conflict_claims::written_at.eq(At(claim.at)),
        conflict_claims::hash.eq(claim.change.as_bytes().to_vec()),
    )
}

/// Names a conflict with just these values: once a value joins them or they are settled, the name is gone. UUIDv8 that
/// begins, like a UUIDv7, with a time: that of the latest claim, so that the order of the names is that of time.
pub(crate) fn id_of(document: DocumentId, conflict: &Conflict) -> Uuid {
    let mut told = conflict.field.clone().into_bytes();
    for claim in &conflict.claims {
        told.extend(claim.change.as_bytes());
    }
    let latest = conflict.claims.iter().map(|claim| claim.at.0).max().unwrap_or_default();
    let latest = latest.clamp(0, (1 << 48) - 1).to_be_bytes();
    let mut bytes = Uuid::new_v5(&document.uuid(), &told).into_bytes();
    bytes[..6].copy_from_slice(&latest[2..]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

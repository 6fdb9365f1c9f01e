//! The conflicts of a record, as rows: one for each field in conflict, and one for each of its values.

use diesel::prelude::*;
use sync_core::conflict::{Claim, Conflict, conflicts};
use sync_core::document::Document;
use sync_core::history::had_a_conflict;
use sync_core::id::{DeviceId, DocumentId, GroupId, Id};
use sync_core::record::{Home, Kind, Place, Record};
use uuid::Uuid;

use crate::store::schema::{conflict_claims, conflicts as table};
use crate::store::{At, Db};

/// The conflicts of one record.
#[derive(Debug)]
pub(super) struct Clashes {
    open: Vec<Conflict>,
    /// Whether the record has a conflict, or had one.
    pub(super) ever: bool,
    kind: Kind,
    group: Option<GroupId>,
    date: Option<String>,
}

impl Clashes {
    /// The conflicts of a record. Those of a participant who was erased get no rows: their values must not be shown any
    /// more.
    pub(super) fn of(place: Place, document: &Document, record: &Record) -> Self {
        // The stream of a group bears its id; a lesson's is that of its organisation.
        let clashing = place.kind.lives_in() != Home::Partnership && !record.is_erased();
        let group = clashing.then(|| GroupId::from_uuid(place.stream.uuid()));
        let date = match record {
            Record::Session(session) => Some(session.date.to_string()),
            _ => None,
        };
        let open = conflicts(document);
        Self { ever: !open.is_empty() || had_a_conflict(document), open, kind: document.kind(), group, date }
    }

    /// How many fields are in conflict now.
    pub(super) fn open(&self) -> i32 {
        i32::try_from(self.open.len()).unwrap_or(i32::MAX)
    }

    /// The rows of the conflicts that may be shown.
    pub(super) fn rows(&self, document: DocumentId) -> (Vec<ConflictRow>, Vec<ClaimRow>) {
        let Some(group) = self.group else { return Default::default() };
        let row = |conflict: &Conflict| ConflictRow {
            id: id_of(document, conflict).as_bytes().to_vec(),
            document_id: Db(document),
            kind: self.kind.to_string(),
            group_id: Db(group),
            date: self.date.clone(),
            field: conflict.field.clone(),
            reads: conflict.reads.clone(),
        };
        let claims = |conflict: &Conflict| {
            let id = id_of(document, conflict);
            let row = |(place, claim): (i32, &Claim)| ClaimRow::of(id, place, claim);
            (0..).zip(&conflict.claims).map(row).collect::<Vec<_>>()
        };
        (self.open.iter().map(row).collect(), self.open.iter().flat_map(claims).collect())
    }
}

/// The row of a field in conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
pub(super) struct ConflictRow {
    id: Vec<u8>,
    pub(super) document_id: Db<DocumentId>,
    kind: String,
    group_id: Db<GroupId>,
    date: Option<String>,
    field: String,
    reads: Option<String>,
}

/// The row of one value of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable)]
#[diesel(table_name = conflict_claims)]
pub(super) struct ClaimRow {
    conflict_id: Vec<u8>,
    place: i32,
    value: String,
    author: Db<DeviceId>,
    written_at: At,
    hash: Vec<u8>,
}

impl ClaimRow {
    fn of(conflict: Uuid, place: i32, claim: &Claim) -> Self {
        Self {
            conflict_id: conflict.as_bytes().to_vec(),
            place,
            value: claim.value.clone(),
            author: Db(claim.device),
            written_at: At(claim.at),
            hash: claim.change.as_bytes().to_vec(),
        }
    }
}

/// The id of a conflict with these values: another value makes another id, so somebody who settles a conflict by its id
/// has seen all of its values. A UUIDv8 that begins, like a UUIDv7, with a time: the time of the latest claim, so that
/// ids are in the order of time.
pub(crate) fn id_of(document: DocumentId, conflict: &Conflict) -> Uuid {
    let mut told = conflict.field.clone().into_bytes();
    told.extend(conflict.reads.iter().flat_map(|reads| reads.bytes()));
    for claim in &conflict.claims {
        told.extend(claim.change.as_bytes());
    }
    let latest = conflict.claims.iter().map(|claim| claim.at.0).max().unwrap_or_default();
    let latest = latest.clamp(0, (1 << 48) - 1).to_be_bytes();
    let mut bytes = Uuid::new_v5(&document.uuid(), &told).into_bytes();
    bytes[..6].copy_from_slice(&latest[2..]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

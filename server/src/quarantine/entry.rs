//! A quarantined change, as answers show it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::codes;
use sync_core::id::{DeviceId, DocumentId, GroupId, OrganisationId, StreamId, UserId};
use sync_core::record::Kind;
use utoipa::ToSchema;
use uuid::Uuid;

use super::keeper::{Keeper, group_of};
use super::refusal::Refused;
use crate::clock::timestamp;
use crate::on_each;
use crate::store::schema::{batches, devices, quarantine, users};
use crate::store::{At, Code, Conn, Db, Failure, StoreError};
use crate::sync;

codes! {
    /// How far it has come.
    #[derive(ToSchema)]
    State {
        Waiting = "waiting",
        /// It is merged.
        Released = "released",
        Rejected = "rejected",
    }
}

impl State {
    pub(super) fn of(released: bool, rejected: bool) -> Self {
        match (released, rejected) {
            (true, _) => Self::Released,
            (false, true) => Self::Rejected,
            (false, false) => Self::Waiting,
        }
    }
}

/// A quarantined change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineItem {
    pub(super) id: Uuid,
    pub(super) state: State,
    /// `not-assigned`, `unreadable`, `invalid`, `re-keyed`, `missing-dependency`, `unknown-schema`, `too-large` or
    /// `unvouched`.
    #[schema(value_type = String, example = "not-assigned")]
    reason: &'static str,
    /// The reason in words.
    detail: String,
    /// When the service received it first.
    received_at: Timestamp,
    /// Its size.
    bytes: i32,
    /// An administrator, who sees no records, does not see these; nor does a manager who may not see referrals, incidents and
    /// screenings of the group, where it is about one.
    #[serde(flatten)]
    about: Option<About>,
    /// Who answers for letting it in, if somebody does. It may wait still for what it builds on.
    #[serde(skip_serializing_if = "Option::is_none")]
    waived: Option<Decision>,
    /// When it was merged after all.
    #[serde(skip_serializing_if = "Option::is_none")]
    released_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Rejection>,
}

/// What it is about, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
struct About {
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    /// `session`, `participant` and so on.
    #[schema(value_type = String, example = "session")]
    kind: Kind,
    #[schema(value_type = Uuid)]
    record_id: DocumentId,
    /// The field that would not stand, where that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The name of the person whose tablet handed it in.
    recorded_by: String,
    /// The organisation of that person, which need not be the group's.
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Option<OrganisationId>,
    #[schema(value_type = Uuid)]
    device_id: DeviceId,
    #[schema(example = "Nyagatare 3")]
    device_name: String,
    /// That tablet's clock when it handed it in.
    handed_in_at: Timestamp,
}

/// Who decided, and when.
#[derive(Debug, Serialize, ToSchema)]
struct Decision {
    by: String,
    at: Timestamp,
}

/// Who rejected it, when, and why.
#[derive(Debug, Serialize, ToSchema)]
struct Rejection {
    by: String,
    at: Timestamp,
    because: String,
}

type What = (Vec<u8>, Db<StreamId>, Db<DocumentId>, Code<Kind>, Db<DeviceId>, i32);
type Why = (String, Option<String>, String);
type Decided = (Option<At>, Option<Db<UserId>>, Option<At>, Option<Db<UserId>>, Option<At>, Option<String>);
type Came = (At, At, String, Option<Db<OrganisationId>>, String);

/// A row with whose it is.
pub(super) type Row = (What, Why, Decided, Came);

/// The columns of a [`Row`].
#[diesel::dsl::auto_type]
pub(super) fn columns() -> _ {
    let size: SqlLiteral<Integer> = sql("length(quarantine.bytes)");
    let what = (
        quarantine::id,
        quarantine::stream_id,
        quarantine::document_id,
        quarantine::kind,
        quarantine::device_id,
        size,
    );
    let why = (quarantine::reason, quarantine::field, quarantine::detail);
    let decided = (
        quarantine::released_at,
        quarantine::waived_by,
        quarantine::waived_at,
        quarantine::rejected_by,
        quarantine::rejected_at,
        quarantine::rejected_because,
    );
    let came =
        (quarantine::received_at, batches::claimed_at, users::name, users::organisation_id, devices::name);
    (what, why, decided, came)
}

/// What a [`Row`] is taken from.
#[diesel::dsl::auto_type]
pub(super) fn source() -> _ {
    quarantine::table.inner_join(batches::table).inner_join(devices::table.inner_join(users::table))
}

pub(super) fn id_of(row: &Row) -> Uuid {
    Uuid::from_slice(&row.0.0).unwrap_or_default()
}

/// One of them, if it is the keeper's to see.
///
/// # Errors
/// Those of the store.
pub(super) fn find(tx: &mut Conn<'_>, keeper: Keeper, id: Uuid) -> Result<Option<Row>, StoreError> {
    let row: Option<Row> = on_each!(tx, |c| source()
        .filter(quarantine::id.eq(id.as_bytes().to_vec()))
        .select(columns())
        .first(c)
        .optional())?;
    match row {
        Some(row) if keeper.holds(tx, row.0.1.0)? => Ok(Some(row)),
        _ => Ok(None),
    }
}

/// One of them about which the keeper may decide.
///
/// # Errors
/// [`Refused`] where it is not theirs, and those of the store.
pub(super) fn theirs(tx: &mut Conn<'_>, keeper: Keeper, id: Uuid) -> Result<Row, Failure<Refused>> {
    let row = find(tx, keeper, id)?.ok_or(Refused::NoSuchChange)?;
    let (_, Db(stream), _, Code(kind), ..) = row.0;
    if keeper.knows(tx, kind, stream)? { Ok(row) } else { Err(Refused::Sensitive.into()) }
}

/// Rows as answers show them, with the names of those who decided.
///
/// # Errors
/// Those of the store.
pub(super) fn shown(
    tx: &mut Conn<'_>,
    keeper: Keeper,
    rows: Vec<Row>,
) -> Result<Vec<QuarantineItem>, StoreError> {
    let deciders: BTreeSet<Db<UserId>> =
        rows.iter().flat_map(|(_, _, decided, _)| decided.1.into_iter().chain(decided.3)).collect();
    let names: BTreeMap<Db<UserId>, String> = on_each!(tx, |c| users::table
        .filter(users::id.eq_any(deciders))
        .select((users::id, users::name))
        .load(c)
        .map(BTreeMap::from_iter))?;
    let mut known: BTreeMap<(Kind, StreamId), bool> = BTreeMap::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let (_, Db(stream), _, Code(kind), ..) = row.0;
        let knows = match known.get(&(kind, stream)) {
            Some(knows) => *knows,
            None => keeper.knows(tx, kind, stream)?,
        };
        known.insert((kind, stream), knows);
        items.push(item(knows && matches!(keeper, Keeper::Of(_)), row, &names)?);
    }
    Ok(items)
}

/// `told` is whether the keeper is told what it is about.
fn item(told: bool, row: Row, names: &BTreeMap<Db<UserId>, String>) -> Result<QuarantineItem, StoreError> {
    let id = id_of(&row);
    let ((_, Db(stream), Db(record_id), Code(kind), Db(device_id), bytes), why, decided, came) = row;
    let (code, field, detail) = why;
    let reason = sync::reason(&code, field.as_deref(), &detail)?;
    let (released_at, waived_by, waived_at, rejected_by, rejected_at, because) = decided;
    let (received_at, handed_in_at, recorded_by, organisation, device_name) = came;
    let decision = |by: Option<Db<UserId>>, at: Option<At>| {
        let (by, At(at)) = by.and_then(|by| names.get(&by).cloned()).zip(at)?;
        Some(Decision { by, at: timestamp(at) })
    };
    let rejected = decision(rejected_by, rejected_at).zip(because);
    let about = told.then(|| About {
        group_id: group_of(stream),
        kind,
        record_id,
        field,
        recorded_by,
        organisation_id: organisation.map(|Db(id)| id),
        device_id,
        device_name,
        handed_in_at: timestamp(handed_in_at.0),
    });
    Ok(QuarantineItem {
        id,
        state: State::of(released_at.is_some(), rejected_at.is_some()),
        reason: reason.code(),
        detail: if told { reason.for_keepers() } else { reason.code().to_owned() },
        received_at: timestamp(received_at.0),
        bytes,
        about,
        waived: decision(waived_by, waived_at),
        released_at: released_at.map(|At(at)| timestamp(at)),
        rejected: rejected.map(|(Decision { by, at }, because)| Rejection { by, at, because }),
    })
}

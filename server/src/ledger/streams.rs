//! The streams, their keys, and which tablet may read which.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;
use sync_core::codes;
use sync_core::cursor::Fingerprint;
use sync_core::id::{DeviceId, OrganisationId, StreamId};
use sync_core::record::Home;
use sync_core::time::Millis;
use sync_core::wire::StreamKey;

use crate::on_each;
use crate::store::schema::{assignments, devices, streams, users};
use crate::store::{At, Code, Conn, Db, StoreError};

codes! {
    /// What a stream is of.
    StreamKind { Group = "group", Organisation = "organisation", Partnership = "partnership" }
}

impl StreamKind {
    /// The records that travel in it are those that live there.
    pub fn home(self) -> Home {
        match self {
            Self::Group => Home::Group,
            Self::Organisation => Home::Organisation,
            Self::Partnership => Home::Partnership,
        }
    }
}

/// The state of a stream.
#[derive(Debug, Clone, Copy)]
pub struct StreamRow {
    pub id: StreamId,
    pub kind: StreamKind,
    pub organisation: Option<OrganisationId>,
    /// The number of its last change; 0 before the first.
    pub last_seq: u64,
    /// The number up to which the bytes of changes were given up ([`compact`](super::compact)); the documents hold
    /// these changes.
    pub compacted_to: u64,
    pub fingerprint: Fingerprint,
}

impl StreamRow {
    /// Whether tablets that read it may write to it. What stands in the partnership's stream follows from those of the organisations: the
    /// service writes it.
    pub fn takes_from_tablets(&self) -> bool {
        self.kind != StreamKind::Partnership
    }

    /// Whether the changes after this one can be read one by one.
    pub fn has_after(&self, position: u64) -> bool {
        (self.compacted_to..=self.last_seq).contains(&position)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = streams)]
struct Columns {
    id: Db<StreamId>,
    kind: Code<StreamKind>,
    organisation_id: Option<Db<OrganisationId>>,
    last_seq: i64,
    compacted_to: i64,
    fingerprint: Vec<u8>,
}

impl TryFrom<Columns> for StreamRow {
    type Error = StoreError;
    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::Damaged("a stream");
        let number = |seq: i64| u64::try_from(seq).map_err(|_| StoreError::Damaged("a stream"));
        Ok(Self {
            id: row.id.0,
            kind: row.kind.0,
            organisation: row.organisation_id.map(|id| id.0),
            last_seq: number(row.last_seq)?,
            compacted_to: number(row.compacted_to)?,
            fingerprint: Fingerprint::from_bytes(row.fingerprint.as_slice().try_into().map_err(damaged)?),
        })
    }
}

/// Begins a stream, with its first key. A document is stored only in a stream that exists.
///
/// # Errors
/// Those of the store.
pub fn create_stream(
    tx: &mut Conn<'_>,
    id: StreamId,
    kind: StreamKind,
    organisation: Option<OrganisationId>,
    now: Millis,
) -> Result<(), StoreError> {
    let row = (
        streams::id.eq(Db(id)),
        streams::kind.eq(kind.code()),
        streams::organisation_id.eq(organisation.map(Db)),
        streams::last_seq.eq(0),
        streams::fingerprint.eq(Fingerprint::default().as_bytes().to_vec()),
        streams::created_at.eq(At(now)),
    );
    on_each!(tx, |c| diesel::insert_into(streams::table).values(row).execute(c))?;
    renew_key(tx, id)
}

/// Begins the stream of the partnership, if there is none yet.
///
/// # Errors
/// Those of the store.
pub fn begin_partnership(tx: &mut Conn<'_>, now: Millis) -> Result<(), StoreError> {
    if stream(tx, StreamId::PARTNERSHIP)?.is_some() {
        return Ok(());
    }
    create_stream(tx, StreamId::PARTNERSHIP, StreamKind::Partnership, None, now)
}

/// Gives a stream a new key, after somebody left the group: parts of bundles that are sealed from now on don't open
/// with the old key.
///
/// # Errors
/// Those of the store.
pub fn renew_key(tx: &mut Conn<'_>, id: StreamId) -> Result<(), StoreError> {
    let next =
        (streams::key_number.eq(streams::key_number + 1), streams::key_identity.eq(sealing::new_identity()));
    on_each!(tx, |c| diesel::update(streams::table.find(Db(id))).set(next).execute(c))?;
    Ok(())
}

/// Gives a stream its first key, if it has none.
///
/// # Errors
/// Those of the store.
pub fn give_key(tx: &mut Conn<'_>, id: StreamId) -> Result<(), StoreError> {
    let without = streams::table.find(Db(id)).filter(streams::key_number.eq(0)).select(streams::id);
    let found: Option<Db<StreamId>> = on_each!(tx, |c| without.first(c).optional())?;
    found.map_or(Ok(()), |Db(id)| renew_key(tx, id))
}

/// The keys of these streams.
///
/// # Errors
/// Those of the store.
pub fn stream_keys(tx: &mut Conn<'_>, of: &BTreeSet<StreamId>) -> Result<Vec<StreamKey>, StoreError> {
    type Row = (Db<StreamId>, i32, Option<String>);
    let rows: Vec<Row> = on_each!(tx, |c| streams::table
        .filter(streams::id.eq_any(of.iter().copied().map(Db)))
        .order(streams::id)
        .select((streams::id, streams::key_number, streams::key_identity))
        .load(c))?;
    let key = |(Db(stream), number, identity): Row| {
        Some(StreamKey { stream, number: u32::try_from(number).ok()?, identity: identity? })
    };
    Ok(rows.into_iter().filter_map(key).collect())
}

/// The state of a stream, if there is one with this id.
///
/// # Errors
/// Those of the store.
pub fn stream(tx: &mut Conn<'_>, id: StreamId) -> Result<Option<StreamRow>, StoreError> {
    let row: Option<Columns> =
        on_each!(tx, |c| streams::table.find(Db(id)).select(Columns::as_select()).first(c).optional())?;
    row.map(StreamRow::try_from).transpose()
}

/// The streams among `of` that the store has.
///
/// # Errors
/// Those of the store.
pub fn known_streams(
    tx: &mut Conn<'_>,
    of: impl Iterator<Item = StreamId>,
) -> Result<BTreeSet<StreamId>, StoreError> {
    let of: Vec<Db<StreamId>> = of.map(Db).collect();
    let there: Vec<Db<StreamId>> =
        on_each!(tx, |c| streams::table.filter(streams::id.eq_any(&of)).select(streams::id).load(c))?;
    Ok(there.into_iter().map(|Db(id)| id).collect())
}

/// The streams that a tablet may read now, in the order of their ids: those of the groups to which its user is assigned,
/// that of their organisation, and that of the partnership. There are none once the tablet is revoked or its user disabled.
/// Locks nothing: an assignment may end right after. It may write to all but the partnership's ([`StreamRow::takes_from_tablets`]).
///
/// # Errors
/// Those of the store.
pub fn readable_streams(tx: &mut Conn<'_>, tablet: DeviceId) -> Result<Vec<StreamRow>, StoreError> {
    let user = devices::table
        .inner_join(users::table)
        .filter(devices::id.eq(Db(tablet)))
        .filter(devices::revoked_at.is_null())
        .filter(users::disabled_at.is_null())
        .filter(users::organisation_id.is_not_null());
    let of_groups = assignments::table
        .filter(assignments::user_id.eq_any(user.select(users::id)))
        .filter(assignments::ended_at.is_null())
        .select(assignments::group_id);
    // The stream of an organisation bears its id.
    let of_organisation = user.select(users::organisation_id.assume_not_null());
    let of_partnership = streams::id.eq(Db(StreamId::PARTNERSHIP)).and(exists(user));
    let readable = streams::id.eq_any(of_groups).or(streams::id.eq_any(of_organisation)).or(of_partnership);
    let rows: Vec<Columns> = on_each!(tx, |c| streams::table
        .filter(readable)
        .order(streams::id)
        .select(Columns::as_select())
        .load(c))?;
    rows.into_iter().map(StreamRow::try_from).collect()
}

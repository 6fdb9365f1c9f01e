//! The streams, and who reads which.

use diesel::prelude::*;
use sync_core::cursor::Fingerprint;
use sync_core::id::{OrganisationId, StreamId, UserId};
use sync_core::time::Millis;

use crate::on_each;
use crate::store::schema::{assignments, streams};
use crate::store::{At, Conn, Db, StoreError};

/// What a stream is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    Group,
    Organisation,
    Partnership,
}

impl StreamKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Organisation => "organisation",
            Self::Partnership => "partnership",
        }
    }
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy)]
pub struct StreamRow {
    pub id: StreamId,
    pub organisation: Option<OrganisationId>,
    /// The number of its last change; 0 before the first.
    pub last_seq: u64,
    pub fingerprint: Fingerprint,
}

type Columns = (Db<StreamId>, Option<Db<OrganisationId>>, i64, Vec<u8>);

impl TryFrom<Columns> for StreamRow {
    type Error = StoreError;
    fn try_from((id, organisation, last_seq, fingerprint): Columns) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::Damaged("a stream");
        Ok(Self {
            id: id.0,
            organisation: organisation.map(|id| id.0),
            last_seq: u64::try_from(last_seq).map_err(|_| StoreError::Damaged("a stream"))?,
            fingerprint: Fingerprint::from_bytes(fingerprint.as_slice().try_into().map_err(damaged)?),
        })
    }
}

/// Begins a stream; a document must be in one before it is stored.
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
    Ok(())
}

/// # Errors
/// Those of the store.
pub fn stream(tx: &mut Conn<'_>, id: StreamId) -> Result<Option<StreamRow>, StoreError> {
    let row: Option<Columns> = on_each!(tx, |c| streams::table
        .find(Db(id))
        .select((streams::id, streams::organisation_id, streams::last_seq, streams::fingerprint))
        .first(c)
        .optional())?;
    row.map(StreamRow::try_from).transpose()
}

/// The streams of the groups to which a person is assigned now, by id.
///
/// # Errors
/// Those of the store.
pub fn assigned_streams(tx: &mut Conn<'_>, user: UserId) -> Result<Vec<StreamRow>, StoreError> {
    let rows: Vec<Columns> = on_each!(tx, |c| streams::table
        .inner_join(assignments::table)
        .filter(assignments::user_id.eq(Db(user)).and(assignments::ended_at.is_null()))
        .order(streams::id)
        .select((streams::id, streams::organisation_id, streams::last_seq, streams::fingerprint))
        .load(c))?;
    rows.into_iter().map(StreamRow::try_from).collect()
}

//! How far the streams of an organisation have come: what is recorded in it later makes this another.

use data_encoding::HEXLOWER;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::{OrganisationId, StreamId};

use crate::on_each;
use crate::store::schema::{quarantine, streams};
use crate::store::{At, Conn, Db, StoreError};

/// The state of all streams of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) streams: Vec<StreamStanding>,
    /// How many changes are quarantined for them, decided or not.
    quarantined: i64,
    /// When the last of these was received, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined_last: Option<i64>,
}

/// A stream: its last number, and the fingerprint of all its documents with their heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StreamStanding {
    pub(super) id: StreamId,
    last_number: i64,
    fingerprint: String,
}

impl Standing {
    pub(super) fn of(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<Self, StoreError> {
        let theirs = streams::table.filter(streams::organisation_id.eq(Db(organisation)));
        let rows: Vec<(Db<StreamId>, i64, Vec<u8>)> = on_each!(tx, |c| theirs
            .order(streams::id)
            .select((streams::id, streams::last_seq, streams::fingerprint))
            .load(c))?;
        let (quarantined, last): (i64, Option<At>) = on_each!(tx, |c| quarantine::table
            .filter(quarantine::stream_id.eq_any(theirs.select(streams::id)))
            .select((count_star(), max(quarantine::received_at)))
            .first(c))?;
        let stream = |(Db(id), last_number, fingerprint): (Db<StreamId>, i64, Vec<u8>)| StreamStanding {
            id,
            last_number,
            fingerprint: HEXLOWER.encode(&fingerprint),
        };
        Ok(Self {
            streams: rows.into_iter().map(stream).collect(),
            quarantined,
            quarantined_last: last.map(|At(at)| at.0),
        })
    }
}

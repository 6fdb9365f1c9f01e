//! Streams: their numbers, and the fingerprint of what is in them.

use diesel::prelude::*;
use sync_core::id::{GroupId, Id, StreamId};

use super::{About, Seen, documents};
use crate::facts;
use crate::on_each;
use crate::store::schema::{changes, streams};
use crate::store::{Conn, Db, StoreError};

/// All streams that there are now.
pub(super) fn all(tx: &mut Conn<'_>) -> Result<Vec<StreamId>, StoreError> {
    let ids: Vec<Db<StreamId>> =
        on_each!(tx, |c| streams::table.order(streams::id).select(streams::id).load(c))?;
    Ok(ids.into_iter().map(|Db(id)| id).collect())
}

/// Checks a stream with all that is in it.
pub(super) fn check(tx: &mut Conn<'_>, id: StreamId) -> Result<Seen, StoreError> {
    let (last, fingerprint): (i64, Vec<u8>) = on_each!(tx, |c| streams::table
        .find(Db(id))
        .select((streams::last_seq, streams::fingerprint))
        .first(c))?;
    let numbers: Vec<i64> = on_each!(tx, |c| changes::table
        .filter(changes::stream_id.eq(Db(id)))
        .order(changes::seq)
        .select(changes::seq)
        .load(c))?;
    let mut seen = Seen::default();
    seen.checked.streams += 1;
    let mut next = 1;
    for number in numbers {
        seen.check(number == next, About::Number(id, next), "it is missing; streams have no gaps");
        next = number + 1;
    }
    seen.check(next == last + 1, About::Stream(id), "its last number is not that of its last change");
    let sum = documents::check(tx, id, &mut seen)?;
    seen.check(
        fingerprint == sum.as_bytes(),
        About::Stream(id),
        "its fingerprint is not that of its documents",
    );
    let facts = facts::differ(tx, GroupId::from_uuid(id.uuid()))?;
    seen.check(
        !facts,
        About::Stream(id),
        "its facts are not those that its rows give; `ihuriro rebuild` mends them",
    );
    Ok(seen)
}

/// Checks the sums of facts over all groups.
pub(super) fn sums(tx: &mut Conn<'_>) -> Result<Seen, StoreError> {
    let mut seen = Seen::default();
    let right = facts::wrong_sums(tx)? == 0;
    seen.check(
        right,
        About::Sums,
        "they are not those of the facts of the groups; `ihuriro rebuild` mends them",
    );
    Ok(seen)
}

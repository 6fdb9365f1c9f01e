//! Which records have been kept for as long as somebody decided.

use std::collections::BTreeMap;

use diesel::prelude::*;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use sync_core::id::{DocumentId, OrganisationId, StreamId};
use sync_core::record::Kind;
use sync_core::record::group::GroupStatus;
use sync_core::time::Millis;

use super::rules;
use crate::erasure::{Asked, overdue};
use crate::ledger::{live, tombstone_heads};
use crate::on_each;
use crate::store::schema::{documents, groups, organisations, streams};
use crate::store::{At, Code, Conn, Db, StoreError};

/// What of an organisation is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub organisation: OrganisationId,
    /// Its code.
    pub code: String,
    /// How many records of each kind; a kind of which none are due is left out.
    pub records: BTreeMap<Kind, usize>,
    /// How many people asked to be erased thirty days ago.
    pub asked: usize,
}

/// What is due, by organisation and kind. Organisations of which nothing is are left out.
///
/// # Errors
/// Those of the store.
pub fn due(tx: &mut Conn<'_>, now: Millis) -> Result<Vec<Due>, StoreError> {
    let asked = overdue(tx, now)?;
    let mut all = Vec::new();
    for (organisation, code) in partners(tx)? {
        let mut records: BTreeMap<Kind, usize> = BTreeMap::new();
        for over in over(tx, organisation, now)? {
            *records.entry(over.kind).or_default() += over.ids.len();
        }
        let asked = asked.iter().filter(|one: &&Asked| one.organisation == organisation).count();
        if asked > 0 || !records.is_empty() {
            all.push(Due { organisation, code, records, asked });
        }
    }
    Ok(all)
}

/// The organisations that are partners now, with their codes.
pub(super) fn partners(tx: &mut Conn<'_>) -> Result<Vec<(OrganisationId, String)>, StoreError> {
    let rows: Vec<(Db<OrganisationId>, String)> = on_each!(tx, |c| organisations::table
        .filter(organisations::left_at.is_null())
        .order(organisations::id)
        .select((organisations::id, organisations::code))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(id), code)| (id, code)).collect())
}

/// Records of one kind in one stream whose time is over.
#[derive(Debug, Clone)]
pub(super) struct Over {
    pub(super) stream: StreamId,
    pub(super) kind: Kind,
    /// What must have been before this time: the last change of the closed group, or of the record itself.
    pub(super) before: Millis,
    pub(super) ids: Vec<DocumentId>,
}

/// The order in which records of a group go. What others point to goes after them, and the group last.
const ORDER: [Kind; 6] =
    [Kind::Referral, Kind::Screening, Kind::Incident, Kind::Session, Kind::Participant, Kind::Group];

/// All records of an organisation whose time is over, stream by stream. Ids alone are read, nothing of a record.
pub(super) fn over(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    now: Millis,
) -> Result<Vec<Over>, StoreError> {
    let rules = rules::in_force(tx, organisation)?;
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let streams: Vec<Db<StreamId>> = on_each!(tx, |c| streams::table
        .filter(streams::organisation_id.eq(Db(organisation)))
        .order(streams::id)
        .select(streams::id)
        .load(c))?;
    let mut all = Vec::new();
    for Db(stream) in streams {
        for kind in ORDER {
            let Some(before) = rules.get(&kind).and_then(|months| months_before(now, *months)) else {
                continue;
            };
            let one = Over { stream, kind, before, ids: Vec::new() };
            // Most groups go on: nothing more is read of them.
            if !one.may_go(tx)? {
                continue;
            }
            let live = live(tx, stream, kind)?;
            let ids = one.still(tx, &live)?;
            if !ids.is_empty() {
                all.push(Over { ids, ..one });
            }
        }
    }
    Ok(all)
}

/// How many ids one query asks for.
const AT_ONCE: usize = 500;

impl Over {
    /// Whether the group lets records of the kind go. Its own record goes once nothing else of the group is left.
    fn may_go(&self, tx: &mut Conn<'_>) -> Result<bool, StoreError> {
        Ok(match self.kind {
            kind if counts_from_its_own_change(kind) => true,
            Kind::Group => closed_before(tx, self.stream, self.before)? && !has_others(tx, self.stream)?,
            _ => closed_before(tx, self.stream, self.before)?,
        })
    }

    /// Those among some of its ids whose time is over as the store is now.
    pub(super) fn still(&self, tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError> {
        if ids.is_empty() || !self.may_go(tx)? {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let rows: Vec<Db<DocumentId>> = on_each!(tx, |c, Backend| {
                let rows = documents::table
                    .filter(documents::id.eq_any(some.iter().copied().map(Db)))
                    .filter(documents::stream_id.eq(Db(self.stream)))
                    .filter(documents::heads.ne(tombstone_heads(self.kind)))
                    .order(documents::id)
                    .select(documents::id)
                    .into_boxed::<Backend>();
                match counts_from_its_own_change(self.kind) {
                    true => rows.filter(documents::updated_at.le(At(self.before))).load(c),
                    false => rows.load(c),
                }
            })?;
            found.extend(rows.into_iter().map(|Db(id)| id));
        }
        Ok(found)
    }
}

/// Referrals, incidents and screenings are kept from their own last change, where their group may go on for years; all others from when the
/// group was closed.
fn counts_from_its_own_change(kind: Kind) -> bool {
    matches!(kind, Kind::Referral | Kind::Incident | Kind::Screening)
}

/// Whether a stream has records beside the group's own that are not erased.
fn has_others(tx: &mut Conn<'_>, stream: StreamId) -> Result<bool, StoreError> {
    let tombstones: Vec<Vec<u8>> = Kind::ALL.iter().map(|kind| tombstone_heads(*kind)).collect();
    let others: i64 = on_each!(tx, |c| documents::table
        .filter(documents::stream_id.eq(Db(stream)))
        .filter(documents::kind.ne(Code(Kind::Group)))
        .filter(documents::heads.ne_all(tombstones))
        .count()
        .get_result(c))?;
    Ok(others > 0)
}

/// Whether a group is closed, and the last change of its record was before a time. Somebody who puts something right in it begins its time anew.
fn closed_before(tx: &mut Conn<'_>, stream: StreamId, before: Millis) -> Result<bool, StoreError> {
    let closed = [GroupStatus::Graduated.code(), GroupStatus::Suspended.code()];
    let found: i64 = on_each!(tx, |c| groups::table
        .inner_join(documents::table.on(documents::id.eq(groups::id)))
        .filter(groups::id.eq(Db(stream)))
        .filter(groups::status.eq_any(closed))
        .filter(documents::updated_at.le(At(before)))
        .count()
        .get_result(c))?;
    Ok(found > 0)
}

/// The time so many months ago; none before all calendars.
fn months_before(now: Millis, months: i32) -> Option<Millis> {
    let now = Offset::constant(2).to_datetime(Timestamp::from_millisecond(now.0).ok()?);
    let then = now.checked_sub(Span::new().try_months(months).ok()?).ok()?;
    Some(Millis(Offset::constant(2).to_timestamp(then).ok()?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let at = |text: &str| Millis(text.parse::<Timestamp>().expect("a time").as_millisecond());
        let before = |text, months| months_before(at(text), months);
        assert_eq!(before("2026-03-31T08:00:00Z", 1), Some(at("2026-02-28T08:00:00Z")));
        assert_eq!(before("2026-03-05T08:00:00Z", 24), Some(at("2024-03-05T08:00:00Z")));
        assert_eq!(before("2026-03-05T08:00:00Z", 1_200), Some(at("1926-03-05T08:00:00Z")));
    }
}

//! What tablets no longer hold of the partnership's stream: lessons in which nobody wrote for two years. A tablet that is new, behind a slow link,
//! would wait for them before it could work; who looks for them asks `GET /v1/lessons`.
//!
//! Which they are changes once a quarter, and follows from the day alone. The fingerprint that a tablet is told is that of the others; so a tablet that still
//! holds one, or lacks one in which somebody wrote again, finds that it differs, forgets the stream and copies it, as it does whenever it
//! differs there.

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use jiff::ToSpan;
use sync_core::change::ChangeHash;
use sync_core::cursor::Fingerprint;
use sync_core::id::DocumentId;
use sync_core::record::Kind;
use sync_core::time::{Millis, day_in_rwanda};

use crate::clock::day_begins;
use crate::ledger::{StreamKind, StreamRow};
use crate::on_each;
use crate::store::schema::{changes, documents};
use crate::store::{At, Code, Conn, Db, StoreError};

/// The time before which a lesson must have been written in last for tablets not to hold it: two years before the quarter began.
pub(super) fn held_since(now: Millis) -> Millis {
    let day = day_in_rwanda(now);
    let months = i32::from((day.month() - 1) % 3) + 24;
    // Before all calendars nothing is old.
    day.first_of_month().checked_sub(months.months()).map_or(Millis(i64::MIN), day_begins)
}

/// The fingerprint of what a tablet holds of a stream.
pub(super) fn fingerprint(
    tx: &mut Conn<'_>,
    stream: &StreamRow,
    since: Millis,
) -> Result<Fingerprint, StoreError> {
    if stream.kind != StreamKind::Partnership {
        return Ok(stream.fingerprint);
    }
    let older: Vec<(Db<DocumentId>, Vec<u8>)> = on_each!(tx, |c| documents::table
        .filter(documents::stream_id.eq(Db(stream.id)))
        // Written out, as the index has it: of a value that is bound the databases don't know when they plan.
        .filter(sql::<Bool>("documents.kind = 'shared_lesson'"))
        .filter(documents::updated_at.lt(At(since)))
        .select((documents::id, documents::heads))
        .load(c))?;
    let without = |all: Fingerprint, (Db(id), heads): &(Db<DocumentId>, Vec<u8>)| {
        let heads: Vec<ChangeHash> =
            heads.as_chunks().0.iter().copied().map(ChangeHash::from_bytes).collect();
        all.replace(Fingerprint::of(*id, &heads), Fingerprint::default())
    };
    Ok(older.iter().fold(stream.fingerprint, without))
}

/// Whether somebody wrote, after the change numbered `position`, in a lesson that a tablet which has read so far does not hold: it can't merge that
/// change.
pub(super) fn is_missed(
    tx: &mut Conn<'_>,
    stream: &StreamRow,
    position: u64,
    since: Millis,
) -> Result<bool, StoreError> {
    if stream.kind != StreamKind::Partnership || position == stream.last_seq {
        return Ok(false);
    }
    let earlier = diesel::alias!(changes as earlier);
    let of_lesson = |from: Millis| {
        earlier
            .filter(earlier.field(changes::document_id).eq(changes::document_id))
            .filter(earlier.field(changes::stream_id).eq(changes::stream_id))
            .filter(earlier.field(changes::seq).le(position as i64))
            .filter(earlier.field(changes::received_at).ge(At(from)))
    };
    let missed = changes::table
        .filter(changes::stream_id.eq(Db(stream.id)).and(changes::seq.gt(position as i64)))
        .filter(changes::kind.eq(Code(Kind::SharedLesson)))
        .filter(exists(of_lesson(Millis(0))))
        .filter(diesel::dsl::not(exists(of_lesson(since))));
    Ok(on_each!(tx, |c| diesel::select(exists(missed)).get_result(c))?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn it_moves_once_a_quarter() {
        let since = |year, month, day| day_in_rwanda(held_since(day_begins(date(year, month, day))));
        assert_eq!(since(2026, 1, 1), date(2024, 1, 1));
        assert_eq!(since(2026, 3, 31), date(2024, 1, 1));
        assert_eq!(since(2026, 11, 28), date(2024, 10, 1));
    }
}

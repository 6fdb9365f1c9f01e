//! Facts: additive counts, written when what they count is written, so that questions need not count all records again.
//!
//! ```text
//! rows of a group ──count──> facts of the group and month   (facts, person_months, fact_doubts)
//!                                   │ old against new
//!                                   v
//!                            sums over groups                (fact_sums, people_sums, doubt_sums)
//! ```
//!
//! The facts of a group and month are a pure function ([`count`]) of the rows of the group: what is void, moved, a double or
//! another person's stands in several documents. So they are counted again, month by month, by whoever writes one of the rows
//! ([`fold`]), under the lock of the group's stream. What differs is written, and added to the sums over groups
//! ([`sums`]): two who write at the same moment add rows of their own, and neither waits.
//!
//! *Every whole month counts people once by plain sums*: there is a row for each person and month in which they came, with the month
//! before it in which they did. Of the months from a to b, those rows with `before < a` are each another person.
//!
//! A group that is too much work for whoever writes to it ([`due`]) is counted a moment later, with no lock held.

mod level;
mod rows;
mod affected;
mod group;
mod count;
mod sums;
mod table;
mod adding_up;
mod change;
mod due;

pub use adding_up::{add_up, mend_sums, wrong_sums};
pub use due::catch_up;
pub(crate) use due::{note as note_due, note_all as note_all_due};
pub(crate) use level::{BOTH, FINEST, MEETINGS, Period, at_least, plane};
pub(crate) use table::DOUBTS;

use sync_core::id::GroupId;

use crate::projection::Differences;
use crate::store::{Conn, StoreError};
use affected::Affected;
use change::Change;
use group::Group;

/// How many marks and heads are counted again within the transaction that changed one of them. A month of a group has some tens,
/// of a group that somebody filled on purpose there may be millions.
const MAX_AT_ONCE: i64 = 10_000;

/// Counts again what these differences of the rows of a group change, and writes it.
///
/// Whoever calls this holds the lock of the group's stream.
///
/// # Errors
/// Those of the store.
pub(crate) fn fold(tx: &mut Conn<'_>, id: GroupId, differences: &Differences) -> Result<(), StoreError> {
    if differences.is_empty() {
        return Ok(());
    }
    // Before its own record is there, nothing of a group counts.
    let Some(group) = Group::load(tx, id)? else { return Ok(()) };
    let affected = Affected::by(tx, &group, differences)?;
    if group.marks_in(&affected) > MAX_AT_ONCE {
        return due::note(tx, &[id]);
    }
    Change::of(tx, group, affected)?.write(tx)
}

/// Counts a whole group again and writes what differs; says whether anything did. Whoever calls this holds the lock of its stream.
///
/// # Errors
/// Those of the store.
pub(crate) fn recount(tx: &mut Conn<'_>, id: GroupId) -> Result<bool, StoreError> {
    let Some(group) = Group::load(tx, id)? else { return Ok(false) };
    let change = Change::of(tx, group, Affected::All)?;
    let differs = change.differs();
    change.write(tx)?;
    due::done(tx, id)?;
    Ok(differs)
}

/// Whether the facts of a group are not those that its rows give, without being known to be due.
///
/// # Errors
/// Those of the store.
pub(crate) fn differ(tx: &mut Conn<'_>, id: GroupId) -> Result<bool, StoreError> {
    let Some(group) = Group::load(tx, id)? else { return Ok(false) };
    Ok(Change::of(tx, group, Affected::All)?.differs() && !due::is(tx, id)?)
}

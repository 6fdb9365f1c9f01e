//! How often something may be tried: the generic cell rate algorithm (GCRA: ITU-T I.371, annex A; the form with a theoretical arrival
//! time, as the crate `governor` has it). Its state is one number for each name, in the store, so that several services agree.
//!
//! The number is the moment at which all attempts are there again. Each attempt moves it on by one interval; it may stand at most `burst`
//! intervals ahead of now. A name whose moment has passed needs no row, so the table is as large as what was tried lately.

use diesel::prelude::*;
use sync_core::time::Millis;

use crate::on_each;
use crate::store::schema::sign_in_limits;
use crate::store::{At, Conn, StoreError};

/// So many at once, then one in each interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) burst: i64,
    /// Milliseconds.
    pub(super) interval: i64,
}

impl Limit {
    /// The arrival time after one more attempt now, or how many milliseconds are left until there may be one.
    fn after_one_more(self, full_at: Millis, now: Millis) -> Result<Millis, i64> {
        // A clock that was set back must keep nobody out for longer than a whole burst.
        let full_at = full_at.0.clamp(now.0, now.0 + self.burst * self.interval);
        let next = full_at + self.interval;
        let wait = next - now.0 - self.burst * self.interval;
        if wait > 0 { Err(wait) } else { Ok(Millis(next)) }
    }
}

/// Attempts that are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bucket {
    /// A keyed hash: see [`Gate::name`](super::gate::Gate::name).
    pub(super) name: Vec<u8>,
    pub(super) limit: Limit,
}

impl Bucket {
    /// How many milliseconds are left until there may be an attempt; `None` if there may be one now.
    pub(super) fn wait(&self, tx: &mut Conn<'_>, now: Millis) -> Result<Option<i64>, StoreError> {
        let row: Option<At> = on_each!(tx, |c| sign_in_limits::table
            .find(&self.name)
            .select(sign_in_limits::full_at)
            .first(c)
            .optional())?;
        Ok(row.and_then(|At(full_at)| self.limit.after_one_more(full_at, now).err()))
    }

    /// Takes one attempt. The row is locked from here on, so that of many who come at once only so many get one.
    pub(super) fn take(&self, tx: &mut Conn<'_>, now: Millis) -> Result<Result<(), i64>, StoreError> {
        let row = sign_in_limits::table.find(&self.name);
        on_each!(tx, |c| diesel::insert_into(sign_in_limits::table)
            .values((sign_in_limits::name.eq(&self.name), sign_in_limits::full_at.eq(At(now))))
            .on_conflict(sign_in_limits::name)
            .do_nothing()
            .execute(c))?;
        let full_at: Option<At> = on_each!(tx, |c| diesel::update(row)
            .set(sign_in_limits::full_at.eq(sign_in_limits::full_at))
            .returning(sign_in_limits::full_at)
            .get_result(c)
            .optional())?;
        // Somebody forgot the row between the two.
        let At(full_at) = full_at.ok_or(StoreError::Raced)?;
        match self.limit.after_one_more(full_at, now) {
            Ok(next) => {
                on_each!(tx, |c| diesel::update(row).set(sign_in_limits::full_at.eq(At(next))).execute(c))?;
                Ok(Ok(()))
            }
            Err(wait) => Ok(Err(wait)),
        }
    }

    /// Gives one attempt back that was no guess.
    pub(super) fn give_back(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        on_each!(tx, |c| diesel::update(sign_in_limits::table.find(&self.name))
            .set(sign_in_limits::full_at.eq(sign_in_limits::full_at - self.limit.interval))
            .execute(c))?;
        Ok(())
    }
}

/// Removes the rows of names that have all their attempts again.
pub(super) fn forget(tx: &mut Conn<'_>, now: Millis) -> Result<usize, StoreError> {
    on_each!(tx, |c| diesel::delete(sign_in_limits::table)
        .filter(sign_in_limits::full_at.le(At(now)))
        .execute(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { burst: 3, interval: 1_000 };

    /// Tries at these times; says which went through.
    fn tried(times: &[i64]) -> Vec<bool> {
        let mut full_at = Millis(0);
        let mut one = |now: &i64| match LIMIT.after_one_more(full_at, Millis(*now)) {
            Ok(next) => {
                full_at = next;
                true
            }
            Err(_) => false,
        };
        times.iter().map(&mut one).collect()
    }

    #[test]
    fn so_many_go_through_at_once_and_then_one_in_each_interval() {
        assert_eq!(tried(&[0, 0, 0, 0, 999, 1_000, 1_000]), [true, true, true, false, false, true, false]);
        assert_eq!(tried(&[0, 0, 0, 9_000, 9_000, 9_000, 9_000])[3..], [true, true, true, false]);
        assert_eq!(LIMIT.after_one_more(Millis(3_000), Millis(0)), Err(1_000));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_a_burst() {
        assert_eq!(LIMIT.after_one_more(Millis(1_000_000), Millis(0)), Err(1_000));
    }

    proptest! {
        /// In any stretch of time no more go through than a burst and one for each interval of it.
        #[test]
        fn no_stretch_of_time_has_more(mut times in proptest::collection::vec(0_i64..20_000, 1..80)) {
            times.sort_unstable();
            let went: Vec<i64> =
                times.iter().zip(tried(&times)).filter(|(_, went)| *went).map(|(at, _)| *at).collect();
            for (first, from) in went.iter().enumerate() {
                for (last, to) in went.iter().enumerate().skip(first) {
                    prop_assert!((last - first) as i64 <= (to - from) / LIMIT.interval + LIMIT.burst);
                }
            }
        }
    }
}

//! Sums of facts over the groups of an organisation: what most questions read.
//!
//! Whoever changes facts adds rows that say by how much, at the finest level (by month, village, kind and modality) and under a name of their own
//! (`part`), and reads nothing: no two wait for each other. Afterwards one who has time adds these up, into the part without a name, at
//! each level ([`adding_up`](super::adding_up)). A question sums over the rows of the coarsest level that tells what it asks, and over those that are not added
//! up yet.

use std::collections::BTreeMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::group::Stratum;
use super::level::{BOTH, FINEST};
use super::rows::{Cell, Counts, Fact, MonthDoubts, PersonMonth};
use crate::on_each;
use crate::store::schema::{doubt_sums, fact_sums, people_sums};
use crate::store::{Conn, Db, StoreError};

/// How many rows one statement writes.
const AT_ONCE: usize = 500;

/// What is to be added.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By stratum, cell and month.
    facts: BTreeMap<(Stratum, Cell, String), Counts>,
    /// By stratum, month, the month before, sex, age band and consent.
    people: BTreeMap<(Stratum, String, String, String, String, bool), i64>,
    /// By stratum and month.
    doubts: BTreeMap<(Stratum, String), [i64; 10]>,
}

impl Sums {
    /// Adds so many times these facts.
    pub(super) fn add(
        &mut self,
        of: &Stratum,
        facts: &[Fact],
        people: &[PersonMonth],
        doubts: &[MonthDoubts],
        times: i64,
    ) {
        for Fact { month, cell, counts, .. } in facts {
            let key = (of.clone(), cell.clone(), month.clone());
            let sum = self.facts.entry(key).or_default();
            *sum = sum.with(*counts, |sum, more| sum + times * more);
        }
        for PersonMonth { month, before, sex, age_band, consents, .. } in people {
            let key = (of.clone(), month.clone(), before.clone(), sex.clone(), age_band.clone(), *consents);
            *self.people.entry(key).or_default() += times;
        }
        for one in doubts {
            let sums = self.doubts.entry((of.clone(), one.month.clone())).or_default();
            for (sum, more) in sums.iter_mut().zip(one.counts()) {
                *sum += times * more;
            }
        }
    }

    /// Writes what of it is not nothing.
    pub(super) fn write(self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        let part = Uuid::new_v4().as_bytes().to_vec();
        let facts: Vec<_> = self
            .facts
            .into_iter()
            .filter(|(_, counts)| *counts != Counts::default())
            .map(|((of, cell, month), counts)| {
                (
                    fact_sums::organisation_id.eq(Db(of.organisation)),
                    fact_sums::level.eq(FINEST),
                    fact_sums::plane.eq(cell.plane()),
                    fact_sums::month.eq(month),
                    fact_sums::area.eq(of.area),
                    fact_sums::kind.eq(of.kind),
                    fact_sums::modality.eq(of.modality),
                    fact_sums::sex.eq(cell.sex),
                    fact_sums::age_band.eq(cell.age_band),
                    fact_sums::phase.eq(cell.phase),
                    fact_sums::part_of_day.eq(cell.part_of_day),
                    fact_sums::state.eq(cell.state),
                    fact_sums::part.eq(part.clone()),
                    fact_sums::sessions.eq(counts.sessions),
                    fact_sums::by_register.eq(counts.by_register),
                    fact_sums::by_headcount.eq(counts.by_headcount),
                    fact_sums::attendances.eq(counts.attendances),
                    fact_sums::heads.eq(counts.heads),
                    fact_sums::minutes.eq(counts.minutes),
                )
            })
            .collect();
        for some in facts.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(fact_sums::table).values(some).execute(c))?;
        }
        let people: Vec<_> = self
            .people
            .into_iter()
            .filter(|(_, people)| *people != 0)
            .map(|((of, month, before, sex, age_band, consents), people)| {
                (
                    people_sums::organisation_id.eq(Db(of.organisation)),
                    people_sums::level.eq(FINEST),
                    people_sums::plane.eq(BOTH),
                    people_sums::month.eq(month),
                    people_sums::before.eq(before),
                    people_sums::area.eq(of.area),
                    people_sums::kind.eq(of.kind),
                    people_sums::modality.eq(of.modality),
                    people_sums::sex.eq(sex),
                    people_sums::age_band.eq(age_band),
                    people_sums::consents.eq(consents),
                    people_sums::part.eq(part.clone()),
                    people_sums::people.eq(people),
                )
            })
            .collect();
        for some in people.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(people_sums::table).values(some).execute(c))?;
        }
        let doubts: Vec<_> = self
            .doubts
            .into_iter()
            .filter(|(_, counts)| counts.iter().any(|count| *count != 0))
            .map(|((of, month), counts)| {
                let [doubles, moved, void, recorded_since, possible_doubles, rest @ ..] = counts;
                let [date_doubts, void_attendances, without_record, one_or_two, consent_date_doubts] = rest;
                (
                    doubt_sums::organisation_id.eq(Db(of.organisation)),
                    doubt_sums::level.eq(FINEST),
                    doubt_sums::month.eq(month),
                    doubt_sums::area.eq(of.area),
                    doubt_sums::kind.eq(of.kind),
                    doubt_sums::modality.eq(of.modality),
                    doubt_sums::part.eq(part.clone()),
                    doubt_sums::doubles.eq(doubles),
                    doubt_sums::moved.eq(moved),
                    doubt_sums::void.eq(void),
                    doubt_sums::recorded_since.eq(recorded_since),
                    doubt_sums::possible_doubles.eq(possible_doubles),
                    doubt_sums::date_doubts.eq(date_doubts),
                    doubt_sums::void_attendances.eq(void_attendances),
                    doubt_sums::without_record.eq(without_record),
                    doubt_sums::one_or_two.eq(one_or_two),
                    doubt_sums::consent_date_doubts.eq(consent_date_doubts),
                )
            })
            .collect();
        for some in doubts.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(doubt_sums::table).values(some).execute(c))?;
        }
        Ok(())
    }
}

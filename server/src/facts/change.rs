//! The facts of some months of a group as they are and as they must be, and writing what differs.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{GroupId, OrganisationId, ParticipantId};

use super::affected::Affected;
use super::count::count;
use super::group::{Group, Stratum};
use super::rows::{Fact, MonthDoubts, PersonMonth};
use super::sums::Sums;
use crate::on_each;
use crate::projection::CoverageId;
use crate::store::schema::{coverage, fact_doubts, facts, person_months, strata};
use crate::store::{Conn, Db, StoreError};

/// How many rows one statement writes, and ids one query names.
const AT_ONCE: usize = 500;

/// Facts of a group, each kind in the order of its values.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    /// Under what they stand in the sums; none where nothing of the group does yet.
    stratum: Option<Stratum>,
    /// Whether a session of the group counts, as all members of the partnership may know.
    met: bool,
    facts: Vec<Fact>,
    /// Of everybody who came, or comes, in one of the months, all months in which they came.
    people: Vec<PersonMonth>,
    doubts: Vec<MonthDoubts>,
}

/// What facts are and must be.
#[derive(Debug)]
pub(super) struct Change {
    group: GroupId,
    old: Facts,
    new: Facts,
}

impl Change {
    /// What a group, whose rows are as they are to be counted, has and must have.
    pub(super) fn of(tx: &mut Conn<'_>, group: Group, affected: Affected) -> Result<Self, StoreError> {
        let counted = count(tx, &group, &affected)?;
        let old = Facts {
            stratum: stratum(tx, group.id)?,
            met: met(tx, group.id)?,
            facts: facts_of(tx, group.id, &affected)?,
            people: people_of(tx, group.id, &affected, counted.came.keys())?,
            doubts: doubts_of(tx, group.id, &affected)?,
        };
        let new = Facts {
            facts: counted.facts,
            people: months_of_people(&group, &affected, &old.people, counted.came),
            doubts: counted.doubts,
            met: group.has_met(),
            stratum: Some(group.stratum),
        };
        Ok(Self { group: group.id, old, new })
    }

    pub(super) fn differs(&self) -> bool {
        self.old != self.new
    }

    /// Writes what differs, and adds it to the sums.
    pub(super) fn write(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        let Self { group, old, new } = self;
        let mut sums = Sums::default();
        if let Some(stratum) = &old.stratum {
            sums.add(stratum, &old.facts, &old.people, &old.doubts, -1);
        }
        if let Some(stratum) = &new.stratum {
            sums.add(stratum, &new.facts, &new.people, &new.doubts, 1);
        }
        self.write_facts(tx)?;
        self.write_people(tx)?;
        self.write_doubts(tx)?;
        if old.stratum != new.stratum {
            on_each!(tx, |c| diesel::delete(strata::table.find(Db(*group))).execute(c))?;
            if let Some(Stratum { organisation, area, kind, modality }) = &new.stratum {
                let row = (
                    strata::group_id.eq(Db(*group)),
                    strata::organisation_id.eq(Db(*organisation)),
                    strata::area.eq(area),
                    strata::kind.eq(kind),
                    strata::modality.eq(modality),
                );
                on_each!(tx, |c| diesel::insert_into(strata::table).values(row).execute(c))?;
            }
        }
        if old.met != new.met {
            let row = coverage::table.find(Db(CoverageId::of(*group)));
            on_each!(tx, |c| diesel::update(row).set(coverage::met.eq(new.met)).execute(c))?;
        }
        sums.write(tx)
    }

    fn write_facts(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        let month = |fact: &Fact| fact.month.clone();
        let months = changed(&self.old.facts, &self.new.facts, month);
        let old =
            facts::table.filter(facts::group_id.eq(Db(self.group))).filter(facts::month.eq_any(&months));
        if self.old.facts.iter().any(|fact| months.contains(&fact.month)) {
            on_each!(tx, |c| diesel::delete(old).execute(c))?;
        }
        let rows: Vec<&Fact> = self.new.facts.iter().filter(|fact| months.contains(&fact.month)).collect();
        for some in rows.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(facts::table).values(some.to_vec()).execute(c))?;
        }
        Ok(())
    }

    fn write_people(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        let (old, new) = (&self.old.people, &self.new.people);
        for gone in old.iter().filter(|row| new.binary_search(row).is_err()) {
            on_each!(tx, |c| diesel::delete(gone).execute(c))?;
        }
        let rows: Vec<&PersonMonth> = new.iter().filter(|row| old.binary_search(row).is_err()).collect();
        for some in rows.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(person_months::table).values(some.to_vec()).execute(c))?;
        }
        Ok(())
    }

    fn write_doubts(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        let months = changed(&self.old.doubts, &self.new.doubts, |doubt| doubt.month.clone());
        let old = fact_doubts::table
            .filter(fact_doubts::group_id.eq(Db(self.group)))
            .filter(fact_doubts::month.eq_any(&months));
        if self.old.doubts.iter().any(|doubt| months.contains(&doubt.month)) {
            on_each!(tx, |c| diesel::delete(old).execute(c))?;
        }
        let rows: Vec<&MonthDoubts> =
            self.new.doubts.iter().filter(|doubt| months.contains(&doubt.month)).collect();
        for some in rows.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(fact_doubts::table).values(some.to_vec()).execute(c))?;
        }
        Ok(())
    }
}

/// The months of which a row changed.
fn changed<T: Ord>(old: &[T], new: &[T], month: impl Fn(&T) -> String) -> BTreeSet<String> {
    let without = |one: &[T], other: &[T]| -> Vec<String> {
        one.iter().filter(|row| other.binary_search(row).is_err()).map(&month).collect()
    };
    without(old, new).into_iter().chain(without(new, old)).collect()
}

/// The months of everybody who came, or comes, in one of those that were counted.
fn months_of_people(
    group: &Group,
    affected: &Affected,
    old: &[PersonMonth],
    mut came: BTreeMap<ParticipantId, BTreeSet<String>>,
) -> Vec<PersonMonth> {
    for row in old.iter().filter(|row| !affected.month(&row.month)) {
        came.entry(row.person_id.0).or_default().insert(row.month.clone());
    }
    let mut rows = Vec::new();
    for (who, months) in came {
        let Some(person) = group.participants.get(&who) else { continue };
        let mut before = String::new();
        for month in months {
            rows.push(PersonMonth {
                group_id: Db(group.id),
                person_id: Db(who),
                month: month.clone(),
                before: std::mem::replace(&mut before, month),
                sex: person.sex.clone(),
                age_band: person.age_band.clone(),
                consents: person.consents,
            });
        }
    }
    rows
}

fn stratum(tx: &mut Conn<'_>, group: GroupId) -> Result<Option<Stratum>, StoreError> {
    type Row = (Db<OrganisationId>, String, String, String);
    let row: Option<Row> = on_each!(tx, |c| strata::table
        .find(Db(group))
        .select((strata::organisation_id, strata::area, strata::kind, strata::modality))
        .first(c)
        .optional())?;
    Ok(row.map(|(Db(organisation), area, kind, modality)| Stratum { organisation, area, kind, modality }))
}

fn met(tx: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
    let row = coverage::table.find(Db(CoverageId::of(group))).select(coverage::met);
    Ok(on_each!(tx, |c| row.first(c).optional())?.unwrap_or_default())
}

fn facts_of(tx: &mut Conn<'_>, group: GroupId, affected: &Affected) -> Result<Vec<Fact>, StoreError> {
    let mut rows: Vec<Fact> = on_each!(tx, |c, Backend| {
        let query = facts::table.filter(facts::group_id.eq(Db(group))).select(Fact::as_select());
        match affected {
            Affected::All => query.load(c),
            Affected::Some { months, .. } => query.filter(facts::month.eq_any(months)).load(c),
        }
    })?;
    rows.sort_unstable();
    Ok(rows)
}

/// All months of everybody who came in one of those that were counted, or is one of these.
fn people_of<'a>(
    tx: &mut Conn<'_>,
    group: GroupId,
    affected: &Affected,
    of: impl Iterator<Item = &'a ParticipantId>,
) -> Result<Vec<PersonMonth>, StoreError> {
    let all = person_months::table.filter(person_months::group_id.eq(Db(group)));
    let mut rows: Vec<PersonMonth> = match affected {
        Affected::All => on_each!(tx, |c| all.select(PersonMonth::as_select()).load(c))?,
        Affected::Some { months, .. } => {
            let there: Vec<Db<ParticipantId>> = on_each!(tx, |c| all
                .filter(person_months::month.eq_any(months))
                .select(person_months::person_id)
                .load(c))?;
            let who: BTreeSet<Db<ParticipantId>> = there.into_iter().chain(of.copied().map(Db)).collect();
            let who: Vec<Db<ParticipantId>> = who.into_iter().collect();
            let mut rows = Vec::new();
            for some in who.chunks(AT_ONCE) {
                rows.append(&mut on_each!(tx, |c| all
                    .filter(person_months::person_id.eq_any(some))
                    .select(PersonMonth::as_select())
                    .load(c))?);
            }
            rows
        }
    };
    rows.sort_unstable();
    Ok(rows)
}

fn doubts_of(tx: &mut Conn<'_>, group: GroupId, affected: &Affected) -> Result<Vec<MonthDoubts>, StoreError> {
    let mut rows: Vec<MonthDoubts> = on_each!(tx, |c| fact_doubts::table
        .filter(fact_doubts::group_id.eq(Db(group)))
        .select(MonthDoubts::as_select())
        .load(c))?;
    // One that is of no month is of people.
    rows.retain(|row| if row.month.is_empty() { affected.people() } else { affected.month(&row.month) });
    rows.sort_unstable();
    Ok(rows)
}

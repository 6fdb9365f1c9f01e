//! What managers are told when they ask the API; each sees their own organisation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sync_core::area::{self, AreaCode};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;

use super::Failed;
use super::cast::Organisation;
use super::count::Totals;
use super::desk::{Desk, text};

/// An organisation's figures as its manager reads them.
pub(super) struct Answer {
    pub(super) total: Totals,
    pub(super) districts: Vec<District>,
    /// Healing spaces, then dialogue circles.
    pub(super) programmes: [Programme; 2],
    /// People who came at least once, by sex and age.
    pub(super) people: BTreeMap<(Sex, AgeBand), u64>,
    pub(super) silent: Vec<Silent>,
    /// Sessions in which something clashes.
    pub(super) clashing: usize,
    /// What totals leave out, and what somebody should look at.
    pub(super) doubts: BTreeMap<String, u64>,
}

pub(super) struct District {
    pub(super) name: &'static str,
    pub(super) total: Totals,
    /// By month, `2025-07`.
    pub(super) months: BTreeMap<String, Totals>,
}

/// The groups of one kind, with what was planned for their whole cycles and what they held of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Programme {
    pub(super) groups: u64,
    /// Groups that are under way.
    pub(super) active: u64,
    pub(super) planned: u64,
    pub(super) held: u64,
}

/// A group that should have met and has not.
pub(super) struct Silent {
    pub(super) name: String,
    pub(super) led_by: String,
    pub(super) last: Date,
    pub(super) days: i32,
}

const KINDS: [&str; 2] = ["healing_space", "dialogue_circle"];
/// After so many days without a meeting a group counts as silent: three meetings are missing.
const QUIET: [i32; 2] = [3 * 7, 3 * 28];

pub(super) fn ask(
    server: &str,
    organisation: &Organisation,
    password: &str,
    today: Date,
) -> Result<Answer, Failed> {
    let manager = Desk::sign_in(server, organisation.manager, password)?;
    let by_district = manager.get("/v1/aggregates?by=district")?;
    let groups = manager.all("/v1/groups?limit=500")?;
    let sessions = manager.all("/v1/sessions?limit=500")?;
    Ok(Answer {
        total: Totals::said(&by_district["total"])?,
        districts: districts(&by_district, &manager.get("/v1/aggregates?by=district,month")?)?,
        programmes: programmes(&groups, &sessions)?,
        people: people(&manager.get("/v1/aggregates?by=sex,age_band")?)?,
        silent: silent(&manager, &groups, &sessions, today)?,
        clashing: sessions.iter().filter(|item| item["conflicts"].as_u64() > Some(0)).count(),
        doubts: doubts(&by_district["doubts"]),
    })
}

fn districts(by_district: &Value, by_month: &Value) -> Result<Vec<District>, Failed> {
    let mut months: BTreeMap<String, BTreeMap<String, Totals>> = BTreeMap::new();
    for row in rows(by_month)? {
        let of = &row["of"];
        months.entry(text(of, "district")?).or_default().insert(text(of, "month")?, Totals::said(row)?);
    }
    let districts = rows(by_district)?.iter().map(|row| {
        let code = text(&row["of"], "district")?;
        let named =
            area::find(code.parse::<AreaCode>()?).ok_or("an answer names a district that does not exist")?;
        Ok(District {
            name: named.name,
            total: Totals::said(row)?,
            months: months.remove(&code).unwrap_or_default(),
        })
    });
    districts.collect()
}

fn programmes(groups: &[Value], sessions: &[Value]) -> Result<[Programme; 2], Failed> {
    let mut programmes = [Programme::default(), Programme::default()];
    let mut kinds = BTreeMap::new();
    for group in groups {
        let kind = kind_of(group)?;
        kinds.insert(text(group, "id")?, kind);
        let programme = &mut programmes[kind];
        programme.groups += 1;
        programme.active += u64::from(group["status"] == "active");
        programme.planned += group["planned_sessions"].as_u64().unwrap_or_default();
    }
    for session in sessions.iter().filter(|session| session["counts"] == true) {
        if let Some(kind) = kinds.get(&text(session, "group_id")?) {
            programmes[*kind].held += 1;
        }
    }
    Ok(programmes)
}

fn kind_of(group: &Value) -> Result<usize, Failed> {
    let kind = text(group, "kind")?;
    Ok(KINDS
        .iter()
        .position(|known| *known == kind)
        .ok_or("a group is of a kind that the demo does not know")?)
}

fn people(by_sex_and_age: &Value) -> Result<BTreeMap<(Sex, AgeBand), u64>, Failed> {
    let mut people = BTreeMap::new();
    for row in rows(by_sex_and_age)? {
        let of = &row["of"];
        // Whoever has no record is of sex and age unknown.
        if let (Ok(sex), Ok(age)) = (text(of, "sex")?.parse(), text(of, "age_band")?.parse()) {
            people.insert((sex, age), row["people"].as_u64().unwrap_or_default());
        }
    }
    Ok(people)
}

fn silent(manager: &Desk, groups: &[Value], sessions: &[Value], today: Date) -> Result<Vec<Silent>, Failed> {
    let mut last: BTreeMap<String, Date> = BTreeMap::new();
    for session in sessions.iter().filter(|session| session["counts"] == true) {
        let day: Date = text(session, "date")?.parse()?;
        let at = last.entry(text(session, "group_id")?).or_insert(day);
        *at = (*at).max(day);
    }
    let mut silent = Vec::new();
    for group in groups {
        let id = text(group, "id")?;
        let Some(last) = last.get(&id) else { continue };
        let days = last.until(today).map_or(0, |span| span.get_days());
        if days > QUIET[kind_of(group)?] {
            let leading = manager.get(&format!("/v1/groups/{id}/assignments"))?;
            let names: Vec<String> = leading
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| text(one, "name"))
                .collect::<Result<_, _>>()?;
            let led_by = names.join(" and ");
            silent.push(Silent { name: text(group, "name")?, led_by, last: *last, days });
        }
    }
    Ok(silent)
}

fn doubts(said: &Value) -> BTreeMap<String, u64> {
    let counted = said.as_object().into_iter().flatten();
    counted.filter_map(|(what, number)| Some((what.replace('_', " "), number.as_u64()?))).collect()
}

fn rows(said: &Value) -> Result<&Vec<Value>, Failed> {
    Ok(said["rows"].as_array().ok_or("the answer has no rows")?)
}

/// The last four months of which anybody told, in their order: thirteen weeks touch no more.
pub(super) fn last_months(answers: &[Answer]) -> Vec<String> {
    let districts = answers.iter().flat_map(|answer| &answer.districts);
    let all: BTreeSet<&String> = districts.flat_map(|district| district.months.keys()).collect();
    let earlier = all.len().saturating_sub(4);
    all.into_iter().skip(earlier).cloned().collect()
}

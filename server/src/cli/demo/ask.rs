//! What managers are told when they ask the API; each sees their own organisation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sync_core::area::{self, AreaCode};

use super::Failed;
use super::cast::Organisation;
use super::count::Totals;
use super::desk::{Desk, text};

/// An organisation's totals as its manager reads them.
pub(super) struct Answer {
    pub(super) total: Totals,
    pub(super) districts: Vec<District>,
    /// Sessions in which something clashes.
    pub(super) clashing: usize,
}

pub(super) struct District {
    pub(super) name: &'static str,
    pub(super) total: Totals,
    /// By month, `2025-07`.
    pub(super) months: BTreeMap<String, Totals>,
}

pub(super) fn ask(server: &str, organisation: &Organisation, password: &str) -> Result<Answer, Failed> {
    let manager = Desk::sign_in(server, organisation.manager, password)?;
    let by_district = manager.get("/v1/aggregates?by=district")?;
    let by_month = manager.get("/v1/aggregates?by=district,month")?;
    let mut months: BTreeMap<String, BTreeMap<String, Totals>> = BTreeMap::new();
    for row in rows(&by_month)? {
        let of = &row["of"];
        months.entry(text(of, "district")?).or_default().insert(text(of, "month")?, Totals::said(row)?);
    }
    let districts = rows(&by_district)?.iter().map(|row| {
        let code = text(&row["of"], "district")?;
        let named =
            area::find(code.parse::<AreaCode>()?).ok_or("an answer names a district that does not exist")?;
        Ok(District {
            name: named.name,
            total: Totals::said(row)?,
            months: months.remove(&code).unwrap_or_default(),
        })
    });
    let districts = districts.collect::<Result<_, Failed>>()?;
    Ok(Answer { total: Totals::said(&by_district["total"])?, districts, clashing: clashing(&manager)? })
}

/// Goes through all pages of the sessions.
fn clashing(manager: &Desk) -> Result<usize, Failed> {
    let mut clashing = 0;
    let mut after = String::new();
    loop {
        let page = manager.get(&format!("/v1/sessions?limit=500{after}"))?;
        let items = page["items"].as_array().ok_or("the answer has no items")?;
        clashing += items.iter().filter(|item| item["conflicts"].as_u64() > Some(0)).count();
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(clashing),
        }
    }
}

fn rows(said: &Value) -> Result<&Vec<Value>, Failed> {
    Ok(said["rows"].as_array().ok_or("the answer has no rows")?)
}

/// The last three months of which anybody told, in their order.
pub(super) fn last_months(answers: &[Answer]) -> Vec<String> {
    let districts = answers.iter().flat_map(|answer| &answer.districts);
    let all: BTreeSet<&String> = districts.flat_map(|district| district.months.keys()).collect();
    let earlier = all.len().saturating_sub(3);
    all.into_iter().skip(earlier).cloned().collect()
}

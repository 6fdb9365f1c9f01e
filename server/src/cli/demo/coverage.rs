//! Who works where: a manager plans a group beside one of another partner, is warned, goes on with a reason, and the other settles it. The
//! secretariat sees both.

use jiff::ToSpan;
use serde_json::{Value, json};
use sync_core::area::Area;
use sync_core::time::Date;

use super::Failed;
use super::cast::{ORGANISATIONS, SECRETARIAT};
use super::desk::{Desk, text};
use super::plan::Plan;

/// Of which partner a group is there already, and who plans another beside it.
const THERE: usize = 0;
const NEWCOMER: usize = 2;

/// What the secretariat sees.
pub(super) struct Coverage {
    pub(super) groups: u64,
    pub(super) partners: u64,
    pub(super) districts: usize,
    /// The overlap, in words.
    pub(super) overlap: String,
}

/// Has it happen, where no earlier run of this demo did, and reads what the secretariat sees.
pub(super) fn told(server: &str, password: &str, plan: &Plan, today: Date) -> Result<Coverage, Failed> {
    let manager = |place: usize| Desk::sign_in(server, ORGANISATIONS[place].manager, password);
    let (there, newcomer) = (manager(THERE)?, manager(NEWCOMER)?);
    if newcomer.all("/v1/coverage/overlaps?limit=100")?.is_empty() {
        begin_beside(&there, &newcomer, plan, today)?;
    }
    let secretariat = Desk::sign_in(server, SECRETARIAT, password)?;
    let sums = secretariat.get("/v1/coverage/sums?by=district")?;
    let overlaps = secretariat.all("/v1/coverage/overlaps?resolved=true")?;
    let count = |what: &str| sums["total"][what].as_u64().ok_or("the answer has no total");
    Ok(Coverage {
        groups: count("groups")?,
        partners: count("organisations")?,
        districts: sums["rows"].as_array().map_or(0, Vec::len),
        overlap: overlaps.first().map(in_words).transpose()?.unwrap_or_default(),
    })
}

fn begin_beside(there: &Desk, newcomer: &Desk, plan: &Plan, today: Date) -> Result<(), Failed> {
    let beside = plan.groups.iter().find(|group| super::cast::PAIRS[group.pair].organisation == THERE);
    let beside = beside.ok_or("the plan has no group of the first organisation")?;
    // The next village of its cell.
    let others = beside.village.parent().map(|cell| cell.children()).unwrap_or_default();
    let village: &Area = others.iter().find(|other| **other != beside.village).unwrap_or(&beside.village);
    let mut new = json!({
        "name": format!("Ejo Heza {}", village.name),
        "kind": beside.kind,
        "modality": beside.modality,
        "area": village.code,
        "pillar": beside.pillar(),
        "cohort": beside.cohort(),
        "starts_on": today.checked_add(14.days())?,
    });
    let mut thought = json!({});
    for field in ["modality", "area", "pillar", "cohort", "starts_on"] {
        thought[field] = new[field].clone();
    }
    // Warned: the form asks before the group begins.
    if newcomer.post("/v1/coverage/check", &thought)?["asks_for_reason"] == true {
        new["overlap_reason"] = json!("Their group is full, and twelve families wait.");
    }
    newcomer.post("/v1/groups", &new)?;
    for overlap in there.all("/v1/coverage/overlaps?resolved=false")? {
        let path = format!("/v1/coverage/overlaps/{}/resolve", text(&overlap, "id")?);
        let settled = json!({ "resolution": "agreed", "note": "They take the families who wait, and we send them on." });
        there.post(&path, &settled)?;
    }
    Ok(())
}

fn in_words(overlap: &Value) -> Result<String, Failed> {
    let group = |place: usize| &overlap["groups"][place];
    let name = |place: usize| text(&group(place)["organisation"], "name");
    let near = match overlap["grade"].as_str() {
        Some("A") => "one village",
        Some("B") => "one cell",
        _ => "one sector",
    };
    let place = text(group(0), "area_path")?;
    let place = place.rsplit(", ").nth(1).unwrap_or_default().to_owned();
    let method = text(group(0), "modality")?.replace('_', " ");
    let said = |what: &str| text(&overlap[what], "words");
    Ok(format!(
        "In {near} of {place} {} and {} both have a group of {method}. Who came second was warned, and went on: “{}” It is settled: “{}”",
        name(0)?,
        name(1)?,
        said("reason")?,
        said("resolution")?,
    ))
}

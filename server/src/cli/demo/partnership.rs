//! The partnership at work: it agrees on what to reach and with what money, learns from each other, and sends people on. What came of it is
//! one page, which the secretariat shows the donor.

use serde_json::{Value, json};
use sync_core::id::ParticipantId;
use sync_core::record::Referral;
use sync_core::record::referral::{ReferralReason, ReferralStep, Urgency};
use sync_core::time::Date;
use tablet::clock::Clock;
use tablet::device::Device;
use tablet::recording::NewReferral;

use super::Failed;
use super::cast::{ADMINISTRATOR, DONOR, ORGANISATIONS, PAIRS, SECRETARIAT};
use super::data::Data;
use super::desk::{Desk, text};
use super::mishap::LOSS;
use super::plan::Plan;

/// The common framework, in words as partners publish them.
const FRAMEWORK: &str = include_str!("framework.json");
/// Who refers somebody, and who receives them.
const REFERS: usize = 0;
const RECEIVES: usize = 1;
/// Who adopts the lesson of [`REFERS`].
const ADOPTS: usize = 2;

/// The page.
pub(super) struct Page {
    pub(super) partners: Vec<Partner>,
    /// The release whose figures it has, if a quarter was published.
    pub(super) release: Option<String>,
    pub(super) lesson: String,
    pub(super) referral: String,
}

/// What the donor reads of one partner.
#[derive(Default)]
pub(super) struct Partner {
    pub(super) groups: u64,
    pub(super) sessions: u64,
    pub(super) people: u64,
    pub(super) target: u64,
    /// In Rwandan francs.
    pub(super) budget: u64,
    pub(super) each: u64,
}

/// Has it happen, where no earlier run of this demo did, and reads the page.
pub(super) fn told(
    server: &str,
    data: &Data,
    plan: &Plan,
    groups: &[sync_core::id::GroupId],
    today: Date,
) -> Result<Page, Failed> {
    let password = &data.password;
    let secretariat = Desk::sign_in(server, SECRETARIAT, password)?;
    let managers: Result<Vec<Desk>, Failed> =
        ORGANISATIONS.iter().map(|one| Desk::sign_in(server, one.manager, password)).collect();
    let managers = managers?;
    if secretariat.get("/v1/frameworks")?["items"].as_array().is_none_or(Vec::is_empty) {
        plans(&secretariat, &managers, plan)?;
        learns(server, password, &managers)?;
        refers(server, data, plan, groups, &secretariat, today)?;
    }
    page(server, password, &secretariat)
}

/// The secretariat puts the common framework in force; each manager says what they mean to reach of it in the quarters of the demo, and what they have for it.
fn plans(secretariat: &Desk, managers: &[Desk], plan: &Plan) -> Result<(), Failed> {
    let drawn_up = secretariat.post("/v1/frameworks", &serde_json::from_str(FRAMEWORK)?)?;
    let framework = text(&drawn_up, "id")?;
    secretariat.post(&format!("/v1/frameworks/{framework}/in-force"), &json!({}))?;
    let first = plan.calendar.on_day(0, 0);
    for (place, manager) in managers.iter().enumerate() {
        let theirs = plan.groups.iter().filter(|group| PAIRS[group.pair].organisation == place);
        let (groups, people) =
            theirs.fold((0, 0), |(groups, people), group| (groups + 1, people + group.people.len()));
        for quarter in [first, first.saturating_add(jiff::Span::new().months(3))] {
            let (from, to) = months_of_quarter(quarter);
            for (indicator, value) in [("1.1", people), ("1.2", 60), ("2.1", groups), ("2.2", groups * 8)] {
                manager.put(
                    "/v1/targets",
                    &json!({ "framework_id": framework, "indicator": indicator, "from": from, "to": to, "value": value }),
                )?;
            }
            let line = json!({
                "from": from, "to": to, "currency": "RWF", "amount": 900_000 * groups, "source": "Core grant of the partnership",
            });
            manager.post("/v1/budget", &line)?;
        }
    }
    Ok(())
}

/// The months of the quarter around a day, as `2026-01` and `2026-03`.
fn months_of_quarter(day: Date) -> (String, String) {
    let first = (day.month() - 1) / 3 * 3 + 1;
    (format!("{:04}-{first:02}", day.year()), format!("{:04}-{:02}", day.year(), first + 2))
}

/// A facilitator writes a lesson down, their manager publishes it, and another partner works by it.
fn learns(server: &str, password: &str, managers: &[Desk]) -> Result<(), Failed> {
    let writes = PAIRS.iter().find(|pair| pair.organisation == REFERS).map(|pair| pair.facilitators[0]);
    let writer = Desk::sign_in(server, &writes.unwrap_or_default().to_lowercase(), password)?;
    let lesson = json!({
        "title": "Begin with those who came alone",
        "context": "Groups in which some know each other and others know nobody.",
        "what_happened": "Who came alone spoke late, or stayed away after the second meeting.",
        "why": "Nobody had greeted them by their name.",
        "recommendation": "In the first round let those who came alone choose where to sit, and greet them first.",
        "pillar": "community_healing",
        "languages": ["en", "rw"],
    });
    let id = text(&writer.post("/v1/lessons", &lesson)?, "id")?;
    let step = |status: &str, reason: &str| json!({ "status": status, "reason": reason });
    let path = format!("/v1/lessons/{id}/status");
    writer.post(&path, &step("proposed", "Three groups found the same."))?;
    managers[REFERS].post(&path, &step("published", "Read and found sound."))?;
    let shared = managers[ADOPTS].all("/v1/lessons?shared=true&limit=100")?;
    let shared = text(shared.first().ok_or("nobody finds the lesson that was published")?, "id")?;
    let adopted = json!({ "came_of_it": "Four of five who came alone stayed." });
    managers[ADOPTS].put(&format!("/v1/lessons/{shared}/adoption"), &adopted)?;
    Ok(())
}

/// The secretariat enters a service of a partner; a facilitator refers somebody to it on a tablet, and the partner notes that they arrived.
fn refers(
    server: &str,
    data: &Data,
    plan: &Plan,
    groups: &[sync_core::id::GroupId],
    secretariat: &Desk,
    today: Date,
) -> Result<(), Failed> {
    // 1. The directory, and somebody who receives those who are sent.
    let group =
        plan.groups.iter().find(|group| PAIRS[group.pair].organisation == REFERS && !group.people.is_empty());
    let group = group.ok_or("the plan has no group with people of the first organisation")?;
    let district = group.village.code.to_string()[..2].to_owned();
    let receives = organisation_id(secretariat, ORGANISATIONS[RECEIVES].code)?;
    let service = json!({
        "name": format!("{} counselling", ORGANISATIONS[RECEIVES].name), "kind": "specialised", "area": district,
        "phone": "0788 000 000", "hours": "Monday to Friday, 8 to 17", "organisation_id": receives,
    });
    let service = text(&secretariat.post("/v1/services", &service)?, "id")?;
    let administrator = Desk::sign_in(server, ADMINISTRATOR, &data.password)?;
    let users = administrator.all("/v1/users?limit=100")?;
    let manager = users.iter().find(|user| user["login"] == ORGANISATIONS[RECEIVES].manager);
    let manager = text(manager.ok_or("the service knows no manager of who receives")?, "id")?;
    administrator.put(&format!("/v1/users/{manager}/protection-officer"), &json!({}))?;
    // 2. On the tablet, offline but for two syncs.
    let (pair, seat) = (group.pair, 0);
    let lived = data.progress().weeks[pair];
    let name = PAIRS[pair].facilitators[seat];
    let folder = match LOSS.has_another(pair, seat, lived) {
        true => data.second_tablet(name),
        false => data.tablet(name),
    };
    let mut device = Device::open(&folder, &data.password, Clock::default())?;
    device.sync(&mut ())?;
    let refer = NewReferral {
        participant: ParticipantId::of(groups[group.index], "P01"),
        to: device.destination(service.parse()?)?,
        reason: ReferralReason::Trauma,
        urgency: Some(Urgency::Soon),
        on: today,
        steps: [ReferralStep::Consented, ReferralStep::Sent].into(),
    };
    let referral = device.record_referral(refer)?;
    device.sync(&mut ())?;
    // 3. At the partner; and the tablet hears of it.
    let officer = Desk::sign_in(server, ORGANISATIONS[RECEIVES].manager, &data.password)?;
    let inbox = officer.all("/v1/inbox?limit=100")?;
    let sent = text(inbox.first().ok_or("nobody stands in the inbox of who receives")?, "id")?;
    officer.post(&format!("/v1/inbox/{sent}/steps"), &json!({ "step": "arrived" }))?;
    device.sync(&mut ())?;
    let heard: Referral = device.tablet().read(referral)?;
    let arrived = heard.events.iter().any(|event| event.step == ReferralStep::Arrived);
    if arrived { Ok(()) } else { Err("the tablet did not hear that who was sent arrived".into()) }
}

fn organisation_id(desk: &Desk, code: &str) -> Result<String, Failed> {
    let all = desk.get("/v1/organisations")?;
    let items = all["items"].as_array().or(all.as_array()).ok_or("the answer has no organisations")?;
    let found =
        items.iter().find(|one| one["code"] == code).ok_or("the service knows no such organisation")?;
    text(found, "id")
}

/// What the donor reads, and what the secretariat knows of lessons and referrals.
fn page(server: &str, password: &str, secretariat: &Desk) -> Result<Page, Failed> {
    let donor = Desk::sign_in(server, DONOR, password)?;
    let ask = |question: &str| donor.get(&format!("/v1/questions/{question}"));
    let (results, cost) = (ask("published-results")?, ask("published-cost")?);
    let (reached, release) = (ask("people-reached")?, results["notes"][0].as_str());
    let release =
        release.and_then(|note| note.strip_prefix("As released as ")).map(|note| note.trim_end_matches('.'));
    let coverage = secretariat.get("/v1/questions/who-works-where")?;
    let partners = ORGANISATIONS.iter().map(|organisation| {
        let of = |table: &'_ Value, indicator: Option<&str>, column: &str| -> u64 {
            let rows = table["rows"].as_array().into_iter().flatten();
            let mut theirs = rows.filter(|row| row["organisation"] == organisation.code);
            let row = theirs.find(|row| indicator.is_none_or(|code| row["indicator"] == code));
            row.and_then(|row| row[column].as_f64()).map_or(0, |number| number.round() as u64)
        };
        Partner {
            groups: groups_of(&coverage, organisation.code),
            sessions: of(&results, Some("2.2"), "result"),
            people: of(&reached, None, "people"),
            target: of(&results, Some("1.1"), "target"),
            budget: of(&cost, None, "amount"),
            each: of(&cost, None, "each_person"),
        }
    });
    Ok(Page {
        partners: partners.collect(),
        release: release.map(str::to_owned),
        lesson: lesson(secretariat)?,
        referral: referral(server, password)?,
    })
}

/// Those that are planned, too.
fn groups_of(coverage: &Value, organisation: &str) -> u64 {
    let rows = coverage["rows"].as_array().into_iter().flatten();
    rows.filter(|row| row["organisation"] == organisation).filter_map(|row| row["groups"].as_u64()).sum()
}

fn lesson(secretariat: &Desk) -> Result<String, Failed> {
    let lessons = secretariat.get("/v1/questions/lessons-adopted")?;
    let Some(lesson) = lessons["rows"].as_array().and_then(|rows| rows.first()) else {
        return Ok(String::new());
    };
    let title = text(lesson, "lesson")?;
    let (wrote, adopts) = (ORGANISATIONS[REFERS].name, ORGANISATIONS[ADOPTS].name);
    Ok(format!("{adopts} works by a lesson of {wrote}, “{title}”: four of five who came alone stayed."))
}

/// As whoever referred them reads it.
fn referral(server: &str, password: &str) -> Result<String, Failed> {
    let refers = PAIRS.iter().find(|pair| pair.organisation == REFERS).map(|pair| pair.facilitators[0]);
    let refers = Desk::sign_in(server, &refers.unwrap_or_default().to_lowercase(), password)?;
    let referrals = refers.all("/v1/referrals?limit=100")?;
    let Some(one) = referrals.first() else { return Ok(String::new()) };
    let (from, to) = (ORGANISATIONS[REFERS].name, ORGANISATIONS[RECEIVES].name);
    let state = text(one, "state")?;
    Ok(format!(
        "{from} sent somebody to {to}, who knows why, how urgently, and no name. They {state}, and the tablet that sent them heard it."
    ))
}

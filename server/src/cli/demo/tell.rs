//! What the demo prints, for a terminal of a hundred columns.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, presets};
use indicatif::HumanBytes;
use sync_core::time::Date;
use tablet::clock::in_rwanda;

use super::ask::{Answer, last_months};
use super::cast::{ADMINISTRATOR, ORGANISATIONS, PAIRS};
use super::count::Totals;
use super::live::Life;
use super::plan::{self, Plan};
use super::tally::Clash;

const COLUMNS: u16 = 100;
/// How many clashes are told in words.
const TOLD: usize = 8;

fn table(header: Vec<Cell>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(COLUMNS)
        .set_header(header);
    table
}

fn heading(text: &str) {
    println!("\n{text}\n{}", "─".repeat(text.chars().count()));
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// `12 345`
fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

pub(super) fn opening(plan: &Plan, weeks: u32, lived: u32) {
    let people: usize = plan.groups.iter().map(|group| group.people.len()).sum();
    let first = plan::in_words(plan::on_day(lived, 0));
    let last = plan::in_words(plan::last_day(weeks));
    println!(
        "{} organisations, {} facilitators in pairs with a tablet each, {} groups of {} people.",
        ORGANISATIONS.len(),
        PAIRS.len() * 2,
        number(plan.groups.len() as u64),
        number(people as u64)
    );
    println!("They record what happens from {first} to {last}, offline, and sync now and then.");
}

pub(super) fn what_merged(life: &Life) {
    let tally = &life.tally;
    let n = |count: usize| number(count as u64);
    heading("What merged");
    println!(
        "{} meetings were recorded, {} of them on both tablets of a pair; each is one record now.",
        n(tally.meetings),
        n(tally.recorded - tally.meetings)
    );
    println!("{} times somebody came back to a record, their own or the other's.", n(tally.edited));
    println!(
        "{} syncs in {} requests handed in {} changes and brought {} of others, into {} records.",
        n(tally.syncs),
        number(tally.requests.into()),
        number((tally.accepted + tally.duplicate).into()),
        number(tally.received.into()),
        n(tally.merged.len())
    );
    println!("Changes kept apart because they could not be merged: {}.", n(tally.apart));
    for mishap in &tally.mishaps {
        println!("• {mishap}");
    }
}

pub(super) fn what_clashed(life: &Life, answers: &[Answer]) {
    let clashing: usize = answers.iter().map(|answer| answer.clashing).sum();
    let open: std::collections::BTreeSet<_> = life.open.keys().map(|(session, _)| session).collect();
    heading("What clashed");
    println!(
        "In this run {} fields were set differently by two people, and {} clashes were settled. Now {} fields of\n\
         {} meetings show both values on both tablets; over REST, {clashing} meetings show a clash.",
        life.tally.clashes.len(),
        life.tally.settled,
        life.open.len(),
        open.len(),
    );
    let told = examples(life);
    if told.is_empty() {
        return;
    }
    let mut table = table(["Group", "Day", "Field", "One says", "The other says", ""].map(Cell::new).into());
    for (clash, open) in told {
        let mut row = vec![clash.group.clone(), short(clash.date), clash.what.clone()];
        for (value, who, at) in clash.claims.iter().take(2) {
            let at = in_rwanda(*at);
            let day = if at.date() == clash.date { String::new() } else { format!("{} ", short(at.date())) };
            row.push(format!("{value} ({who} {day}{})", at.strftime("%H:%M")));
        }
        row.push(if open { "open" } else { "settled" }.to_owned());
        table.add_row(row);
    }
    println!("{table}");
}

/// A few clashes, of each kind of field in turn, with whether they are open.
fn examples(life: &Life) -> Vec<(&Clash, bool)> {
    let mut kinds = [Vec::new(), Vec::new(), Vec::new()];
    for (key, clash) in life.tally.clashes.iter().chain(&life.open) {
        let kind = match clash.what.as_str() {
            "minutes" => 0,
            "phase" => 1,
            _ => 2,
        };
        kinds[kind].push((clash, life.open.contains_key(key)));
    }
    for kind in &mut kinds {
        kind.sort_by_key(|(clash, _)| (clash.date, &clash.group, &clash.what));
        kind.dedup_by_key(|(clash, _)| (clash.date, &clash.group, &clash.what));
    }
    let most = kinds.iter().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..most).flat_map(|at| kinds.iter().filter_map(move |kind| kind.get(at).copied()));
    in_turn.take(TOLD).collect()
}

fn short(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

pub(super) fn aggregates(answers: &[Answer]) {
    let months = last_months(answers);
    heading("What the managers read over the API, each of their own organisation");
    println!("sessions · attendances (present and late) · people (each once)");
    let names = months.iter().map(|month| right(month_in_words(month)));
    let header = ["Organisation", "District"].map(Cell::new).into_iter().chain(names);
    let mut table = table(header.chain([right("All")]).collect());
    for (organisation, answer) in ORGANISATIONS.iter().zip(answers) {
        for (place, district) in answer.districts.iter().enumerate() {
            let name = if place == 0 { organisation.name } else { "" };
            let mut row = vec![Cell::new(name), Cell::new(district.name)];
            row.extend(
                months.iter().map(|month| right(district.months.get(month).map_or("–".into(), dotted))),
            );
            row.push(right(dotted(&district.total)));
            table.add_row(row);
        }
    }
    println!("{table}");
}

fn month_in_words(month: &str) -> String {
    let day = format!("{month}-01").parse::<Date>();
    day.map_or_else(|_| month.to_owned(), |day| day.strftime("%B %Y").to_string())
}

fn dotted(totals: &Totals) -> String {
    [totals.sessions, totals.attendances, totals.people].map(number).join(" · ")
}

/// Prints both counts beside each other; says whether all are equal.
pub(super) fn totals(tablets: &[Totals], answers: &[Answer]) -> bool {
    heading("What the tablets count themselves, beside what the API answers");
    let header = ["Sessions", "Attendances", "People"].map(|name| format!("{name}\ntablets │ API"));
    let mut table = table(
        [Cell::new("Organisation")].into_iter().chain(header.map(right)).chain([Cell::new("")]).collect(),
    );
    let sum = |all: &mut dyn Iterator<Item = Totals>| all.fold(Totals::default(), Totals::plus);
    let whole = (sum(&mut tablets.iter().copied()), sum(&mut answers.iter().map(|answer| answer.total)));
    let each = tablets.iter().copied().zip(answers.iter().map(|answer| answer.total));
    let names = ORGANISATIONS.iter().map(|organisation| organisation.name).chain(["All three"]);
    let mut equal = true;
    for (name, (mine, theirs)) in names.zip(each.chain([whole])) {
        let pairs = [
            (mine.sessions, theirs.sessions),
            (mine.attendances, theirs.attendances),
            (mine.people, theirs.people),
        ];
        let cells = pairs.map(|(mine, theirs)| right(format!("{} │ {}", number(mine), number(theirs))));
        let verdict = Cell::new(if mine == theirs { "equal" } else { "NOT EQUAL" });
        table.add_row([Cell::new(name)].into_iter().chain(cells).chain([verdict]));
        equal &= mine == theirs;
    }
    println!("{table}");
    equal
}

pub(super) fn traffic(life: &Life) {
    let traffic = life.tally.traffic;
    let each = |bytes: u64| HumanBytes(bytes / (life.tally.meetings as u64).max(1)).to_string();
    println!(
        "\nBytes of this run, as they travelled: {} up, {} down; per session {} up, {} down.",
        HumanBytes(traffic.up),
        HumanBytes(traffic.down),
        each(traffic.up),
        each(traffic.down)
    );
}

/// Where the service is, and how to sign in.
pub(super) fn addresses(server: &str, password: &str) {
    heading("The service runs on, until Ctrl-C");
    println!("API      {server}/v1/…");
    println!("Browse   {server}/docs/");
    println!("Health   {server}/health and {server}/ready");
    heading("Logins, all with the password of this demo");
    println!("password            {password}");
    println!("administrator       {ADMINISTRATOR}");
    for (place, organisation) in ORGANISATIONS.iter().enumerate() {
        let pairs = PAIRS.iter().filter(|pair| pair.organisation == place);
        let people: Vec<String> = pairs.flat_map(|pair| pair.facilitators).map(str::to_lowercase).collect();
        println!("{:<19} {}; facilitators: {}", organisation.name, organisation.manager, people.join(", "));
    }
}

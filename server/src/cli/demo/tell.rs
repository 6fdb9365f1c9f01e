//! What the demo prints, for a terminal of eighty columns.

use std::path::Path;
use std::time::Duration;

use comfy_table::Table;
use indicatif::HumanBytes;

use super::ask::Answer;
use super::cast::{ADMINISTRATOR, DONOR, ORGANISATIONS, PAIRS, SECRETARIAT};
use super::count::Totals;
use super::coverage::Coverage;
use super::live::Life;
use super::paint::Paint;
use super::partnership::Page;
use super::plan::{self, Plan};
use super::published::Published;
use super::tables::{self, COLUMNS, number};
use super::tally::Clash;

/// How many clashes are told in words.
const TOLD: usize = 5;

/// Tells it, in colours where a terminal has them.
pub(super) struct Teller(Paint);

impl Teller {
    pub(super) fn new() -> Self {
        Self(Paint::new())
    }

    fn heading(&self, text: &str) {
        println!("\n{}\n{}", self.0.bold(text), "─".repeat(text.chars().count()));
    }

    pub(super) fn opening(&self, plan: &Plan, weeks: u32, lived: u32, folder: &Path) {
        let people: usize = plan.groups.iter().map(|group| group.people.len()).sum();
        say(&format!(
            "{} organisations, {} facilitators in pairs with a tablet each, {} groups in which {} people are registered.",
            ORGANISATIONS.len(),
            PAIRS.len() * 2,
            number(plan.groups.len() as u64),
            number(people as u64)
        ));
        let first = plan::in_words(plan.calendar.on_day(if lived < weeks { lived } else { 0 }, 0));
        let last = plan::in_words(plan.calendar.last_day(weeks));
        say(&match lived < weeks {
            true => {
                format!("They record what happens from {first} to {last}, offline, and sync now and then.")
            }
            false => format!("All that happened from {first} to {last} was told by an earlier run."),
        });
        say(&format!("All of it is written to {}, and nothing elsewhere.", folder.display()));
    }

    pub(super) fn what_merged(&self, life: &Life) {
        let tally = &life.tally;
        let n = |count: usize| number(count as u64);
        self.heading("What merged");
        say(&format!(
            "{} meetings were recorded, {} of them on both tablets of a pair; each is one record now.",
            n(tally.meetings),
            n(tally.recorded.saturating_sub(tally.meetings))
        ));
        say(&format!("{} times somebody came back to a record, their own or the other's.", n(tally.edited)));
        say(&format!(
            "{} syncs in {} requests handed in {} changes and brought {} of others, into {} records. {} changes wait in \
             quarantine.",
            n(tally.syncs),
            number(tally.requests.into()),
            number((tally.accepted + tally.duplicate).into()),
            number(tally.received.into()),
            n(tally.merged.len()),
            n(tally.quarantined)
        ));
    }

    pub(super) fn what_went_wrong(&self, life: &Life) {
        if life.tally.mishaps.is_empty() {
            return;
        }
        self.heading("What went wrong, and what became of it");
        for mishap in &life.tally.mishaps {
            item(mishap);
        }
    }

    pub(super) fn what_clashed(&self, life: &Life, answers: &[Answer]) {
        let clashing: usize = answers.iter().map(|answer| answer.clashing).sum();
        let open: std::collections::BTreeSet<_> = life.open.keys().map(|(session, _)| session).collect();
        self.heading("What clashed");
        say(&format!(
            "{} fields were set differently by two people, and {} of these clashes were settled. Now {} fields of {} meetings \
             show both values on both tablets; over the API, {clashing} meetings show a clash.",
            life.tally.clashes.len(),
            life.tally.settled,
            life.open.len(),
            open.len(),
        ));
        let told = examples(life);
        if !told.is_empty() {
            self.print(&tables::clashes(told));
        }
    }

    /// What was planned, beside what was held, and which groups have fallen silent.
    pub(super) fn planned(&self, answers: &[Answer]) {
        self.heading("Planned and held");
        self.print(&tables::planned(answers));
        say(
            "Planned is what each group's whole cycle has: a healing space meets weekly, a circle monthly for a year.",
        );
        for silent in answers.iter().flat_map(|answer| &answer.silent) {
            item(&self.0.notable(&format!(
                "Silent: {}, led by {}, last met on {}, {} days ago.",
                silent.name,
                silent.led_by,
                plan::in_words(silent.last),
                silent.days
            )));
        }
    }

    /// Who came, by sex and age.
    pub(super) fn people(&self, answers: &[Answer]) {
        self.heading("Who came");
        self.print(&tables::people(answers));
        let heads: u64 = answers.iter().map(|answer| answer.total.heads).sum();
        say(&format!(
            "Registered people who came are counted once each, however often. In open circles, where whoever comes is \
             welcome, heads are counted at each meeting: {} in all. The two are never added up.",
            number(heads)
        ));
    }

    pub(super) fn months(&self, answers: &[Answer]) {
        self.heading("Sessions by district and month");
        self.print(&tables::months(answers));
        let doubts = answers.iter().flat_map(|answer| &answer.doubts).filter(|(_, number)| **number > 0);
        let doubts: Vec<String> = doubts.map(|(what, number)| format!("{what} {number}")).collect();
        say(&match doubts.as_slice() {
            [] => "Nothing in these records is in doubt.".to_owned(),
            some => format!("Looked at, or to be looked at: {}.", some.join(", ")),
        });
    }

    /// What everybody else than the organisation reads of people.
    pub(super) fn published(&self, published: &Published) {
        let Published { release, rounded_to, attendances_rounded_to, .. } = published;
        self.heading(&format!("What the secretariat and the donor read of {release}"));
        self.print(&tables::published(published));
        say(&format!(
            "Of those who consent, each once; people rounded to {rounded_to}, attendances to {attendances_rounded_to}. Of fewer than \
             five people nothing is told: they are among those not shown."
        ));
    }

    /// The partnership's page: what its secretariat shows its donor.
    pub(super) fn partnership(&self, coverage: &Coverage, page: &Page) {
        let Coverage { groups, partners, districts, overlap } = coverage;
        self.heading("The partnership at a glance");
        self.print(&tables::partnership(page));
        say(&match &page.release {
            Some(release) => format!(
                "People and meetings as published for {release}; targets and budgets as the partners' managers entered them for that quarter."
            ),
            None => "No quarter was published yet: a quarter is, 21 days after its end.".to_owned(),
        });
        item(&format!(
            "Who works where: {} groups of {partners} partners in {districts} districts, and no name of any.",
            number(*groups)
        ));
        for (what, told) in
            [("No duplication", overlap), ("Referrals", &page.referral), ("Lessons", &page.lesson)]
        {
            if !told.is_empty() {
                item(&format!("{what}: {told}"));
            }
        }
    }

    /// Prints both counts beside each other; says whether all are equal.
    pub(super) fn totals(&self, tablets: &[Totals], answers: &[Answer]) -> bool {
        self.heading("What the tablets count themselves, beside what the API answers");
        let (table, equal) = tables::totals(tablets, answers);
        self.print(&table);
        equal
    }

    pub(super) fn traffic(&self, life: &Life, took: Duration) {
        let traffic = life.tally.traffic;
        let each = |bytes: u64| HumanBytes(bytes / (life.tally.meetings as u64).max(1)).to_string();
        println!();
        if life.tally.meetings > 0 {
            say(&format!(
                "As it travelled: {} up, {} down; for each meeting {} up, {} down.",
                HumanBytes(traffic.up),
                HumanBytes(traffic.down),
                each(traffic.up),
                each(traffic.down)
            ));
        }
        say(&format!("All of it took {:.1} seconds.", took.as_secs_f32()));
    }

    /// Where the service is, how to sign in, and where its data is.
    pub(super) fn addresses(&self, server: &str, password: &str, folder: &Path) {
        self.heading("The service runs on, until Ctrl-C");
        println!("Guide    {server}/guide/");
        println!("Browse   {server}/docs/");
        println!("API      {server}/v1/…");
        println!("Data     {} (begin again with --fresh)", folder.display());
        self.heading("Logins, all with the password of this demo");
        println!("password       {}", self.0.bold(password));
        println!("administrator  {ADMINISTRATOR}");
        println!("partners       {SECRETARIAT}, {DONOR}");
        for (place, organisation) in ORGANISATIONS.iter().enumerate() {
            let pairs = PAIRS.iter().filter(|pair| pair.organisation == place);
            let people: Vec<String> =
                pairs.flat_map(|pair| pair.facilitators).map(str::to_lowercase).collect();
            println!("manager        {}; facilitators: {}", organisation.manager, people.join(", "));
        }
        say("A real service asks managers and administrators for a code of an authenticator app, too.");
    }

    fn print(&self, table: &Table) {
        println!("{}", self.0.verdicts(&table.to_string()));
    }
}

/// Prints sentences, broken between words where a line is full.
fn say(text: &str) {
    println!("{}", broken(text, ""));
}

fn item(text: &str) {
    println!("• {}", broken(text, "  "));
}

/// Breaks a text into lines of less than eighty columns, those that follow the first set in by `inset`.
fn broken(text: &str, inset: &str) -> String {
    let mut lines = vec![String::new()];
    let mut width = inset.len();
    for word in text.split(' ') {
        // The codes of a colour take no room, and one of five characters is no matter.
        let long = word.chars().count();
        if width + 1 + long > usize::from(COLUMNS) - 2 && width > inset.len() {
            lines.push(inset.to_owned());
            width = inset.len();
        } else if width > inset.len() {
            lines.last_mut().map(|line| line.push(' ')).unwrap_or_default();
            width += 1;
        }
        lines.last_mut().map(|line| line.push_str(word)).unwrap_or_default();
        width += long;
    }
    lines.join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let text = broken(&"seven77 ".repeat(30), "  ");
        assert!(text.lines().all(|line| line.chars().count() < 80));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  s")), "{text}");
        assert_eq!(broken("short", "  "), "short");
    }
}

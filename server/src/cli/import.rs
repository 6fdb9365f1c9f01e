//! `ihuriro import`: a spreadsheet is tried, and made.

use std::fmt::Write as _;
use std::fs;
use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use serde::Deserialize;
use server::importing::{LineOutcome, Sheet};

use super::login::{Failed, signed_in};
use super::{Ended, count};

/// So many lines are shown that are not plain. Who has more to put right has enough to begin with.
const SHOWN: usize = 50;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// What stands in the sheet, a line for each.
    #[arg(value_parser = sheets())]
    sheet: String,
    /// The sheet, saved as CSV in UTF-8.
    #[arg(required_unless_present = "template", value_parser = value_parser!(PathBuf))]
    file: Option<PathBuf>,
    /// Make it, if no line is refused. Without this it is only tried.
    #[arg(long)]
    make: bool,
    /// Print an empty sheet: the names of the columns, what stands in each, and an example.
    #[arg(long, conflicts_with_all = ["file", "make"])]
    template: bool,
}

fn sheets() -> PossibleValuesParser {
    Sheet::ALL.iter().map(|sheet| sheet.code()).collect::<Vec<_>>().into()
}

#[derive(Deserialize)]
struct Report {
    counts: Counts,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Counts {
    lines: u64,
    made: u64,
    would_be_made: u64,
    doubled: u64,
    refused: u64,
}

#[derive(Deserialize)]
struct Line {
    line: u64,
    outcome: LineOutcome,
    #[serde(default)]
    remarks: Vec<Remark>,
    password_code: Option<PasswordCode>,
}

#[derive(Deserialize)]
struct Remark {
    column: String,
    detail: String,
}

#[derive(Deserialize)]
struct PasswordCode {
    login: String,
    code: String,
}

impl Import {
    pub(super) fn run(self) -> Ended {
        let (service, access_token) = signed_in()?;
        let path = format!("/v1/imports/{}", self.sheet);
        let Some(file) = &self.file else {
            let template = service.bytes(&path, &access_token)?;
            return Ok(stdout().write_all(&template)?);
        };
        let sheet = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        // 1. It is tried, also where it is to be made: so all that is wrong is shown as a table.
        let send = |dry_run: bool| -> Result<Report, Failed> {
            service.post_sheet(&format!("{path}?dry_run={dry_run}"), &access_token, &sheet)
        };
        let tried = send(true)?;
        print!("{}", tried.told(&self.sheet));
        if tried.counts.refused > 0 {
            let refused = count(tried.counts.refused, "line");
            return Err(
                format!("{refused} refused: nothing is made. Put the sheet right, and try again").into()
            );
        }
        if tried.counts.would_be_made == 0 {
            return Ok(());
        }
        if !self.make {
            println!("Nothing is made yet. With --make it is.");
            return Ok(());
        }
        // 2. And made.
        let report = send(false)?;
        println!("Made: {}.", count(report.counts.made, "line"));
        print!("{}", report.codes());
        Ok(())
    }
}

impl Report {
    /// The lines that are not plain, and how many there are of each outcome.
    fn told(&self, sheet: &str) -> String {
        let mut text = String::new();
        let not_plain: Vec<&Line> = self.lines.iter().filter(|line| !line.remarks.is_empty()).collect();
        if !not_plain.is_empty() {
            text.push_str(" line                 column: why\n");
        }
        for line in not_plain.iter().take(SHOWN) {
            for Remark { column, detail } in &line.remarks {
                let _ = writeln!(text, "{:5}  {:13}  {column}: {detail}", line.line, words(line.outcome));
            }
        }
        if not_plain.len() > SHOWN {
            let _ = writeln!(text, "… and {} more", not_plain.len() - SHOWN);
        }
        let Counts { lines, would_be_made, doubled, refused, .. } = self.counts;
        let _ = writeln!(
            text,
            "{sheet}: {}: {would_be_made} would be made, {doubled} there already, {refused} refused.",
            count(lines, "line"),
        );
        text
    }

    /// With what each of the people who were added chooses a password.
    fn codes(&self) -> String {
        let codes: Vec<&PasswordCode> =
            self.lines.iter().filter_map(|line| line.password_code.as_ref()).collect();
        let mut text = String::new();
        if !codes.is_empty() {
            text.push_str(
                "Read each of them their code, with which they choose a password; it holds for a day:\n",
            );
        }
        let width = codes.iter().map(|one| one.login.len()).max().unwrap_or_default();
        for PasswordCode { login, code } in codes {
            let _ = writeln!(text, "  {login:width$}  {code}");
        }
        text
    }
}

/// An outcome of a line that is not plain.
fn words(outcome: LineOutcome) -> &'static str {
    match outcome {
        LineOutcome::Made => "made",
        LineOutcome::WouldBeMade => "look again",
        LineOutcome::Doubled => "there already",
        LineOutcome::Refused => "refused",
    }
}

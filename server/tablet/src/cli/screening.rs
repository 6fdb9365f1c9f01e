//! `screening`: the score of a participant on an instrument. A wrong one is corrected by a new one.

use std::io::Write;

use clap::Subcommand;
use sync_core::help::Urgent;
use sync_core::id::DocumentId;
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::{Kind, Participant, Screening};
use sync_core::tablet::Tablet;
use sync_core::value::Line;

use super::care::{Voided, Whom, area_of, at_once, groups, saved};
use super::list::table;
use super::show::{row, told};
use super::when::{When, ask};
use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{NewScreening, corrected, of_group};

#[derive(Debug, Subcommand)]
pub enum ScreeningCommand {
    /// Record a score. It is never edited: record a new one that corrects it.
    Record {
        #[command(flatten)]
        whom: Whom,
        /// The questionnaire
        #[arg(long, value_parser = codes!(Instrument))]
        instrument: Instrument,
        /// When in the cycle of the group
        #[arg(long, value_parser = codes!(Timepoint))]
        timepoint: Timepoint,
        /// The score
        #[arg(long)]
        score: i64,
        /// The greatest score that there is; known but for the programme's own scales
        #[arg(long)]
        max: Option<i64>,
        /// Which version of the questionnaire; of WHO-5 raw or percentage
        #[arg(long)]
        version: Option<Line<20>>,
        /// Whether an answer points at a risk to life; asked with PHQ-9 and SRQ-20
        #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
        risk: Option<bool>,
        /// The day; today unless said
        #[arg(long)]
        on: Option<When>,
        /// The day is right, though it looks wrong
        #[arg(long)]
        yes: bool,
        /// The screening that this one corrects: its id or the end of it
        #[arg(long, value_name = "ID")]
        corrects: Option<String>,
    },
    /// List screenings, but for those that were corrected.
    List {
        /// The group: its name or id, or the beginning of either; all groups unless said
        group: Option<String>,
        /// Also those that were corrected or are void
        #[arg(long)]
        all: bool,
    },
    /// Show a screening in words.
    Show {
        /// Its id or the end of it
        id: String,
    },
    /// Say that a screening was recorded by mistake. Nothing is deleted.
    Void(Voided),
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("must be yes or no"),
    }
}

impl ScreeningCommand {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Record { version, .. } => version.iter().map(Line::as_str).collect(),
            Self::Void(void) => vec![void.reason.as_str()],
            _ => Vec::new(),
        }
    }

    pub(super) fn shows(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Show { .. })
    }
}

pub(super) fn run(
    device: &mut Device,
    command: ScreeningCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let today = device.clock().today();
    let meant = |device: &Device, said: &str| find::of_kind(device.tablet(), said, Kind::Screening);
    match command {
        ScreeningCommand::Record {
            whom,
            instrument,
            timepoint,
            score,
            max,
            version,
            risk,
            on,
            yes,
            corrects,
        } => {
            // Whatever becomes of the record: whoever types this needs help now.
            let participant = whom.found(device);
            let of = participant.as_ref().ok().and_then(|id| device.tablet().read::<Participant>(*id).ok());
            let urgent = (risk == Some(true)).then_some(Urgent::Suicide);
            at_once(device, urgent, of.and_then(|of| area_of(device, of.group)), out)?;
            let participant = participant?;
            let date = on.map_or(today, |on| on.on(today));
            ask(today, Some(date), None, yes)?;
            let corrects = corrects.map(|id| meant(device, &id)).transpose()?.map(Into::into);
            let new = NewScreening {
                participant,
                instrument,
                version,
                timepoint,
                date,
                score,
                max,
                risk,
                corrects,
            };
            let id = device.record_screening(new)?;
            saved(device, id, out)?;
            hint(&device.tablet().read(id)?, out)
        }
        ScreeningCommand::List { group, all } => list(device, group.as_deref(), all, out),
        ScreeningCommand::Show { id } => super::show::one(device, meant(device, &id)?, out),
        ScreeningCommand::Void(void) => {
            let id = meant(device, &void.id)?;
            void.put(device, id, |device, id, back, why| device.void_screening(id, back, why), out)
        }
    }
}

/// Says where a score lies beyond the usual cut-off. It is only said here, and not stored.
fn hint(one: &Screening, out: &mut dyn Write) -> Result<(), CommandError> {
    let scale = one.instrument.scale_of(one.max.get());
    if let Some(hint) = scale.and_then(|scale| scale.hint(one.score.get())) {
        writeln!(out, "Look closer: {hint}. Speak with your supervisor about a referral.")?;
    }
    Ok(())
}

fn list(device: &Device, group: Option<&str>, every: bool, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let (all, mut left_out, mut rows) = (find::everything(tablet), 0, Vec::new());
    for (group, named) in groups(device, group)? {
        let corrected = corrected(tablet, group);
        for (id, one) in of_group::<Screening>(tablet, group) {
            let stands = one.void.is_none() && !corrected.contains(&id);
            let row = (named.name.to_string(), id, one, corrected.contains(&id));
            if every || stands { rows.push(row) } else { left_out += 1 }
        }
    }
    let code = |one: &Screening| words::code_of(tablet, one.participant);
    rows.sort_by_cached_key(|(group, id, one, _)| (group.clone(), code(one), one.date, *id));
    writeln!(out, "{}.", words::count(rows.len(), "screening"))?;
    let mut table =
        table(["Group", "Code", "Instrument", "When", "Date", "Score", "Risk", "Corrected", "Id"]);
    for (group, id, one, corrected) in &rows {
        let void = one.void.as_ref().map(|why| format!("void ({why})"));
        table.add_row(vec![
            group.clone(),
            code(one),
            one.instrument.to_string(),
            words::plain(one.timepoint),
            one.date.map(words::day).unwrap_or_default(),
            format!("{} of {}", one.score, one.max),
            risk(one).unwrap_or_default().to_owned(),
            void.unwrap_or_else(|| if *corrected { "yes".to_owned() } else { String::new() }),
            find::end(*id, &all),
        ]);
    }
    if !rows.is_empty() {
        writeln!(out, "{table}")?;
    }
    if left_out > 0 {
        writeln!(out, "Left out: {left_out} corrected or void; see --all.")?;
    }
    Ok(())
}

fn risk(one: &Screening) -> Option<&'static str> {
    one.risk.map(|risk| if risk { "yes" } else { "no" })
}

/// `the PHQ-9 of P07 of Abahuje`.
pub(super) fn named(tablet: &Tablet, one: &Screening) -> String {
    format!(
        "the {} of {}, {}",
        one.instrument,
        words::record(tablet, one.participant.into()),
        words::plain(one.timepoint)
    )
}

/// The screening, field by field.
pub(super) fn say(
    tablet: &Tablet,
    id: DocumentId,
    one: &Screening,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    writeln!(out, "Screening of {}", words::record(tablet, one.participant.into()))?;
    let version = one.version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default();
    row(out, "Instrument", format!("{}{version}", one.instrument))?;
    row(out, "When", words::plain(one.timepoint))?;
    told(out, "Date", one.date.map(words::day))?;
    row(out, "Score", format!("{} of {}", one.score, one.max))?;
    told(out, "In doubt", one.doubt())?;
    told(out, "Risk to life", risk(one))?;
    let short = |id: DocumentId| find::end(id, &find::everything(tablet));
    told(out, "Corrects", one.corrects.map(|id| short(id.into())))?;
    let group =
        tablet.place_of(id).map(|(_, stream)| sync_core::id::Id::from_uuid(sync_core::id::Id::uuid(stream)));
    let is_corrected = group.is_some_and(|group| corrected(tablet, group).contains(&id));
    told(out, "Corrected", is_corrected.then_some("by another screening, which counts"))?;
    told(out, "Void", one.void.as_ref())
}

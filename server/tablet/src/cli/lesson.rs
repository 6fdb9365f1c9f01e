//! `lesson`: what the organisation learned is written, proposed and published; what others learned is read and adopted.

use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::area;
use sync_core::change::Grounds;
use sync_core::fold::{self, fold};
use sync_core::id::{DocumentId, LessonId, OrganisationId, SharedLessonId};
use sync_core::record::lesson::{Language, LessonStatus};
use sync_core::record::{Lesson, Modality, Note, Pillar, SharedLesson};
use sync_core::value::{KnownArea, Line};

use super::list::table;
use super::when::When;
use super::{CommandError, codes, find, look_again, words};
use crate::device::Device;
use crate::recording::LessonDetails;

#[derive(Debug, Subcommand)]
pub enum LessonCommand {
    /// List what your organisation writes and what all partners read.
    List {
        /// Words that stand in it
        text: Option<String>,
    },
    /// Show a lesson.
    Show {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
    },
    /// Begin a lesson: what happened, why, and what you would tell others. Write of nobody by name.
    Write {
        /// What it says, in one line
        title: Line<160>,
        #[command(flatten)]
        said: Said,
    },
    /// Write on in a lesson of your organisation; what you say of a part takes the place of what it says.
    Edit {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
        /// Another title
        #[arg(long)]
        title: Option<Line<160>>,
        #[command(flatten)]
        said: Said,
    },
    /// Propose a lesson: a supervisor or manager who did not begin it is to read and publish it.
    Propose {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
    },
    /// Publish a lesson that a colleague began: all partners read it. For supervisors and managers.
    Publish {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
    },
    /// Put a lesson aside. One that is published stays readable, and says that it is recommended no more.
    Retire {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
    },
    /// Say that your organisation works by a lesson of another partner, and what came of it. For supervisors and managers.
    Adopt {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
        /// Since when; today unless said
        #[arg(long)]
        since: Option<When>,
        /// What came of it, in one line
        #[arg(long)]
        came_of_it: Option<Line<1000>>,
    },
    /// Say that your organisation does not work by it any more, or never did.
    Leave {
        /// The beginning of its title, or its id or the beginning of that
        lesson: String,
        /// Why, in one line
        #[arg(long)]
        reason: Note,
    },
}

#[derive(Debug, Args)]
pub struct Said {
    /// Where and with whom it was learned
    #[arg(long)]
    context: Option<String>,
    /// What happened
    #[arg(long)]
    happened: Option<String>,
    /// Why it happened
    #[arg(long)]
    why: Option<String>,
    /// What others should do
    #[arg(long)]
    recommend: Option<String>,
    /// What it serves
    #[arg(long, value_parser = codes!(Pillar))]
    pillar: Option<Pillar>,
    /// The method of which it tells
    #[arg(long, value_parser = codes!(Modality))]
    modality: Option<Modality>,
    /// The district or province, by its code
    #[arg(long)]
    area: Option<KnownArea>,
    /// What shows it: a question of `GET /v1/questions`, as attendance-by-phase?modality=sociotherapy
    #[arg(long)]
    evidence: Option<Line<200>>,
    /// In which language it is written
    #[arg(long, value_parser = codes!(Language))]
    language: Vec<Language>,
}

impl Said {
    fn details(self, title: Option<Line<160>>) -> LessonDetails {
        LessonDetails {
            title,
            context: self.context,
            what_happened: self.happened,
            why: self.why,
            recommendation: self.recommend,
            pillar: self.pillar,
            modality: self.modality,
            area: self.area,
            evidence: self.evidence,
            languages: self.language.into_iter().collect(),
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        [&self.context, &self.happened, &self.why, &self.recommend].into_iter().flatten().map(String::as_str)
    }
}

impl LessonCommand {
    /// Whether it is for reading what the tablet holds.
    pub(super) fn shows(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Show { .. })
    }

    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Write { title, said } => said.texts().chain([title.as_str()]).collect(),
            Self::Edit { title, said, .. } => said.texts().chain(title.iter().map(Line::as_str)).collect(),
            Self::Publish { reason, .. } | Self::Retire { reason, .. } => vec![reason.as_str()],
            Self::Adopt { came_of_it, .. } => came_of_it.iter().map(Line::as_str).collect(),
            Self::Leave { reason, .. } => vec![reason.as_str()],
            Self::List { .. } | Self::Show { .. } | Self::Propose { .. } => Vec::new(),
        }
    }
}

/// One of some lessons, by what people type of it.
fn one_of<I: Copy + Into<DocumentId>, L>(
    all: Vec<(I, L)>,
    title: impl Fn(&L) -> &str,
    said: &str,
) -> Result<(I, L), CommandError> {
    let folded = fold(said.trim());
    let means = |(id, lesson): &&(I, L)| {
        let id: DocumentId = (*id).into();
        !folded.is_empty()
            && (fold(title(lesson)).starts_with(&folded) || id.to_string().starts_with(&folded))
    };
    let found: Vec<String> = all.iter().filter(means).map(|(_, lesson)| title(lesson).to_owned()).collect();
    match found.len() {
        1 => Ok(all.into_iter().find(|one| means(&one)).ok_or(CommandError::NoLesson(said.to_owned()))?),
        0 => Err(CommandError::NoLesson(said.to_owned())),
        _ => Err(CommandError::SeveralLessons { said: said.to_owned(), there: words::listed(found) }),
    }
}

fn own(device: &Device, said: &str) -> Result<(LessonId, Lesson), CommandError> {
    one_of(device.lessons(), |lesson| lesson.title.as_str(), said)
}

fn shared(device: &Device, said: &str) -> Result<(SharedLessonId, SharedLesson), CommandError> {
    one_of(device.shared_lessons(), |lesson| lesson.title.as_str(), said)
}

pub(super) fn run(
    device: &mut Device,
    command: LessonCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let today = device.clock().today();
    match command {
        LessonCommand::List { text } => list(device, text.as_deref(), out)?,
        LessonCommand::Show { lesson } => show(device, &lesson, out)?,
        LessonCommand::Write { title, said } => {
            let id = device.write_lesson(&said.details(Some(title.clone())))?;
            writeln!(
                out,
                "Saved: the lesson \"{title}\" ({id}). Your organisation reads it after the next sync."
            )?;
        }
        LessonCommand::Edit { lesson, title, said } => {
            let (id, lesson) = own(device, &lesson)?;
            let changed = device.edit_lesson(id, &said.details(title))?;
            let saved = if changed { "Saved" } else { "Nothing to change" };
            writeln!(out, "{saved}: the lesson \"{}\".", lesson.title)?;
        }
        LessonCommand::Propose { lesson } => {
            let (id, lesson) = own(device, &lesson)?;
            device.propose_lesson(id)?;
            writeln!(out, "Saved: \"{}\" is proposed. A colleague reads and publishes it.", lesson.title)?;
        }
        LessonCommand::Publish { lesson, reason } => {
            let (id, lesson) = own(device, &lesson)?;
            look_again::ask(lesson.texts().map(|(_, text)| text), out)?;
            device.move_lesson(id, LessonStatus::Published, &reason)?;
            let title = &lesson.title;
            writeln!(out, "Saved: \"{title}\" is published; all partners read it after the next sync.")?;
            if device.tablet().begun_by(id).contains(&device.tablet().device()) {
                writeln!(
                    out,
                    "You began it yourself: a supervisor or manager who did not must publish it, too."
                )?;
            }
        }
        LessonCommand::Retire { lesson, reason } => {
            let (id, lesson) = own(device, &lesson)?;
            device.move_lesson(id, LessonStatus::Retired, &reason)?;
            writeln!(out, "Saved: \"{}\" is put aside.", lesson.title)?;
        }
        LessonCommand::Adopt { lesson, since, came_of_it } => {
            let (id, lesson) = shared(device, &lesson)?;
            device.adopt_lesson(id, since.map_or(today, |day| day.on(today)), came_of_it)?;
            writeln!(out, "Saved: your organisation works by \"{}\".", lesson.title)?;
        }
        LessonCommand::Leave { lesson, reason } => {
            let (id, lesson) = shared(device, &lesson)?;
            device.leave_lesson(id, &reason)?;
            writeln!(out, "Saved: your organisation does not work by \"{}\".", lesson.title)?;
        }
    }
    Ok(())
}

fn list(device: &Device, text: Option<&str>, out: &mut dyn Write) -> Result<(), CommandError> {
    let wanted = text.unwrap_or_default();
    let holds = |texts: [&str; 5]| fold::holds(&texts.join("\n"), wanted);
    let all = find::everything(device.tablet());
    let mut table = table(["Lesson", "Of", "Status", "Method", "Adopted", "Id"]);
    let mut rows = 0;
    for (id, one) in device.lessons() {
        if holds(one.texts().map(|(_, text)| text)) {
            let method = one.modality.map(words::plain).unwrap_or_default();
            let short = find::short(id, &all);
            table.add_row(vec![
                one.title.to_string(),
                "us".into(),
                one.status.to_string(),
                method,
                String::new(),
                short,
            ]);
            rows += 1;
        }
    }
    let us = device.tablet().organisation();
    for (id, one) in device.shared_lessons() {
        let texts = [one.title.as_str(), &one.context, &one.what_happened, &one.why, &one.recommendation];
        // One's own stands above.
        if one.organisation != us && holds(texts) {
            let status =
                if one.retired_on.is_some() { LessonStatus::Retired } else { LessonStatus::Published };
            let method = one.modality.map(words::plain).unwrap_or_default();
            let adopted = one.adopted_by.len().to_string();
            let short = find::short(id, &all);
            table.add_row(vec![
                one.title.to_string(),
                "a partner".into(),
                status.to_string(),
                method,
                adopted,
                short,
            ]);
            rows += 1;
        }
    }
    if rows == 0 {
        let what =
            if wanted.is_empty() { "No lesson is on this tablet yet." } else { "No lesson says that." };
        return Ok(writeln!(out, "{what} Write one with: ihuriro tablet lesson write \"what it says\"")?);
    }
    Ok(writeln!(out, "{table}")?)
}

pub(super) fn show(device: &Device, said: &str, out: &mut dyn Write) -> Result<(), CommandError> {
    if let Ok((id, one)) = own(device, said) {
        writeln!(out, "{} ({})", one.title, one.status)?;
        let texts = [&one.context, &one.what_happened, &one.why, &one.recommendation];
        tell(texts, one.pillar, one.modality, one.area, &id.into(), out)?;
        return shown_by(one.evidence.as_ref(), out);
    }
    let (id, one) = shared(device, said)?;
    writeln!(out, "{}, published {}", one.title, words::day(one.published_on))?;
    if let Some(on) = one.retired_on {
        writeln!(out, "Put aside on {}: its organisation recommends it no more.", words::day(on))?;
    }
    let texts = [&one.context, &one.what_happened, &one.why, &one.recommendation];
    tell(texts, one.pillar, one.modality, one.area, &id.into(), out)?;
    shown_by(one.evidence.as_ref(), out)?;
    for (who, since) in &one.adopted_by {
        let came = one.came_of_it.get(who).map(|words| format!(": {words}")).unwrap_or_default();
        writeln!(out, "Adopted by {} since {}{came}", partner(device, *who), words::day(*since))?;
    }
    Ok(())
}

fn shown_by(evidence: Option<&Line<200>>, out: &mut dyn Write) -> Result<(), CommandError> {
    match evidence {
        Some(question) => Ok(writeln!(out, "Ask your manager what shows it: {question}")?),
        None => Ok(()),
    }
}

fn partner(device: &Device, who: OrganisationId) -> &'static str {
    if who == device.tablet().organisation() { "us" } else { "a partner" }
}

fn tell(
    texts: [&String; 4],
    pillar: Option<Pillar>,
    modality: Option<Modality>,
    place: Option<KnownArea>,
    id: &DocumentId,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    for (name, text) in ["Where", "What happened", "Why", "What others should do"].into_iter().zip(texts) {
        if !text.trim().is_empty() {
            writeln!(out, "{name}:\n{}", text.trim_end())?;
        }
    }
    let place =
        place.map(|place| area::find(place.code()).map_or_else(|| place.to_string(), |area| area.path()));
    let about = [pillar.map(words::plain), modality.map(words::plain), place];
    writeln!(out, "{}", words::listed(about.into_iter().flatten().chain([format!("id {id}")])))?;
    Ok(())
}

//! Before a text is saved that may say who somebody is, the person who wrote it is told. Nobody is stopped: it is they who know.

use std::io::{IsTerminal, Write, stdin};

use sync_core::identifying::{Found, found_in};

use super::{CommandError, TabletCommand, words};

impl TabletCommand {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Session(command) => command.texts(),
            Self::Participant(command) => command.texts(),
            Self::Referral(command) => command.texts(),
            Self::Incident(command) => command.texts(),
            Self::Screening(command) => command.texts(),
            Self::Settle(said) => said.texts(),
            Self::Lesson(command) => command.texts(),
            _ => Vec::new(),
        }
    }
}

/// What in some texts may say who somebody is, in words.
pub(super) fn warning<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let found: Vec<Found> = texts.into_iter().flat_map(found_in).collect();
    let said = found.iter().map(|one| format!("\"{}\" looks like {}", one.text, one.what.words()));
    (!found.is_empty()).then(|| {
        format!(
            "Look again: {}. Whoever may read the record reads it, and its history keeps it. Write of people by their code, as P07.",
            words::listed(said)
        )
    })
}

/// Points out what in the texts of a command may say who somebody is.
///
/// # Errors
/// Those of [`ask`].
pub(super) fn point_out(command: &TabletCommand, out: &mut dyn Write) -> Result<(), CommandError> {
    ask(command.texts(), out)
}

/// Points such texts out. Where a person sits at a terminal, they are asked whether it is to be saved so.
///
/// # Errors
/// [`CommandError::NotSaved`] where they say no.
pub(super) fn ask<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let Some(warning) = warning(texts) else { return Ok(()) };
    writeln!(out, "{warning}")?;
    if !stdin().is_terminal() {
        return Ok(());
    }
    write!(out, "Save it so? Type yes, or anything else to write it again: ")?;
    out.flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("yes") { Ok(()) } else { Err(CommandError::NotSaved) }
}

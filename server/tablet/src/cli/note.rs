//! A note: a command as it was typed while nobody could open the tablet, and the time by the tablet's clock.

use std::str::FromStr;

use clap::Parser;
use minicbor::{Decode, Encode};
use sync_core::cbor::{from_bytes, to_bytes};
use sync_core::time::{Date, Millis};
use sync_core::value::Pseudonym;

use super::participant::{self, ParticipantCommand};
use super::session::{self, SessionCommand};
use super::when::When;
use super::{TabletCommand, words};
use crate::clock::in_rwanda;
use crate::recording::Who;

#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Note {
    /// When it was left, by the tablet's clock.
    #[n(0)]
    pub(super) at: Millis,
    /// The command: [`TabletCommand::noted`].
    #[n(1)]
    pub(super) words: Vec<String>,
    /// Why its owner decided that it is not recorded.
    #[n(2)]
    pub(super) dropped: Option<String>,
}

/// A code that stands in a note, and the one that was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    pub(super) was: Pseudonym,
    pub(super) now: Pseudonym,
}

impl FromStr for Meant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (was, now) = text.split_once('=').ok_or("must be two codes, as P71=P07")?;
        let code = |text: &str| text.parse().map_err(|why| format!("{text}: {why}"));
        Ok(Self { was: code(was)?, now: code(now)? })
    }
}

/// A command by itself, of words that were noted.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Typed {
    #[command(subcommand)]
    command: TabletCommand,
}

impl Note {
    /// `None` where a command can't be noted.
    pub(super) fn of(command: &TabletCommand, at: Millis) -> Option<Self> {
        let words = command.noted(in_rwanda(at).date())?;
        Some(Self { at, words, dropped: None })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// `None` where it is none, or of a later version. Whoever has the tablet may have written it: nothing in it is for a terminal to obey.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut note: Self = from_bytes(bytes).ok()?;
        let shown = |letter: char| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter };
        for word in note.words.iter_mut().chain(&mut note.dropped) {
            *word = word.chars().map(shown).collect();
        }
        Some(note)
    }

    /// The command again; none but such as can be noted.
    pub(super) fn command(&self) -> Option<TabletCommand> {
        let command = Typed::try_parse_from(&self.words).ok()?.command;
        command.noted(in_rwanda(self.at).date()).map(|_| command)
    }

    /// The same note with another command.
    pub(super) fn saying(self, command: &TabletCommand) -> Self {
        let words = command.noted(in_rwanda(self.at).date()).unwrap_or(self.words);
        Self { words, ..self }
    }

    /// As somebody would type it.
    pub(super) fn typed(&self) -> String {
        let typed = |word: &String| match word.split_once('=').filter(|(name, _)| name.starts_with("--")) {
            Some((name, value)) => format!("{name} {}", words::typed(value)),
            None => words::typed(word),
        };
        self.words.iter().map(typed).collect::<Vec<_>>().join(" ")
    }
}

/// The words of a command.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn of(command: [&str; 2]) -> Self {
        Self(command.map(str::to_owned).to_vec())
    }

    /// All words, with the group after the command; last where it would be taken for an option.
    fn on(mut self, group: &str) -> Vec<String> {
        match group.starts_with('-') {
            true => self.0.extend(["--", group].map(str::to_owned)),
            false => self.0.insert(2, group.to_owned()),
        }
        self.0
    }

    fn one(&mut self, name: &str, value: Option<impl ToString>) {
        self.0.extend(value.map(|value| format!("--{name}={}", value.to_string())));
    }

    fn list(&mut self, name: &str, values: &[impl ToString]) {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        self.one(name, (!values.is_empty()).then(|| values.join(",")));
    }

    fn flag(&mut self, name: &str, said: bool) {
        self.0.extend(said.then(|| format!("--{name}")));
    }
}

impl TabletCommand {
    /// The command in words, with its days written out; `None` where it can't be noted. Each field that a command has is named here, so that none of a
    /// later version is left out of a note unseen.
    fn noted(&self, today: Date) -> Option<Vec<String>> {
        match self {
            Self::Session(SessionCommand::Record { group, date, part, yes, said }) => {
                let mut words = Words::of(["session", "record"]);
                words.one("date", Some(date.unwrap_or(When::Today).on(today)));
                words.one("part", Some(part));
                words.flag("yes", *yes);
                said.noted(&mut words);
                Some(words.on(group))
            }
            Self::Participant(ParticipantCommand::Add { group, code, said }) => {
                let mut words = Words::of(["participant", "add"]);
                words.one("code", code.as_ref());
                said.noted(&mut words, today);
                Some(words.on(group))
            }
            _ => None,
        }
    }
}

impl session::Said {
    fn noted(&self, words: &mut Words) {
        let Self {
            starts_at,
            minutes,
            phase,
            theme,
            not_theme,
            present,
            late,
            absent,
            excused,
            unmark,
            headcount,
            summary,
            submit,
        } = self;
        words.one("starts-at", *starts_at);
        words.one("minutes", minutes.map(|minutes| minutes.get()));
        words.one("phase", *phase);
        words.list("theme", theme);
        words.list("not-theme", not_theme);
        for (name, who) in [
            ("present", present),
            ("late", late),
            ("absent", absent),
            ("excused", excused),
            ("unmark", unmark),
        ] {
            words.list(name, who);
        }
        let heads: Vec<String> =
            headcount.iter().map(|(cell, count)| format!("{cell}={}", count.get())).collect();
        words.list("headcount", &heads);
        words.one("summary", summary.as_ref());
        words.flag("submit", *submit);
    }

    /// Whom it marks.
    pub(super) fn marked(&self) -> impl Iterator<Item = &Who> {
        let Self { present, late, absent, excused, unmark, .. } = self;
        [present, late, absent, excused, unmark].into_iter().flatten()
    }

    /// The same, to be changed.
    pub(super) fn marked_mut(&mut self) -> impl Iterator<Item = &mut Who> {
        let Self { present, late, absent, excused, unmark, .. } = self;
        [present, late, absent, excused, unmark].into_iter().flatten()
    }
}

impl participant::Said {
    fn noted(&self, words: &mut Words, today: Date) {
        let Self { sex, age_band, family, consent, consent_date, consent_to, guardian, withdrawn, yes, exit } =
            self;
        words.one("sex", *sex);
        words.one("age-band", *age_band);
        words.one("family", family.as_ref());
        words.one("consent", *consent);
        words.one("consent-date", consent_date.map(|day| day.on(today)));
        words.one("consent-to", *consent_to);
        words.flag("guardian", *guardian);
        words.one("withdrawn", withdrawn.map(|day| day.on(today)));
        words.flag("yes", *yes);
        words.one("exit", *exit);
    }
}

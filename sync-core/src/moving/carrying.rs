//! What was recorded in a session that counts nowhere, as it goes into the record of the meeting that counts: without writing over what
//! somebody else recorded there, unless people say so.

use crate::change::Change;
use crate::document::Document;
use crate::form::EditError;
use crate::history::{says, step};
use crate::record::Session;
use crate::record::session::SessionEdit;
use crate::value::{Key, Value};

/// What some changes of a session say that goes into another record of the meeting.
#[derive(Debug, Clone)]
pub struct Carried {
    fields: Vec<CarriedField>,
    /// Lines of the summary that are not there yet.
    lines: Vec<String>,
}

/// One field, or one entry of a field (`attendance/<participant>`), in words as [`FieldStep`](crate::history::FieldStep) has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedField {
    pub field: String,
    /// What it said before the changes, as their authors saw it.
    pub from: Vec<String>,
    /// What they say.
    pub to: Vec<String>,
    /// What the other record says.
    pub there: Vec<String>,
}

impl CarriedField {
    /// Whether somebody wrote something else there: neither what these changes say nor what their authors saw.
    pub fn clashes(&self) -> bool {
        !self.there.is_empty() && self.there != self.to && self.there != self.from
    }
}

/// The fields that go along. The others decide about the record (its state, whether it counts) or make up its id: they are of the one record alone.
const CARRIED: [&str; 7] =
    ["starts_at", "minutes", "phase", "themes", "facilitators_present", "attendance", "headcount"];

impl Carried {
    /// What some changes of a session say, in their order: of each field the value that they end with, of the summary the lines that they wrote.
    /// `there` is the record into which it goes, where that has begun.
    pub fn of(from: &Document, changes: &[Change], there: Option<&Document>) -> Self {
        let summary = there.and_then(|there| there.read::<Session>().ok()).map(|there| there.summary);
        let (mut fields, mut lines): (Vec<CarriedField>, Vec<String>) = (Vec::new(), Vec::new());
        let steps = changes.iter().filter_map(|change| step(from, &change.hash()));
        for one in steps.flat_map(|step| step.fields) {
            let name = one.field.split_once('/').map_or(one.field.as_str(), |(name, _)| name);
            if name == "summary" {
                let has = |line: &str| summary.as_ref().is_some_and(|there| there.contains(line.trim()));
                lines.extend(one.to.into_iter().filter(|line| !has(line)));
            } else if let Some(said) = fields.iter_mut().find(|said| said.field == one.field) {
                said.to = one.to;
            } else if CARRIED.contains(&name) {
                let there = there.map(|there| says(there, &one.field)).unwrap_or_default();
                fields.push(CarriedField { field: one.field, from: one.from, to: one.to, there });
            }
        }
        Self { fields, lines }
    }

    /// What would take the place of something else that somebody wrote.
    pub fn clashes(&self) -> impl Iterator<Item = &CarriedField> {
        self.fields.iter().filter(|field| field.clashes())
    }

    /// The same without what clashes: there stays what stands.
    #[must_use]
    pub fn without_clashes(mut self) -> Self {
        self.fields.retain(|field| !field.clashes());
        self
    }

    /// Writes it into the other record.
    ///
    /// # Errors
    /// [`EditError`] in words.
    pub fn write(&self, into: &mut SessionEdit<'_>) -> Result<(), EditError> {
        self.fields.iter().try_for_each(|one| write_field(one, into))?;
        self.lines.iter().try_for_each(|lines| into.summary().carry(lines))
    }
}

fn write_field(
    CarriedField { field, to, .. }: &CarriedField,
    into: &mut SessionEdit<'_>,
) -> Result<(), EditError> {
    let (name, key) = field.split_once('/').unwrap_or((field, ""));
    let (said, on) = (to.last(), to.last().is_some_and(|word| word == "true"));
    macro_rules! register {
        ($field:ident) => {
            match said {
                Some(words) => into.$field().set(Value::from_words(words)?),
                None => into.$field().clear(),
            }
        };
    }
    macro_rules! member {
        ($field:ident) => {{
            let member = Key::from_key(key)?;
            if on { into.$field().insert(&member) } else { into.$field().remove(&member) }
        }};
    }
    macro_rules! entry {
        ($field:ident) => {{
            let key = Key::from_key(key)?;
            match said {
                Some(words) => into.$field().put(&key, Value::from_words(words)?),
                None => into.$field().clear(&key),
            }
        }};
    }
    match name {
        "starts_at" => register!(starts_at),
        "minutes" => register!(minutes),
        "phase" => register!(phase),
        "themes" => member!(themes),
        "facilitators_present" => member!(facilitators_present),
        "attendance" => entry!(attendance),
        "headcount" => entry!(headcount),
        _ => Ok(()),
    }
}

//! The cells of one line, read as what they should be. What is wrong with them is collected, so that all is said at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use csv::StringRecord;
use sync_core::day::{as_written, unlikely_to_begin};
use sync_core::time::Date;
use sync_core::value::Why;

use super::table::{MAX_CELL, Table, TableLine, letters};
use crate::problem::Fields;

/// The words for a line as a whole, where no column is at fault.
pub(super) const LINE: &str = "line";

/// A line, by the names of its columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'a> {
    places: &'a BTreeMap<&'static str, usize>,
    cells: &'a StringRecord,
}

impl<'a> Cells<'a> {
    /// The cells of a line. What no cell may be is refused here: longer than any text, with a control character, or behind the last column.
    pub(super) fn of(table: &'a Table, line: &'a TableLine, fields: &mut Fields) -> Self {
        let cells = Self { places: &table.places, cells: &line.cells };
        for (name, place) in &table.places {
            let cell = line.cells.get(*place).unwrap_or_default();
            if cell.len() > MAX_CELL {
                let hint = if cell.contains('\n') { "; perhaps a quotation mark is not closed" } else { "" };
                fields.refuse(name, format!("is longer than {MAX_CELL} bytes{hint}"));
            } else if cell.chars().any(|one| one.is_control() && !['\n', '\r', '\t'].contains(&one)) {
                fields.refuse(name, "has a control character");
            }
        }
        let mut named: Vec<usize> = table.places.values().copied().collect();
        named.sort_unstable();
        let stray = line
            .cells
            .iter()
            .enumerate()
            .find(|(place, cell)| !cell.trim().is_empty() && named.binary_search(place).is_err());
        if let Some((place, _)) = stray {
            let detail = "stands in a column without a name; a text with the sign between cells in it needs quotation marks";
            fields.refuse(LINE, format!("what is in column {} {detail}", letters(place)));
        }
        cells
    }

    /// What a cell says, without blanks around it; `None` where it says nothing.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let cell = self.cells.get(*self.places.get(name)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// A cell that must say something.
    pub(super) fn needed(&self, fields: &mut Fields, name: &str) -> Option<&'a str> {
        let text = self.text(name);
        if text.is_none() {
            fields.refuse(name, "is missing");
        }
        text
    }

    pub(super) fn parse<T: FromStr<Err: Display>>(&self, fields: &mut Fields, name: &str) -> Option<T> {
        fields.parse(name, self.text(name))
    }

    /// One of the field's words, however it is typed: `Healing space`, `16-24`.
    pub(super) fn word<T: FromStr<Err = Why>>(&self, fields: &mut Fields, name: &str) -> Option<T> {
        let word = self.text(name).map(word)?;
        fields.parse(name, Some(&word))
    }

    /// A whole number within the bounds of the field.
    pub(super) fn number<T: TryFrom<i64, Error = Why>>(&self, fields: &mut Fields, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let number = text.parse::<i64>().map_err(|_| Why("must be a whole number".to_owned()));
        number.and_then(T::try_from).map_err(|why| fields.refuse(name, why.0)).ok()
    }

    /// A day, as people write it.
    pub(super) fn day(&self, fields: &mut Fields, name: &str) -> Option<Date> {
        let day = as_written(self.text(name)?);
        if day.is_none() {
            fields.refuse(
                name,
                "is a day written as 05/03/2026 (the day before the month), 5 March 2026 or 2026-03-05",
            );
        }
        day
    }

    /// A day that is over, or today: what a sheet tells took place.
    pub(super) fn past_day(&self, fields: &mut Fields, name: &str, today: Date) -> Option<Date> {
        let day = self.day(fields, name)?;
        if day > today {
            fields.refuse(name, "has not come yet");
        } else if let Some(why) = unlikely_to_begin(day, today) {
            fields.refuse(name, format!("can hardly be right: {why}"));
        }
        Some(day)
    }

    pub(super) fn yes_or_no(&self, fields: &mut Fields, name: &str) -> Option<bool> {
        match word(self.text(name)?).as_str() {
            "yes" | "true" | "yego" | "oui" | "1" => Some(true),
            "no" | "false" | "oya" | "non" | "0" => Some(false),
            _ => {
                fields.refuse(name, "is yes or no");
                None
            }
        }
    }

    /// The words of a cell with several, between blanks, commas or semicolons.
    pub(super) fn several(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let between = |letter: char| letter.is_whitespace() || letter == ',' || letter == ';';
        self.text(name).unwrap_or_default().split(between).filter(|word| !word.is_empty())
    }
}

/// A word as codes are written.
pub(super) fn word(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

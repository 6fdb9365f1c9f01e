//! A table: what a question is answered with, before it becomes JSON, CSV or a sheet.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::totals::Doubts;

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// It is not known, or there is none.
    Nothing,
    Text(String),
    /// As `2026-03-05`.
    Day(String),
    Whole(i64),
    Number(f64),
}

impl Cell {
    pub(super) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    pub(super) fn texts(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Nothing, Self::text)
    }

    pub(super) fn day(day: Option<impl ToString>) -> Self {
        day.map_or(Self::Nothing, |day| Self::Day(day.to_string()))
    }

    /// With four places behind the point; nothing where it is no number.
    pub(super) fn number(number: Option<f64>) -> Self {
        let finite = number.filter(|number| number.is_finite());
        finite.map_or(Self::Nothing, |number| Self::Number((number * 1e4).round() / 1e4))
    }

    /// A share of something, in percent; nothing where that is none.
    pub(super) fn percent(part: i64, whole: i64) -> Self {
        Self::ratio(part.saturating_mul(100), whole)
    }

    pub(super) fn ratio(part: i64, whole: i64) -> Self {
        Self::number((whole != 0).then(|| part as f64 / whole as f64))
    }

    fn whole(&self) -> i64 {
        if let Self::Whole(number) = self { *number } else { 0 }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Text(text) | Self::Day(text) => serializer.serialize_str(text),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
        }
    }
}

/// What stands in one column.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Column {
    /// By which rows name it.
    #[schema(example = "held")]
    pub(super) name: &'static str,
    /// In words.
    #[schema(example = "Meetings that were held")]
    pub(super) title: &'static str,
    /// Whether its rows add up: then `totals` has their sum.
    pub(super) adds_up: bool,
}

impl Column {
    pub(super) const fn says(name: &'static str, title: &'static str) -> Self {
        Self { name, title, adds_up: false }
    }

    pub(super) const fn adds_up(name: &'static str, title: &'static str) -> Self {
        Self { name, title, adds_up: true }
    }
}

/// A proof that rows sum to a total: the same, counted on another way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Reconciled {
    /// What is compared.
    says: &'static str,
    /// What the rows of this answer come to.
    of_rows: i64,
    /// What is counted without them.
    counted: i64,
    agrees: bool,
}

impl Reconciled {
    pub(super) fn new(says: &'static str, of_rows: i64, counted: i64) -> Self {
        Self { says, of_rows, counted, agrees: of_rows == counted }
    }

    /// In words.
    pub(super) fn line(&self) -> String {
        let Self { says, of_rows, counted, agrees } = self;
        let agree = if *agrees { "they agree" } else { "they do not agree" };
        format!("{says}: {of_rows} in the rows, {counted} counted; {agree}")
    }
}

/// The rows of an answer, and what should be known of them.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) columns: &'static [Column],
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) reconciliation: Vec<Reconciled>,
    /// What somebody should know who reads it.
    pub(super) notes: Vec<String>,
    pub(super) doubts: Option<Doubts>,
}

impl Table {
    pub(super) fn new(columns: &'static [Column], rows: Vec<Vec<Cell>>) -> Self {
        Self { columns, rows, reconciliation: Vec::new(), notes: Vec::new(), doubts: None }
    }

    /// Compares the sum of a column with what was counted otherwise.
    pub(super) fn reconciled(mut self, column: &str, counted: i64, says: &'static str) -> Self {
        let rows = self.sum(column);
        self.reconciliation.push(Reconciled::new(says, rows, counted));
        self
    }

    /// Compares what rows say together with what was counted otherwise, where they are no sum of one column.
    pub(super) fn with_reconciled(mut self, says: &'static str, of_rows: i64, counted: i64) -> Self {
        self.reconciliation.push(Reconciled::new(says, of_rows, counted));
        self
    }

    pub(super) fn noting(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(super) fn doubting(self, doubts: Doubts) -> Self {
        Self { doubts: Some(doubts), ..self }
    }

    fn sum(&self, column: &str) -> i64 {
        let at = self.columns.iter().position(|one| one.name == column);
        at.map_or(0, |at| self.rows.iter().map(|row| row[at].whole()).sum())
    }

    /// The sum of each column that adds up; nothing of the others.
    pub(super) fn totals(&self) -> Vec<Cell> {
        let total = |column: &Column| match column.adds_up {
            true => Cell::Whole(self.sum(column.name)),
            false => Cell::Nothing,
        };
        self.columns.iter().map(total).collect()
    }
}

/// Cells by the names of their columns, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    columns: &'static [Column],
    cells: Vec<Cell>,
}

impl Named {
    pub(super) fn new(columns: &'static [Column], cells: Vec<Cell>) -> Self {
        Self { columns, cells }
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.columns.iter().zip(&self.cells) {
            map.serialize_entry(column.name, cell)?;
        }
        map.end()
    }
}

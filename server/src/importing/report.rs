//! What became of each line, or would.

use serde::Serialize;
use serde_json::Value;
use sync_core::codes;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::PasswordCode;
use crate::problem::{FieldError, Problem, kind};

/// So many remarks are made of one line. Who has more to put right has enough to begin with, and the answer stays of a size.
const MOST_REMARKS: usize = 5;

codes! {
    /// What became of a line.
    #[derive(ToSchema)]
    LineOutcome {
        /// It was made.
        Made = "made",
        /// It would be made.
        WouldBeMade = "would_be_made",
        /// It is there already, or stands in the sheet before, and is left as it is.
        Doubled = "doubled",
        /// It can't be made so. Nothing of the whole sheet is.
        Refused = "refused",
    }
}

/// What should be known of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LineRemark {
    /// The column that it is about; `line` where it is about none alone.
    #[schema(example = "area")]
    column: String,
    #[schema(example = "must be the eight-digit code of a village")]
    detail: String,
}

impl LineRemark {
    pub(super) fn new(column: &str, detail: impl Into<String>) -> Self {
        Self { column: column.to_owned(), detail: detail.into() }
    }
}

/// With what somebody who was added chooses a password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FirstCode {
    #[schema(example = "uwase")]
    pub(super) login: String,
    #[serde(flatten)]
    pub(super) code: PasswordCode,
}

/// A line of the sheet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineReport {
    /// As a spreadsheet counts: the names of the columns stand in line 1.
    #[schema(example = 2, minimum = 2)]
    pub(super) line: u64,
    pub(super) outcome: LineOutcome,
    /// The record, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Uuid>,
    /// Why it is refused or left as it is, and what should be looked at again before it is made. At most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(super) remarks: Vec<LineRemark>,
    /// Of somebody who was added: what they choose a password with, at `POST /v1/password-resets`. Shown only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password_code: Option<FirstCode>,
}

impl LineReport {
    pub(super) fn new(line: u64, outcome: LineOutcome, remarks: Vec<LineRemark>) -> Self {
        Self { line, outcome, id: None, remarks, password_code: None }
    }

    /// What is wrong with a line, as a room said it.
    pub(super) fn refused(line: u64, problem: &Problem) -> Self {
        let about = |error: &FieldError| LineRemark::new(&error.field, &*error.detail);
        let mut remarks: Vec<LineRemark> = problem.errors().iter().take(MOST_REMARKS).map(about).collect();
        if remarks.is_empty() {
            remarks.push(LineRemark::new(super::cells::LINE, problem.detail()));
        }
        Self::new(line, LineOutcome::Refused, remarks)
    }
}

/// How many lines there are of each outcome. They sum to `lines`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LineCounts {
    pub(super) lines: usize,
    pub(super) made: usize,
    pub(super) would_be_made: usize,
    pub(super) doubled: usize,
    pub(super) refused: usize,
}

/// What became of a sheet, or would.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    /// Whether it was only tried.
    dry_run: bool,
    counts: LineCounts,
    /// In the order of the sheet. Blank lines are left out.
    lines: Vec<LineReport>,
}

impl ImportReport {
    pub(super) fn of(lines: Vec<LineReport>, dry_run: bool) -> Self {
        let mut counts = LineCounts { lines: lines.len(), ..LineCounts::default() };
        for line in &lines {
            *match line.outcome {
                LineOutcome::Made => &mut counts.made,
                LineOutcome::WouldBeMade => &mut counts.would_be_made,
                LineOutcome::Doubled => &mut counts.doubled,
                LineOutcome::Refused => &mut counts.refused,
            } += 1;
        }
        Self { dry_run, counts, lines }
    }

    /// Nothing was made, since lines are refused.
    pub(super) fn nothing_made(self) -> Problem {
        let refused = self.counts.refused;
        let detail = format!(
            "{refused} of {} lines can't be made as they are, so nothing was made. Put them right, and send the sheet again.",
            self.counts.lines,
        );
        self.told(Problem::of(kind::LINES_REFUSED, detail))
    }

    /// Some lines were made, then it could not go on.
    pub(super) fn stopped(self) -> Problem {
        let detail = format!(
            "{} of {} lines were made before the import stopped; they stay. Put right what was refused, and send the sheet again: what is \
             there is left as it is, and the rest is made.",
            self.counts.made, self.counts.lines,
        );
        self.told(Problem::of(kind::IMPORT_STOPPED, detail))
    }

    fn told(self, problem: Problem) -> Problem {
        let value = |value: serde_json::Result<Value>| value.unwrap_or_default();
        let counts = value(serde_json::to_value(self.counts));
        problem.with("counts", counts).with("lines", value(serde_json::to_value(self.lines)))
    }
}

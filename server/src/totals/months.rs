//! Whole months, and who is somebody else in them.

use sync_core::time::Date;

use super::question::Question;
use crate::scope::Asked;
use crate::scope::conditions::Values;

/// From one month to another, both among it; none where it has no end.
#[derive(Debug, Clone)]
pub(super) struct Months {
    from: Option<String>,
    to: Option<String>,
}

impl Months {
    pub(super) const ALL: Self = Self { from: None, to: None };

    /// None where the days asked for are not whole months.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        let month = |day: Date| day.to_string().get(..7).map(str::to_owned);
        let whole = asked.from.is_none_or(|from| from.day() == 1)
            && asked.to.is_none_or(|to| to.day() == to.days_in_month());
        whole.then(|| Self { from: asked.from.and_then(month), to: asked.to.and_then(month) })
    }

    /// Whether it has neither a beginning nor an end.
    pub(super) fn are_all(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// As a condition on a column.
    pub(super) fn condition(&self, values: &mut Values, column: &str) -> String {
        let mut all = vec!["1 = 1".to_owned()];
        if let Some(from) = &self.from {
            all.push(values.text(&format!("{column} >= ?"), from));
        }
        if let Some(to) = &self.to {
            all.push(values.text(&format!("{column} <= ?"), to));
        }
        all.join(" AND ")
    }
}

/// Which rows of the months of people are those of people who had not come before, in what is asked for or told apart.
pub(super) fn newly(question: &Question, months: &Months, values: &mut Values) -> String {
    let people = question.people(values, "f.");
    let mut any = Vec::new();
    if let Some(period) = question.by.iter().filter_map(|dimension| dimension.period()).max() {
        any.push(format!("f.before < {}", period.begins("f.month")));
    }
    if let Some(from) = &months.from {
        any.push(values.text("f.before < ?", from));
    }
    if any.is_empty() {
        any.push("f.before = ''".to_owned());
    }
    format!("{people} AND ({})", any.join(" OR "))
}

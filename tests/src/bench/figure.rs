//! What was measured: a table for people, and the same as JSON.

use std::fmt;

use serde_json::{Value, json};

/// One measured number.
#[derive(Debug, Clone)]
pub struct Figure {
    /// `SQLite`, `PostgreSQL`, or nothing where no store had a part in it.
    pub store: &'static str,
    /// Of what.
    pub of: String,
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
}

/// All of them, in the order in which they were measured. Each is told on standard error as it comes.
#[derive(Debug, Default)]
pub struct Figures {
    store: &'static str,
    all: Vec<Figure>,
}

impl Figures {
    /// The store that what follows is measured on.
    pub fn on(&mut self, store: &'static str) {
        self.store = store;
    }

    pub fn put(&mut self, of: &str, name: impl Into<String>, value: f64, unit: &'static str) {
        let figure = Figure { store: self.store, of: of.to_owned(), name: name.into(), value, unit };
        eprintln!("{figure}");
        self.all.push(figure);
    }

    /// As `[{"store": …, "of": …, "name": …, "value": …, "unit": …}]`.
    pub fn to_json(&self) -> Value {
        let one = |of: &Figure| json!({"store": of.store, "of": of.of, "name": of.name, "value": of.value, "unit": of.unit});
        self.all.iter().map(one).collect()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.value {
            value if value >= 100.0 => 0,
            value if value >= 10.0 => 1,
            _ => 3,
        };
        let Self { store, of, name, value, unit } = self;
        write!(f, "{store:<10}  {of:<22}  {name:<44} {value:>10.digits$} {unit}")
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all.iter().try_for_each(|figure| writeln!(f, "{figure}"))
    }
}

/// The `part`th hundredth of some times, in milliseconds.
pub(super) fn percentile(times: &mut [f64], part: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() * part).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

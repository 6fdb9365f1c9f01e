//! An indicator as the cells of a line, and a line as an indicator.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use crate::frameworks::indicator::{Baseline, Direction, Indicator, Mapping, Measure, Names};
use crate::problem::Fields;

/// What stands in the columns, by their names; of those that are empty nothing.
pub(super) fn cells(one: &Indicator) -> Vec<(String, String)> {
    let mut cells = vec![
        ("code".to_owned(), one.code.clone()),
        ("name_en".to_owned(), one.names.en.clone()),
        ("unit".to_owned(), one.unit.to_string()),
        ("direction".to_owned(), one.direction.to_string()),
        ("by".to_owned(), joined(&one.by)),
    ];
    let mut put = |name: &str, text: Option<String>| cells.extend(text.map(|text| (name.to_owned(), text)));
    put("name_fr", one.names.fr.clone());
    put("name_rw", one.names.rw.clone());
    for (prefix, measure) in [("", Some(&one.measure)), ("of_", one.of.as_ref())] {
        let Some(measure) = measure else { continue };
        put(&format!("{prefix}count"), Some(measure.count.to_string()));
        put(&format!("{prefix}kind"), measure.kind.map(|one| one.to_string()));
        put(&format!("{prefix}modality"), measure.modality.map(|one| one.to_string()));
        put(&format!("{prefix}sex"), measure.sex.map(|one| one.to_string()));
        put(&format!("{prefix}age_bands"), Some(joined(&measure.age_bands)));
        put(&format!("{prefix}phase"), measure.phase.map(|one| one.to_string()));
    }
    if let Some(Baseline { value, year, source }) = &one.baseline {
        put("baseline_value", Some(value.to_string()));
        put("baseline_year", Some(year.to_string()));
        put("baseline_source", Some(source.clone()));
    }
    put("maps", Some(one.maps.iter().map(mapping).collect::<Vec<_>>().join("\n")));
    cells.retain(|(_, text)| !text.is_empty());
    cells
}

fn joined(words: &[impl Display]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn mapping(Mapping { framework, indicator, fit, loses }: &Mapping) -> String {
    let loses = loses.as_ref().map(|loses| format!(": {loses}")).unwrap_or_default();
    format!("{framework} {indicator} {fit}{loses}")
}

/// A line of the sheet of indicators.
#[derive(Debug)]
pub(super) struct Line {
    /// As the spreadsheet numbers it, from 1.
    pub(super) number: u32,
    pub(super) cells: BTreeMap<&'static str, String>,
}

impl Line {
    /// The indicator; what is wrong is named by the line and column.
    pub(super) fn indicator(&self, fields: &mut Fields) -> Option<Indicator> {
        let (unit, direction) = (self.needed(fields, "unit"), self.word(fields, "direction"));
        let measure = self.measure(fields, "");
        let is_divided = self.cells.keys().any(|name| name.starts_with("of_"));
        let of = is_divided.then(|| self.measure(fields, "of_"));
        let indicator = Indicator {
            code: self.text("code").unwrap_or_default(),
            names: Names {
                en: self.text("name_en").unwrap_or_default(),
                fr: self.text("name_fr"),
                rw: self.text("name_rw"),
            },
            by: self.words(fields, "by"),
            baseline: self.baseline(fields),
            maps: self.maps(fields),
            unit: unit?,
            measure: measure?,
            of: match of {
                Some(of) => Some(of?),
                None => None,
            },
            direction: direction.unwrap_or(Direction::Up),
        };
        Some(indicator)
    }

    fn measure(&self, fields: &mut Fields, prefix: &str) -> Option<Measure> {
        let name = |name: &str| format!("{prefix}{name}");
        let count = self.needed(fields, &name("count"));
        Some(Measure {
            kind: self.word(fields, &name("kind")),
            modality: self.word(fields, &name("modality")),
            sex: self.word(fields, &name("sex")),
            age_bands: self.words(fields, &name("age_bands")),
            phase: self.word(fields, &name("phase")),
            count: count?,
        })
    }

    fn baseline(&self, fields: &mut Fields) -> Option<Baseline> {
        let there = ["baseline_value", "baseline_year", "baseline_source"];
        if !there.iter().any(|name| self.cells.contains_key(name)) {
            return None;
        }
        let (value, year) = (self.needed(fields, there[0]), self.needed(fields, there[1]));
        Some(Baseline { value: value?, year: year?, source: self.text(there[2]).unwrap_or_default() })
    }

    fn maps(&self, fields: &mut Fields) -> Vec<Mapping> {
        let text = self.text("maps").unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.filter_map(|line| self.map(fields, line)).collect()
    }

    fn map(&self, fields: &mut Fields, line: &str) -> Option<Mapping> {
        let (onto, loses) = match line.split_once(':') {
            Some((onto, loses)) => (onto, Some(loses.trim().to_owned())),
            None => (line, None),
        };
        let Ok([framework, indicator, fit]) =
            <[&str; 3]>::try_from(onto.split_whitespace().collect::<Vec<_>>())
        else {
            fields.refuse(&self.place("maps"), "is written as: rpp 1.1 part_of: what is lost");
            return None;
        };
        let fit = fields.parse(&self.place("maps"), Some(fit))?;
        Some(Mapping { framework: framework.to_owned(), indicator: indicator.to_owned(), fit, loses })
    }

    fn text(&self, column: &str) -> Option<String> {
        self.cells.get(column).cloned()
    }

    fn needed<T: FromStr<Err: Display>>(&self, fields: &mut Fields, column: &str) -> Option<T> {
        if !self.cells.contains_key(column) {
            fields.refuse(&self.place(column), "is missing");
        }
        self.word(fields, column)
    }

    fn word<T: FromStr<Err: Display>>(&self, fields: &mut Fields, column: &str) -> Option<T> {
        fields.parse(&self.place(column), self.cells.get(column).map(String::as_str))
    }

    fn words<T: FromStr<Err: Display>>(&self, fields: &mut Fields, column: &str) -> Vec<T> {
        let text = self.text(column).unwrap_or_default();
        let words = text.split([',', ';']).map(str::trim).filter(|word| !word.is_empty());
        words.filter_map(|word| fields.parse(&self.place(column), Some(word))).collect()
    }

    fn place(&self, column: &str) -> String {
        format!("line {}, {column}", self.number)
    }
}

//! Whether what is drawn up can be counted. All that is wrong is named at once.

use std::collections::BTreeSet;

use super::{Baseline, Content, Count, Fit, Indicator, Measure, Names, Unit};
use crate::problem::Fields;

/// More than these nobody reports on.
const MOST_INDICATORS: usize = 100;

impl Measure {
    fn check(&self, fields: &mut Fields, field: &str) {
        let of_people = self.sex.is_some() || !self.age_bands.is_empty();
        match self.count {
            Count::Sessions | Count::Minutes | Count::Groups if of_people => {
                fields
                    .refuse(field, "counts meetings or groups, which have no sex and no age: leave them out");
            }
            Count::People | Count::Graduates | Count::Groups if self.phase.is_some() => {
                fields.refuse(
                    field,
                    "counts people or groups, which are not of one phase: count sessions or attendances",
                );
            }
            _ if of_people && self.phase.is_some() => {
                fields.refuse(field, "tells apart people or phases, not both at once");
            }
            _ => {}
        }
    }
}

impl Content {
    /// Names all that is wrong. A common framework is mapped onto none.
    pub(crate) fn check(&self, fields: &mut Fields, is_common: bool) {
        line(fields, "title", &self.title, 160);
        if !(1..=MOST_INDICATORS).contains(&self.indicators.len()) {
            fields.refuse("indicators", format!("has 1 to {MOST_INDICATORS} of them"));
            return;
        }
        let mut codes = BTreeSet::new();
        for (at, one) in self.indicators.iter().enumerate() {
            if !codes.insert(&one.code) {
                fields.refuse(&format!("indicators.{at}.code"), "stands here twice");
            }
            one.check(fields, &format!("indicators.{at}"), is_common);
        }
    }
}

impl Indicator {
    fn check(&self, fields: &mut Fields, at: &str, is_common: bool) {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if !(1..=16).contains(&self.code.len()) || !self.code.chars().all(known) {
            fields.refuse(&format!("{at}.code"), "has 1 to 16 letters (a to z), digits, . or -");
        }
        let Names { en, fr, rw } = &self.names;
        for (language, name) in [("en", Some(en)), ("fr", fr.as_ref()), ("rw", rw.as_ref())] {
            name.into_iter().for_each(|name| line(fields, &format!("{at}.names.{language}"), name, 200));
        }
        self.measure.check(fields, &format!("{at}.measure"));
        if let Some(of) = &self.of {
            of.check(fields, &format!("{at}.of"));
        }
        self.check_unit(fields, at);
        let different: BTreeSet<_> = self.by.iter().map(|split| split.code()).collect();
        if different.len() < self.by.len() {
            fields.refuse(&format!("{at}.by"), "names each of them once");
        }
        let splits = self.by.iter().find(|split| !self.measure.splits_by(**split));
        if let Some(split) = splits {
            fields.refuse(&format!("{at}.by"), format!("can't be {split}: what is counted has none"));
        }
        if let Some(Baseline { value, year, source }) = &self.baseline {
            line(fields, &format!("{at}.baseline.source"), source, 200);
            if !value.is_finite() || !(1990..=2100).contains(year) {
                fields.refuse(&format!("{at}.baseline"), "has a number, and a year from 1990 to 2100");
            }
        }
        if is_common && !self.maps.is_empty() {
            fields.refuse(&format!("{at}.maps"), "is for indicators of partners: this one is a common one");
        }
        if self.maps.len() > 10 {
            fields.refuse(&format!("{at}.maps"), "has at most 10 of them");
        }
        for (number, map) in self.maps.iter().enumerate() {
            let at = format!("{at}.maps.{number}.loses");
            match &map.loses {
                Some(loses) => line(fields, &at, loses, 300),
                None if map.fit == Fit::Same => {}
                None => fields.refuse(&at, "says what is lost where the two do not count the same"),
            }
        }
    }
}

impl Indicator {
    /// The unit says what is counted, or that it is divided; a percentage is part of what it is divided by.
    fn check_unit(&self, fields: &mut Fields, at: &str) {
        let field = format!("{at}.of");
        let divided = matches!(self.unit, Unit::Percent | Unit::Ratio);
        match &self.of {
            None if divided => fields.refuse(&field, "is missing: a percentage or ratio is of something"),
            Some(_) if !divided => fields.refuse(&field, "is there for percentages and ratios alone"),
            Some(of) if self.unit == Unit::Percent && of.count != self.measure.count => {
                fields.refuse(
                    &field,
                    format!("counts {}, as the measure does, of which it is a part", self.measure.count),
                );
            }
            None if self.unit != self.measure.count.unit() => {
                fields.refuse(
                    &format!("{at}.unit"),
                    format!("is {} where {} are counted", self.measure.count.unit(), self.measure.count),
                );
            }
            _ => {}
        }
    }
}

/// A text of one line.
pub(super) fn line(fields: &mut Fields, field: &str, text: &str, most: usize) {
    let fits = (1..=most).contains(&text.trim().chars().count());
    if !fits || text.chars().any(char::is_control) {
        fields.refuse(field, format!("has 1 to {most} letters, on one line"));
    }
}

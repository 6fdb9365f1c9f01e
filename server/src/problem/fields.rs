//! What people type: checked field by field, so that an answer names all that is wrong at once.

use std::str::FromStr;

use sync_core::time::{self, Date};

use super::{FieldError, Problem};

/// SQLite takes patterns of 50,000 bytes; nobody types a hundredth of that.
const LONGEST_TEXT: usize = 200;

/// Collects what is wrong with a form.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    errors: Vec<FieldError>,
}

/// Signs that have no width, or turn the direction of what follows (Unicode, default ignorable code points in use): two names that differ in one of them look alike.
const fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl Fields {
    pub(crate) fn refuse(&mut self, field: &str, detail: impl Into<String>) {
        self.errors.push(FieldError { field: field.to_owned(), detail: detail.into() });
    }

    /// A name to sign in with; upper and lower case are the same.
    pub(crate) fn login(&mut self, text: &str) -> String {
        let login = text.trim().to_lowercase();
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@+".contains(c);
        if !(3..=64).contains(&login.len()) || !login.chars().all(known) {
            self.refuse("login", "has 3 to 64 letters (a to z), digits or . _ - @ +");
        }
        login
    }

    /// A short code of an organisation; upper and lower case are the same.
    pub(crate) fn code(&mut self, text: &str) -> String {
        let code = text.trim().to_lowercase();
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(2..=32).contains(&code.len()) || !code.chars().all(known) {
            self.refuse("code", "has 2 to 32 letters (a to z), digits or -");
        }
        code
    }

    /// The name of a person, an organisation or a tablet.
    pub(crate) fn name(&mut self, field: &str, text: &str) -> String {
        let name = text.trim();
        if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
            self.refuse(field, "has 1 to 120 letters, on one line");
        } else if name.chars().any(is_unseen) {
            self.refuse(
                field,
                "has a sign that nobody sees, so that it looks like another name; type it anew",
            );
        }
        name.to_owned()
    }

    /// A text that must be one of the field's values, where it is given.
    pub(crate) fn parse<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        field: &str,
        text: Option<&str>,
    ) -> Option<T> {
        match text?.parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.refuse(field, why.to_string());
                None
            }
        }
    }

    /// A day, where it is given.
    pub(crate) fn day(&mut self, field: &str, text: Option<&str>) -> Option<Date> {
        let day = time::day(text?);
        if day.is_none() {
            self.refuse(field, "is a day written as 2026-03-05");
        }
        day
    }

    /// Words to search for, where there are any.
    pub(crate) fn words(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        let text = text.filter(|text| !text.is_empty())?;
        if text.chars().count() > LONGEST_TEXT {
            self.refuse(field, format!("has at most {LONGEST_TEXT} characters"));
        }
        Some(text.to_owned())
    }

    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let mut fields = Fields::default();
        assert_eq!(fields.login(" Uwase.M "), "uwase.m");
        fields.name("name", "\n");
        fields.code("!");
        let named: Vec<_> = fields.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["name", "code"]);
        assert!(fields.done().is_err());
    }
}

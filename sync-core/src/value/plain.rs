//! Numbers and lines of text, within their bounds.

use std::fmt;

use automerge::ScalarValue;
use serde::{Deserialize, Serialize};

use super::{Value, Why, text_of};

/// A whole number between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> TryFrom<i64> for Whole<MIN, MAX> {
    type Error = Why;
    fn try_from(number: i64) -> Result<Self, Why> {
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Why(format!("must be a whole number from {MIN} to {MAX}")))
        }
    }
}

impl<const MIN: i64, const MAX: i64> From<Whole<MIN, MAX>> for i64 {
    fn from(number: Whole<MIN, MAX>) -> Self {
        number.0
    }
}

impl<const MIN: i64, const MAX: i64> fmt::Display for Whole<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: i64, const MAX: i64> Value for Whole<MIN, MAX> {
    fn to_scalar(&self) -> ScalarValue {
        ScalarValue::Int(self.0)
    }
    /// JavaScript clients may write a whole number as any of Automerge's number types.
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why> {
        let number = match scalar {
            ScalarValue::Int(number) => Some(*number),
            ScalarValue::Uint(number) => i64::try_from(*number).ok(),
            _ => None,
        };
        number.ok_or_else(|| Why::new("must be a whole number"))?.try_into()
    }
    fn from_words(words: &str) -> Result<Self, Why> {
        words.parse::<i64>().map_err(|_| Why::new("must be a whole number"))?.try_into()
    }
}

/// One line of text of at most `MAX` characters: no line breaks, no control characters, not blank.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = Why;
    fn try_from(text: String) -> Result<Self, Why> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX || text.chars().any(char::is_control) {
            return Err(Why(format!("must be one line of 1 to {MAX} characters")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> From<Line<MAX>> for String {
    fn from(line: Line<MAX>) -> Self {
        line.0
    }
}

impl<const MAX: usize> std::str::FromStr for Line<MAX> {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        Self::try_from(text.to_owned())
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MAX: usize> Value for Line<MAX> {
    fn to_scalar(&self) -> ScalarValue {
        ScalarValue::Str(self.0.as_str().into())
    }
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why> {
        text_of(scalar)?.parse()
    }
    fn from_words(words: &str) -> Result<Self, Why> {
        words.parse()
    }
}

//! What a single value may be. A value is one Automerge scalar; reading checks it, so that whatever a
//! stranger wrote into a document, the rest of the program only meets values that make sense.

use std::fmt;

use automerge::ScalarValue;
use serde::{Deserialize, Serialize};

use crate::area::{self, AreaCode, Level};
use crate::id::{GroupId, IncidentId, OrganisationId, ParticipantId, ScreeningId, SessionId, UserId};
use crate::time::Date;

/// Why a value is refused, as the end of a sentence that starts with the field's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Why(pub String);

impl Why {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A value of one field: how it stands in the document, and what is allowed.
pub trait Value: Clone + PartialEq + fmt::Debug {
    fn to_scalar(&self) -> ScalarValue;
    /// # Errors
    /// [`Why`] the scalar is no such value.
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why>;
}

/// A key of a map or a member of a set: values that have a text form.
pub trait Key: Clone + Ord + fmt::Debug {
    fn to_key(&self) -> String;
    /// # Errors
    /// [`Why`] the text is no such key.
    fn from_key(text: &str) -> Result<Self, Why>;
}

fn text_of(scalar: &ScalarValue) -> Result<&str, Why> {
    match scalar {
        ScalarValue::Str(text) => Ok(text),
        _ => Err(Why::new("must be text")),
    }
}

/// Everything with a text form is a key, and a value that stands as text.
macro_rules! textual {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::value::Key for $name {
            fn to_key(&self) -> String {
                self.to_string()
            }
            fn from_key(text: &str) -> Result<Self, $crate::value::Why> {
                let key = text.parse().map_err(|error| $crate::value::Why(format!("{error}")))?;
                $crate::value::as_written(key, text)
            }
        }
        impl $crate::value::Value for $name {
            fn to_scalar(&self) -> automerge::ScalarValue {
                automerge::ScalarValue::Str(self.to_string().into())
            }
            fn from_scalar(scalar: &automerge::ScalarValue) -> Result<Self, $crate::value::Why> {
                $crate::value::read_text(scalar)
            }
        }
    )*};
}
pub(crate) use textual;

/// One thing has one spelling, or one person could stand in a map twice.
pub(crate) fn as_written<K: Key>(key: K, text: &str) -> Result<K, Why> {
    let spelling = key.to_key();
    if spelling == text { Ok(key) } else { Err(Why(format!("must be written as {spelling}"))) }
}

pub(crate) fn read_text<K: Key>(scalar: &ScalarValue) -> Result<K, Why> {
    K::from_key(text_of(scalar)?)
}

/// An enumeration of the data dictionary: `codes! { Sex { Female = "female", .. } }`. The order is
/// meaningful where a field only moves forward.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $(#[serde(rename = $code)] $variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::Why;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($code => Ok(Self::$variant),)*
                    _ => Err($crate::value::Why(format!("must be one of: {}", [$($code),*].join(", ")))),
                }
            }
        }

        $crate::value::textual!($name);
    )*};
}
pub(crate) use codes;

textual!(OrganisationId, UserId, GroupId, ParticipantId, SessionId, IncidentId, ScreeningId);

impl Key for Date {
    fn to_key(&self) -> String {
        self.to_string()
    }
    fn from_key(text: &str) -> Result<Self, Why> {
        let day = text.parse().map_err(|_| Why::new("must be a day written as 2026-03-05"))?;
        as_written(day, text)
    }
}

impl Value for Date {
    fn to_scalar(&self) -> ScalarValue {
        ScalarValue::Str(self.to_string().into())
    }
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why> {
        read_text(scalar)
    }
}

impl Value for bool {
    fn to_scalar(&self) -> ScalarValue {
        ScalarValue::Boolean(*self)
    }
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why> {
        scalar.as_bool().ok_or_else(|| Why::new("must be true or false"))
    }
}

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
}

/// A pseudonym inside one group, such as `P07`: one to three capital letters, then one to four digits.
/// Nobody's name fits into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pseudonym(String);

impl std::str::FromStr for Pseudonym {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
        let digits = text.len() - letters;
        let sound = (1..=3).contains(&letters)
            && (1..=4).contains(&digits)
            && text.bytes().skip(letters).all(|byte| byte.is_ascii_digit());
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(Why::new("must be a code such as P07, never a name"))
        }
    }
}

impl TryFrom<String> for Pseudonym {
    type Error = Why;
    fn try_from(text: String) -> Result<Self, Why> {
        text.parse()
    }
}

impl From<Pseudonym> for String {
    fn from(code: Pseudonym) -> Self {
        code.0
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
textual!(Pseudonym);

/// The code of a village that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Village(AreaCode);

impl Village {
    pub fn code(self) -> AreaCode {
        self.0
    }
}

impl std::str::FromStr for Village {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let place: Place = text.parse()?;
        if place.0.level() == Level::Village {
            Ok(Self(place.0))
        } else {
            Err(Why::new("must be the eight-digit code of a village"))
        }
    }
}

impl fmt::Display for Village {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The code of an area of any level that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(AreaCode);

impl Place {
    pub fn code(self) -> AreaCode {
        self.0
    }
}

impl std::str::FromStr for Place {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let known = text.parse().ok().and_then(area::find);
        known
            .map(|area| Self(area.code))
            .ok_or_else(|| Why::new("must be the code of an area of Rwanda that exists"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
textual!(Village, Place);

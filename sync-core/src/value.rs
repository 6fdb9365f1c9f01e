//! What a single value may be. A value is one Automerge scalar; reading checks it, so that whatever a
//! stranger wrote into a document, the rest of the program only meets values that make sense.

mod area;
mod plain;
mod pseudonym;

use std::fmt;

use automerge::ScalarValue;

pub use area::{KnownArea, Village};
pub use plain::{Line, Whole};
pub use pseudonym::Pseudonym;

use crate::id::{
    DeviceId, GroupId, IncidentId, LessonId, OrganisationId, ParticipantId, ScreeningId, ServiceId,
    SessionId, SharedLessonId, UserId,
};
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
    /// Reads the value as conflicts and histories write it.
    ///
    /// # Errors
    /// [`Why`] the words are no such value.
    fn from_words(words: &str) -> Result<Self, Why>;
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
            fn from_words(words: &str) -> Result<Self, $crate::value::Why> {
                <Self as $crate::value::Key>::from_key(words)
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

/// An enumeration whose values are written as codes, in JSON, in columns and at the command line alike:
/// `codes! { Sex { Female = "female", .. } }`. One of the data dictionary is [`textual!`] as well. The order is
/// meaningful where a field only moves forward.
#[macro_export]
macro_rules! codes {
    // A code is a `tt`, not a `literal`: derives such as utoipa's do not see through the group that a `literal` comes in.
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $code:tt),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$about])* #[serde(rename = $code)] $variant),* }

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
    )*};
}
pub(crate) use codes;

textual!(OrganisationId, UserId, DeviceId, GroupId, ParticipantId, SessionId, IncidentId, ScreeningId);
textual!(LessonId, SharedLessonId, ServiceId);

impl Key for Date {
    fn to_key(&self) -> String {
        self.to_string()
    }
    fn from_key(text: &str) -> Result<Self, Why> {
        crate::time::day(text).ok_or_else(|| Why::new("must be a day written as 2026-03-05"))
    }
}

impl Value for Date {
    fn to_scalar(&self) -> ScalarValue {
        ScalarValue::Str(self.to_string().into())
    }
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why> {
        read_text(scalar)
    }
    fn from_words(words: &str) -> Result<Self, Why> {
        Self::from_key(words)
    }
}

impl Value for bool {
    fn to_scalar(&self) -> ScalarValue {
        ScalarValue::Boolean(*self)
    }
    fn from_scalar(scalar: &ScalarValue) -> Result<Self, Why> {
        scalar.as_bool().ok_or_else(|| Why::new("must be true or false"))
    }
    fn from_words(words: &str) -> Result<Self, Why> {
        words.parse().map_err(|_| Why::new("must be true or false"))
    }
}

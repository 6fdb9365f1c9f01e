//! The only names that people have here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Why, textual};

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

//! The only names that people have here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Why, textual};

/// A pseudonym inside one group, such as `P07`: one to three capital letters, then a number up to 9999, below 10 with a zero
/// before it. Nobody's name fits into it.
///
/// People may type `p7` or `P007`: it is the same person. A record has the one spelling, as an id is made of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pseudonym(String);

impl std::str::FromStr for Pseudonym {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (letters, digits) = text.split_at(letters);
        let numbered = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse::<u16>() {
            Ok(number) if numbered && (1..=3).contains(&letters.len()) => {
                Ok(Self(format!("{}{number:02}", letters.to_ascii_uppercase())))
            }
            _ => Err(Why::new("must be a code such as P07, never a name")),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Key;

    #[test]
    fn one_code_has_one_spelling() {
        let code = |text: &str| text.parse::<Pseudonym>().map(String::from).map_err(|_| ());
        for same in ["P07", "P7", "p7", "p07", "P007", "p0007"] {
            assert_eq!(code(same), Ok("P07".to_owned()), "{same}");
        }
        for other in ["P70", "F07", "PP07", "P00", "ABC9999", "P107"] {
            assert_eq!(code(other), Ok(other.to_owned()));
        }
        for none in ["", "P", "7", "P 7", "P-7", "P+7", "P00007", "P10000", "ABCD1", "Ps7x", "É7", "Keza"] {
            assert_eq!(code(none), Err(()), "{none}");
        }
        // What a record says is not put right silently: two tablets would make two ids of it.
        assert_eq!(Pseudonym::from_key("P7"), Err(Why("must be written as P07".to_owned())));
        assert!(Pseudonym::from_key("P07").is_ok());
    }
}

//! A code and what can be read from its digits alone, without knowing whether Rwanda has such an area.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How large an area is. Ordered as the codes are: bigger areas first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Province,
    District,
    Sector,
    Cell,
    Village,
}

impl Level {
    /// From the province down.
    pub const ALL: [Self; 5] = [Self::Province, Self::District, Self::Sector, Self::Cell, Self::Village];

    /// How many digits a code of this level has: 1, 2, 4, 6 or 8.
    pub const fn digits(self) -> u32 {
        match self {
            Self::Province => 1,
            Self::District => 2,
            Self::Sector => 4,
            Self::Cell => 6,
            Self::Village => 8,
        }
    }

    /// The next bigger level.
    pub fn above(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|&level| level < self)
    }

    /// The next smaller level.
    pub fn below(self) -> Option<Self> {
        Self::ALL.into_iter().find(|&level| level > self)
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::District => "district",
            Self::Sector => "sector",
            Self::Cell => "cell",
            Self::Village => "village",
        }
    }

    fn of_digits(digits: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.digits() == digits)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is no [`Level`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a level of areas: the levels are province, district, sector, cell and village")]
pub struct NotALevel;

impl FromStr for Level {
    type Err = NotALevel;
    fn from_str(text: &str) -> Result<Self, NotALevel> {
        Self::ALL.into_iter().find(|level| level.word() == text).ok_or(NotALevel)
    }
}

/// The code of an area as NISR (the National Institute of Statistics of Rwanda) numbers them. Its length tells
/// its [`Level`], and it begins with the codes of the areas it lies in: village 52130303 is in cell 521303.
///
/// A code has the right shape; whether there is such an area, only [`find`](super::find) knows. Codes order by
/// level, then by number. JSON writes a code as a string of digits, CBOR as an unsigned integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaCode(u32);

impl AreaCode {
    /// The code as a number, as a database or CBOR keeps it.
    pub const fn number(self) -> u32 {
        self.0
    }

    pub fn level(self) -> Level {
        Level::of_digits(digits(self.0)).expect("a code is only made with the digits of a level")
    }

    /// The code of the area this one lies directly in; none above a province.
    pub fn parent(self) -> Option<Self> {
        self.at(self.level().above()?)
    }

    /// The area of `level` that this one lies in, itself included: none where `level` is smaller than its own.
    pub fn at(self, level: Level) -> Option<Self> {
        let below = digits(self.0).checked_sub(level.digits())?;
        Some(Self(self.0 / 10_u32.pow(below)))
    }

    /// The level of the smallest area in which both lie: none where they are of two provinces. A district and a village in it share the
    /// district; how near two areas of one sector are, the codes do not tell.
    pub fn shares(self, other: Self) -> Option<Level> {
        let both = |level: &Level| self.at(*level).is_some() && self.at(*level) == other.at(*level);
        Level::ALL.into_iter().rev().find(both)
    }

    /// An area contains itself and all that lies in it.
    pub fn contains(self, other: Self) -> bool {
        other.at(self.level()) == Some(self)
    }
}

fn digits(number: u32) -> u32 {
    number.checked_ilog10().map_or(0, |power| power + 1)
}

/// A text or number without the shape of an area code: see [`AreaCode`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not an area code: a code has 1, 2, 4, 6 or 8 digits and does not begin with 0, like 52130303"
)]
pub struct NotAnAreaCode;

impl TryFrom<u32> for AreaCode {
    type Error = NotAnAreaCode;
    fn try_from(number: u32) -> Result<Self, NotAnAreaCode> {
        Level::of_digits(digits(number)).map(|_| Self(number)).ok_or(NotAnAreaCode)
    }
}

impl FromStr for AreaCode {
    type Err = NotAnAreaCode;
    fn from_str(text: &str) -> Result<Self, NotAnAreaCode> {
        // Rust would also read "+1" and "01" as a number; one area has one spelling.
        if text.starts_with(['+', '0']) {
            return Err(NotAnAreaCode);
        }
        text.parse::<u32>().map_err(|_| NotAnAreaCode)?.try_into()
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AreaCode({})", self.0)
    }
}

impl Serialize for AreaCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AreaCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<C> Encode<C> for AreaCode {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u32(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for AreaCode {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        d.u32()?.try_into().map_err(|error: NotAnAreaCode| minicbor::decode::Error::message(error).at(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> AreaCode {
        text.parse().expect("a code")
    }

    #[test]
    fn the_digits_tell_the_level_and_what_lies_above() {
        let village = code("52130303");
        let above = ["5", "52", "5213", "521303", "52130303"];
        for (level, text) in Level::ALL.into_iter().zip(above) {
            assert_eq!(village.at(level), Some(code(text)));
            assert_eq!(code(text).level(), level);
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(serde_json::to_string(&level).expect("JSON"), format!("\"{level}\""));
        }
        for pair in above.windows(2) {
            assert_eq!(code(pair[1]).parent(), Some(code(pair[0])));
        }
        assert_eq!(code("5").parent(), None);
        assert_eq!(code("52").at(Level::Village), None);
        assert_eq!("hamlet".parse::<Level>(), Err(NotALevel));
    }

    #[test]
    fn an_area_contains_itself_and_all_below_and_nothing_else() {
        let district = code("52");
        assert!(district.contains(district));
        assert!(district.contains(code("52130303")));
        assert!(!district.contains(code("5")));
        assert!(!district.contains(code("53130303")));
    }

    #[test]
    fn two_areas_share_the_smallest_in_which_both_lie() {
        let shared = |other: &str| code("52130303").shares(code(other));
        let smaller = ["52130303", "52130304", "52130401", "52140101", "53010101"].map(shared);
        let levels = Level::ALL.map(Some);
        assert!(smaller.iter().eq(levels.iter().rev()));
        assert_eq!(
            (shared("521303"), shared("52"), shared("1")),
            (Some(Level::Cell), Some(Level::District), None)
        );
    }

    #[test]
    fn what_is_no_code_is_refused_in_words() {
        for text in
            ["", "0", "01", "+1", "-1", "1 ", "111", "11010", "1101010", "110101011", "99999999999", "Kabeza"]
        {
            assert_eq!(text.parse::<AreaCode>(), Err(NotAnAreaCode), "{text:?}");
        }
        assert!(NotAnAreaCode.to_string().contains("1, 2, 4, 6 or 8 digits"));
        assert!(serde_json::from_str::<AreaCode>("\"111\"").is_err());
        assert!(minicbor::decode::<AreaCode>(&minicbor::to_vec(111_u32).expect("CBOR")).is_err());
    }

    proptest! {
        #[test]
        fn a_number_is_refused_or_written_back_the_same(number: u32) {
            if let Ok(code) = AreaCode::try_from(number) {
                prop_assert_eq!(code.to_string().parse(), Ok(code));
                prop_assert_eq!(code.number(), number);
            }
        }

        #[test]
        fn a_text_is_refused_or_written_back_the_same(text in "[0-9+ ]{0,10}") {
            if let Ok(code) = text.parse::<AreaCode>() {
                prop_assert_eq!(code.to_string(), text);
            }
        }
    }
}

//! Areas as values: codes that exist.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Why, textual};
use crate::area::{self, AreaCode, Level};

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
        let area: KnownArea = text.parse()?;
        if area.0.level() == Level::Village {
            Ok(Self(area.0))
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
pub struct KnownArea(AreaCode);

impl KnownArea {
    pub fn code(self) -> AreaCode {
        self.0
    }
}

impl std::str::FromStr for KnownArea {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let known = text.parse().ok().and_then(area::find);
        known
            .map(|area| Self(area.code))
            .ok_or_else(|| Why::new("must be the code of an area of Rwanda that exists"))
    }
}

impl fmt::Display for KnownArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
textual!(Village, KnownArea);

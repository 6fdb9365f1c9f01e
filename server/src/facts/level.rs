//! How finely sums tell apart what they count.
//!
//! A *level* is made of three choices: a period ([`Period`]), an area (how many digits of its code), and whether kinds and modalities
//! are told apart. There are not all of them, but those that most questions need ([`LEVELS`]): each row of facts is added to each level.
//! A *plane* says whether people are told apart (sexes, age bands, or both) or meetings: as one meeting has people of several sexes, the
//! counts of meetings add up within a plane only.

/// How finely times are told apart. A period is named by its first month, `2026-04`; all times together by nothing. Sums are by month, or
/// of all times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Period {
    All,
    Year,
    Quarter,
    Month,
}

impl Period {
    /// The month with which the period of a month begins, in SQL that both databases read.
    pub(crate) fn begins(self, month: &str) -> String {
        match self {
            Self::All => "''".to_owned(),
            Self::Year => format!("(substr({month}, 1, 4) || '-01')"),
            Self::Quarter => format!(
                "(substr({month}, 1, 5) || CASE WHEN substr({month}, 6) < '04' THEN '01'
                  WHEN substr({month}, 6) < '07' THEN '04' WHEN substr({month}, 6) < '10' THEN '07' ELSE '10' END)"
            ),
            Self::Month => month.to_owned(),
        }
    }
}

/// The number of a level, as it stands in the tables of sums. `digits` are those of an area's code: 0, 2 (district), 4 (sector) or 8
/// (village).
pub(crate) const fn level(period: Period, digits: u32, kinds: bool) -> i32 {
    10 * period as i32 + digits as i32 + kinds as i32
}

/// By month, village, kind and modality: what waits to be added up.
pub(crate) const FINEST: i32 = level(Period::Month, VILLAGE, true);

const VILLAGE: u32 = 8;

/// The levels of which there are sums, coarse before fine. By village there is mostly one group, so that to leave its kind out would make no row less; by
/// village and month there would be a row for each fact.
const LEVELS: [(Period, u32, bool); 13] = [
    (Period::All, 0, false),
    (Period::All, 0, true),
    (Period::All, 2, false),
    (Period::All, 2, true),
    (Period::All, 4, false),
    (Period::All, 4, true),
    (Period::All, VILLAGE, true),
    (Period::Month, 0, false),
    (Period::Month, 0, true),
    (Period::Month, 2, false),
    (Period::Month, 2, true),
    (Period::Month, 4, false),
    (Period::Month, 4, true),
];

/// The plane in which sexes are told apart, or age bands, or both, or nothing.
pub(crate) const fn plane(sex: bool, age_band: bool) -> i32 {
    sex as i32 + 2 * age_band as i32
}

/// Both are.
pub(crate) const BOTH: i32 = plane(true, true);

/// The plane in which meetings are told apart by phase, part of the day and state. It has no people: a person comes to meetings of several.
pub(crate) const MEETINGS: i32 = 4;

/// The coarsest level that tells times, areas up to so many digits, and kinds apart, and the digits that it tells; none where no sums do.
pub(crate) fn at_least(period: Period, digits: u32, kinds: bool) -> Option<(i32, u32)> {
    let fits = |(time, has, told): &&(Period, u32, bool)| *time >= period && *has >= digits && *told >= kinds;
    LEVELS.iter().find(fits).map(|(period, digits, kinds)| (level(*period, *digits, *kinds), *digits))
}

/// A level, beside the one that its rows are added up from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) level: i32,
    pub(super) period: Period,
    pub(super) digits: u32,
    pub(super) kinds: bool,
    /// The coarsest level that tells at least as much, with its period; [`FINEST`] where there is no other.
    pub(super) from: (i32, Period),
}

/// Every level, each after the one that it is added up from.
pub(super) fn steps() -> impl Iterator<Item = Step> {
    LEVELS.into_iter().enumerate().rev().map(|(place, (period, digits, kinds))| {
        let fits =
            |(time, has, told): &(Period, u32, bool)| *time >= period && *has >= digits && *told >= kinds;
        let from = LEVELS.into_iter().skip(place + 1).find(fits);
        let from = from.map_or((FINEST, Period::Month), |(period, digits, kinds)| {
            (level(period, digits, kinds), period)
        });
        Step { level: level(period, digits, kinds), period, digits, kinds, from }
    })
}

/// Every plane, as rows in SQL: `plane`, `sexes`, `ages`.
pub(super) const PLANES: &str =
    "SELECT 0 AS plane, 0 AS sexes, 0 AS ages UNION ALL SELECT 1, 1, 0 UNION ALL SELECT 2, 0, 1
    UNION ALL SELECT 3, 1, 1";

//! Why a question is not answered.

use crate::problem::{FieldError, Problem, kind};
use crate::store::Refusal;

/// How many rows an answer may have: a sheet that somebody still reads, and some megabytes.
pub(super) const MAX_ROWS: usize = 5_000;

/// How often an answer may count: each time takes some milliseconds.
pub(super) const MOST_COUNTS: usize = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the answer would have too many rows")]
    Rows,
    #[error("there are too many people")]
    People,
    #[error("there are too many pairs of groups")]
    Pairs,
    #[error("the frameworks ask for too many counts")]
    Counts,
    #[error("there are too many targets")]
    Targets,
    #[error("who asks sees no records")]
    NoRecords,
    #[error("there is no such participant")]
    NoSuchParticipant,
    #[error("there is no such release")]
    NoSuchRelease,
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Rows => Self::fields(vec![FieldError {
                field: "area".to_owned(),
                detail: format!(
                    "is left out or holds too much: the answer would have more than {MAX_ROWS} rows. Ask for an area, a modality or a group"
                ),
            }]),
            Refused::People => Self::fields(vec![FieldError {
                field: "area".to_owned(),
                detail: "is left out or holds too much: more than 20000 people are in these groups. Ask for an area, a modality or a group".to_owned(),
            }]),
            Refused::Pairs => Self::fields(vec![FieldError {
                field: "area".to_owned(),
                detail: "is left out or holds too much: more than 20000 pairs of groups lie in it. Ask for a district or a sector".to_owned(),
            }]),
            Refused::Counts => Self::fields(vec![FieldError {
                field: "framework".to_owned(),
                detail: format!(
                    "in force asks for more than {MOST_COUNTS} counts: put a version in force that has fewer indicators, or tells them apart by less"
                ),
            }]),
            Refused::Targets => Self::fields(vec![FieldError {
                field: "from".to_owned(),
                detail: "is left out or too early: more targets than can be counted at once have a month in these months. Ask for a quarter".to_owned(),
            }]),
            Refused::NoRecords => Self::of(kind::ROLE_NOT_ALLOWED, "You see no records."),
            Refused::NoSuchParticipant => Self::of(
                kind::NO_SUCH_PARTICIPANT,
                "Nobody of the groups that you may see has this id. GET /v1/participants lists them.",
            ),
            Refused::NoSuchRelease => Self::of(
                kind::NO_SUCH_RELEASE,
                "No whole quarter was released under this name. GET /v1/published lists what there is.",
            ),
        }
    }
}

/// Rows of which one more was asked for than there may be.
pub(super) fn few_enough<T>(rows: Vec<T>) -> Result<Vec<T>, Refused> {
    if rows.len() > MAX_ROWS { Err(Refused::Rows) } else { Ok(rows) }
}

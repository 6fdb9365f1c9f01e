//! Why nothing became of a quarantined change.

use crate::problem::{Problem, kind};
use crate::store::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("there is no such change among those that wait for the caller's groups")]
    NoSuchChange,
    #[error("it was released before")]
    Released,
    #[error("it was rejected before")]
    Rejected,
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let decided = |state: &'static str| {
            let detail = format!(
                "It is {state} already: somebody else was faster, or it went on by itself. Nothing was done now."
            );
            Self::of(kind::ALREADY_DECIDED, detail).with("state", state)
        };
        match refused {
            Refused::NoSuchChange => Self::of(
                kind::NO_SUCH_CHANGE,
                "No change that was quarantined for a group that you may see has this id.",
            ),
            Refused::Released => decided("released"),
            Refused::Rejected => decided("rejected"),
        }
    }
}

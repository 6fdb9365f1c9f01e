//! Why nothing became of a quarantined change.

use crate::problem::{Problem, kind};
use crate::store::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("there is no such change among those that wait for the caller's groups")]
    NoSuchChange,
    #[error("it is about a record of level S, which the caller may not see")]
    Sensitive,
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
            Refused::Sensitive => Self::of(
                kind::ROLE_NOT_ALLOWED,
                "It is about a referral, an incident or a screening. Those who are assigned to the group, their supervisors and the \
                 protection officers of the organisation decide about it.",
            ),
            Refused::Released => decided("released"),
            Refused::Rejected => decided("rejected"),
        }
    }
}

//! The outcome of a change that was handed in, and the reasons of quarantine. Outcomes are values: none is an error of
//! the protocol, and none loses the change.

use std::fmt;

use minicbor::{Decode, Encode};

/// What the store did with one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// The change is merged and durable.
    #[n(0)]
    Accepted,
    /// The change was merged before, as it is or re-keyed.
    #[n(1)]
    Duplicate,
    /// The store keeps the change in quarantine, whole, until it can be merged or a keeper decides.
    #[n(2)]
    Quarantined(#[n(0)] Reason),
}

/// The decision of a keeper that a change is never merged.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rejection {
    /// The keeper's name.
    #[n(0)]
    pub by: String,
    /// The reason, in the keeper's words.
    #[n(1)]
    pub because: String,
}

/// For the person who recorded it.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} decided that it stays out: {}", self.by, self.because)
    }
}

/// Why a change is quarantined.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reason {
    /// The person who handed it in was not assigned to the group, or their tablet was revoked.
    #[n(0)]
    NotAssigned,
    /// The bytes are not a change, or can't be merged.
    #[n(1)]
    Unreadable,
    /// With it a field would be invalid by the data dictionary, or would break a rule of its form or an authority: the
    /// field, and why.
    #[n(2)]
    Invalid(#[n(0)] String, #[n(1)] String),
    /// Another change of the same author has the same number: the tablet was copied or restored.
    #[n(3)]
    Rekeyed,
    /// A change on which it builds is not merged. It is released by itself once that change is.
    #[n(4)]
    MissingDependency,
    /// It was written under a later version of the data dictionary.
    #[n(5)]
    UnknownSchema,
    /// The change, or its document with it, passes one of the [`limits`](crate::limits).
    #[n(6)]
    TooLarge,
    /// The tablet that handed it in did not write it. It is released by itself once its author's tablet hands it in.
    #[n(7)]
    Unvouched,
    /// Its record was erased, as the person asked: nothing is merged with what is left of it.
    #[n(8)]
    Erased,
}

impl Reason {
    /// A stable word for logs, metrics and the store.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAssigned => "not-assigned",
            Self::Unreadable => "unreadable",
            Self::Invalid(..) => "invalid",
            Self::Rekeyed => "re-keyed",
            Self::MissingDependency => "missing-dependency",
            Self::UnknownSchema => "unknown-schema",
            Self::TooLarge => "too-large",
            Self::Unvouched => "unvouched",
            Self::Erased => "erased",
        }
    }

    /// The codes of all reasons.
    pub const CODES: [&str; 9] = [
        "not-assigned",
        "unreadable",
        "invalid",
        "re-keyed",
        "missing-dependency",
        "unknown-schema",
        "too-large",
        "unvouched",
        "erased",
    ];

    /// The reason with this code; of `invalid` with its field and why. `None` for an unknown code.
    pub fn of(code: &str, field: &str, why: &str) -> Option<Self> {
        Some(match code {
            "not-assigned" => Self::NotAssigned,
            "unreadable" => Self::Unreadable,
            "invalid" => Self::Invalid(field.to_owned(), why.to_owned()),
            "re-keyed" => Self::Rekeyed,
            "missing-dependency" => Self::MissingDependency,
            "unknown-schema" => Self::UnknownSchema,
            "too-large" => Self::TooLarge,
            "unvouched" => Self::Unvouched,
            "erased" => Self::Erased,
            _ => return None,
        })
    }

    /// The reason in words for the keeper who decides about the change; [`fmt::Display`] has them for the person who
    /// recorded it.
    pub fn for_keepers(&self) -> String {
        let words = match self {
            Self::NotAssigned => {
                "who recorded it was not assigned to the group when it arrived, or the tablet was revoked"
            }
            Self::Unreadable => "the bytes are not a change that can be merged",
            Self::Invalid(field, why) => return format!("with it, {field} {why}"),
            Self::Rekeyed => {
                "the tablet was copied or restored, and its other copy wrote under the same number"
            }
            Self::MissingDependency => {
                "it builds on work that is not merged; it goes on by itself when that is"
            }
            Self::UnknownSchema => {
                "it was written by a newer version; it can be released when the server is updated"
            }
            Self::TooLarge => "it, or its record with it, is too large",
            Self::Unvouched => {
                "another tablet made it than the one that handed it in; it goes on by itself when its own does"
            }
            Self::Erased => {
                "its record was erased, as the person asked, before this tablet heard of it; rejected, it is deleted"
            }
        };
        words.to_owned()
    }
}

/// For the person who recorded it.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAssigned => f.write_str(
                "this tablet may not write to this group now; it is kept at the server for the group's manager",
            ),
            Self::Unreadable => f.write_str("it could not be read; it is kept, tell your administrator"),
            Self::Invalid(field, why) => write!(f, "{field} {why}; your supervisor can correct it"),
            Self::Rekeyed => f.write_str(
                "this tablet was copied or restored; it is kept and your supervisor can take it in",
            ),
            Self::MissingDependency => {
                f.write_str("it builds on work that has not arrived yet; it goes on by itself")
            }
            Self::UnknownSchema => {
                f.write_str("it was written by a newer version; it waits until the server is updated")
            }
            Self::TooLarge => f.write_str("it is too large; it is kept, tell your administrator"),
            Self::Unvouched => f.write_str(
                "a colleague recorded it and the server has lost it; it is kept there until their tablet syncs, or your manager takes it in",
            ),
            Self::Erased => f.write_str(
                "the person asked to be erased; if you meant somebody else, record them under another code",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_back_from_its_code() {
        for code in Reason::CODES {
            let reason = Reason::of(code, "minutes", "must be at most 720").expect("a reason");
            assert_eq!(reason.code(), code);
        }
        let invalid = Reason::of("invalid", "minutes", "must be at most 720").expect("a reason");
        assert_eq!(invalid.for_keepers(), "with it, minutes must be at most 720");
        assert_eq!(Reason::of("lost", "", ""), None);
    }
}

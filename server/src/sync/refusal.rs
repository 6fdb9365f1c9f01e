//! Requests that are refused whole. The store keeps nothing of them; the tablet keeps all its changes and may try
//! again.

use actix_web::http::header::RETRY_AFTER;
use sync_core::limits::{
    MAX_AHEAD, MAX_BATCHES, MAX_BODY, MAX_CARRIED, MAX_EXPANDED, MAX_QUARANTINED, MAX_QUARANTINED_BYTES,
};
use sync_core::wire::PROTOCOL;

use crate::problem::{Problem, kind};
use crate::store::Refusal;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the content type or coding is not one of the protocol")]
    ContentType,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body is not what its content coding says")]
    Coding,
    #[error("the body is not a request")]
    NotCbor,
    #[error("the protocol version is not known")]
    Protocol(u32),
    #[error("the signature does not hold")]
    Signature,
    #[error("the tablet is not enrolled")]
    UnknownDevice,
    #[error("a batch is signed by another tablet")]
    ForeignBatch,
    #[error("a batch has the id of another one")]
    BatchReused,
    #[error("the request has too many batches, or carries too many things")]
    TooMany,
    #[error("what the request brings is too much work at once")]
    TooMuchWork,
    #[error("the number of the request was seen before")]
    Seen { last: u64 },
    #[error("the number of the request is too far ahead")]
    TooFar {
        /// The last number that was taken.
        last: u64,
    },
    #[error("too much of the tablet was quarantined within a day")]
    TooMuchQuarantined {
        /// In how many seconds there is room again.
        again: i64,
    },
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let kept = "Nothing was taken; the tablet keeps everything.";
        match refused {
            Refused::ContentType => Self::of(kind::NOT_A_SYNC, format!("Send application/vnd.ihuriro.sync+cbor, coded as zstd, gzip or identity. {kept}"),
            ),
            Refused::TooLarge => Self::of(kind::TOO_LARGE, format!("At most {MAX_BODY} bytes, {MAX_EXPANDED} once expanded. Send less at a time. {kept}"),
            ),
            Refused::Coding => Self::of(kind::CUT_OFF, format!("It was cut off or is not what Content-Encoding says. {kept} Send it again."),
            ),
            Refused::NotCbor => Self::of(kind::NOT_CBOR, format!("It is not a signed CBOR request as sync.md describes it. {kept}"),
            ),
            Refused::Protocol(version) => Self::of(kind::UNKNOWN_PROTOCOL, format!("This server speaks version {PROTOCOL}, the request version {version}. {kept} Update the older side."),
            )
            .with("supported", PROTOCOL),
            Refused::Signature => Self::of(kind::SIGNATURE_INVALID, format!("The request was not signed with this tablet's key, or was changed on its way. {kept}"),
            ),
            Refused::UnknownDevice => Self::of(kind::DEVICE_UNKNOWN, format!("Ask your manager for an enrolment code. {kept}"),
            ),
            Refused::ForeignBatch => Self::of(kind::FOREIGN_BATCH, format!("A batch in the request is signed by another tablet, or was changed after it was signed. {kept}"),
            ),
            Refused::BatchReused => Self::of(kind::BATCH_REUSED, format!("The id of a batch in the request stands for another statement. Give each batch a new id and send it again. {kept}"),
            ),
            Refused::TooMany => Self::of(kind::TOO_LARGE, format!(
                    "At most {MAX_BATCHES} batches, and {MAX_CARRIED} things that are carried. Send fewer at a time. {kept}"
                ),
            ),
            Refused::TooMuchWork => Self::of(kind::TOO_LARGE, format!(
                    "Together the changes in it, or the records that they are for, are larger than is taken at once. Send fewer \
                     at a time; one alone is always taken. {kept}"
                ),
            ),
            Refused::TooFar { last } => Self::of(kind::REQUEST_TOO_FAR, format!(
                    "Requests of a tablet count upwards by one; the last was {last}, and a number may be at most {MAX_AHEAD} \
                     beyond it and less than 2^53. The number was not taken: go on from {last} with a new incarnation. {kept}"
                ),
            )
            .with("last", last),
            Refused::Seen { last } => Self::of(kind::REQUEST_SEEN, format!("Requests of a tablet count upwards; the last was {last}. Go on from there with a new incarnation. {kept}"),
            )
            .with("last", last),
            Refused::TooMuchQuarantined { again } => Self::of(kind::TOO_MUCH_QUARANTINED, format!(
                    "At most {MAX_QUARANTINED} changes of a tablet, or {} MiB, are quarantined within a day. Ask your manager to look \
                     at what waits. {kept} It may sync again later.",
                    MAX_QUARANTINED_BYTES / (1024 * 1024),
                ),
            )
            .header(RETRY_AFTER, again.max(1).into()),
        }
    }
}

//! The blobs of a tablet's folder, each under a key: the identity, a stream, a document, an entry of the outbox and so
//! on.

use std::fmt;

use crate::document::Damaged;
use crate::id::{DocumentId, StreamId};

/// Where a blob stands in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Identity,
    People,
    Neighbours,
    Stream(StreamId),
    Document(DocumentId),
    /// A change about which the store has not said what became of it.
    Outbox(u64),
    /// A change that the store keeps in quarantine.
    Quarantined(u64),
    /// What tells of the decision about a quarantined change of a group that was dropped.
    Left(u64),
    /// A colleague's work, sealed for the store.
    Carried(u64),
    /// A receipt of the store for a colleague.
    Receipt(u64),
}

/// The name of a blob, `document/018f…`, by which folders of earlier versions still open (hence `apart` for a
/// quarantined change).
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity"),
            Self::People => f.write_str("people"),
            Self::Neighbours => f.write_str("neighbours"),
            Self::Stream(id) => write!(f, "stream/{id}"),
            Self::Document(id) => write!(f, "document/{id}"),
            Self::Outbox(serial) => write!(f, "outbox/{serial}"),
            Self::Quarantined(serial) => write!(f, "apart/{serial}"),
            Self::Left(serial) => write!(f, "left/{serial}"),
            Self::Carried(serial) => write!(f, "carried/{serial}"),
            Self::Receipt(serial) => write!(f, "receipt/{serial}"),
        }
    }
}

impl std::str::FromStr for Key {
    type Err = Damaged;
    fn from_str(name: &str) -> Result<Self, Damaged> {
        let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
        match kind {
            "identity" => Ok(Self::Identity),
            "people" => Ok(Self::People),
            "neighbours" => Ok(Self::Neighbours),
            "stream" => rest.parse().map(Self::Stream).map_err(|_| Damaged),
            "document" => rest.parse().map(Self::Document).map_err(|_| Damaged),
            "outbox" => rest.parse().map(Self::Outbox).map_err(|_| Damaged),
            "apart" => rest.parse().map(Self::Quarantined).map_err(|_| Damaged),
            "left" => rest.parse().map(Self::Left).map_err(|_| Damaged),
            "carried" => rest.parse().map(Self::Carried).map_err(|_| Damaged),
            "receipt" => rest.parse().map(Self::Receipt).map_err(|_| Damaged),
            _ => Err(Damaged),
        }
    }
}

/// A blob of the folder: its key and its bytes, before the folder encrypts them.
pub type Blob = (Key, Vec<u8>);

/// One write of an [`Output::Persist`](super::Output::Persist).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Put(Key, Vec<u8>),
    Delete(Key),
}

//! What is wrong, in words, with ids and without anything that a record says.

use std::fmt;

use sync_core::change::ChangeHash;
use sync_core::id::{BatchId, DocumentId, StreamId};
use uuid::Uuid;

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    pub about: About,
    pub says: &'static str,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Stream(StreamId),
    /// A number of a stream, and the change that has it.
    Number(StreamId, i64),
    Document(DocumentId),
    /// A change of a document that has no number.
    Change(DocumentId, ChangeHash),
    Batch(BatchId),
    /// A quarantined change, by the id of that.
    Quarantined(Uuid),
    /// The sums of facts over groups.
    Sums,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about {
            About::Stream(id) => write!(f, "stream {id}"),
            About::Number(id, seq) => write!(f, "change number {seq} of stream {id}"),
            About::Document(id) => write!(f, "document {id}"),
            About::Change(id, hash) => write!(f, "change {hash} of document {id}"),
            About::Batch(id) => write!(f, "batch {id}"),
            About::Sums => f.write_str("the sums of facts over groups"),
            About::Quarantined(id) => write!(f, "change {id} that was quarantined"),
        }?;
        write!(f, ": {}", self.says)
    }
}

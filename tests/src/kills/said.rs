//! What a tablet at work says, one line each.

use std::io::{Write, stdout};

use data_encoding::HEXLOWER;
use sync_core::change::ChangeHash;

use crate::kept::Name;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It has opened its folder.
    Ready,
    /// A change is saved: its name and its digest. Said only after it is on the disk.
    Saved(Name, [u8; 32]),
    /// A sync is about to put something on the disk.
    Keeps,
    /// A sync is about to send a request.
    Sends,
    /// A sync is over; so many changes were handed in that the service had already.
    Synced { duplicates: u32 },
    /// A sync broke off, since the service was away.
    Broken,
}

impl Said {
    /// Says it, and has it out of this process before it returns.
    pub(super) fn say(self) {
        let line = match self {
            Self::Ready => "ready".to_owned(),
            Self::Saved((document, hash), digest) => {
                format!("saved {document} {hash} {}", HEXLOWER.encode(&digest))
            }
            Self::Keeps => "keeps".to_owned(),
            Self::Sends => "sends".to_owned(),
            Self::Synced { duplicates } => format!("synced {duplicates}"),
            Self::Broken => "broken".to_owned(),
        };
        let mut out = stdout().lock();
        let said = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
        said.expect("whoever started this process listens");
    }

    /// Nothing where a kill cut the line off.
    pub(super) fn hear(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        Some(match words.as_slice() {
            ["ready"] => Self::Ready,
            ["saved", document, hash, digest] => {
                let name = (document.parse().ok()?, ChangeHash::from_bytes(bytes(hash)?));
                Self::Saved(name, bytes(digest)?)
            }
            ["keeps"] => Self::Keeps,
            ["sends"] => Self::Sends,
            ["synced", duplicates] => Self::Synced { duplicates: duplicates.parse().ok()? },
            ["broken"] => Self::Broken,
            _ => return None,
        })
    }
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

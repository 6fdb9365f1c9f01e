//! What waits in quarantine of groups that the tablet holds no longer. No word of the record is kept, only what tells of the decision.

use minicbor::{Decode, Encode};

use super::blob::{Key, Write};
use super::state::Tablet;
use super::waiting::Waiting;
use crate::cbor::to_bytes;
use crate::change::Digest;
use crate::id::DocumentId;
use crate::quarantine::Rejection;
use crate::record::Kind;
use crate::wire::{Rejected, Released};

/// A change that the tablet handed in, which was quarantined, and whose group it then had to drop.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Left {
    #[n(0)]
    pub document: DocumentId,
    #[n(1)]
    pub kind: Kind,
    /// By which the tablet asks what was decided.
    #[n(2)]
    pub digest: Digest,
    /// The decision of a keeper that the change is never merged.
    #[n(3)]
    pub rejection: Option<Rejection>,
}

impl Left {
    fn is(&self, document: DocumentId, digest: Digest) -> bool {
        (self.document, self.digest) == (document, digest)
    }
}

impl Tablet {
    /// The changes that were handed in and quarantined, of groups that the tablet holds no longer.
    pub fn left(&self) -> impl ExactSizeIterator<Item = &Left> {
        self.left.values()
    }

    /// Keeps of a quarantined change what is needed to hear of the decision.
    pub(super) fn leave(&mut self, serial: u64, waiting: &Waiting, writes: &mut Vec<Write>) {
        let Waiting { document, kind, rejection, .. } = waiting;
        let (document, kind, rejection) = (*document, *kind, rejection.clone());
        let left = Left { document, kind, digest: waiting.digest(), rejection };
        writes.push(Write::Put(Key::Left(serial), to_bytes(&left)));
        self.left.insert(serial, left);
    }

    /// Notes a rejection of what was left. Gives whether it is one that had not been heard of.
    pub(super) fn hear_of_left(&mut self, said: &Rejected, writes: &mut Vec<Write>) -> bool {
        let open = |one: &Left| one.rejection.is_none() && one.is(said.document, said.digest);
        let Some((serial, left)) = self.left.iter_mut().find(|(_, one)| open(one)) else { return false };
        left.rejection = Some(said.rejection.clone());
        writes.push(Write::Put(Key::Left(*serial), to_bytes(left)));
        true
    }

    /// Lets go of what was left and is merged now. Of a group that the tablet holds, the changes themselves come in a page.
    pub(super) fn hear_of_released(&mut self, released: &[Released], writes: &mut Vec<Write>) {
        for Released { document, digest } in released {
            let merged: Vec<u64> = self
                .left
                .iter()
                .filter(|(_, one)| one.is(*document, *digest))
                .map(|(serial, _)| *serial)
                .collect();
            for serial in merged {
                self.left.remove(&serial);
                writes.push(Write::Delete(Key::Left(serial)));
                self.report.released += 1;
            }
        }
    }
}

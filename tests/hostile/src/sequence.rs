//! Changes for one document in a form that survives being mutated: a change names what it builds on by its place, not by a hash
//! that any other byte would make another.

use sync_core::change::Digest;
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, Id, StreamId};
use sync_core::record::{Kind, Place};

use crate::chunk::{Chunk, framed};

/// More make a sequence slower, and tell nothing more.
const MOST: usize = 16;

/// Changes for the document of one place, whole and with checksums that hold.
#[derive(Debug, Clone)]
pub struct Sequence {
    pub place: Place,
    pub changes: Vec<Vec<u8>>,
}

impl Sequence {
    /// A byte of kind, ids of stream and document, then for each change two bytes of length (low first) and its body.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let kind = Kind::ALL[usize::from(*kind) % Kind::ALL.len()];
        let (stream, rest) = rest.split_first_chunk()?;
        let (document, mut rest) = rest.split_first_chunk()?;
        let place = Place {
            stream: StreamId::from_uuid(uuid::Uuid::from_bytes(*stream)),
            document: DocumentId::from_uuid(uuid::Uuid::from_bytes(*document)),
            kind,
        };
        let mut hashes = vec![*Document::genesis(kind).heads()[0].as_bytes()];
        let mut changes = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk()
            && changes.len() < MOST
        {
            let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
            let (body, after) = after.split_at(length);
            rest = after;
            let change = framed(&with_deps(body, |dep| placed(dep).and_then(|at| hashes.get(at)).copied()));
            hashes.push(hash(&change));
            changes.push(change);
        }
        Some(Self { place, changes })
    }

    /// The bytes from which this is unpacked.
    pub fn pack(&self) -> Vec<u8> {
        let mut packed = vec![self.place.kind as u8];
        packed.extend(self.place.stream.as_bytes());
        packed.extend(self.place.document.as_bytes());
        let mut hashes = vec![*Document::genesis(self.place.kind).heads()[0].as_bytes()];
        for change in &self.changes {
            let at = |dep: &[u8; 32]| {
                let at = hashes.iter().position(|hash| hash == dep)?;
                let mut place = [0; 32];
                place[31] = u8::try_from(at).ok()?;
                Some(place)
            };
            let length = Chunk::open(change).map_or(0, |chunk| chunk.body().len());
            let body = with_deps(&change[change.len() - length..], at);
            packed.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
            packed.extend(body);
            hashes.push(hash(change));
        }
        packed
    }

    /// Whoever hands them in.
    pub fn device(&self) -> DeviceId {
        DeviceId::from_uuid(uuid::Uuid::nil())
    }
}

/// The place that stands where a hash should.
fn placed(dep: &[u8; 32]) -> Option<usize> {
    let (at, nothing) = dep.split_last()?;
    nothing.iter().all(|byte| *byte == 0).then_some(usize::from(*at))
}

/// The body with what it builds on named otherwise, where that can be.
fn with_deps(body: &[u8], named: impl Fn(&[u8; 32]) -> Option<[u8; 32]>) -> Vec<u8> {
    let Some(mut chunk) = Chunk::of_body(body) else { return body.to_vec() };
    for dep in &mut chunk.deps {
        *dep = named(dep).unwrap_or(*dep);
    }
    // Automerge wants them in order.
    chunk.deps.sort_unstable();
    chunk.body()
}

fn hash(change: &[u8]) -> [u8; 32] {
    *Digest::of(&change[8..]).as_bytes()
}

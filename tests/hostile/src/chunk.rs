//! A change chunk taken apart and put together again (Automerge binary format, "Change chunks").

use sync_core::change::Digest;

use crate::leb;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;

/// What a change says, each part as it stands in its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The hashes of what it builds on.
    pub deps: Vec<[u8; 32]>,
    pub author: Vec<u8>,
    pub seq: u64,
    /// The number of its first operation.
    pub start: u64,
    /// Time, message and other authors.
    pub about: Vec<u8>,
    /// What each column is, and its bytes.
    pub columns: Vec<(u64, Vec<u8>)>,
    /// Bytes that no version knows.
    pub rest: Vec<u8>,
}

impl Chunk {
    /// Takes a change apart, whatever its checksum says; `None` where it does not hold together.
    pub fn open(change: &[u8]) -> Option<Self> {
        let mut body = change.get(9..)?;
        leb::take(&mut body)?;
        Self::of_body(body)
    }

    /// As [`Chunk::open`], of what follows the frame.
    pub fn of_body(mut at: &[u8]) -> Option<Self> {
        let mut deps = Vec::new();
        for _ in 0..leb::take(&mut at)? {
            let (hash, rest) = at.split_first_chunk()?;
            deps.push(*hash);
            at = rest;
        }
        let author = prefixed(&mut at)?;
        let (seq, start) = (leb::take(&mut at)?, leb::take(&mut at)?);
        let about = at;
        leb::take(&mut at)?;
        prefixed(&mut at)?;
        for _ in 0..leb::take(&mut at)? {
            prefixed(&mut at)?;
        }
        let about = about.get(..about.len() - at.len())?.to_vec();
        let mut listed = Vec::new();
        for _ in 0..leb::take(&mut at)? {
            listed.push((leb::take(&mut at)?, leb::take(&mut at)?));
        }
        let mut columns = Vec::new();
        for (kind, length) in listed {
            columns.push((kind, bytes(&mut at, length)?));
        }
        Some(Self { deps, author, seq, start, about, columns, rest: at.to_vec() })
    }

    /// The bytes of a change that says this, with a checksum that holds.
    pub fn close(&self) -> Vec<u8> {
        framed(&self.body())
    }

    /// As [`Chunk::close`], without the frame.
    pub fn body(&self) -> Vec<u8> {
        let mut body = leb::unsigned(self.deps.len() as u64);
        body.extend(self.deps.concat());
        body.extend(leb::unsigned(self.author.len() as u64));
        body.extend(&self.author);
        body.extend(leb::unsigned(self.seq));
        body.extend(leb::unsigned(self.start));
        body.extend(&self.about);
        body.extend(leb::unsigned(self.columns.len() as u64));
        for (kind, data) in &self.columns {
            body.extend(leb::unsigned(*kind));
            body.extend(leb::unsigned(data.len() as u64));
        }
        body.extend(self.columns.iter().flat_map(|(_, data)| data));
        body.extend(&self.rest);
        body
    }
}

/// Any bytes as the body of a change, with a checksum that holds.
pub fn framed(body: &[u8]) -> Vec<u8> {
    chunk(CHANGE, body)
}

/// Any bytes as the body of a whole document, with a checksum that holds.
pub fn framed_document(body: &[u8]) -> Vec<u8> {
    chunk(DOCUMENT, body)
}

fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let summed = [&[kind], leb::unsigned(body.len() as u64).as_slice(), body].concat();
    let sum = Digest::of(&summed);
    [&MAGIC, &sum.as_bytes()[..4], &summed].concat()
}

fn bytes(at: &mut &[u8], length: u64) -> Option<Vec<u8>> {
    let (taken, rest) = at.split_at_checked(usize::try_from(length).ok()?)?;
    *at = rest;
    Some(taken.to_vec())
}

fn prefixed(at: &mut &[u8]) -> Option<Vec<u8>> {
    let length = leb::take(at)?;
    bytes(at, length)
}

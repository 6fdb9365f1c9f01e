//! Changes that no tablet of ours writes, with checksums that hold.

use automerge::transaction::{Transactable as _, Transaction};
use automerge::{Automerge, AutomergeError, ObjId, ObjType, ROOT, ReadDoc as _, ScalarValue};
use sync_core::change::Actor;
use sync_core::document::Document;

use crate::chunk::Chunk;
use crate::leb;

/// A change written past the editor, as another program might.
///
/// # Panics
/// Where `write` fails or writes nothing.
pub fn raw(
    on: &Document,
    actor: Actor,
    write: impl FnOnce(&mut Transaction<'_>) -> Result<(), AutomergeError>,
) -> Vec<u8> {
    let mut raw = Automerge::load(&on.save()).expect("a document");
    raw.set_actor(actor.into());
    raw.transact::<_, _, AutomergeError>(|tx| write(tx)).expect("a change");
    raw.get_last_local_change().expect("a change").raw_bytes().to_vec()
}

/// A map or text of the genesis.
///
/// # Panics
/// Where the genesis has none of this name.
pub fn map_of(tx: &Transaction<'_>, name: &str) -> ObjId {
    tx.get(ROOT, name).expect("the root is a map").expect("it is of the genesis").1
}

/// A change of `nothings` and one operations in two hundred bytes: a list of nothings under a key that no version knows. It
/// parses, and is merged nowhere.
pub fn long(on: &Document, actor: Actor, nothings: usize) -> Vec<u8> {
    raw(on, actor, |tx| {
        let list = tx.put_object(ROOT, "x", ObjType::List)?;
        tx.splice(&list, 0, 0, std::iter::repeat_n(ScalarValue::Null, nothings))
    })
}

/// A change of so many operations that a record takes: letters of a session's summary.
pub fn text(on: &Document, actor: Actor, letters: usize) -> Vec<u8> {
    raw(on, actor, |tx| {
        let summary = map_of(tx, "summary");
        tx.splice_text(&summary, 0, 0, &"a".repeat(letters))
    })
}

/// So many changes, none of which saw another: each writes the first letters of a session's summary again.
pub fn rivals(on: &Document, authors: impl Iterator<Item = Actor>, letters: usize) -> Vec<Vec<u8>> {
    let change = |(number, author)| {
        let letter = char::from(b'a' + (number % 26) as u8);
        raw(on, author, |tx| {
            let summary = map_of(tx, "summary");
            let old = tx.length(&summary).min(letters) as isize;
            tx.splice_text(&summary, 0, old, &String::from(letter).repeat(letters))
        })
    };
    authors.enumerate().map(change).collect()
}

/// The same change under another number of its author, or with its operations numbered from elsewhere.
///
/// # Panics
/// Where `change` is none.
pub fn renumbered(change: &[u8], seq: Option<u64>, start: Option<u64>) -> Vec<u8> {
    let mut chunk = Chunk::open(change).expect("a change");
    chunk.seq = seq.unwrap_or(chunk.seq);
    chunk.start = start.unwrap_or(chunk.start);
    chunk.close()
}

/// The same change with every run of about `count` operations said to be `more` longer.
///
/// # Panics
/// Where `change` is none.
pub fn lengthened(change: &[u8], count: u64, more: u64) -> Vec<u8> {
    /// The kind of column whose runs have no values.
    const BOOLEAN: u64 = 4;
    let mut chunk = Chunk::open(change).expect("a change");
    for (kind, data) in &mut chunk.columns {
        let said = if *kind & 7 == BOOLEAN { leb::unsigned } else { leb::signed };
        let found = (count - 2..=count + 1).rev().find_map(|near| {
            let run = said(near);
            let at = data.windows(run.len()).position(|window| window == run)?;
            Some((at..at + run.len(), said(near + more)))
        });
        if let Some((run, longer)) = found {
            data.splice(run, longer);
        }
    }
    chunk.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::change::Change;
    use sync_core::id::{DeviceId, Id};
    use sync_core::record::Kind;

    #[test]
    fn what_is_forged_into_itself_is_itself() {
        let actor = Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(1)), incarnation: 0 };
        let sound = long(&Document::genesis(Kind::Session), actor, 10_000);
        assert_eq!(Change::parse(&sound).expect("a change").seq(), 1);
        assert_eq!(renumbered(&sound, None, None), sound);
        assert_eq!(lengthened(&sound, 10_000, 0), sound);
        assert_ne!(lengthened(&sound, 10_000, 1), sound);
    }
}

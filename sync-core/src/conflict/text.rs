//! Conflicts of a text: concurrent edits that touch the same place. Automerge merges them letter by letter into a text
//! that nobody wrote: two people who each correct "Peple" to "People" get "Peoople". So it is a conflict like any
//! other: every version is kept and shown, until somebody who has seen the versions writes in that place.
//!
//! Two edits touch the same place where they delete the same letter, write between the same two letters, or one writes
//! into what the other deletes. Two edits that each add whole lines between the same two lines do not: their lines stay
//! whole, one after the other.

mod places;
mod versions;

use std::ops::Range;

use super::weave::Weave;
use crate::change::{Change, ChangeHash};
use crate::document::Document;
use crate::form::{FieldInfo, object_of};
use crate::limits::MAX_TEXT_CLAIM;
use crate::value::Why;
use places::TextPlace;

/// The conflict of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextClash {
    /// Of each version the last change, and the lines concerned as that version has them.
    pub(crate) versions: Vec<(ChangeHash, String)>,
    /// The lines concerned as they read now, with everything merged.
    pub(crate) reads: String,
    /// The place of the lines concerned in the text, in characters.
    pub(crate) at: Range<usize>,
    /// How many characters the text has beside the lines concerned.
    rest: usize,
}

/// The conflict of a text that is open now, or was open at `heads`. Costs about as much as reading all changes of the
/// document, and is bounded by [`MAX_TEXT_WORK`](crate::limits::MAX_TEXT_WORK).
pub(crate) fn open(
    document: &Document,
    field: &FieldInfo,
    heads: Option<&[ChangeHash]>,
) -> Option<TextClash> {
    let weave = Weave::of(document, &object_of(document.inner(), field)?, heads)?;
    // 1. The places that several changes wrote to unseen by each other, that nobody settled, and in which their words
    //    differ.
    let open = |place: &TextPlace| place.standing.len() > 1 && weave.differ(&place.letters, &place.standing);
    let places: Vec<TextPlace> = weave.places().into_iter().filter(open).collect();
    // 2. All places together are one conflict, of the lines from the first to the last: people read and settle whole
    //    lines.
    let versions = weave.versions(&places);
    let (first, last) = (places.first()?, places.iter().map(|place| place.letters.end).max()?);
    let lines = weave.lines(first.letters.start..last, &versions);
    let reads = weave.now(lines.clone());
    let versions: Vec<(ChangeHash, String)> = versions
        .iter()
        .map(|version| (weave.hash(version.writer), cut(weave.words(lines.clone(), &version.by))))
        .collect();
    // 3. Versions that all say what the text reads leave nothing to settle.
    if versions.iter().all(|(_, words)| *words == reads) {
        return None;
    }
    let before = weave.now(0..lines.start).chars().count();
    let at = before..before + reads.chars().count();
    let rest = before + weave.now(lines.end..weave.letters.len()).chars().count();
    Some(TextClash { versions, reads: cut(reads), at, rest })
}

/// Whether two changes ever wrote different words to one place of a text unseen by each other, settled or not.
pub(crate) fn ever(document: &Document, field: &FieldInfo) -> bool {
    let weave = object_of(document.inner(), field).and_then(|object| Weave::of(document, &object, None));
    weave.is_some_and(|weave| weave.places().iter().any(|place| weave.differ(&place.letters, &place.clashed)))
}

/// All that was ever written in a text, as [`Weave::ever`] says. `changes` are those of the document, each after those that it builds on.
pub(crate) fn ever_written(
    document: &Document,
    changes: &[Change],
    field: &FieldInfo,
) -> Option<Vec<String>> {
    Weave::ever(changes, &object_of(document.inner(), field)?)
}

impl TextClash {
    /// Whether `words` may replace the lines concerned, in a text of at most `most` characters. A text that is too long
    /// already, because several people wrote, may become shorter.
    pub(super) fn allows(&self, words: &str, most: usize) -> Result<(), Why> {
        let length = words.chars().count();
        if self.rest + length > most && length > self.at.len() {
            return Err(Why(format!("the text must be at most {most} characters")));
        }
        if words.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            return Err(Why::new("must have no control characters but ends of lines"));
        }
        Ok(())
    }
}

/// A version as it is shown: cut to [`MAX_TEXT_CLAIM`] characters, and without NUL, which PostgreSQL can't store.
fn cut(words: String) -> String {
    let words = words.replace('\0', "\u{fffd}");
    match words.char_indices().nth(MAX_TEXT_CLAIM) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

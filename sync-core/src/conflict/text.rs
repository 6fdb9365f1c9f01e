//! Where concurrent edits of a text touch the same place. Automerge merges them letter by letter, and nobody wrote what comes
//! of it: two who each correct "Peple" to "People" get "Peoople". So it is a conflict like any other: every version is
//! kept and shown, until somebody who saw them writes in that place.
//!
//! Touching the same place is: deleting the same letter, writing between the same two letters, or writing into what the other
//! deletes. Not so two who each add whole lines between the same lines: these stay whole, one after the other.

mod places;
mod versions;

use std::ops::Range;

use super::weave::Weave;
use crate::change::ChangeHash;
use crate::document::Document;
use crate::form::{FieldInfo, object_of};
use crate::limits::MAX_TEXT_CLAIM;
use crate::value::Why;
use places::TextPlace;

/// The conflict of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextClash {
    /// The change that wrote each version last, and what the lines concerned say in it.
    pub(crate) versions: Vec<(ChangeHash, String)>,
    /// What these lines say now, with everything merged.
    pub(crate) reads: String,
    /// Where they stand in the text, in characters.
    pub(crate) at: Range<usize>,
    /// How many characters the text has beside them.
    rest: usize,
}

/// The conflict of a text that is open now, or was at `heads`.
pub(crate) fn open(
    document: &Document,
    field: &FieldInfo,
    heads: Option<&[ChangeHash]>,
) -> Option<TextClash> {
    let weave = Weave::of(document, &object_of(document.inner(), field)?, heads)?;
    let open = |place: &TextPlace| place.standing.len() > 1 && weave.differ(&place.letters, &place.standing);
    let places: Vec<TextPlace> = weave.places().into_iter().filter(open).collect();
    let versions = weave.versions(&places);
    let (first, last) = (places.first()?, places.iter().map(|place| place.letters.end).max()?);
    let lines = weave.lines(first.letters.start..last, &versions);
    let reads = weave.now(lines.clone());
    let versions: Vec<(ChangeHash, String)> = versions
        .iter()
        .map(|version| (weave.hash(version.writer), cut(weave.words(lines.clone(), &version.by))))
        .collect();
    if versions.iter().all(|(_, words)| *words == reads) {
        return None;
    }
    let before = weave.now(0..lines.start).chars().count();
    let at = before..before + reads.chars().count();
    let rest = before + weave.now(lines.end..weave.letters.len()).chars().count();
    Some(TextClash { versions, reads: cut(reads), at, rest })
}

/// Whether some ever wrote different things to one place of a text unseen by each other.
pub(crate) fn ever(document: &Document, field: &FieldInfo) -> bool {
    let weave = object_of(document.inner(), field).and_then(|object| Weave::of(document, &object, None));
    weave.is_some_and(|weave| weave.places().iter().any(|place| weave.differ(&place.letters, &place.clashed)))
}

impl TextClash {
    /// Whether words may stand in the place of the lines concerned, in a text of at most so many characters. One that is
    /// too long already may become shorter.
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

/// What is shown of a version. A NUL, which PostgreSQL has no place for, is shown as what it is: no letter.
fn cut(words: String) -> String {
    let words = words.replace('\0', "\u{fffd}");
    match words.char_indices().nth(MAX_TEXT_CLAIM) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

//! Finding in what people wrote the codes of somebody who is erased, and writing it without them.
//!
//! A code is found in whatever spelling a [`Pseudonym`] is taken in (`P07`, `p7`, `P007`), as a word of its own.

use std::collections::BTreeSet;

use automerge::legacy::OpType;
use automerge::{ReadDoc, ScalarValue};

use crate::boundary::contain;
use crate::conflict::text::ever_written;
use crate::document::Document;
use crate::form::{Shape, object_of};
use crate::value::Pseudonym;

/// What stands in the place of a code.
const GONE: &str = "__";

/// Whether a text names one of these codes.
pub fn names(text: &str, codes: &BTreeSet<Pseudonym>) -> bool {
    codes_in(text).any(|code| codes.contains(&code))
}

/// The text with something else in the place of these codes.
pub fn without(text: &str, codes: &BTreeSet<Pseudonym>) -> String {
    let mut rest = String::with_capacity(text.len());
    for part in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        if code(word).is_some_and(|code| codes.contains(&code)) {
            rest.push_str(GONE);
            rest.push_str(&part[word.len()..]);
        } else {
            rest.push_str(part);
        }
    }
    rest
}

/// Whether a document names one of these codes, or ever did. What can't be read is taken to name one. Costs as [`ever_named`].
pub fn ever_names(document: &Document, codes: &BTreeSet<Pseudonym>) -> bool {
    ever_named(document).is_none_or(|named| !named.is_disjoint(codes))
}

/// All codes that a document names in a field or in the grounds of a change, or ever did: its history holds all that was written. A code that was
/// put together from letters with others between them, all of them deleted since, is not found. `None` where not all can be read. Costs as much
/// as reading all changes once.
pub fn ever_named(document: &Document) -> Option<BTreeSet<Pseudonym>> {
    // Somebody else's change may make Automerge panic.
    contain(|| named(document)).ok().flatten()
}

fn named(document: &Document) -> Option<BTreeSet<Pseudonym>> {
    let (changes, mut found) = (document.changes(), BTreeSet::new());
    // 1. Grounds, and single values.
    for change in &changes {
        found.extend(change.grounds().iter().flat_map(|grounds| codes_in(grounds.as_str())));
        for one in change.inner().decode().operations {
            if let OpType::Put(ScalarValue::Str(value)) = &one.action
                && !one.insert
            {
                found.extend(codes_in(value));
            }
        }
    }
    // 2. Texts, as they read now and with all that was deleted of them.
    for field in document.kind().fields().iter().filter(|field| field.shape == Shape::Text) {
        let now = object_of(document.inner(), field).and_then(|text| document.inner().text(text).ok())?;
        let ever = ever_written(document, &changes, field)?;
        found.extend(codes_in(&now));
        found.extend(ever.iter().flat_map(|one| codes_in(one)));
    }
    Some(found)
}

fn codes_in(text: &str) -> impl Iterator<Item = Pseudonym> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter_map(code)
}

fn code(word: &str) -> Option<Pseudonym> {
    // The longest code has three letters and four digits.
    (word.len() <= 7).then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes() -> BTreeSet<Pseudonym> {
        ["P07".parse().expect("a code")].into()
    }

    #[test]
    fn a_code_is_found_however_it_is_spelt_and_only_as_a_word() {
        for text in ["P07 wept.", "then p7", "(P007)", "P07", "we\nP07, and"] {
            assert!(names(text, &codes()), "{text}");
        }
        for text in ["P08", "P071", "AP07", "P07a", "", "a P and 07"] {
            assert!(!names(text, &codes()), "{text}");
        }
        assert_eq!(without("P07 spoke, then P08 and p7.", &codes()), "__ spoke, then P08 and __.");
    }

    proptest! {
        #[test]
        fn what_is_written_without_codes_names_none(parts in prop::collection::vec("(P0*[78]|[a-z]{0,3}|[ .,é]|p7)", 0..12)) {
            let text = parts.concat();
            let rest = without(&text, &codes());
            prop_assert!(!names(&rest, &codes()));
            prop_assert_eq!(names(&text, &codes()), rest != text);
        }
    }
}

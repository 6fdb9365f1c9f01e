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
    words(text).any(|word| is_one(word, codes))
}

/// The text with something else in the place of these codes.
pub fn without(text: &str, codes: &BTreeSet<Pseudonym>) -> String {
    let mut rest = String::with_capacity(text.len());
    for part in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        if is_one(word, codes) {
            rest.push_str(GONE);
            rest.push_str(&part[word.len()..]);
        } else {
            rest.push_str(part);
        }
    }
    rest
}

/// Whether a document names one of these codes in a field or in the grounds of a change, or ever did: its history holds all that was written.
/// A code that was put together from letters with others between them, all of them deleted since, is not found; what can't be read is taken
/// to name one. Costs as much as reading all changes once.
pub fn ever_names(document: &Document, codes: &BTreeSet<Pseudonym>) -> bool {
    // Somebody else's change may make Automerge panic.
    contain(|| finds(document, codes)).unwrap_or(true)
}

fn finds(document: &Document, codes: &BTreeSet<Pseudonym>) -> bool {
    let changes = document.changes();
    // 1. Grounds, and single values.
    let in_values = changes.iter().any(|change| {
        let mut operations = change.inner().decode().operations.into_iter();
        change.grounds().is_some_and(|grounds| names(grounds.as_str(), codes))
            || operations.any(|one| match one.action {
                OpType::Put(ScalarValue::Str(value)) if !one.insert => names(&value, codes),
                _ => false,
            })
    });
    // 2. Texts, as they read now and with all that was deleted of them.
    let mut texts = document.kind().fields().iter().filter(|field| field.shape == Shape::Text);
    in_values
        || texts.any(|field| {
            let now = object_of(document.inner(), field).and_then(|text| document.inner().text(text).ok());
            let ever = ever_written(document, &changes, field);
            now.zip(ever)
                .is_none_or(|(now, ever)| names(&now, codes) || ever.iter().any(|one| names(one, codes)))
        })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
}

fn is_one(word: &str, codes: &BTreeSet<Pseudonym>) -> bool {
    // The longest code has three letters and four digits.
    word.len() <= 7 && word.parse().is_ok_and(|code| codes.contains(&code))
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

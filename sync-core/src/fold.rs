//! Text as it is compared in a search: the same whoever typed it, on whatever keyboard.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Small letters without accents. `Écoute`, `ecoute` and `e` with a combining accent are one; a text finds another if its
/// folded form stands in the other's.
///
/// Compatibility decomposition (NFKD) takes letters and accents apart, whichever way they were typed. The accents then
/// go. Capital and small after it make one of letters that have several small forms (`ß` and `ss`). Tablets write curly
/// apostrophes by themselves, and Kinyarwanda has many (`n'abo`). PostgreSQL has no place for NUL in a text.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|&letter| letter != '\0' && !is_combining_mark(letter))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .map(|letter| if matches!(letter, '‘' | '’' | 'ʼ' | '`' | '´') { '\'' } else { letter })
        .collect()
}

/// Whether a text holds all these words, in any order, also inside of longer words: in Kinyarwanda a word carries its class before its stem
/// (`umuryango`, `imiryango`).
pub fn holds(text: &str, words: &str) -> bool {
    let (text, words) = (fold(text), fold(words));
    words.split_whitespace().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn case_accents_and_the_way_of_typing_do_not_matter() {
        for typed in ["Écoute", "écoute", "ECOUTE", "e\u{301}coute", "E\u{301}COUTE"] {
            assert_eq!(fold(typed), "ecoute");
        }
        assert_eq!(fold("N’abo"), "n'abo");
        assert_eq!(fold("Straße Ⅳ ﬁn\u{a0}kabiri"), "strasse iv fin kabiri");
        assert_eq!(fold("a\0b"), "ab");
    }

    #[test]
    fn words_are_found_in_any_order_and_inside_of_others() {
        assert!(holds("Imiryango yaje yonyine", "yonyine RYANGO"));
        assert!(!holds("Imiryango yaje", "ryango yonyine"));
        assert!(holds("anything", "  "));
    }

    proptest! {
        #[test]
        fn however_it_was_typed_a_text_has_one_form(text: String) {
            let folded = fold(&text);
            prop_assert_eq!(fold(&text.nfc().collect::<String>()), folded.as_str());
            prop_assert_eq!(fold(&text.nfd().collect::<String>()), folded.as_str());
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}

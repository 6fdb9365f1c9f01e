//! What in a free text may say who somebody is: a phone number, the number of an identity card, an e-mail address, a name. Whoever writes it
//! is told before it is saved; nobody is stopped, as a word may look like a name and be none.
//!
//! What is found is a guess by form alone. Texts are Kinyarwanda, French and English, and none of them writes an ordinary word within a sentence
//! with a capital, but for the few that are listed here; a name that begins a sentence is found where another name follows it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::area;
use crate::fold::fold;

/// What a part of a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identifier {
    /// A Rwandan mobile number, with or without the country's code, or any number in international form.
    Phone,
    /// Sixteen digits as on a national identity card: status, year of birth, sex, number, issue, check (National Identification Agency).
    NationalId,
    Email,
    Name,
}

impl Identifier {
    /// In words, with its article.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Phone => "a phone number",
            Self::NationalId => "the number of an identity card",
            Self::Email => "an e-mail address",
            Self::Name => "a name",
        }
    }
}

/// A part of a text, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub what: Identifier,
    pub text: String,
}

/// What somebody should look at again before a text is saved, in the order of the text, each once.
pub fn found_in(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for sentence in sentences(text) {
        let words: Vec<&str> =
            sentence.split_whitespace().map(trimmed).filter(|word| !word.is_empty()).collect();
        numbers(&words, &mut found);
        let is_email =
            |word: &&&str| word.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'));
        found.extend(words.iter().filter(is_email).map(|word| of(Identifier::Email, word)));
        names(&words, &mut found);
    }
    let mut seen: Vec<Found> = Vec::new();
    for one in found {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

fn of(what: Identifier, text: &str) -> Found {
    Found { what, text: text.to_owned() }
}

/// A text in parts that each begin as a sentence does.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '!', '?', ';', ':']).flat_map(|part| part.split(". "))
}

/// A word without what stands around it.
fn trimmed(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '+')
}

/// Runs of words of digits alone, as people write numbers: `0788 123 456`.
fn numbers(words: &[&str], found: &mut Vec<Found>) {
    let is_number = |word: &&str| {
        let plain = word.trim_start_matches('+');
        !plain.is_empty()
            && plain.chars().all(|one| one.is_ascii_digit() || matches!(one, '-' | '.' | '/' | '(' | ')'))
    };
    for run in words.split(|word| !is_number(word)).filter(|run| !run.is_empty()) {
        let text = run.join(" ");
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if is_national_id(&digits) {
            found.push(of(Identifier::NationalId, &text));
        } else if is_phone(&digits, text.starts_with('+')) {
            found.push(of(Identifier::Phone, &text));
        }
    }
}

fn is_national_id(digits: &str) -> bool {
    let year = digits.get(1..5).and_then(|year| year.parse().ok()).unwrap_or(0);
    digits.len() == 16 && digits.starts_with(['1', '2', '3']) && (1900..2100).contains(&year)
}

/// Mobile numbers of Rwanda are 072, 073, 078 or 079 and seven digits (RURA, National Numbering Plan).
fn is_phone(digits: &str, international: bool) -> bool {
    let national = digits.strip_prefix("250").unwrap_or(digits).trim_start_matches('0');
    let mobile =
        national.len() == 9 && ["72", "73", "78", "79"].iter().any(|start| national.starts_with(start));
    mobile || (international && (8..=15).contains(&digits.len()))
}

/// Words with a capital within a sentence, together with those beside them.
fn names(words: &[&str], found: &mut Vec<Found>) {
    let mut run: Vec<&str> = Vec::new();
    let mut within = false;
    let mut close = |run: &mut Vec<&str>, within: bool| {
        if within && !is_known(&run.join(" ")) {
            found.push(of(Identifier::Name, &run.join(" ")));
        }
        run.clear();
    };
    for (place, word) in words.iter().enumerate() {
        if looks_like_a_name(word) && !is_known(word) {
            within |= place > 0;
            run.push(word);
        } else {
            close(&mut run, within);
            within = false;
        }
    }
    close(&mut run, within);
}

/// A capital, then small letters: neither an abbreviation (`NGO`) nor a code (`P07`).
fn looks_like_a_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().next().is_some_and(char::is_lowercase)
        && letters.all(|letter| letter.is_alphabetic() || matches!(letter, '-' | '\'' | '’'))
}

/// Words that are written with a capital and name nobody: days, months and feasts, peoples and languages, what everybody speaks of in such
/// circles, and the places of Rwanda.
fn is_known(word: &str) -> bool {
    const KNOWN: [&str; 72] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "mutarama",
        "gashyantare",
        "werurwe",
        "mata",
        "gicurasi",
        "kamena",
        "nyakanga",
        "kanama",
        "nzeri",
        "ukwakira",
        "ugushyingo",
        "ukuboza",
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
        "christmas",
        "easter",
        "noheli",
        "pasika",
        "noel",
        "paques",
        "kwibuka",
        "rwanda",
        "rwandan",
        "rwandans",
        "umunyarwanda",
        "abanyarwanda",
        "kinyarwanda",
        "ikinyarwanda",
        "english",
        "french",
        "swahili",
        "god",
        "imana",
        "dieu",
        "bible",
        "bibiliya",
        "church",
        "gacaca",
        "umuganda",
        "genocide",
        "jenoside",
        "tutsi",
        "covid",
    ];
    let folded = fold(word);
    /// Folded once: a long text may hold many words with a capital.
    static PLACES: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| area::all().iter().map(|area| fold(area.name)).collect());
    KNOWN.contains(&folded.as_str()) || PLACES.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Identifier::{Email, Name, NationalId, Phone};

    fn found(text: &str) -> Vec<(Identifier, String)> {
        found_in(text).into_iter().map(|one| (one.what, one.text)).collect()
    }

    #[test]
    fn what_says_who_somebody_is_is_found() {
        for (text, what, part) in [
            ("Call her on 0788 123 456.", Phone, "0788 123 456"),
            ("+250 72 345 67 89 is his number", Phone, "+250 72 345 67 89"),
            ("Her son is in Kigali, +32470123456.", Phone, "+32470123456"),
            ("Indangamuntu 1 1985 8 0012345 0 12", NationalId, "1 1985 8 0012345 0 12"),
            ("write to jeanne@example.rw", Email, "jeanne@example.rw"),
            ("We listened to Mukamana for long.", Name, "Mukamana"),
            ("Jean Bosco spoke first.", Name, "Jean Bosco"),
            ("Twumvise Uwimana na bose.", Name, "Uwimana"),
            ("Le mari de Françoise est venu.", Name, "Françoise"),
        ] {
            let there = found(text).iter().any(|(one, words)| *one == what && words.contains(part));
            assert!(there, "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn what_says_of_nobody_who_they_are_is_not() {
        for text in [
            "",
            "We met. They spoke of trust; nobody left early.",
            "P01 and P07 shared land in 2026, 12 of 15 came at 08:30.",
            "An NGO and the MINUBUMWE visited on Monday, 7 April.",
            "Twahuriye i Kabeza mu Rwimiyaga, twavuze kuri Gacaca.",
            "Nous avons parlé en Kinyarwanda. Tout le monde est venu.",
            "It took 90 minutes: 45 + 45.",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}

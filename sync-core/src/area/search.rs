//! Finding an area by what a person types: part of its name, perhaps narrowed by where it lies.

use std::sync::LazyLock;

use super::table::position;
use super::{Area, all};

/// The names as they are compared, in the order of [`all`].
static FOLDED: LazyLock<Vec<String>> = LazyLock::new(|| all().iter().map(|area| fold(area.name)).collect());

/// How well a word fits a name: best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Prefix,
    Contains,
}

/// At most `limit` areas for a text of one or more words, compared without case, accents and hyphens. At least
/// one word is part of the area's own name; each other word may be part of the name of an area it lies in, so
/// that `kabeza nyagatare` finds what is called Kabeza in Nyagatare.
///
/// Exact names come first, then names that begin so, then names that contain it; among equals those whose
/// parents fit better, then bigger areas, then lower codes. An empty text finds nothing.
pub fn search(text: &str, limit: usize) -> Vec<Area> {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .map(fold)
        .filter(|word| !word.is_empty())
        .collect();
    let mut found: Vec<_> = all()
        .iter()
        .zip(FOLDED.iter())
        .filter_map(|(area, name)| Some((rank(area, name, &words)?, area.code, *area)))
        .collect();
    found.sort_unstable_by_key(|&(rank, code, _)| (rank, code));
    found.into_iter().map(|(_, _, area)| area).take(limit).collect()
}

/// How the words fit the area's own name, and how the worst of the rest fits the areas it lies in.
fn rank(area: &Area, name: &str, words: &[String]) -> Option<(Fit, Fit)> {
    if !words.iter().any(|word| name.contains(word)) {
        return None;
    }
    let (own, others): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| name.contains(word));
    // The source writes Munanira II as MunaniraIi: its words together are the exact name.
    let together = own.concat();
    let own = own.into_iter().chain([together.as_str()]).filter_map(|word| fit(name, word)).min()?;

    let above: Vec<&str> =
        area.chain().filter_map(|above| Some(FOLDED[position(above.code)?].as_str())).collect();
    let mut worst = Fit::Exact;
    for word in others {
        worst = worst.max(above.iter().filter_map(|name| fit(name, word)).min()?);
    }
    Some((own, worst))
}

fn fit(name: &str, word: &str) -> Option<Fit> {
    if name == word {
        Some(Fit::Exact)
    } else if name.starts_with(word) {
        Some(Fit::Prefix)
    } else {
        name.contains(word).then_some(Fit::Contains)
    }
}

/// Small letters without accents, and digits; hyphens and spaces don't tell areas apart.
fn fold(text: &str) -> String {
    crate::fold::fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{AreaCode, Level};
    use super::*;

    fn paths(text: &str, limit: usize) -> Vec<String> {
        search(text, limit).iter().map(Area::path).collect()
    }

    fn code(text: &str) -> AreaCode {
        text.parse().expect("a code")
    }

    #[test]
    fn bigger_areas_come_first_among_those_of_one_name() {
        assert_eq!(paths("nyagatare", 2), ["Nyagatare, East", "Nyagatare, Nyagatare, East"]);
        assert_eq!(paths("Kigali", 1), ["Kigali"]);
        assert_eq!(search("kigali", 2)[1].level(), Level::Sector);
    }

    #[test]
    fn a_word_may_say_where_the_area_lies() {
        let found = search("kabeza nyagatare", 100);
        let called_so = all().iter().filter(|area| area.name == "Kabeza" && code("52").contains(area.code));
        let exact: Vec<Area> = found.iter().take_while(|area| area.name == "Kabeza").copied().collect();
        assert!(called_so.clone().count() > 20);
        assert!(called_so.eq(&exact), "all of them, bigger first, before any other");
        assert_eq!(paths("KABEZA, Rwimiyaga, Nyagatare", 1), ["Kabeza, Rwimiyaga, Nyagatare, East"]);
    }

    #[test]
    fn a_parent_that_fits_better_comes_first() {
        let found = search("karambo gatare", 100);
        let lies_in =
            |code: AreaCode| found.iter().position(|area| area.name == "Karambo" && code.contains(area.code));
        let (gatare, nyagatare) = (lies_in(code("2504")), lies_in(code("52")));
        assert!(gatare.is_some() && nyagatare.is_some() && gatare < nyagatare, "{gatare:?} {nyagatare:?}");
    }

    #[test]
    fn exact_then_prefix_then_contains() {
        let found = search("gatare", usize::MAX);
        let fits: Vec<Fit> = found.iter().filter_map(|area| fit(&fold(area.name), "gatare")).collect();
        assert_eq!(fits.len(), found.len());
        assert!(fits.is_sorted());
        assert!([Fit::Exact, Fit::Prefix, Fit::Contains].iter().all(|one| fits.contains(one)));
    }

    #[test]
    fn case_accents_hyphens_and_spaces_do_not_matter() {
        assert_eq!(search("cité bugarama", 1), search("CITE BUGARAMA", 1));
        assert_eq!(search("cite\u{301} bugarama", 1)[0].code, code("36010101"));
        assert_eq!(search("Kabêza Nyagatare", 50), search("kabeza nyagatare", 50));
        assert_eq!(search("Munanira II", 1)[0].name, "MunaniraIi");
        assert_eq!(search("congo-nil", 1), search("CongoNil", 1));
    }

    #[test]
    fn nothing_is_found_for_nothing() {
        assert!(search("", 10).is_empty());
        assert!(search(" , - ", 10).is_empty());
        assert!(search("kabeza xyzzy", 10).is_empty());
        assert!(search("kabeza", 0).is_empty());
        assert_eq!(search("kabeza", 7).len(), 7);
    }
}

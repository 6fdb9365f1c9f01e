//! What a page shows, beside what was printed.

use std::sync::LazyLock;

use regex_lite::Regex;

/// What may differ each time, and what stands for it.
static VARIES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // Log lines first: their times have no name of a month.
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d\b", "TIME"),
        (r"\b[0-9a-f]{8}(-(…|[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}))?", "ID"),
        (r"\b\d+ bytes\b", "N bytes"),
        (r"\b\d+(\.\d+)? (B|KiB|MiB)\b", "N bytes"),
        (r"\b\d+\.\d seconds\b", "N seconds"),
        (r"\b\d+ days ago\b", "N days ago"),
        (r"\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d\b", "DAY"),
        // How many walls there are follows from the store, and from the login with which it works.
        (r"\b(one wall|two walls)\b.*", "WALLS"),
        (r"\b(SQLite|PostgreSQL)\b", "STORE"),
        // A table is as wide as its widest word; ids are of one width, but rules and gaps need not be counted.
        (r"[─═]+", "─"),
        (r"  +", "  "),
    ]
    .into_iter()
    .map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name))
    .collect()
});

/// What a reader needs not see whole.
static LONG: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "$1-…"),
        (r"age1[0-9a-z]{20,}", "age1…"),
        (r"[A-Za-z0-9_-]{8}[A-Za-z0-9_.-]{34,}", "…"),
        (r#""[0-9A-Z]{5}-[0-9A-Z]{5}""#, "\"…\""),
    ]
    .into_iter()
    .map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name))
    .collect()
});

fn with(rules: &[(Regex, &str)], line: &str) -> String {
    rules.iter().fold(line.trim_end().to_owned(), |line, (pattern, name)| {
        pattern.replace_all(&line, *name).into_owned()
    })
}

/// Lines as a page shows them.
pub(crate) fn shortened(printed: &[String]) -> Vec<String> {
    printed.iter().map(|line| with(&LONG, line)).collect()
}

/// Whether lines that were printed are those that are shown. `…` stands for anything in a line; alone in a line, for any
/// lines.
pub(crate) fn fits(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.split_first().is_some_and(|(line, more)| same(first, line) && fits(rest, more))
        }
    }
}

fn same(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (with(&VARIES, shown), with(&VARIES, printed));
    let mut pieces = shown.split('…');
    let Some(mut rest) = pieces.next().and_then(|begins| printed.strip_prefix(begins)) else { return false };
    let mut ends = !shown.contains('…');
    for piece in pieces {
        let Some(at) = (if piece.is_empty() { Some(rest.len()) } else { rest.find(piece) }) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        ends = true;
    }
    ends && rest.is_empty()
}

#[test]
fn ids_times_and_counts_may_differ_and_nothing_else() {
    let line = |text: &str| vec![text.to_owned()];
    let same = |shown: &str, printed: &str| fits(&line(shown), &line(printed));
    assert!(same("Saved: P01 (01a2047f-…).", "Saved: P01 (01a3047f-1111-7222-8333-444455556666)."));
    assert!(same("on 22 Nov 2026 20:23 with", "on 1 Dec 2027 08:01 with"));
    assert!(same("1 request, 131 bytes up", "1 request, 7 bytes up"));
    assert!(same(r#"{"token":"eyJ0…","expires_in":900}"#, r#"{"token":"eyJ0abc.def","expires_in":900}"#));
    assert!(!same(r#"{"token":"eyJ0…","expires_in":900}"#, r#"{"token":"eyJ0abc.def","expires_in":901}"#));
    assert!(!same("1 request", "2 requests"));
    assert!(!same("Saved: P01.", "Saved: P01. And more"));
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&lines("a\n…\nd"), &lines("a\nb\nc\nd")) && fits(&lines("a\n…"), &lines("a")));
    assert!(!fits(&lines("a\n…\nd"), &lines("a\nb\nc")));
    assert_eq!(shortened(&lines("01a3047f-1111-7222-8333-444455556666")), ["01a3047f-…"]);
}

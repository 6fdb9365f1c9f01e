//! Two people at one text: what stays whole, what clashes, and how that is settled.

use super::*;

/// A meeting with a summary, on two tablets.
fn both_with(summary: &str) -> (Document, Document) {
    let mut first = Document::genesis(Kind::Session);
    edit(&mut first, 1, |session| {
        begin(session)?;
        session.summary().write(summary)
    });
    (first.clone(), first)
}

fn says(document: &Document) -> String {
    document.read::<Session>().expect("a sound record").summary
}

/// Writes a whole summary as `who`.
fn write(document: &mut Document, who: u128, summary: &str) -> Change {
    edit(document, who, |session| session.summary().write(summary))
}

/// What each makes of a summary, merged.
fn at_once(before: &str, ours: &str, theirs: &str) -> Document {
    let (mut one, mut other) = both_with(before);
    write(&mut one, 1, ours);
    write(&mut other, 2, theirs);
    one.apply(&other.changes()).expect("merges");
    one
}

/// The one conflict, of the summary: the versions, and how the lines read now.
fn clash(document: &Document) -> (Vec<String>, String) {
    let found = conflicts(document);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].field, "summary");
    let mut versions: Vec<String> = found[0].claims.iter().map(|claim| claim.value.clone()).collect();
    versions.sort();
    (versions, found[0].reads.clone().expect("a text reads something"))
}

fn owned(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

fn grounds() -> sync_core::change::Grounds {
    "we asked both".parse().expect("a line")
}

#[test]
fn one_word_corrected_twice_is_a_conflict_with_both_versions() {
    let merged = at_once(
        "We met.\nThe Peple sang.\nRain.\n",
        "We met.\nThe People sang.\nRain.\n",
        "We met.\nThe People sang.\nRain.\n",
    );
    assert_eq!(says(&merged), "We met.\nThe Peoople sang.\nRain.\n", "what Automerge makes of it");
    let (versions, reads) = clash(&merged);
    assert_eq!(versions, owned(&["The People sang.", "The People sang."]), "only the line concerned");
    assert_eq!(reads, "The Peoople sang.");
    let who: BTreeSet<DeviceId> = conflicts(&merged)[0].claims.iter().map(|claim| claim.device).collect();
    assert_eq!(who, BTreeSet::from([device(1), device(2)]));
    assert!(was_in_conflict(&merged));
}

#[test]
fn what_is_written_in_different_places_merges() {
    for (before, ours, theirs, merged) in [
        (
            "We sang. We wept.\n",
            "We sang loud. We wept.\n",
            "We sang. They wept.\n",
            "We sang loud. They wept.\n",
        ),
        ("one\ntwo\nthree\n", "one!\ntwo\nthree\n", "one\ntwo\nthree!\n", "one!\ntwo\nthree!\n"),
        ("", "", "they\n", "they\n"),
        ("We sang.\n", "We sang.\n", "We sang.\nThey wept.\n", "We sang.\nThey wept.\n"),
        // Both took the same word out: they agree.
        ("We we sang.\n", "We sang.\n", "We sang.\n", "We sang.\n"),
        // Beside what the other took out, not within.
        ("We sang.\n", "", "We sang.\nThey wept.\n", "They wept.\n"),
    ] {
        let (mut one, mut other) = both_with(before);
        one.edit::<Session>(actor(1), NOW, |session| session.summary().write(ours)).expect("sound");
        other.edit::<Session>(actor(2), NOW, |session| session.summary().write(theirs)).expect("sound");
        one.apply(&other.changes()).expect("merges");
        assert_eq!(
            (says(&one).as_str(), conflicts(&one)),
            (merged, vec![]),
            "{before:?}: {ours:?}, {theirs:?}"
        );
        assert!(!was_in_conflict(&one), "{before:?}");
    }
}

#[test]
fn two_who_each_add_lines_do_not_clash() {
    for before in ["", "We sang.", "We sang.\n", "We sang.\n\n"] {
        let (mut one, mut other) = both_with(before);
        edit(&mut one, 1, |session| session.summary().append("One line.\nAnother."));
        edit(&mut one, 1, |session| session.summary().append("And a third."));
        edit(&mut other, 2, |session| session.summary().append("Their line."));
        one.apply(&other.changes()).expect("merges");
        assert_eq!(conflicts(&one), [], "{before:?}: {:?}", says(&one));
        assert!(!was_in_conflict(&one));
    }
    // Between lines; of those that begin alike Automerge is told to put the rest of one into the other.
    for (ours, theirs) in [("carl", "dora"), ("bill", "bert"), ("bill", "dora")] {
        let insert = |name: &str| format!("anna\n{name}\nbob\n");
        let merged = at_once("anna\nbob\n", &insert(ours), &insert(theirs));
        assert_eq!(conflicts(&merged), [], "{ours}, {theirs}: {:?}", says(&merged));
        let mut lines: Vec<String> = says(&merged).lines().map(str::to_owned).collect();
        lines.sort();
        let mut all = owned(&["anna", ours, theirs, "bob"]);
        all.sort();
        assert_eq!(lines, all);
    }
}

#[test]
fn words_added_to_one_line_by_two_clash() {
    let merged = at_once("We sang.", "We sang. We wept.", "We sang. They wept.");
    assert_eq!(clash(&merged).0, owned(&["We sang. They wept.", "We sang. We wept."]));
    // A whole summary each, with no end of line, of a record that both began.
    let (mut one, mut other) = both_with("");
    write(&mut one, 1, "We sang");
    write(&mut other, 2, "They wept\n");
    one.apply(&other.changes()).expect("merges");
    assert!(!conflicts(&one).is_empty());
}

#[test]
fn writing_into_what_the_other_takes_out_is_a_conflict() {
    let before = "We met. Then we sang a song and left.\nRain.\n";
    let merged = at_once(before, "We met.\nRain.\n", "We met. Then we sang a long song and left.\nRain.\n");
    let (versions, _) = clash(&merged);
    assert_eq!(versions, owned(&["We met.", "We met. Then we sang a long song and left."]));
}

#[test]
fn a_conflict_in_a_text_is_settled_in_words_and_the_history_tells_it() {
    let corrected = |first: &str, second: &str| format!("We met.\nThe {first} sang to {second}.\nRain.\n");
    let merged =
        at_once(&corrected("Peple", "Mary"), &corrected("People", "Mary"), &corrected("Persons", "Marie"));
    let (versions, reads) = clash(&merged);
    assert_eq!(versions, owned(&["The People sang to Mary.", "The Persons sang to Marie."]));
    for words in [versions[0].as_str(), "All sang.", "Two\nlines.", "", &reads] {
        let mut document = merged.clone();
        let change = settle(&mut document, actor(9), NOW, ("summary", words), &grounds()).expect("settled");
        assert_eq!(says(&document), format!("We met.\n{words}\nRain.\n"));
        assert_eq!(conflicts(&document), []);
        assert!(was_in_conflict(&document), "settled, yet it was one");
        let again = settle(&mut document, actor(9), NOW, ("summary", words), &grounds());
        assert!(matches!(again, Err(NotSettled::Agreed(_))));
        let told = step(&document, &change.hash()).expect("a step");
        assert_eq!(told.grounds, Some(grounds()));
        assert_eq!(
            (&told.fields[0].field, &told.fields[0].from),
            (&"summary".to_owned(), &versions),
            "{words}"
        );
        let opened = Document::load(Kind::Session, &document.save()).expect("it opens");
        assert_eq!((conflicts(&opened), was_in_conflict(&opened)), (vec![], true));
    }
    let mut document = merged.clone();
    let odd = settle(&mut document, actor(9), NOW, ("summary", "a\0b"), &grounds());
    assert!(matches!(odd, Err(NotSettled::Edit(_))), "{odd:?}");
    let long = settle(&mut document, actor(9), NOW, ("summary", &"x".repeat(20_001)), &grounds());
    assert!(matches!(long, Err(NotSettled::Edit(_))), "{long:?}");
}

#[test]
fn who_saw_both_and_writes_there_settles_it_and_who_writes_elsewhere_does_not() {
    let merged = at_once("The Peple sang. Rain.\n", "The People sang. Rain.\n", "The People sang. Rain.\n");
    let mut elsewhere = merged.clone();
    write(&mut elsewhere, 3, "The Peoople sang. Sun.\n");
    assert_eq!(clash(&elsewhere).0, owned(&["The People sang. Sun.", "The People sang. Sun."]));
    let mut there = merged;
    write(&mut there, 4, "The People sang. Rain.\n");
    assert_eq!((conflicts(&there), was_in_conflict(&there)), (vec![], true));
    // Somebody who did not see that goes on with their own: it stands against what was settled.
    there.apply(&elsewhere.changes()).expect("merges");
    assert_eq!(conflicts(&there), [], "nobody else wrote in that place");
    let (mut one, mut other) = (there.clone(), there);
    write(&mut one, 1, "The Crowd sang. Sun.\n");
    write(&mut other, 2, "The Folk sang. Sun.\n");
    one.apply(&other.changes()).expect("merges");
    assert_eq!(clash(&one).0, owned(&["The Crowd sang. Sun.", "The Folk sang. Sun."]));
}

#[test]
fn three_versions_stand_side_by_side() {
    let (mut one, mut other) = both_with("The Peple sang.\n");
    let mut third = one.clone();
    write(&mut one, 1, "The People sang.\n");
    write(&mut one, 1, "The Peoples sang.\n");
    write(&mut other, 2, "The Pupils sang.\n");
    write(&mut third, 3, "The Parents sang.\n");
    one.apply(&other.changes()).expect("merges");
    one.apply(&third.changes()).expect("merges");
    let all = owned(&["The Parents sang.", "The Peoples sang.", "The Pupils sang."]);
    assert_eq!(clash(&one).0, all, "of each the last that they wrote");
}

#[test]
fn a_text_written_anew_by_two_is_shown_as_each_wrote_it() {
    let (ours, theirs) =
        ("Our whole story.\nIt was long.\n", "A wholly other text of theirs,\nwith three\nlines.\n");
    let merged = at_once("What we wrote at first, together.\n", ours, theirs);
    let (versions, _) = clash(&merged);
    let ends = |text: &str| text.trim_end().to_owned();
    let mut found: Vec<String> = versions.iter().map(|text| ends(text)).collect();
    found.sort();
    let mut all = vec![ends(ours), ends(theirs)];
    all.sort();
    assert_eq!(found, all);
}

#[test]
fn of_a_long_line_only_the_words_around_are_shown() {
    let long = |word: &str| format!("{} {word} {}\n", "before ".repeat(1000), "behind ".repeat(1000));
    let merged = at_once(&long("Peple"), &long("People"), &long("People"));
    let (versions, reads) = clash(&merged);
    assert!(versions.iter().all(|one| one.len() < 600 && one.contains(" People ")), "{versions:?}");
    let mut settled = merged.clone();
    settle(&mut settled, actor(9), NOW, ("summary", &versions[0]), &grounds()).expect("settled");
    assert_eq!(says(&settled), long("People"));
    assert!(says(&merged).contains(&reads));
}

#[test]
fn of_many_versions_the_last_are_shown_and_all_are_settled() {
    let (mut merged, first) = both_with("The Peple sang.\n");
    for who in 2..22 {
        let mut other = first.clone();
        write(&mut other, who, &format!("The {} sang.\n", "X".repeat(who as usize)));
        merged.apply(&other.changes()).expect("merges");
    }
    let (versions, reads) = clash(&merged);
    assert_eq!(versions.len(), 8);
    assert!(reads.len() > 200, "the words of all: {reads}");
    settle(&mut merged, actor(30), NOW, ("summary", "The People sang."), &grounds()).expect("settled");
    assert_eq!((says(&merged).as_str(), conflicts(&merged)), ("The People sang.\n", vec![]));
}

//! Two people at one record: what becomes of what each said.

use super::*;

#[test]
fn two_recordings_of_one_meeting_become_one() {
    let (mut ours, mut theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("merges");
    theirs.apply(&ours.changes()).expect("merges");
    assert_eq!(ours.heads(), theirs.heads());
    let session: Session = ours.read().expect("a sound record");
    assert_eq!(session, theirs.read().expect("a sound record"));
    assert_eq!(session.attendance.len(), 3);
    assert_eq!(session.themes.len(), 2);
    let mut lines: Vec<&str> = session.summary.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["Two people spoke of forgiving.", "We opened with a song."],
        "each on a line of its own"
    );
}

#[test]
fn what_both_set_differently_is_shown_with_who_and_when_and_can_be_settled() {
    let (mut ours, theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("merges");
    let found = conflicts(&ours);
    let fields: Vec<_> = found.iter().map(|conflict| conflict.field.clone()).collect();
    assert_eq!(fields, ["minutes".to_owned(), format!("attendance/{}", person(2))], "equal values agree");
    let shown = ours.read::<Session>().expect("a sound record").minutes.expect("was set").to_string();
    assert_eq!(
        found[0].claims.last().map(|claim| &claim.value),
        Some(&shown),
        "the last claim is the one shown"
    );
    let who: Vec<_> = found[0].claims.iter().map(|claim| claim.device).collect();
    assert!(who.contains(&device(1)) && who.contains(&device(2)));
    assert_eq!(found[0].claims[0].at, NOW);

    edit(&mut ours, 1, |session| {
        session.minutes().set(shown.parse::<i64>().expect("a number").try_into().expect("in range"))?;
        session.attendance().put(&person(2), Attendance::Late)
    });
    assert_eq!(conflicts(&ours), []);
}

/// Automerge writes a value that is the winner already by taking out the others alone: then the one who replaced it would be
/// alone with their value.
#[test]
fn who_settles_for_the_shown_value_is_heard_beside_who_replaces_it_at_the_same_time() {
    let (mut ours, mut theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("merges");
    let shown = conflicts(&ours)[0].claims.last().expect("shown").clone();
    assert_eq!((shown.value.as_str(), shown.device), ("75", device(2)));
    let marked = format!("attendance/{}", person(2));
    let grounds = "the register says so".parse().expect("a line");
    edit(&mut ours, 1, |session| session.minutes().set(75.try_into().expect("in range")));
    settle(&mut ours, actor(1), NOW, (&marked, "late"), &grounds).expect("settled");
    assert_eq!((conflicts(&ours), was_in_conflict(&ours)), (vec![], true));
    edit(&mut theirs, 2, |session| {
        session.minutes().set(60.try_into().expect("in range"))?;
        session.attendance().put(&person(2), Attendance::Excused)
    });
    ours.apply(&theirs.changes()).expect("merges");
    let values = |conflict: &Conflict| {
        conflict.claims.iter().map(|claim| claim.value.clone()).collect::<BTreeSet<_>>()
    };
    let clashes: Vec<_> = conflicts(&ours).iter().map(|one| (one.field.clone(), values(one))).collect();
    let both = |one: &str, other: &str| BTreeSet::from([one.to_owned(), other.to_owned()]);
    assert_eq!(clashes, [("minutes".to_owned(), both("60", "75")), (marked, both("excused", "late"))]);
}

#[test]
fn a_conflict_is_settled_in_words_by_a_change_that_says_why() {
    let (mut ours, theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("both stand");
    let grounds = "the register says so".parse().expect("a line");
    let marked = format!("attendance/{}", person(2));
    let refused = settle(&mut ours, actor(9), NOW, ("minutes", "many"), &grounds);
    assert!(matches!(refused, Err(NotSettled::Edit(_))), "{refused:?}");
    let beyond = settle(&mut ours, actor(9), NOW, ("minutes", "7200"), &grounds);
    assert!(matches!(beyond, Err(NotSettled::Edit(_))), "{beyond:?}");
    let unknown = settle(&mut ours, actor(9), NOW, ("themes/grief", "true"), &grounds);
    assert!(matches!(unknown, Err(NotSettled::Agreed(_))), "a set has no conflicts");

    let fields: Vec<String> = conflicts(&ours).into_iter().map(|conflict| conflict.field).collect();
    assert_eq!(fields, ["minutes".to_owned(), marked.clone()]);
    settle(&mut ours, actor(9), NOW, ("minutes", "80"), &grounds).expect("a third value");
    let change = settle(&mut ours, actor(9), NOW, (&marked, "late"), &grounds).expect("settled");
    assert_eq!(conflicts(&ours), []);
    let again = settle(&mut ours, actor(9), NOW, ("minutes", "80"), &grounds);
    assert!(matches!(again, Err(NotSettled::Agreed(_))));
    let session: Session = ours.read().expect("it stands");
    assert_eq!(
        (session.minutes.map(i64::from), session.attendance[&person(2)]),
        (Some(80), Attendance::Late)
    );
    assert_eq!(Change::parse(change.bytes()).expect("a change").grounds(), Some(grounds));
}

#[test]
fn the_history_tells_what_each_author_saw_and_made_of_it() {
    let (mut ours, theirs) = two_recordings();
    assert!(!was_in_conflict(&ours));
    ours.apply(&theirs.changes()).expect("both stand");
    assert!(was_in_conflict(&ours));
    let grounds = "we asked both".parse().expect("a line");
    settle(&mut ours, actor(9), NOW, ("minutes", "75"), &grounds).expect("settled");
    settle(&mut ours, actor(9), NOW, (&format!("attendance/{}", person(2)), ""), &grounds)
        .expect("taken back");
    edit(&mut ours, 1, |session| {
        session.summary().append("One more line.")?;
        session.themes().remove(&Theme::Grief)
    });
    assert_eq!(conflicts(&ours), []);
    assert!(was_in_conflict(&ours), "settled, yet it was one");
    let again = Document::load(Kind::Session, &ours.save()).expect("it opens");
    assert!(was_in_conflict(&again), "the document itself says so");

    let steps: Vec<_> =
        again.changes().iter().map(|change| step(&again, &change.hash()).expect("a step")).collect();
    let told = |who: u128, field: &str| -> Vec<(Vec<String>, Vec<String>)> {
        let by = steps.iter().filter(|step| step.actor == actor(who)).flat_map(|step| &step.fields);
        by.filter(|one| one.field == field).map(|one| (one.from.clone(), one.to.clone())).collect()
    };
    let turn = |from: &[&str], to: &[&str]| {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        (owned(from), owned(to))
    };
    assert_eq!(told(1, "minutes"), [turn(&[], &["90"])]);
    assert_eq!(told(2, "minutes"), [turn(&[], &["75"])], "neither knew of the other");
    assert_eq!(told(9, "minutes"), [turn(&["75", "90"], &["75"])]);
    assert_eq!(told(9, &format!("attendance/{}", person(2))), [turn(&["absent", "late"], &[])]);
    assert_eq!(told(1, "themes/grief").last(), Some(&turn(&["true"], &["false"])));
    assert_eq!(told(1, "summary").last(), Some(&turn(&[], &["One more line."])));
    let why: Vec<_> = steps.iter().filter_map(|step| step.grounds.as_ref()).collect();
    assert_eq!(why, [&grounds, &grounds]);
    assert_eq!(step(&ours, &ChangeHash::from_bytes([0; 32])), None);
}

//! A tablet was copied, and both copies wrote on, under the same numbers.

use super::*;

/// One tablet in two places: what each of the two wrote, and the record as it would be had they been two from the start.
struct Copied {
    stored: Vec<u8>,
    second: Vec<Change>,
    expected: Document,
}

fn copied(first: &[i64], second: &[Step]) -> Copied {
    let mut document = Document::genesis(Kind::Session);
    edit(&mut document, 1, begin);
    let mut other = document.clone();
    let mut quarantined = document.clone();
    for minutes in first {
        let _same =
            document.edit::<Session>(actor(1), NOW, |session| session.minutes().set((*minutes).try_into()?));
    }
    let mut written = Vec::new();
    for step in second {
        let what = |session: &mut SessionEdit<'_>| match step {
            Step::Mark(who, mark) => session.attendance().put(&person(*who), Attendance::ALL[*mark]),
            Step::Theme(theme, true) => session.themes().insert(&Theme::ALL[*theme]),
            Step::Theme(theme, false) => session.themes().remove(&Theme::ALL[*theme]),
            Step::Write(text) => session.summary().append(text),
            _ => Ok(()),
        };
        written.extend(other.edit::<Session>(actor(1), NOW, what).expect("a sound edit"));
        let new_life = Actor { incarnation: 7, ..actor(1) };
        quarantined.edit::<Session>(new_life, NOW, what).expect("a sound edit");
    }
    quarantined.apply(&document.changes()).expect("merges");
    Copied { stored: document.save(), second: written, expected: quarantined }
}

fn taken_in(stored: &[u8], changes: &[Change], standing: Standing) -> (Vec<Outcome>, Option<Document>) {
    let incoming: Vec<Incoming<'_>> = changes
        .iter()
        .map(|change| Incoming {
            bytes: change.bytes(),
            schema: SCHEMA,
            device: device(1),
            standing,
            authority: &Authority::Manager,
        })
        .collect();
    let plan = plan(place(), Some(stored), &incoming).expect("sound store");
    (plan.outcomes, plan.after.map(|after| after.document))
}

fn of_the_second() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_u128, 0..4_usize).prop_map(|(who, mark)| Step::Mark(who, mark)),
        (0..Theme::ALL.len(), any::<bool>()).prop_map(|(theme, on)| Step::Theme(theme, on)),
        "[a-z]{0,12}".prop_map(Step::Write),
    ];
    proptest::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Once somebody answers for it, what the second copy wrote is merged as if it had had a life of its own from the start,
    /// in whatever order it comes, and once.
    #[test]
    fn what_a_copy_wrote_is_taken_in_whole(
        first in proptest::collection::vec(1..=720_i64, 1..4),
        second in of_the_second(),
        order in any::<u64>(),
    ) {
        let Copied { stored, mut second, expected } = copied(&first, &second);
        let mut state = order | 1;
        second.sort_by_cached_key(|_| { state = state.wrapping_mul(6364136223846793005).wrapping_add(1); state >> 33 });
        let (outcomes, after) = taken_in(&stored, &second, Standing::Waived);
        prop_assert_eq!(outcomes, vec![Outcome::Accepted; second.len()]);
        let Some(after) = after else { return Ok(()) };
        prop_assert_eq!(after.read::<Session>().expect("sound"), expected.read::<Session>().expect("sound"));
        prop_assert_eq!(conflicts(&after).len(), conflicts(&expected).len());
        // However often it is handed in.
        let (again, none) = taken_in(&after.save(), &second, Standing::Stranger);
        prop_assert_eq!(again, vec![Outcome::Duplicate; second.len()]);
        prop_assert!(none.is_none());
        // One by one, each when its turn comes, it is the same record to the byte.
        let mut one_by_one = stored;
        while !second.is_empty() {
            second.retain(|change| {
                let (outcomes, after) = taken_in(&one_by_one, std::slice::from_ref(change), Standing::Waived);
                if let Some(after) = after { one_by_one = after.save(); }
                outcomes != [Outcome::Accepted]
            });
        }
        prop_assert_eq!(Document::load(Kind::Session, &one_by_one).expect("it opens").heads(), after.heads());
    }
}

#[test]
fn nobody_answers_for_a_copy_by_themselves() {
    let Copied { stored, second, .. } = copied(&[90], &[Step::Theme(0, true), Step::Theme(1, true)]);
    let (outcomes, after) = taken_in(&stored, &second, Standing::Assigned);
    assert_eq!(outcomes[0], Outcome::Quarantined(Reason::Rekeyed));
    assert_eq!(outcomes[1], Outcome::Quarantined(Reason::MissingDependency));
    assert!(after.is_none());
}

/// A change may say that it was another one; only that one's own device is believed.
#[test]
fn nobody_can_make_the_work_of_another_seem_to_be_there() {
    let mut document = Document::genesis(Kind::Session);
    edit(&mut document, 1, begin);
    let base = document.save();
    let mut theirs = document.clone();
    let honest = edit(&mut theirs, 2, |session| session.themes().insert(&Theme::Grief));
    let mut raw = automerge::Automerge::load(&base).expect("it opens").with_actor(actor(1).into());
    let mut transaction = raw.transaction();
    use automerge::transaction::{CommitOptions, Transactable as _};
    transaction.put(automerge::ROOT, "minutes", 90).expect("put");
    let claim = format!("{{\"was\":{{\"hash\":\"{}\",\"incarnation\":0}}}}", honest.hash());
    transaction.commit_with(CommitOptions::default().with_message(claim));
    let forged = raw.get_last_local_change().expect("a change").raw_bytes().to_vec();
    let by = |one: &mut Incoming<'_>| one.device = device(if one.bytes == honest.bytes() { 2 } else { 1 });
    let outcomes = offer(Some(&base), &[&forged, honest.bytes()], by);
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted]);
}

//! A word of a text that several write at once is a conflict, as a register is; each other word is not touched by it.

use super::*;

/// A text of four words; `words` are single letters, so that no two share any.
fn text(words: &[String]) -> String {
    format!("{}.\n", words.join(" "))
}

fn words(text: &str) -> Vec<String> {
    text.trim_end().trim_end_matches('.').split(' ').map(str::to_owned).collect()
}

/// What is written: the word that is replaced, and by what. Each writes something else, or some write the same.
fn play_words(
    said: &[(usize, (usize, u32), usize)],
    letter: impl Fn(usize, u32) -> u32,
    orders: &[u64],
) -> Result<(), TestCaseError> {
    let mut replicas = Replicas::of(SESSION, 4);
    let first: Vec<String> = ["AAA", "BBB", "CCC", "DDD"].map(str::to_owned).to_vec();
    replicas.edit::<Session>(0, |session| session.summary().write(&text(&first))).expect("sound");
    for who in 1..4 {
        replicas.hear(who, 0);
    }
    let mut wrote: Vec<Wrote<(usize, String)>> = (0..4).map(|_| Wrote::default()).collect();
    for (number, (who, (place, what), hears)) in said.iter().enumerate() {
        replicas.hear(*who, *hears);
        let who = replicas.number(*who);
        let word: String =
            char::from_u32(0x4e00 + letter(number, *what)).expect("a letter").to_string().repeat(3);
        let mut now = words(&replicas.read::<Session>(who).summary);
        now[*place] = word.clone();
        let change = replicas.edit::<Session>(who, |session| session.summary().write(&text(&now)));
        wrote[*place].note(change.expect("sound"), (number, word));
    }
    let merged = replicas.merge(orders)?;
    let standing: Vec<BTreeSet<(usize, String)>> = wrote.iter().map(|one| one.standing(&replicas)).collect();
    let open = standing.iter().any(|all| all.len() > 1);
    let claims = values(&merged, "summary");
    prop_assert_eq!(!claims.is_empty(), open, "{:?}: {:?}", claims, standing);
    let now = words(&merged.read::<Session>().expect("sound").summary);
    for (place, all) in standing.iter().enumerate() {
        let said: BTreeSet<String> = claims.iter().map(|claim| words(claim)[place].clone()).collect();
        for (_, word) in all {
            let there = if open { said.contains(word) } else { now[place] == *word };
            prop_assert!(there, "{word} of {standing:?} in {claims:?}, {now:?}");
        }
    }
    Ok(())
}

/// One corrects in one place what the other wrote there, and did not see what this other wrote in another place meanwhile.
#[test]
fn a_version_keeps_what_nobody_spoke_against() {
    let said = [(0, (2, 0), 0), (3, (0, 0), 1), (0, (0, 0), 3), (3, (2, 0), 1)];
    play_words(&said, |number, _| number as u32, &[0, 1, 2, 3, 4]).expect("every version");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_word_keeps_every_version(said in said((0..4_usize, 0..1_u32)), orders in orders()) {
        play_words(&said, |number, _| number as u32, &orders)?;
    }

    /// Also where they write the same: merged letter by letter it stands there twice.
    #[test]
    fn equal_corrections_are_seen(said in said((0..4_usize, 0..3_u32)), orders in orders()) {
        play_words(&said, |_, what| what, &orders)?;
    }
}

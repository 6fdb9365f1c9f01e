//! Sheets that nobody thought of: whatever stands in them, each line has one outcome, what was tried is what is made, and the store is sound.

use super::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// A cell of a column: mostly one that is sound.
fn cell(rng: &mut StdRng, sound: &[&str]) -> String {
    const ODD: [&str; 9] = ["", "?", "\"", "=1+1", "Mukamana", "0788123456", "P01 P01", " ", "\u{feff}"];
    let text = if rng.random_bool(0.97) { sound.choose(rng) } else { ODD.choose(rng) };
    format!("\"{}\"", text.expect("some").replace('"', "\"\""))
}

fn sheet(rng: &mut StdRng, header: &str, columns: &[&[&str]], lines: usize) -> String {
    let line = |rng: &mut StdRng| columns.iter().map(|sound| cell(rng, sound)).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = (0..lines).map(|_| line(rng)).collect();
    format!("{header}\n{}\n", lines.join("\n"))
}

#[test]
fn of_any_sheet_each_line_has_one_outcome_and_what_was_tried_is_made() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        village.group("Abahuza", "dialogue_club");
        let (mut sound, mut unsound) = (0, 0);
        for seed in 0..40 {
            let mut rng = StdRng::seed_from_u64(seed);
            let codes = ["P01", "P2", "p3", "P04", "P05", "P06"];
            let names = ["Twiyubake", "abahuza"];
            let days = ["2026-03-01", "1/3/2026", "2 March 2026", "2025-11-05"];
            let lines = rng.random_range(1..6);
            let (kind, text) = match seed % 3 {
                0 => (
                    "participants",
                    sheet(&mut rng, "code,group,sex", &[&codes, &names, &["female", "", "Male"]], lines),
                ),
                1 => {
                    let columns: [&[&str]; 4] = [&names, &days, &["", "Evening"], &["5", "", "720"]];
                    ("sessions", sheet(&mut rng, "group,date,part,minutes", &columns, lines))
                }
                _ => {
                    let logins = ["uwase", "eric", "Uwase", "odette"];
                    let columns: [&[&str]; 3] = [&["facilitator", "Supervisor"], &logins, &["Somebody"]];
                    ("people", sheet(&mut rng, "role,login,name", &columns, lines))
                }
            };
            let before = everything(&app);
            let tried = village.manager.import(kind, true, &text).ok();
            let [none, would, doubled, refused] = counts(&tried);
            assert_eq!(none, 0);
            assert_eq!(everything(&app), before);
            let answer = village.manager.import(kind, false, &text);
            if refused > 0 {
                unsound += 1;
                assert_eq!(answer.problem(), (422, "lines-refused"), "{text}");
                assert_eq!(counts(&answer.body), [0, would, doubled, refused], "{text}");
                assert_eq!(everything(&app), before);
            } else {
                sound += 1;
                assert_eq!(counts(&answer.ok()), [would, 0, doubled, 0], "{text}");
                let after = everything(&app);
                let begun = (after.documents.len() - before.documents.len())
                    + (after.people.len() - before.people.len());
                assert_eq!(begun as u64, would, "{text}");
                assert_eq!(counts(&made(&village.manager, kind, &text)), [0, 0, would + doubled, 0]);
            }
        }
        assert!(sound > 5 && unsound > 5, "{sound} {unsound}");
        is_sound(&app);
    });
}

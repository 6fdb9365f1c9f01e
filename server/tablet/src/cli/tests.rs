use clap::{CommandFactory as _, Parser};

use super::*;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    tablet: TabletArgs,
}

fn refused(words: &[&str]) -> String {
    let words = ["tablet"].iter().chain(words);
    Program::try_parse_from(words).expect_err("refused").to_string()
}

#[test]
fn the_commands_are_sound() {
    Program::command().debug_assert();
}

#[test]
fn a_meeting_is_told_in_one_line() {
    let line = "tablet session record Abahuje --date 2026-03-05 --part evening --minutes 90 --phase safety \
        --theme grief,trauma --theme self_care --present P01,p02 --late P03 --headcount female/16_24=12 \
        --headcount male/60_plus=3 --submit --folder elsewhere";
    let words = line.split_whitespace().chain(["--summary", "We opened with a song."]);
    let TabletCommand::Session(session::SessionCommand::Record { group, said, .. }) =
        Program::try_parse_from(words).expect("parses").tablet.command
    else {
        panic!("another command");
    };
    let details = crate::recording::Details::try_from(*said).expect("sound");
    assert_eq!(group, "Abahuje");
    assert_eq!((details.themes.len(), details.attendance.len(), details.headcount.len()), (3, 3, 2));
}

#[test]
fn heads_that_are_counted_twice_are_asked_about() {
    let said = |cells: &[&str]| {
        let words = cells.iter().flat_map(|cell| ["--headcount", *cell]);
        let words = ["tablet", "session", "edit", "4f2c"].into_iter().chain(words);
        match Program::try_parse_from(words).expect("parses").tablet.command {
            TabletCommand::Session(session::SessionCommand::Edit { said, .. }) => {
                crate::recording::Details::try_from(*said).map(|details| details.headcount.len())
            }
            _ => panic!("another command"),
        }
    };
    assert_eq!(said(&["female/16_24=12", "male/16_24=3", "female/16_24=12"]).expect("the same"), 2);
    let twice = said(&["female/16_24=12", "female/16_24=3"]).expect_err("two counts").to_string();
    assert_eq!(twice, "women 16 to 24 are counted twice, in different ways");
}

#[test]
fn whoever_names_somebody_is_told_before_it_is_saved() {
    let warned = |words: &[&str]| {
        let words = ["tablet"].iter().chain(words);
        look_again::warning(Program::try_parse_from(words).expect("parses").tablet.command.texts())
    };
    let told =
        warned(&["session", "edit", "4f2c", "--summary", "We heard Mukamana. Her number is 0788 123 456."]);
    let told = told.expect("a warning");
    assert!(told.contains("\"0788 123 456\" looks like a phone number"), "{told}");
    assert!(told.contains("\"Mukamana\" looks like a name"), "{told}");
    assert!(warned(&["session", "void", "4f2c", "--reason", "Uwase asked me; it was Mukamana."]).is_some());
    assert_eq!(
        warned(&["session", "edit", "4f2c", "--summary", "P07 spoke of trust.", "--minutes", "90"]),
        None
    );
    assert_eq!(warned(&["sync"]), None);
}

#[test]
fn what_makes_no_sense_is_said_at_once() {
    assert!(
        refused(&["session", "record", "A", "--theme", "grif"]).contains("grief"),
        "suggests what was meant"
    );
    assert!(refused(&["session", "record", "A", "--minutes", "900"]).contains("from 1 to 720"));
    assert!(refused(&["session", "record", "A", "--headcount", "12"]).contains("female/16_24=12"));
    assert!(refused(&["participant", "add", "A", "--code", "Jeanne"]).contains("never a name"));
    assert!(refused(&["session", "double", "4f2c", "--of", "9a1b", "--none"]).contains("--none"));
    assert!(refused(&["session", "double", "4f2c"]).contains("--of"));
}

#[test]
fn a_command_that_is_shown_is_nothing_but_words_to_a_shell() {
    assert_eq!(words::typed("new_orientation"), "new_orientation");
    assert_eq!(words::typed("attendance of P06"), "'attendance of P06'");
    assert_eq!(words::typed("it's $(reboot)"), r"'it'\''s $(reboot)'");
    assert_eq!(words::typed(""), "''");
}

/// A command with all that can be typed in it, so that none of it is lost on its way through a note.
#[test]
fn a_note_says_the_command_as_it_was_typed() {
    let command = |words: &[&str]| {
        let words = ["tablet"].iter().chain(words);
        Program::try_parse_from(words).expect("parses").tablet.command
    };
    let id = "857bd3d0-2b5f-5a1c-8f53-0c9a3b5f7d11";
    let marks =
        ["--present", "P01,p2", "--late", "P03", "--absent", id, "--excused", "P05", "--unmark", "P06"];
    let meeting = [
        [
            "session",
            "record",
            "Abahuje b'amahoro",
            "--date",
            "5/3/2026",
            "--part",
            "evening",
            "--yes",
            "--submit",
        ]
        .as_slice(),
        &["--starts-at", "08:30", "--minutes", "90", "--phase", "safety", "--theme", "grief,trauma"],
        &[
            "--not-theme",
            "self_care",
            "--headcount",
            "female/16_24=12,male/60_plus=3",
            "--summary=-- We sang.\n",
        ],
        &marks,
    ]
    .concat();
    let participant = [
        ["participant", "add", "Abahuje", "--code", "P07", "--sex", "female", "--age-band", "under_16"]
            .as_slice(),
        &["--family", "F03", "--consent", "oral", "--consent-date", "4/3/2026", "--consent-to", "research"],
        &["--guardian", "--withdrawn", "5/3/2026", "--yes", "--exit", "moved"],
    ]
    .concat();
    let at = sync_core::time::Millis(1_772_700_000_000);
    let odd = ["session", "record", "--date", "5/3/2026", "--", "-x"];
    for words in [meeting.as_slice(), participant.as_slice(), &odd] {
        let typed = command(words);
        let note = note::Note::of(&typed, at).expect("it can be noted");
        let read = note::Note::from_bytes(&note.to_bytes()).expect("a note");
        assert_eq!(format!("{:?}", read.command().expect("a command")), format!("{typed:?}"));
    }
    // Days are those of the time at which it was noted.
    for said in [["session", "record", "A", "--date", "yesterday"].as_slice(), &["session", "record", "A"]] {
        let note = note::Note::of(&command(said), at).expect("it can be noted");
        let day = if said.len() > 3 { "--date 2026-03-04" } else { "--date 2026-03-05" };
        assert!(note.typed().contains(day), "{}", note.typed());
    }
    for other in [["sync"].as_slice(), &["groups"], &["session", "void", "4f2c", "--reason", "x"]] {
        assert_eq!(note::Note::of(&command(other), at), None);
    }
    let hostile = note::Note { at, words: vec!["export".into(), "elsewhere".into()], dropped: None };
    assert!(hostile.command().is_none(), "whoever finds the tablet may write notes");
}

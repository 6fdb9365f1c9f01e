//! The story that README and guide tell is run as it stands there, on both stores: each command in turn, in one folder,
//! against one service. What is printed must be what the page shows, up to ids, times, byte counts and `…`.
//!
//! `IHURIRO_BLESS=1 cargo test --workspace --test journeys guide::` writes what was printed into the pages, where it differs.

mod compare;
mod page;
mod shell;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tests::Database;
use tests::program::ihuriro;

use compare::{fits, shortened};
use page::Page;
use shell::Shell;

/// The chapters of the story in their order: a page, and the headings in it.
const STORY: [(&str, &[&str]); 9] = [
    ("administrator", &["Begin", "Organisations and managers", "Signing in safely", "How it is doing"]),
    ("manager", &["Sign in", "Add people", "Begin a group", "Assign people, hand out codes"]),
    ("partners", &["The directory of services", "Frameworks of indicators"]),
    (
        "facilitator",
        &[
            "Enrol",
            "Add participants",
            "Record a meeting, both of you, offline",
            "Sync",
            "Settle what clashes",
            "Write down what you learned",
            "Without any network",
            "When the tablet is locked",
            "Put a mistake right",
            "Refer somebody, note an incident, record a score",
        ],
    ),
    (
        "supervisor",
        &[
            "Sign in",
            "Look at what clashes",
            "Look at what looks like a double",
            "Verify, return, put right",
            "Read referrals, incidents and screenings",
        ],
    ),
    (
        "manager",
        &[
            "Read and search",
            "Ask for totals",
            "Ask questions",
            "Targets and money",
            "Whom others send to you",
            "People and groups change",
            "Begin with spreadsheets",
        ],
    ),
    (
        "administrator",
        &[
            "Back up and restore",
            "Who did what",
            "Check and mend",
            "For how long records are kept",
            "A partner that leaves",
        ],
    ),
    ("developer", &["Write a client of the REST API"]),
    // The demo has a service and a database of its own.
    ("README", &["See it work"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project").to_owned()
}

/// All pages, by name.
fn pages() -> BTreeMap<String, Page> {
    let guide = fs::read_dir(root().join("server/guide")).expect("the guide");
    let guide = guide.map(|entry| entry.expect("a page").path()).chain([root().join("README.md")]);
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    guide.map(|path| (name(&path), Page::read(path))).collect()
}

/// What a reader types, as it is run here: with the program that is built already, and an end.
fn run_here(command: &str) -> &str {
    match command {
        "cargo run --release -- demo" => "ihuriro demo --once",
        other => other,
    }
}

fn tell(shell: &mut Shell, pages: &mut BTreeMap<String, Page>, story: &[(&str, &[&str])], bless: bool) {
    for (name, headings) in story {
        let page = pages.get_mut(*name).unwrap_or_else(|| panic!("there is no page {name}"));
        for heading in *headings {
            // A blessed step moves those below it: each is looked up where it stands now.
            for at in 0..page.steps(heading).len() {
                let step = page.steps(heading)[at].clone();
                let printed =
                    shell.run(run_here(&step.command)).unwrap_or_else(|why| panic!("{name}: {why}"));
                if fits(&step.printed, &printed) {
                    continue;
                }
                assert!(
                    bless,
                    "{name}, {heading}\n$ {}\nshown:\n{}\n\nprinted:\n{}\n",
                    step.command,
                    step.printed.join("\n"),
                    printed.join("\n")
                );
                page.bless(&step, shortened(&printed));
                page.write();
            }
        }
    }
}

#[test]
fn the_story_of_readme_and_guide_is_true() {
    let programs = ihuriro().expect("the service's program");
    let programs = programs.parent().expect("it lies in a folder");
    let bless = std::env::var_os("IHURIRO_BLESS").is_some();
    let mut pages = pages();
    // The demo brings its own database, and is long: it is told once.
    let (demo, story): (Vec<_>, Vec<_>) = STORY.into_iter().partition(|(name, _)| *name == "README");
    tell(&mut Shell::new(programs, ""), &mut pages, &demo, bless);
    tell(&mut Shell::new(programs, ""), &mut pages, &story, bless);
    tell(&mut Shell::new(programs, &Database::postgres().url), &mut pages, &story, false);
}

#[test]
fn no_command_is_shown_that_is_not_run() {
    for (name, page) in pages() {
        let told: Vec<&str> = STORY
            .iter()
            .filter(|(told, _)| *told == name)
            .flat_map(|(_, headings)| headings.iter().copied())
            .collect();
        for chapter in page.chapters() {
            assert!(told.contains(&chapter.as_str()), "{name}, {chapter}: add it to STORY");
        }
    }
}

//! The rooms of the server stand in reading order: `lib.rs` lists them, each imports only from those above it, and ARCHITECTURE.md
//! says of each what it is for.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project").to_owned()
}

/// In the order of `lib.rs`.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(root().join("server/src/lib.rs")).expect("the source");
    let room = |line: &str| Some(line.split_once("mod ")?.1.strip_suffix(';')?.to_owned());
    text.lines().filter(|line| line.starts_with("pub")).filter_map(room).collect()
}

/// Every source below a folder, or the one file.
fn sources(at: &Path) -> Vec<PathBuf> {
    if at.is_file() {
        return vec![at.to_owned()];
    }
    let there = fs::read_dir(at).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    there.flat_map(|path| sources(&path)).collect()
}

/// The names that follow `crate::` in the code of a source; what only a comment names is no import.
fn imports(source: &Path) -> Vec<String> {
    let text = fs::read_to_string(source).expect("the source");
    let code = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    let name = |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned);
    code.flat_map(|line| line.split("crate::").skip(1)).filter_map(name).collect()
}

#[test]
fn each_room_imports_only_from_those_above_it() {
    let rooms = rooms();
    assert!(rooms.len() > 20, "{rooms:?}");
    let src = root().join("server/src");
    let mut arrows_up = Vec::new();
    for (at, room) in rooms.iter().enumerate() {
        let files = sources(&src.join(format!("{room}.rs"))).into_iter().chain(sources(&src.join(room)));
        for file in files {
            let up = imports(&file).into_iter().filter(|import| rooms[at + 1..].contains(import));
            arrows_up.extend(up.map(|import| format!("{} imports {import}", file.display())));
        }
    }
    assert_eq!(arrows_up, Vec::<String>::new());
}

#[test]
fn each_room_is_told_of() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let table = text.split("### The rooms of the server").nth(1).and_then(|rest| rest.split("\n## ").next());
    let table = table.expect("a table of rooms");
    let untold: Vec<String> =
        rooms().into_iter().filter(|room| !table.contains(&format!("`{room}`"))).collect();
    assert_eq!(untold, Vec::<String>::new());
}

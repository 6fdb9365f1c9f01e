//! The modules of each crate stand in reading order: `lib.rs` lists them, and each imports only from those above it. ARCHITECTURE.md says
//! of each module of sync-core and of the server what it is for.

use std::fs;
use std::path::{Path, PathBuf};

/// The sources of each crate that has a list of modules, from the root of the project.
const CRATES: [&str; 5] =
    ["sync-core/src", "server/tablet/src", "server/src", "tests/src", "tests/hostile/src"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project").to_owned()
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules of a crate, in the order of its `lib.rs`.
fn modules(sources: &str) -> Vec<String> {
    let text = text_of(&root().join(sources).join("lib.rs"));
    let module = |line: &str| Some(line.split_once("mod ")?.1.strip_suffix(';')?.to_owned());
    text.lines().filter(|line| line.starts_with("pub")).filter_map(module).collect()
}

/// Every source of a module: the file, and all files in its folder that are not tests alone.
fn sources(of: &Path) -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let there = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
        there.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let file = Some(of.with_extension("rs")).filter(|file| file.is_file());
    let folder = below(of).into_iter().filter(|path| path.file_name().is_some_and(|name| name != "tests.rs"));
    file.into_iter().chain(folder).collect()
}

/// The names that follow `crate::` in the code of a source, also in macros (`$crate::`). Comments and tests do not count: the values of
/// a document are tested on a record, which stands further down.
fn imports(source: &Path) -> Vec<String> {
    let text = text_of(source);
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = code.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    let code = code.collect::<Vec<_>>().join("\n");
    let of_one = |rest: &str| match rest.strip_prefix('{') {
        Some(several) => several.split('}').next().unwrap_or_default().split(',').map(name).collect(),
        None => vec![name(rest)],
    };
    code.split("crate::").skip(1).flat_map(of_one).collect()
}

/// The name at the beginning of a path.
fn name(path: &str) -> String {
    path.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The table under a heading of ARCHITECTURE.md.
fn table(heading: &str) -> String {
    let text = text_of(&root().join("ARCHITECTURE.md"));
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no heading {heading}"));
    rest.split("\n#").next().unwrap_or_default().to_owned()
}

#[test]
fn each_module_imports_only_from_those_above_it() {
    let mut arrows_up = Vec::new();
    for sources_of_crate in CRATES {
        let modules = modules(sources_of_crate);
        assert!(modules.len() > 5, "{sources_of_crate}: {modules:?}");
        for (at, module) in modules.iter().enumerate() {
            let files = sources(&root().join(sources_of_crate).join(module));
            assert!(!files.is_empty(), "{module} has no source in {sources_of_crate}");
            for file in files {
                let up = imports(&file).into_iter().filter(|import| modules[at + 1..].contains(import));
                arrows_up.extend(up.map(|import| format!("{} imports {import}", file.display())));
            }
        }
    }
    assert_eq!(arrows_up, Vec::<String>::new());
}

#[test]
fn each_room_of_the_server_is_told_of() {
    let table = table("### The rooms of the server");
    let untold = modules("server/src").into_iter().filter(|room| !table.contains(&format!("`{room}`")));
    assert_eq!(untold.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_modules_of_sync_core_are_told_of_in_their_order() {
    let table = table("### sync-core, in order");
    let first = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let told: Vec<&str> = first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(told, modules("sync-core/src"));
}

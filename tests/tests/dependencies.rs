//! What we build upon, as `cargo metadata` tells it: under which licences, from where, in how many versions, and whether
//! each crate that is declared is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Licences under which a program may be given to anybody, whatever its own.
const LICENCES: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "BlueOak-1.0.0",
    "CDLA-Permissive-2.0",
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates that are built in a second, older version, under the one that asks for it. Each goes when that one does without.
const OLDER: &[(&str, &[&str])] = &[
    (
        "age",
        &[
            "aead 0.5",
            "base64 0.22",
            "block-buffer 0.10",
            "chacha20 0.9",
            "chacha20poly1305 0.10",
            "cipher 0.4",
            "const-oid 0.9",
            "cpufeatures 0.2",
            "crypto-common 0.1",
            "curve25519-dalek 4",
            "digest 0.10",
            "hmac 0.12",
            "hybrid-array 0.2",
            "inout 0.1",
            "poly1305 0.8",
            "rand 0.8",
            "rand_chacha 0.3",
            "rand_core 0.6",
            "sha2 0.10",
            "thiserror 1",
            "thiserror-impl 1",
            "toml 0.5",
            "universal-hash 0.5",
        ],
    ),
    ("actix-web", &["http 0.2"]),
    ("diesel_derives", &["syn 2"]),
    ("diesel_migrations", &["toml_datetime 0.7", "winnow 0.7"]),
    ("jsonwebtoken", &["signature 2"]),
    ("metrics-exporter-prometheus", &["getrandom 0.3", "hashbrown 0.16", "rand 0.9", "rand_core 0.9"]),
    ("ring", &["getrandom 0.2"]),
    ("tokio", &["lock_api 0.4", "parking_lot 0.12", "parking_lot_core 0.9"]),
    ("totp-rs", &["constant_time_eq 0.4"]),
    ("zxcvbn", &["darling 0.20", "darling_core 0.20", "darling_macro 0.20", "itertools 0.14"]),
];

/// Declared for what they do when they are built into the program, or for a feature of theirs.
const NEVER_NAMED: [&str; 3] = ["idna_adapter", "libsqlite3-sys", "rustls"];

/// The platform that the service runs on; the others' crates need not be there.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project").to_owned()
}

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_else(|| panic!("no {field} in {of}"))
}

fn list<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    of[field].as_array().unwrap_or_else(|| panic!("no {field} in {of}")).iter()
}

/// Whether one of the licences that a crate offers is allowed, for each part of it.
fn allowed(licence: &str) -> bool {
    let parts = licence.replace('/', " OR ");
    parts.split(" AND ").all(|part| {
        part.split(" OR ").any(|one| LICENCES.contains(&one.trim_matches(|c: char| "() ".contains(c))))
    })
}

#[test]
fn every_crate_comes_from_crates_io_under_a_licence_that_lets_anybody_use_it() {
    let metadata = metadata();
    let mut refused = Vec::new();
    for package in list(&metadata, "packages").filter(|package| !package["source"].is_null()) {
        let (name, licence) =
            (text(package, "name"), package["license"].as_str().unwrap_or("none that it names"));
        if !allowed(licence) {
            refused.push(format!("{name}: its licence is {licence}"));
        }
        if text(package, "source") != CRATES_IO {
            refused.push(format!("{name}: it comes from {}", text(package, "source")));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// What the program is built of, tests left out: each package by its id, with those that it asks for.
fn built(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
    let server =
        list(metadata, "packages").find(|package| text(package, "name") == "server").expect("the server");
    let (mut built, mut waiting) = (BTreeMap::new(), vec![text(server, "id")]);
    while let Some(id) = waiting.pop() {
        let only_tests = |dep: &Value| list(dep, "dep_kinds").all(|kind| kind["kind"] == "dev");
        let asks: Vec<&str> =
            list(nodes[id], "deps").filter(|dep| !only_tests(dep)).map(|dep| text(dep, "pkg")).collect();
        if built.insert(id, asks.clone()).is_none() {
            waiting.extend(asks);
        }
    }
    built
}

#[test]
fn a_crate_that_is_built_in_two_versions_is_listed_with_who_asks_for_the_older_one() {
    let metadata = metadata();
    let built = built(&metadata);
    let packages: BTreeMap<&str, (&str, &str)> = list(&metadata, "packages")
        .map(|package| (text(package, "id"), (text(package, "name"), text(package, "version"))))
        .collect();
    let number = |version: &str| -> Vec<u64> {
        version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or_default()).collect()
    };
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in built.keys() {
        let (name, version) = packages[id];
        versions.entry(name).or_default().push(version);
    }
    // Every version but the newest, as `name version`.
    let mut older = BTreeSet::new();
    for (name, mut of_it) in versions {
        of_it.sort_by_key(|version| number(version));
        of_it.pop();
        older.extend(of_it.into_iter().map(|version| format!("{name} {version}")));
    }

    // All that is built because of a crate, itself too.
    let because_of = |cause: &str| {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = built.keys().copied().filter(|id| packages[id].0 == cause).collect();
        while let Some(id) = waiting.pop() {
            if reached.insert(id) {
                waiting.extend(&built[id]);
            }
        }
        reached
            .into_iter()
            .map(|id| format!("{} {}", packages[id].0, packages[id].1))
            .collect::<BTreeSet<_>>()
    };
    let mut wrong = Vec::new();
    for (cause, of_it) in OLDER {
        let because = because_of(cause);
        for listed in *of_it {
            // `rand 0.8` stands for all of 0.8.
            let is_listed = |one: &String| one.as_str() == *listed || one.starts_with(&format!("{listed}."));
            let (there, here): (BTreeSet<_>, _) = older.into_iter().partition(is_listed);
            older = here;
            if there.is_empty() {
                wrong.push(format!("{listed} is not built, or is the newest: take it off the list"));
            }
            for one in there.iter().filter(|one| !because.contains(*one)) {
                wrong.push(format!("{one} is not built because of {cause}"));
            }
        }
    }
    for one in older {
        let (name, _) = one.split_once(' ').unwrap_or_default();
        let asks = built.iter().filter(|(_, asks)| {
            asks.iter().any(|id| packages[id].0 == name && one.ends_with(packages[id].1))
        });
        let asks: Vec<&str> = asks.map(|(id, _)| packages[id].0).collect();
        wrong.push(format!("{one} is older than another version, for {}", asks.join(", ")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text of all Rust files below a folder.
fn rust(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        // A crate in a crate's folder is another one's.
        if path.is_dir() && !path.join("Cargo.toml").exists() {
            rust(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("a file of text"));
        }
    }
}

/// Whether Rust code names a crate: its name as a whole word before `::`, or after `use`.
fn names(code: &str, krate: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(krate).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + krate.len()..]);
        !before.ends_with(word)
            && (after.starts_with("::") || (before.ends_with("use ") && after.starts_with([' ', ';'])))
    })
}

#[test]
fn every_crate_that_is_declared_is_used() {
    let metadata = metadata();
    let mut unused = Vec::new();
    let mut declared = BTreeSet::new();
    for package in list(&metadata, "packages").filter(|package| package["source"].is_null()) {
        let folder = Path::new(text(package, "manifest_path")).parent().expect("a folder");
        let (mut program, mut tests) = (String::new(), String::new());
        rust(&folder.join("src"), &mut program);
        for beside in ["tests", "benches"] {
            rust(&folder.join(beside), &mut tests);
        }
        fs::read_to_string(folder.join("build.rs")).into_iter().for_each(|build| program.push_str(&build));
        for dependency in list(package, "dependencies") {
            let name = text(dependency, "name");
            declared.insert(name.to_owned());
            let named = dependency["rename"].as_str().unwrap_or(name).replace('-', "_");
            // The crate of journeys has its builders in src and its tests beside them: both are its own.
            let in_tests = dependency["kind"] == "dev" || text(package, "name") == "tests";
            let used = names(&program, &named) || (in_tests && names(&tests, &named));
            if !used && !NEVER_NAMED.contains(&name) {
                unused
                    .push(format!("{name} is declared by {} and used nowhere in it", text(package, "name")));
            }
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    for name in lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")) {
        if !declared.contains(name.0) {
            unused.push(format!("{} is declared for the workspace, and no crate takes it", name.0));
        }
    }
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

//! The reference of all commands, options and environment variables in the guide: made from the command line itself, so
//! that neither can say something else. `IHURIRO_BLESS=1 cargo test -p server --bin ihuriro reference` writes it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory};

use super::Ihuriro;

/// Variables that are read without an option of the same meaning, and what they do.
const VARIABLES: [(&str, &str); 8] = [
    ("IHURIRO_LOG_FORMAT", "`json` writes the log as JSON, a line for each event; `text` is usual."),
    (
        "IHURIRO_NEW_PASSWORD",
        "The password that `login` chooses where one is due, for scripts; else it is asked for.",
    ),
    (
        "IHURIRO_PASSWORD",
        "The password of `admin create-user` and `login`, for scripts; else it is asked for.",
    ),
    ("IHURIRO_TABLET_PASSPHRASE", "The passphrase of a tablet's folder, for scripts; else it is asked for."),
    ("NO_COLOR", "Set to anything, it keeps colours out of what is printed."),
    (
        "RUST_LOG",
        "How much is logged: `error`, `warn`, `info` (usual), `debug`, `trace`, `off`, also for parts: \
         `warn,server::sync=debug`.",
    ),
    (
        "SSL_CERT_FILE",
        "A file of certificates by which PostgreSQL is trusted, in the place of the system's, and by which tablets and `login` trust a service, in the place of those that browsers trust.",
    ),
    ("XDG_CONFIG_HOME", "The folder in which `login` keeps a login, under `ihuriro/`; else `~/.config`."),
];

const INTRODUCTION: &str = "\
# Every option and variable

Made from the program itself; `ihuriro help COMMAND` says the same. An option on the command line goes before the \
environment variable in its row, which goes before the usual value.

";

fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut root = Ihuriro::command();
    root.build();
    text.push_str("## Variables that have no option\n\n| variable | does |\n|---|---|\n");
    for (name, does) in VARIABLES {
        let _ = writeln!(text, "| `{name}` | {does} |");
    }
    for command in root.get_subcommands() {
        command_in_words(&mut text, "ihuriro", command);
    }
    text
}

fn command_in_words(text: &mut String, above: &str, command: &Command) {
    let name = format!("{above} {}", command.get_name());
    if command.get_name() == "help" {
        return;
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "\n## `{name}`\n\n{}\n", sentence(&about));
    let options: Vec<&Arg> = command.get_arguments().filter(|arg| !is_of_clap(arg)).collect();
    if !options.is_empty() {
        text.push_str("\n| option | variable | usually | |\n|---|---|---|---|\n");
    }
    for option in options {
        let variable = option.get_env().map_or(String::new(), |name| format!("`{}`", name.to_string_lossy()));
        let usual: Vec<String> = option
            .get_default_values()
            .iter()
            .map(|value| format!("`{}`", value.to_string_lossy()))
            .collect();
        let mut help = sentence(&option.get_help().map(ToString::to_string).unwrap_or_default());
        let values: Vec<String> = option
            .get_possible_values()
            .iter()
            .filter(|value| option.get_action().takes_values() && !value.is_hide_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !values.is_empty() {
            let _ = write!(help, " One of {}.", values.join(", "));
        }
        let _ = writeln!(
            text,
            "| {} | {variable} | {} | {} |",
            written(option),
            usual.join(", "),
            help.trim().replace('|', "\\|").replace('\n', " ")
        );
    }
    for below in command.get_subcommands() {
        command_in_words(text, &name, below);
    }
}

fn is_of_clap(arg: &Arg) -> bool {
    ["help", "version"].contains(&arg.get_id().as_str())
}

/// `--listen LISTEN`, or `GROUP`; with a star where it has to be given.
fn written(option: &Arg) -> String {
    let values = option.get_action().takes_values();
    let name = option.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    let must = if option.is_required_set() { " \\*" } else { "" };
    match option.get_long() {
        Some(long) if values => format!("`--{long} {name}`{must}"),
        Some(long) => format!("`--{long}`{must}"),
        None => format!("`{name}`{must}"),
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '?', '`']) { text.to_owned() } else { format!("{text}.") }
}

fn server() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_reference_in_the_guide_is_that_of_the_command_line() {
    let file = server().join("guide/reference.md");
    let now = reference();
    if std::env::var_os("IHURIRO_BLESS").is_some() {
        fs::write(&file, &now).expect("it is written");
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(there == now, "write it again: IHURIRO_BLESS=1 cargo test -p server --bin ihuriro reference");
}

#[test]
fn every_option_says_what_it_is_for() {
    fn silent(command: &Command, names: &mut Vec<String>) {
        let dumb = command.get_arguments().filter(|arg| !is_of_clap(arg) && arg.get_help().is_none());
        names.extend(dumb.map(|arg| format!("{} {}", command.get_name(), arg.get_id())));
        command.get_subcommands().for_each(|below| silent(below, names));
    }
    let mut names = Vec::new();
    silent(&Ihuriro::command(), &mut names);
    assert_eq!(names, [""; 0]);
}

#[test]
fn no_variable_is_read_that_the_reference_does_not_name() {
    let mut read = BTreeSet::new();
    let mut folders: Vec<PathBuf> = vec![server().join("src"), server().join("tablet/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("cli/reference.rs") {
                let code = fs::read_to_string(&path).expect("text");
                let words = code.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
                read.extend(words.filter(|word| word.starts_with("IHURIRO_")).map(str::to_owned));
            }
        }
    }
    let reference = reference();
    // The two that only tests read.
    let unnamed =
        read.iter().filter(|name| !["IHURIRO_BLESS", "IHURIRO_TEST_POSTGRES"].contains(&name.as_str()));
    let unnamed: Vec<_> = unnamed.filter(|name| !reference.contains(name.as_str())).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

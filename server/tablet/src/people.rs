//! The people who share a tablet. Each has a folder of their own in the tablet's directory, with a key, groups and a passphrase of their
//! own: to the service they are tablets of their own, and none opens another's folder.
//!
//! Whoever enrols without a name has the directory itself for a folder, as before tablets were shared, and is called [`FIRST`].

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::folder::Folder;

/// What the person is called whose folder is the tablet's directory itself.
pub const FIRST: &str = "first";

/// What a person is called on a tablet, and their folder with it: a to z, digits and hyphens, at most 30. Whoever has the tablet sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl FromStr for Name {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = name.as_bytes().first().is_some_and(|byte| *byte != b'-');
        if begins && name.len() <= 30 && name.bytes().all(sound) {
            Ok(Self(name))
        } else {
            Err("a name has letters from a to z, digits and hyphens, at most 30, as: jeanne")
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody on a tablet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: Name,
    pub folder: PathBuf,
}

/// Nobody on the tablet is meant for sure.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOne {
    #[error("several people share this tablet; say who you are: --as {}", .0.join(", or --as "))]
    Several(Vec<String>),
    #[error("nobody on this tablet is called {name}; there {}", are_there(.there))]
    Unknown { name: Name, there: Vec<String> },
}

fn are_there(names: &[String]) -> String {
    match names {
        [] => "is nobody yet".to_owned(),
        [one] => format!("is {one}"),
        several => format!("are {}", several.join(", ")),
    }
}

/// Everybody on the tablet in this directory, by name; the first one first. Opens no folder.
pub fn everybody(directory: &Path) -> Vec<Person> {
    let person = |name: &str, folder: PathBuf| Some(Person { name: name.parse().ok()?, folder });
    let first = person(FIRST, directory.to_owned()).filter(|_| Folder::is_at(directory));
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut others: Vec<Person> = entries
        .filter(|entry| Folder::is_at(&entry.path()))
        .filter_map(|entry| person(entry.file_name().to_str()?, entry.path()))
        .filter(|other| first.as_ref().is_none_or(|first| first.name != other.name))
        .collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    first.into_iter().chain(others).collect()
}

/// The folder of the person of this name; without one, of the only person there is. Where there is nobody, the directory itself.
///
/// # Errors
/// [`NotOne`], in words that name who is there.
pub fn folder_of(directory: &Path, name: Option<&Name>) -> Result<PathBuf, NotOne> {
    let mut all = everybody(directory);
    let names = |all: &[Person]| all.iter().map(|person| person.name.to_string()).collect();
    match name {
        Some(name) => match all.iter().position(|person| person.name == *name) {
            Some(at) => Ok(all.swap_remove(at).folder),
            None => Err(NotOne::Unknown { name: name.clone(), there: names(&all) }),
        },
        None if all.len() > 1 => Err(NotOne::Several(names(&all))),
        None => Ok(all.pop().map_or_else(|| directory.to_owned(), |person| person.folder)),
    }
}

/// The folder in which somebody enrols: of this name, or the directory itself. An enrolment that was not finished goes on there.
///
/// # Errors
/// [`NotOne::Several`] where somebody else is there already and no name is given.
pub fn new_folder(directory: &Path, name: Option<&Name>) -> Result<PathBuf, NotOne> {
    match name {
        Some(name) if name.0 == FIRST && Folder::is_at(directory) => Ok(directory.to_owned()),
        Some(name) => Ok(directory.join(&name.0)),
        None => folder_of(directory, None).map(|_| directory.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "urugo rwiza rwo mu Kabeza";

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    #[test]
    fn a_name_is_a_folder_and_nothing_else() {
        assert_eq!(name("Jeanne-2").to_string(), "jeanne-2");
        for odd in ["", "..", "../eric", "a/b", "-x", "Mukamana Rose", "tablet.db", &"a".repeat(31)] {
            assert!(odd.parse::<Name>().is_err(), "{odd}");
        }
    }

    #[test]
    fn whoever_is_alone_need_not_say_who_they_are() {
        let at = tempfile::tempdir().expect("a temporary directory");
        let at = at.path();
        assert_eq!(folder_of(at, None), Ok(at.to_owned()), "nobody is there");
        let unknown = NotOne::Unknown { name: name("eric"), there: Vec::new() };
        assert_eq!(folder_of(at, Some(&name("eric"))), Err(unknown));
        drop(Folder::create(at, PASSPHRASE).expect("a folder of before"));
        assert_eq!(folder_of(at, None), Ok(at.to_owned()));
        drop(Folder::create(&new_folder(at, Some(&name("eric"))).expect("his"), PASSPHRASE).expect("his"));
        let several = folder_of(at, None).expect_err("who is it?");
        assert_eq!(
            several.to_string(),
            "several people share this tablet; say who you are: --as first, or --as eric"
        );
        assert_eq!(folder_of(at, Some(&name("eric"))), Ok(at.join("eric")));
        assert_eq!(folder_of(at, Some(&name("first"))), Ok(at.to_owned()));
        let unknown = folder_of(at, Some(&name("rose"))).expect_err("nobody");
        assert_eq!(unknown.to_string(), "nobody on this tablet is called rose; there are first, eric");
    }
}

//! How a field merges. The form is part of a field's type, so that a record reads like its data dictionary,
//! and everything else (genesis, reading, editing, conflicts, the rules of merging) follows from it.

mod edit;
pub(crate) mod read;
mod values;

use std::marker::PhantomData;

use automerge::ScalarValue;

pub(crate) use edit::put_over;
pub use edit::{Edit, EditError, Editor};
pub(crate) use read::container;
pub use read::{Candidate, Ranked};
pub(crate) use read::{is_object, object_of};
pub use values::{Keys, Slot, Values};

use crate::value::Why;

/// The author of every genesis change. Nobody else may use it.
pub const GENESIS_ACTOR: [u8; 1] = [0];

/// One value or none. Concurrent values are a conflict for people to settle.
#[derive(Debug)]
pub struct Field<T>(PhantomData<T>);

/// One value, always. Concurrent values are a conflict for people to settle.
#[derive(Debug)]
pub struct Required<T>(PhantomData<T>);

/// One value, always, written once: the fields of which an id is made, or that say which record another is about.
#[derive(Debug)]
pub struct Fixed<T>(PhantomData<T>);

/// One value or none, written once: append-only records are made of these.
#[derive(Debug)]
pub struct Once<T>(PhantomData<T>);

/// A status: starts at its first code and moves forward; back only by somebody with the authority to move it. Of concurrent
/// values the furthest holds.
#[derive(Debug)]
pub struct Forward<T>(PhantomData<T>);

/// A value that is never unset once it is set, whatever happens at the same time. Of concurrent values the least holds
/// (the earliest day of an erasure).
#[derive(Debug)]
pub struct Sticky<T>(PhantomData<T>);

/// A value that stands only while nobody takes it back. Where one person sets it and another takes it back at the same
/// time, it counts as taken back, and people are shown the conflict. The value is its own grounds (why a record is
/// void).
#[derive(Debug)]
pub struct Revocable<T>(PhantomData<T>);

/// A value that prevails over its taking back at the same time; somebody who has seen the value may take it back. Of
/// concurrent values the least holds (the earliest day of a withdrawal).
#[derive(Debug)]
pub struct Prevailing<T>(PhantomData<T>);

/// A set; adding a member wins over removing it at the same time. Kept as a map of member to true or false.
#[derive(Debug)]
pub struct Set<K>(PhantomData<K>);

/// A set that only grows. Kept as a map of member to true.
#[derive(Debug)]
pub struct Log<K>(PhantomData<K>);

/// A map of registers. Concurrent values of one key are a conflict for people to settle.
#[derive(Debug)]
pub struct Entries<K, V>(PhantomData<(K, V)>);

/// Text that several people can write at once; one person's edit keeps it to `MAX` characters.
#[derive(Debug)]
pub struct Text<const MAX: usize>;

/// The container that genesis creates for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A scalar at the root, absent until it is first put.
    Register,
    Map,
    Text,
}

/// What merging checks or shows of a field, beyond Automerge's own merging.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Concurrent values are shown to people. The function reads the words with which somebody settles the conflict.
    Conflict(fn(&str) -> Result<ScalarValue, Why>),
    /// The first value is never replaced.
    Once,
    /// The value moves back only by [authority](crate::authority); the rank of a value is its place in the code list.
    Forward(fn(&ScalarValue) -> Option<usize>),
    /// A set value is never unset.
    Sticky,
    /// Merges without remainder: sets, logs.
    Merges,
    /// Merges letter by letter; concurrent edits of one place are shown to people. One person's edit keeps the text to
    /// so many characters.
    Text(usize),
    /// As `Merges`, and members are never removed.
    Grows,
}

/// One row of a record's field table.
#[derive(Debug, Clone, Copy)]
pub struct FieldInfo {
    pub name: &'static str,
    pub shape: Shape,
    pub rule: Rule,
}

/// A field of a record that can't be taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Invalid {
    pub field: String,
    pub why: Why,
}

impl Invalid {
    pub fn new(field: &str, why: impl Into<String>) -> Self {
        Self { field: field.to_owned(), why: Why(why.into()) }
    }
}

/// A form: what it looks like in the document, its rule, and how it is read.
pub trait Form {
    /// The type of the field in the plain struct.
    type Plain: Clone + PartialEq + std::fmt::Debug;
    const SHAPE: Shape;
    const RULE: Rule;

    /// Reads the field and checks every value in it, also concurrent values that are not shown. `values` are those of
    /// the document.
    ///
    /// # Errors
    /// [`Invalid`] with the field's name.
    fn read(
        document: &automerge::Automerge,
        values: &Values,
        name: &'static str,
    ) -> Result<Self::Plain, Invalid>;
}

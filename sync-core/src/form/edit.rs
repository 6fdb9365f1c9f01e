//! Editing fields: each call writes as few operations as it can, and none where nothing changes.

use std::marker::PhantomData;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ROOT, ReadDoc, ScalarValue};

use super::read::{Ranked, container};
use super::{
    Entries, Field, Fixed, Forward, Log, Once, Prevailing, Required, Revocable, Set, Shape, Sticky, Text,
};
use crate::value::{Key, Value, Why};

/// Why an edit is refused. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("{field} is already recorded and stays as it is")]
    AlreadySet { field: &'static str },
    #[error("{field} only moves forward")]
    Backward { field: &'static str },
    #[error("{field}: {why}")]
    Refused { field: &'static str, why: Why },
    #[error(transparent)]
    Value(#[from] Why),
    #[error(transparent)]
    Invalid(#[from] super::Invalid),
    #[error(
        "the record holds as much as a record may, with all that was ever written in it: nothing was added"
    )]
    Full,
    #[error("the record can't be edited: its document is damaged")]
    Damaged(#[source] Box<AutomergeError>),
}

impl From<AutomergeError> for EditError {
    fn from(error: AutomergeError) -> Self {
        Self::Damaged(Box::new(error))
    }
}

/// A record under edit. The methods that name its fields stand with the record, see [`crate::record`].
#[derive(Debug)]
pub struct Edit<'d, R> {
    transaction: Transaction<'d>,
    record: PhantomData<R>,
}

impl<'d, R> Edit<'d, R> {
    pub(crate) fn new(transaction: Transaction<'d>) -> Self {
        Self { transaction, record: PhantomData }
    }

    pub(crate) fn field<F>(&mut self, name: &'static str) -> Editor<'_, 'd, F> {
        Editor { transaction: &mut self.transaction, name, form: PhantomData }
    }

    pub(crate) fn into_transaction(self) -> Transaction<'d> {
        self.transaction
    }
}

/// One field of a record under edit.
#[derive(Debug)]
pub struct Editor<'t, 'd, F> {
    transaction: &'t mut Transaction<'d>,
    name: &'static str,
    form: PhantomData<F>,
}

/// Puts a scalar over all values of a key. Where the scalar is already the winner of several values, Automerge would
/// only delete the others and keep the winner's old operation: somebody who replaces the winner at the same time would
/// then see one value, as if nobody had settled anything (seen). Where the scalar is the only value, Automerge would
/// write nothing. So in both cases another value is put first.
pub(crate) fn put_over(
    transaction: &mut Transaction<'_>,
    object: &ObjId,
    key: &str,
    value: ScalarValue,
) -> Result<(), AutomergeError> {
    let all = transaction.get_all(object, key)?;
    if all.last().and_then(|(winner, _)| winner.as_scalar()) == Some(&value) {
        let other = if value.is_null() { ScalarValue::Boolean(true) } else { ScalarValue::Null };
        transaction.put(object, key, other)?;
    }
    transaction.put(object, key, value)
}

impl<F> Editor<'_, '_, F> {
    fn container(&self, shape: Shape) -> Result<ObjId, EditError> {
        Ok(container(self.transaction, self.name, shape)?)
    }

    /// Puts a scalar unless it is the only value already. So putting one of two concurrent values settles the conflict,
    /// and putting the only value again writes nothing.
    fn put_at(&mut self, object: &ObjId, key: &str, value: ScalarValue) -> Result<(), EditError> {
        let unchanged = match self.transaction.get_all(object, key)?.as_slice() {
            [] => value.is_null(),
            [(only, _)] => only.as_scalar() == Some(&value),
            _ => false,
        };
        if unchanged { Ok(()) } else { Ok(put_over(self.transaction, object, key, value)?) }
    }

    fn put_root(&mut self, value: ScalarValue) -> Result<(), EditError> {
        self.put_at(&ROOT, self.name, value)
    }

    /// Puts the first value of a field that is written once.
    fn put_first(&mut self, value: &ScalarValue) -> Result<(), EditError> {
        match self.transaction.get(ROOT, self.name)? {
            None => self.put_root(value.clone()),
            Some((there, _)) if there.as_scalar() == Some(value) => Ok(()),
            Some(_) => Err(EditError::AlreadySet { field: self.name }),
        }
    }
}

impl<T: Value> Editor<'_, '_, Field<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_root(value.to_scalar())
    }

    /// Puts the value also where it is the only value already: the change shows that its author has seen all changes
    /// before it.
    pub fn set_again(self, value: T) -> Result<(), EditError> {
        Ok(put_over(self.transaction, &ROOT, self.name, value.to_scalar())?)
    }

    /// Takes the value back. The key stays: removal is a value too.
    pub fn clear(mut self) -> Result<(), EditError> {
        self.put_root(ScalarValue::Null)
    }
}

impl<T: Value> Editor<'_, '_, Required<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_root(value.to_scalar())
    }
}

impl<T: Value> Editor<'_, '_, Fixed<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_first(&value.to_scalar())
    }
}

impl<T: Value> Editor<'_, '_, Once<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_first(&value.to_scalar())
    }

    /// Puts the value that is there already: the change shows that its author has seen all changes before it.
    pub fn set_again(mut self, value: T) -> Result<(), EditError> {
        self.put_first(&value.to_scalar())?;
        Ok(put_over(self.transaction, &ROOT, self.name, value.to_scalar())?)
    }
}

impl<T: Value + Ord + Copy + Ranked> Editor<'_, '_, Forward<T>> {
    /// Moves the status back or forward to `value`, or puts it again: the change shows that its author has seen all
    /// changes before it. The store takes a change that moves the status back only with the authority for it.
    pub fn move_to(self, value: T) -> Result<(), EditError> {
        Ok(put_over(self.transaction, &ROOT, self.name, value.to_scalar())?)
    }

    /// Moves the status forward to `value`.
    ///
    /// # Errors
    /// [`EditError::Backward`] where one of the concurrent values is further.
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        let mut furthest = T::FIRST;
        for (there, _) in self.transaction.get_all(ROOT, self.name)? {
            let scalar = there.as_scalar().unwrap_or(&ScalarValue::Null);
            let status =
                T::from_scalar(scalar).map_err(|why| EditError::Refused { field: self.name, why })?;
            furthest = furthest.max(status);
        }
        match value.cmp(&furthest) {
            std::cmp::Ordering::Less => Err(EditError::Backward { field: self.name }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => self.put_root(value.to_scalar()),
        }
    }
}

impl<T: Value + Ord> Editor<'_, '_, Sticky<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_root(value.to_scalar())
    }
}

impl<T: Value> Editor<'_, '_, Revocable<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_root(value.to_scalar())
    }

    /// Puts the value also where it is the only value already: the change shows that its author has seen all changes
    /// before it.
    pub fn set_again(self, value: T) -> Result<(), EditError> {
        Ok(put_over(self.transaction, &ROOT, self.name, value.to_scalar())?)
    }

    /// Takes the value back. The key stays: removal is a value too.
    pub fn clear(mut self) -> Result<(), EditError> {
        self.put_root(ScalarValue::Null)
    }
}

impl<T: Value + Ord> Editor<'_, '_, Prevailing<T>> {
    pub fn set(mut self, value: T) -> Result<(), EditError> {
        self.put_root(value.to_scalar())
    }

    /// Takes back the values that the author has seen. A value that is set at the same time prevails.
    pub fn clear(mut self) -> Result<(), EditError> {
        self.put_root(ScalarValue::Null)
    }
}

impl<K: Key> Editor<'_, '_, Set<K>> {
    pub fn insert(self, member: &K) -> Result<(), EditError> {
        self.flag(member, true)
    }

    /// Takes a member out. Nothing is written for one that was never in the set.
    pub fn remove(self, member: &K) -> Result<(), EditError> {
        self.flag(member, false)
    }

    fn flag(mut self, member: &K, on: bool) -> Result<(), EditError> {
        let object = self.container(Shape::Map)?;
        let key = member.to_key();
        if !on && self.transaction.get(&object, key.as_str())?.is_none() {
            return Ok(());
        }
        self.put_at(&object, &key, ScalarValue::Boolean(on))
    }
}

impl<K: Key> Editor<'_, '_, Log<K>> {
    pub fn insert(mut self, member: &K) -> Result<(), EditError> {
        let object = self.container(Shape::Map)?;
        self.put_at(&object, &member.to_key(), ScalarValue::Boolean(true))
    }
}

impl<K: Key, V: Value> Editor<'_, '_, Entries<K, V>> {
    pub fn put(mut self, key: &K, value: V) -> Result<(), EditError> {
        let object = self.container(Shape::Map)?;
        self.put_at(&object, &key.to_key(), value.to_scalar())
    }

    /// Puts the value also where it is the only value already: from now on it is the author's own.
    pub fn put_again(self, key: &K, value: V) -> Result<(), EditError> {
        let object = self.container(Shape::Map)?;
        Ok(put_over(self.transaction, &object, &key.to_key(), value.to_scalar())?)
    }

    /// Takes an entry back. The key stays: removal is a value too.
    pub fn clear(mut self, key: &K) -> Result<(), EditError> {
        let object = self.container(Shape::Map)?;
        self.put_at(&object, &key.to_key(), ScalarValue::Null)
    }
}

impl<const MAX: usize> Editor<'_, '_, Text<MAX>> {
    /// Makes the text read `text`, with the fewest insertions and deletions, so that concurrent edits of others stay. A
    /// text that is too long already, because several people wrote, may become shorter.
    pub fn write(self, text: &str) -> Result<(), EditError> {
        let object = self.container(Shape::Text)?;
        let length = text.chars().count();
        if length > MAX && length > self.transaction.text(&object)?.chars().count() {
            let why = Why(format!("must be at most {MAX} characters"));
            return Err(EditError::Refused { field: self.name, why });
        }
        Ok(self.transaction.update_text(&object, text)?)
    }

    /// Makes the text read as that of another record does, however long: several people may have written more than one
    /// person may.
    pub fn copy(self, text: &str) -> Result<(), EditError> {
        let object = self.container(Shape::Text)?;
        Ok(self.transaction.update_text(&object, text)?)
    }

    /// Adds `text` at the end, as a line of its own with its line end, so that lines that two people add at the same
    /// time, also to an empty text, stay separate lines.
    pub fn append(self, text: &str) -> Result<(), EditError> {
        match self.with(text)? {
            Some(whole) => self.write(&whole),
            None => Ok(()),
        }
    }

    /// As [`append`](Self::append), of text that stands in another record, however long: several people may have
    /// written more than one person may.
    pub fn carry(self, text: &str) -> Result<(), EditError> {
        let object = self.container(Shape::Text)?;
        match self.with(text)? {
            Some(whole) => Ok(self.transaction.update_text(&object, whole)?),
            None => Ok(()),
        }
    }

    /// The text with `text` added at its end; `None` where `text` is empty.
    fn with(&self, text: &str) -> Result<Option<String>, EditError> {
        let text = text.trim_end();
        if text.is_empty() {
            return Ok(None);
        }
        let before = self.transaction.text(self.container(Shape::Text)?)?;
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        Ok(Some(format!("{before}{gap}{text}\n")))
    }
}

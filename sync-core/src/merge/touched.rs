//! What a change may write. The genesis makes the maps and texts of a record, and gives each its id. After that a
//! change puts single values at keys of the root and of those maps, and inserts and deletes characters in those texts.
//! It makes no objects, puts nothing in the place of an object, deletes no key, and does not write `record` or
//! `schema`. Otherwise a change could replace the map of the genesis, and the marks that others write to that map would
//! vanish without a conflict (seen).
//!
//! A change gives one key one value, and one device has at most [`MAX_VALUES_OF_ONE`] values of one key at the same
//! time: each value becomes a row, is shown to people, and is read with every edit.

use std::collections::BTreeMap;

use automerge::ObjId;

use crate::change::operations::{Operation, STRING, action};
use crate::change::{Actor, Change};
use crate::document::Document;
use crate::form::{FieldInfo, GENESIS_ACTOR, Invalid, Shape};
use crate::id::DeviceId;
use crate::limits::MAX_VALUES_OF_ONE;
use crate::record::Kind;

/// The refusal of a change that replaces a map or text of the genesis.
const AS_IT_BEGAN: &str = "must stay the object that the record began with";

/// The keys at which a change puts values, each with the number of the last operation that did so: keys of the root
/// where the field is `None`, otherwise keys of the map of that field.
#[derive(Debug)]
pub(super) struct Touched<'c>(BTreeMap<(Option<&'static str>, &'c str), u64>);

impl<'c> Touched<'c> {
    /// Reads what a change writes, operation by operation, without applying it.
    ///
    /// # Errors
    /// [`Invalid`] with the field where an operation is one that no change may hold.
    pub(super) fn by(kind: Kind, change: &'c Change) -> Result<Self, Invalid> {
        let unknown = || Invalid::new("document", "can't be read");
        let operations = change.operations().ok_or_else(unknown)?;
        let authors = operations.authors.clone();
        let mut touched = Self(BTreeMap::new());
        for operation in operations {
            // An operation names its object by the author and number of the operation that made it. Only the root and
            // objects that the genesis made are part of the record.
            let field = match operation.object {
                None => None,
                Some((author, number)) => {
                    let author = usize::try_from(author).ok().and_then(|author| authors.get(author));
                    let of_genesis = author.is_some_and(|author| **author == GENESIS_ACTOR);
                    Some(made_by_genesis(kind, number).filter(|_| of_genesis).ok_or_else(|| {
                        Invalid::new("document", "has only the maps and texts that it began with")
                    })?)
                }
            };
            match field {
                Some(field) if field.shape == Shape::Text => in_text(field, &operation)?,
                field => touched.put(kind, field, &operation)?,
            }
        }
        Ok(touched)
    }

    /// Checks one operation at a key of the root or of a map, and notes the key.
    fn put(&mut self, kind: Kind, map: Option<&FieldInfo>, operation: &Operation<'c>) -> Result<(), Invalid> {
        let Some(key) = operation.key.filter(|_| !operation.insert) else {
            return Err(Invalid::new(map.map_or("document", |map| map.name), "has keys, no places"));
        };
        let refused = |why: &str| {
            let field = map.map_or_else(|| key.to_owned(), |map| format!("{}/{key}", map.name));
            Err(Invalid::new(&field, why))
        };
        if map.is_none() {
            if ["record", "schema"].contains(&key) {
                return refused("is never written again");
            }
            let mut fields = kind.fields().iter();
            if fields.any(|field| field.name == key && field.shape != Shape::Register) {
                return refused(AS_IT_BEGAN);
            }
        }
        match operation.action {
            action::PUT => {}
            action::DELETE => {
                return refused("is never deleted: what is taken back is put as nothing or false");
            }
            made if action::MAKES.contains(&made) => return refused("must be a single value"),
            _ => return refused("is put, in no other way"),
        }
        // A change that puts a key twice must overwrite its own first value, as every Automerge does: one value is
        // left. Author 0 of an operation is the change's own.
        let before = self.0.insert((map.map(|map| map.name), key), operation.number);
        match before {
            Some(before) if !operation.overwrites.contains(&(0, before)) => {
                refused("has several values by one change")
            }
            _ => Ok(()),
        }
    }

    /// Counts the values that each device has at the keys once the change is applied, and holds them to
    /// [`MAX_VALUES_OF_ONE`].
    ///
    /// # Errors
    /// [`Invalid`] with the field.
    pub(super) fn check_values(&self, after: &Document) -> Result<(), Invalid> {
        for (map, key) in self.0.keys() {
            let standing = match map {
                None => after.values().at_root(key),
                Some(name) => after.values().in_map(name, key),
            };
            let mut of_each: BTreeMap<DeviceId, usize> = BTreeMap::new();
            for one in standing {
                let ObjId::Id(_, author, _) = &one.operation else { continue };
                let Ok(Actor { device, .. }) = Actor::try_from(author) else { continue };
                let values = of_each.entry(device).or_default();
                *values += 1;
                if *values > MAX_VALUES_OF_ONE {
                    let field = map.map_or_else(|| (*key).to_owned(), |map| format!("{map}/{key}"));
                    let why =
                        format!("has more than {MAX_VALUES_OF_ONE} values of one tablet at the same time");
                    return Err(Invalid::new(&field, why));
                }
            }
        }
        Ok(())
    }
}

/// The field whose map or text the genesis made by its operation of this number. Operations 1 and 2 of a genesis put
/// `record` and `schema`; then follows one for each map or text, in the order of the field table.
fn made_by_genesis(kind: Kind, number: u64) -> Option<&'static FieldInfo> {
    let mut made = kind.fields().iter().filter(|field| field.shape != Shape::Register);
    made.nth(usize::try_from(number.checked_sub(3)?).ok()?)
}

/// Checks one operation in a text: it inserts a character or deletes one.
fn in_text(field: &FieldInfo, operation: &Operation<'_>) -> Result<(), Invalid> {
    let letters = operation.insert && operation.action == action::PUT && operation.value == STRING;
    let removal = !operation.insert && operation.action == action::DELETE;
    if operation.key.is_none() && (letters || removal) {
        Ok(())
    } else {
        Err(Invalid::new(field.name, "is written by inserting and deleting characters"))
    }
}

//! Reading fields out of a document, with every concurrent value.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{ActorId, Automerge, ObjId, Prop, ROOT, ReadDoc, ScalarValue, legacy};

use super::{
    Entries, Field, FieldInfo, Fixed, Form, Forward, GENESIS_ACTOR, Invalid, Log, Once, Prevailing, Required,
    Revocable, Rule, Set, Shape, Slot, Sticky, Text, Values,
};
use crate::limits::MAX_ENTRIES;
use crate::value::{Key, Value, Why};

/// More operations than any genesis has.
const GENESIS_OPERATIONS: u64 = 64;

/// One of the concurrent values of a field or an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub value: ScalarValue,
    /// The operation that put it; by its id the change, the author and the time are found.
    pub operation: ObjId,
}

/// The values of one key, read and checked, without nulls; empty where the key was never put or was cleared.
fn read_all<T: Value>(slot: &Slot) -> Result<Vec<T>, Why> {
    if slot.objects > 0 {
        return Err(Why::new("must be a single value"));
    }
    let put = slot.candidates.iter().filter(|one| !one.value.is_null());
    put.map(|one| T::from_scalar(&one.value)).collect()
}

fn register<T: Value>(values: &Values, name: &'static str) -> Result<Vec<T>, Invalid> {
    let slot = values.root().get(name);
    let read = slot.map_or(Ok(Vec::new()), read_all);
    read.map_err(|why| Invalid { field: name.to_owned(), why })
}

/// The value that words say, for a field that must have one.
fn given<T: Value>(words: &str) -> Result<ScalarValue, Why> {
    if words.is_empty() { Err(Why::new("must be given")) } else { Ok(T::from_words(words)?.to_scalar()) }
}

/// As [`given`], for a field that may have none: empty words are null.
fn or_nothing<T: Value>(words: &str) -> Result<ScalarValue, Why> {
    if words.is_empty() { Ok(ScalarValue::Null) } else { given::<T>(words) }
}

/// The map or text that the genesis made for a field. It is found by the author of its id, the genesis: an object that
/// somebody put in its place, or beside it, has another author.
pub(crate) fn container(document: &impl ReadDoc, name: &str, shape: Shape) -> Result<ObjId, Invalid> {
    let kind = match shape {
        Shape::Register => return Ok(ROOT),
        Shape::Map => automerge::ObjType::Map,
        Shape::Text => automerge::ObjType::Text,
    };
    let of_genesis = |id: &ObjId| matches!(id, ObjId::Id(_, actor, _) if actor.to_bytes() == GENESIS_ACTOR);
    let shown = document.get_all(ROOT, name).unwrap_or_default();
    let mut shown = shown.into_iter().filter(|(value, _)| value.to_objtype() == Some(kind)).map(|(_, id)| id);
    if let Some(id) = shown.find(of_genesis) {
        return Ok(id);
    }
    // A change overwrote or deleted it, which the store lets no change do. The object and its content are still in the
    // document: it is looked for among the ids that a genesis gives.
    let is_it = |id: &ObjId| {
        let mut above = document.parents(id).ok()?;
        (document.object_type(id).ok()? == kind && above.next()?.prop == Prop::Map(name.to_owned()))
            .then_some(())
    };
    (1..=GENESIS_OPERATIONS)
        .map(|number| ObjId::Id(number, ActorId::from(GENESIS_ACTOR), 0))
        .find(|id| is_it(id).is_some())
        .ok_or_else(|| Invalid::new(name, "must stay the object that the record began with"))
}

/// The object that holds the values of a field: the root, or the object that the genesis made.
pub(crate) fn object_of(document: &Automerge, field: &FieldInfo) -> Option<ObjId> {
    container(document, field.name, field.shape).ok()
}

/// Whether `id` is the id of this object.
pub(crate) fn is_object(object: &ObjId, id: &legacy::OpId) -> bool {
    matches!(object, ObjId::Id(counter, actor, _) if (*counter, actor) == (id.0, &id.1))
}

impl<T: Value> Form for Field<T> {
    type Plain = Option<T>;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Conflict(or_nothing::<T>);

    fn read(_: &Automerge, values: &Values, name: &'static str) -> Result<Option<T>, Invalid> {
        Ok(register(values, name)?.pop())
    }
}

impl<T: Value> Form for Required<T> {
    type Plain = T;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Conflict(given::<T>);

    fn read(_: &Automerge, values: &Values, name: &'static str) -> Result<T, Invalid> {
        register(values, name)?.pop().ok_or_else(|| Invalid::new(name, "must be given"))
    }
}

impl<T: Value> Form for Fixed<T> {
    type Plain = T;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Once;

    fn read(document: &Automerge, values: &Values, name: &'static str) -> Result<T, Invalid> {
        <Required<T> as Form>::read(document, values, name)
    }
}

impl<T: Value> Form for Once<T> {
    type Plain = Option<T>;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Once;

    fn read(document: &Automerge, values: &Values, name: &'static str) -> Result<Option<T>, Invalid> {
        <Field<T> as Form>::read(document, values, name)
    }
}

/// The rank of a status is its own order; a scalar that is no such status has none.
fn rank<T: Value + Ord + Copy + Ranked>(scalar: &ScalarValue) -> Option<usize> {
    T::from_scalar(scalar).ok().map(Ranked::rank)
}

/// A code list in the order in which a status moves.
pub trait Ranked {
    /// Where every record starts.
    const FIRST: Self;
    fn rank(self) -> usize;
}

impl<T: Value + Ord + Copy + Ranked> Form for Forward<T> {
    type Plain = T;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Forward(rank::<T>);

    fn read(_: &Automerge, values: &Values, name: &'static str) -> Result<T, Invalid> {
        Ok(register(values, name)?.into_iter().max().unwrap_or(T::FIRST))
    }
}

impl<T: Value + Ord> Form for Sticky<T> {
    type Plain = Option<T>;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Sticky;

    fn read(_: &Automerge, values: &Values, name: &'static str) -> Result<Option<T>, Invalid> {
        Ok(register(values, name)?.into_iter().min())
    }
}

impl<T: Value> Form for Revocable<T> {
    type Plain = Option<T>;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Conflict(or_nothing::<T>);

    /// `None` as soon as one of the concurrent values is null, which takes the value back.
    fn read(_: &Automerge, values: &Values, name: &'static str) -> Result<Option<T>, Invalid> {
        let shown = register(values, name)?.pop();
        let back = values.at_root(name).iter().any(|one| one.value.is_null());
        Ok(shown.filter(|_| !back))
    }
}

impl<T: Value + Ord> Form for Prevailing<T> {
    type Plain = Option<T>;
    const SHAPE: Shape = Shape::Register;
    const RULE: Rule = Rule::Merges;

    fn read(_: &Automerge, values: &Values, name: &'static str) -> Result<Option<T>, Invalid> {
        Ok(register(values, name)?.into_iter().min())
    }
}

/// The entries of a map with all values of each.
///
/// # Errors
/// [`Invalid`] past [`MAX_ENTRIES`], and where a value does not read.
fn entries<T: Value>(
    document: &Automerge,
    values: &Values,
    name: &str,
) -> Result<Vec<(String, Vec<T>)>, Invalid> {
    let Some(keys) = values.map(name) else {
        container(document, name, Shape::Map)?;
        return Ok(Vec::new());
    };
    // Several values of one key are several entries: all of them are shown.
    if keys.values().map(|one| one.candidates.len() + one.objects).sum::<usize>() > MAX_ENTRIES {
        return Err(Invalid::new(name, format!("must have at most {MAX_ENTRIES} entries")));
    }
    let read = |(key, slot): (&String, &Slot)| {
        let values = read_all(slot).map_err(|why| Invalid { field: format!("{name}/{key}"), why })?;
        Ok((key.clone(), values))
    };
    keys.iter().map(read).collect()
}

/// The members of a set: keys with `true` among their concurrent values, so that adding wins over removing.
fn members<K: Key>(
    document: &Automerge,
    values: &Values,
    name: &'static str,
) -> Result<BTreeSet<K>, Invalid> {
    let mut on = BTreeSet::new();
    for (key, values) in entries::<bool>(document, values, name)? {
        let member = K::from_key(&key).map_err(|why| Invalid { field: format!("{name}/{key}"), why })?;
        if values.contains(&true) {
            on.insert(member);
        }
    }
    Ok(on)
}

impl<K: Key> Form for Set<K> {
    type Plain = BTreeSet<K>;
    const SHAPE: Shape = Shape::Map;
    const RULE: Rule = Rule::Merges;

    fn read(document: &Automerge, values: &Values, name: &'static str) -> Result<BTreeSet<K>, Invalid> {
        members(document, values, name)
    }
}

impl<K: Key> Form for Log<K> {
    type Plain = BTreeSet<K>;
    const SHAPE: Shape = Shape::Map;
    const RULE: Rule = Rule::Grows;

    fn read(document: &Automerge, values: &Values, name: &'static str) -> Result<BTreeSet<K>, Invalid> {
        members(document, values, name)
    }
}

impl<K: Key, V: Value> Form for Entries<K, V> {
    type Plain = BTreeMap<K, V>;
    const SHAPE: Shape = Shape::Map;
    const RULE: Rule = Rule::Conflict(or_nothing::<V>);

    fn read(document: &Automerge, values: &Values, name: &'static str) -> Result<BTreeMap<K, V>, Invalid> {
        let mut found = BTreeMap::new();
        for (key, mut values) in entries::<V>(document, values, name)? {
            if let Some(value) = values.pop() {
                let key = K::from_key(&key).map_err(|why| Invalid { field: format!("{name}/{key}"), why })?;
                found.insert(key, value);
            }
        }
        Ok(found)
    }
}

/// The length is checked when a person writes, not of the merged text: two people who each keep to it must not make
/// each other's work invalid.
impl<const MAX: usize> Form for Text<MAX> {
    type Plain = String;
    const SHAPE: Shape = Shape::Text;
    const RULE: Rule = Rule::Text(MAX);

    fn read(document: &Automerge, _: &Values, name: &'static str) -> Result<String, Invalid> {
        let object = container(document, name, Shape::Text)?;
        document.text(&object).map_err(|_| Invalid::new(name, "must be text"))
    }
}

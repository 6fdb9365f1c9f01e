//! All current values of a document, read once. The record, the rules of merging and the conflicts all look values up
//! here: asking Automerge key by key would take longer than merging the change.

use std::collections::BTreeMap;

use automerge::{Automerge, ObjId, ROOT, ReadDoc, ScalarValue, Value};

use super::read::{Candidate, container};
use super::{FieldInfo, Shape};

/// The values of one key: mostly one, several where they were put at the same time.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    /// The values, the one that Automerge shows last.
    pub candidates: Vec<Candidate>,
    /// How many objects stand in the place of a value. Only a change that the store refuses can put one.
    pub objects: usize,
}

/// The keys of one object with their values, in the order of the keys.
pub type Keys = BTreeMap<String, Slot>;

/// Every value of a document, at its root and in the maps that it began with.
#[derive(Debug, Clone, Default)]
pub struct Values {
    root: Keys,
    maps: BTreeMap<&'static str, Keys>,
}

impl Values {
    /// Reads all values in one pass over each object. A map that is missing has no keys here; [`container`] names the
    /// error.
    pub(crate) fn of(document: &Automerge, fields: &[FieldInfo]) -> Self {
        let maps = fields.iter().filter(|field| field.shape == Shape::Map);
        let keys = |field: &FieldInfo| {
            let object = container(document, field.name, field.shape).ok()?;
            Some((field.name, keys_of(document, &object)))
        };
        Self { root: keys_of(document, &ROOT), maps: maps.filter_map(keys).collect() }
    }

    /// The values of a key of the root.
    pub fn at_root(&self, key: &str) -> &[Candidate] {
        self.root.get(key).map(|slot| slot.candidates.as_slice()).unwrap_or_default()
    }

    /// The values of a key in the map of a field.
    pub fn in_map(&self, field: &str, key: &str) -> &[Candidate] {
        let slot = self.maps.get(field).and_then(|keys| keys.get(key));
        slot.map(|slot| slot.candidates.as_slice()).unwrap_or_default()
    }

    pub(crate) fn root(&self) -> &Keys {
        &self.root
    }

    /// The keys of the map of a field; none where there is no such map.
    pub(crate) fn map(&self, field: &str) -> Option<&Keys> {
        self.maps.get(field)
    }
}

fn keys_of(document: &Automerge, object: &ObjId) -> Keys {
    let mut keys = Keys::new();
    for item in document.map_range(object, ..) {
        let mut slot = Slot::default();
        if item.conflict {
            for (value, operation) in document.get_all(object, item.key.as_ref()).unwrap_or_default() {
                slot.put(value, operation);
            }
        } else {
            let operation = item.id();
            slot.put(item.value.into(), operation);
        }
        keys.insert(item.key.into_owned(), slot);
    }
    keys
}

impl Slot {
    fn put(&mut self, value: Value<'_>, operation: ObjId) {
        match value.into_owned() {
            Value::Scalar(value) => {
                let value: ScalarValue = value.into_owned();
                self.candidates.push(Candidate { value, operation });
            }
            Value::Object(_) => self.objects += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use automerge::transaction::Transactable;
    use automerge::{ActorId, ObjType};
    use proptest::prelude::*;

    use super::*;
    use crate::document::Document;
    use crate::record::Kind;

    /// One thing that one of three people does.
    #[derive(Debug, Clone)]
    enum Deed {
        Put(u64),
        Clear,
        Delete,
        Increment,
        Make,
        /// Takes over what the others did.
        Meet,
    }

    fn deeds() -> impl Strategy<Value = Vec<(usize, usize, usize, Deed)>> {
        let deed = prop_oneof![
            5 => (0u64..3).prop_map(Deed::Put),
            1 => Just(Deed::Clear),
            1 => Just(Deed::Delete),
            1 => Just(Deed::Increment),
            1 => Just(Deed::Make),
            2 => Just(Deed::Meet),
        ];
        prop::collection::vec((0usize..3, 0usize..3, 0usize..3, deed), 1..40)
    }

    proptest! {
        /// Whatever was put, replaced, deleted or counted at the same time.
        #[test]
        fn what_stands_is_what_automerge_says_key_by_key(deeds in deeds()) {
            let fields = Kind::Session.fields();
            let genesis = Automerge::load(&Document::genesis(Kind::Session).save()).expect("a document");
            let objects = ["attendance", "themes"].map(|name| container(&genesis, name, Shape::Map).expect("a map"));
            let objects = [ROOT, objects[0].clone(), objects[1].clone()];
            let mut people: Vec<Automerge> =
                (1..=3u8).map(|number| genesis.fork().with_actor(ActorId::from([number]))).collect();
            for (who, object, key, deed) in deeds {
                let (object, key) = (&objects[object], ["minutes", "void", "x"][key]);
                if matches!(deed, Deed::Meet) {
                    let mut others = people.clone();
                    for other in &mut others {
                        people[who].merge(other).expect("it merges");
                    }
                    continue;
                }
                let mut transaction = people[who].transaction();
                let _ = match deed {
                    Deed::Put(2) => transaction.put(object, key, ScalarValue::counter(5)),
                    Deed::Put(value) => transaction.put(object, key, value),
                    Deed::Clear => transaction.put(object, key, ScalarValue::Null),
                    Deed::Delete => transaction.delete(object, key),
                    Deed::Increment => transaction.increment(object, key, 2),
                    Deed::Make => transaction.put_object(object, key, ObjType::Map).map(|_| ()),
                    Deed::Meet => Ok(()),
                };
                transaction.commit();
            }
            for document in &people {
                let values = Values::of(document, fields);
                for (object, keys) in objects.iter().zip([Some(values.root()), values.map("attendance"), values.map("themes")]) {
                    let keys = keys.expect("it is there");
                    prop_assert_eq!(keys.keys().cloned().collect::<Vec<_>>(), document.keys(object).collect::<Vec<_>>());
                    for (key, slot) in keys {
                        let mut expected = Slot::default();
                        for (value, operation) in document.get_all(object, key.as_str()).expect("a key") {
                            expected.put(value, operation);
                        }
                        prop_assert_eq!(&slot.candidates, &expected.candidates);
                        prop_assert_eq!(slot.objects, expected.objects);
                    }
                }
            }
        }
    }
}

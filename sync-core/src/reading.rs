//! A record of any kind in words, field by field, and what a change does to it. For keepers who look at a quarantined
//! change before they let it in: it must be readable, too, where the record with it is invalid by the data dictionary.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ReadDoc;

use crate::boundary::contain;
use crate::change::Change;
use crate::conflict::in_words;
use crate::document::Document;
use crate::form::{Candidate, FieldInfo, Shape, object_of};

/// The fields that have a value, by name, each in words; an entry or a member is named `attendance/<participant>`.
pub type Reading = BTreeMap<String, String>;

/// A field that reads differently in two readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    /// `None` where the field has no value; so, too, `to`.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Reads every field; concurrent values of a field are joined with ` / `.
pub fn read(document: &Document) -> Reading {
    let mut reading = Reading::new();
    for field in document.kind().fields() {
        // A field that can't be read must not hide the others.
        let found = contain(|| in_field(document, field)).unwrap_or_default();
        reading.extend(found);
    }
    reading
}

fn in_field(document: &Document, field: &FieldInfo) -> Vec<(String, String)> {
    let values = document.values();
    let said = |name: String, candidates: &[Candidate]| {
        let values: BTreeSet<String> = candidates.iter().map(|one| in_words(&one.value)).collect();
        let values: Vec<String> = values.into_iter().filter(|value| !value.is_empty()).collect();
        (!values.is_empty()).then(|| (name, values.join(" / ")))
    };
    match field.shape {
        Shape::Register => said(field.name.to_owned(), values.at_root(field.name)).into_iter().collect(),
        Shape::Map => {
            let keys = values.map(field.name).into_iter().flatten();
            keys.filter_map(|(key, one)| said(format!("{}/{key}", field.name), &one.candidates)).collect()
        }
        Shape::Text => {
            let object = object_of(document.inner(), field);
            let text = object.and_then(|object| document.inner().text(&object).ok()).unwrap_or_default();
            if text.is_empty() { Vec::new() } else { vec![(field.name.to_owned(), text)] }
        }
    }
}

/// The fields that read differently before and after, by name.
pub fn differences(before: &Reading, after: &Reading) -> Vec<Difference> {
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let difference = |field: &&String| before.get(*field) != after.get(*field);
    let fields = fields.into_iter().filter(difference);
    fields
        .map(|field| Difference {
            field: field.clone(),
            from: before.get(field).cloned(),
            to: after.get(field).cloned(),
        })
        .collect()
}

/// The document with one more change, whether or not the record is valid then. The change is re-keyed where its number
/// is taken. `None` where the bytes can't be merged, or a dependency is missing.
pub fn with(document: &Document, bytes: &[u8]) -> Option<Document> {
    let change = Change::parse(bytes).ok()?;
    let mut after = document.clone();
    if after.apply([&change]).is_err() {
        after.apply([&change.rekeyed(&document.rekeyed())?]).ok()?;
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Actor;
    use crate::id::{DeviceId, GroupId, Id};
    use crate::record::session::{Minutes, Theme};
    use crate::record::{Kind, Session};
    use crate::time::Millis;

    fn actor(device: u128) -> Actor {
        Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(device)), incarnation: 0 }
    }

    fn minutes(number: i64) -> Minutes {
        number.try_into().expect("in range")
    }

    /// A session of ninety minutes.
    fn begun() -> Document {
        let mut document = Document::genesis(Kind::Session);
        document
            .edit::<Session>(actor(1), Millis(0), |session| {
                session.group().set(GroupId::from_uuid(uuid::Uuid::from_u128(9)))?;
                session.date().set("2026-03-05".parse().expect("a day"))?;
                session.part().set("morning".parse().expect("a part"))?;
                session.minutes().set(minutes(90))
            })
            .expect("a sound record");
        document
    }

    #[test]
    fn a_change_is_said_in_words_with_every_value() {
        let before = begun();
        let edit = |by: u128, long: i64, words: &str| {
            let mut document = before.clone();
            let change = document.edit::<Session>(actor(by), Millis(0), |session| {
                session.minutes().set(minutes(long))?;
                session.themes().insert(&Theme::Grief)?;
                session.summary().append(words)
            });
            (document, change.expect("a sound edit").expect("something new"))
        };
        let (mut hers, _) = edit(1, 80, "");
        let (_, his) = edit(2, 75, "We sang.");
        let was = read(&hers);
        assert_eq!(was.get("minutes").map(String::as_str), Some("80"));
        hers = with(&hers, his.bytes()).expect("it merges");
        let said: Vec<(String, Option<String>, Option<String>)> =
            differences(&was, &read(&hers)).into_iter().map(|one| (one.field, one.from, one.to)).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            said,
            [
                ("minutes".to_owned(), some("80"), some("75 / 80")),
                ("summary".to_owned(), None, some("We sang.\n")),
            ]
        );
    }

    #[test]
    fn what_is_no_change_or_builds_on_nothing_is_not_merged() {
        let mut document = begun();
        let change = document
            .edit::<Session>(actor(1), Millis(0), |session| session.minutes().set(minutes(60)))
            .expect("a sound edit")
            .expect("something new");
        assert!(with(&Document::genesis(Kind::Session), change.bytes()).is_none());
        let mut spoilt = change.bytes().to_vec();
        if let Some(last) = spoilt.last_mut() {
            *last ^= 0xff;
        }
        assert!(with(&document, &spoilt).is_none());
        assert!(with(&document, b"not a change").is_none());
    }
}

//! A conflict is information: where a field has several different values at the same time, all of them are kept and
//! shown, each with its author and time, until somebody settles the conflict by an ordinary edit.

pub(crate) mod text;
mod weave;
mod writers;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ROOT, ScalarValue, legacy};

use crate::boundary::contain;
use crate::change::{Actor, Change, ChangeHash, Grounds};
use crate::document::Document;
use crate::form::{Candidate, EditError, FieldInfo, Invalid, Rule, Shape, container, object_of, put_over};
use crate::id::DeviceId;
use crate::time::Millis;

/// One of the values in a conflict: what one change says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The value in words and figures; empty where the change took a value back. Of a text, the lines concerned.
    pub value: String,
    /// The device that wrote the change.
    pub device: DeviceId,
    /// The clock of that device when it wrote, to the second.
    pub at: Millis,
    /// The change that put the value.
    pub change: ChangeHash,
}

/// A field, or one entry of it, that several changes set differently without having seen each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The field's name; for an entry `attendance/<participant>`.
    pub field: String,
    /// All values. The last is shown where there is room for one value only; of a text `reads` is.
    pub claims: Vec<Claim>,
    /// Of a text, the lines concerned as Automerge merged them, letter by letter; `None` for other fields.
    pub reads: Option<String>,
}

impl Conflict {
    /// The value that is shown where there is room for one only.
    pub fn shown(&self) -> &str {
        let last = || self.claims.last().map(|claim| claim.value.as_str());
        self.reads.as_deref().or_else(last).unwrap_or_default()
    }
}

/// Every conflict in a document, in the order of the field table.
pub fn conflicts(document: &Document) -> Vec<Conflict> {
    let mut found = Vec::new();
    for field in document.kind().fields() {
        match field.rule {
            Rule::Conflict(_) => in_field(document, field, &mut found),
            Rule::Text(_) => found.extend(in_text(document, field)),
            _ => {}
        }
    }
    found
}

/// The conflicts of a register, or of each entry of a map.
fn in_field(document: &Document, field: &FieldInfo, found: &mut Vec<Conflict>) {
    let values = document.values();
    if field.shape == Shape::Register {
        found.extend(clash(document, values.at_root(field.name), || field.name.to_owned()));
    }
    for (key, slot) in values.map(field.name).into_iter().flatten() {
        found.extend(clash(document, &slot.candidates, || format!("{}/{key}", field.name)));
    }
}

/// The conflict of one key. Concurrent values that say the same are no conflict: there is nothing to settle.
fn clash(document: &Document, candidates: &[Candidate], field: impl FnOnce() -> String) -> Option<Conflict> {
    let (first, rest) = candidates.split_first()?;
    if rest.iter().all(|other| in_words(&other.value) == in_words(&first.value)) {
        return None;
    }
    let claims = candidates.iter().filter_map(|candidate| claim(document, candidate)).collect();
    Some(Conflict { field: field(), claims, reads: None })
}

/// The conflict of a text. A text that Automerge can't read has none: it must not hide the conflicts of other fields.
fn in_text(document: &Document, field: &FieldInfo) -> Option<Conflict> {
    let clash = contain(|| text::open(document, field, None)).ok()??;
    let claims = clash.versions.into_iter().filter_map(|(change, words)| said(document, change, words));
    Some(Conflict { field: field.name.to_owned(), claims: claims.collect(), reads: Some(clash.reads) })
}

fn claim(document: &Document, candidate: &Candidate) -> Option<Claim> {
    let hash = document.inner().hash_for_opid(&candidate.operation)?;
    said(document, hash.into(), in_words(&candidate.value))
}

/// The claim of a change with this value.
fn said(document: &Document, change: ChangeHash, value: String) -> Option<Claim> {
    let meta = document.inner().get_change_meta_by_hash(&change.into())?;
    let actor = Actor::try_from(&*meta.actor).ok()?;
    Some(Claim { value, device: actor.device, at: Millis(meta.timestamp.saturating_mul(1000)), change })
}

/// The claim whose value is shown for a field at the root; `None` where the field has no value.
pub fn standing(document: &Document, field: &str) -> Option<Claim> {
    let all = document.values().at_root(field);
    claim(document, all.iter().rev().find(|candidate| !candidate.value.is_null())?)
}

/// All claims to a field at the root that stand beside each other: one where nobody disagrees.
pub fn claims(document: &Document, field: &str) -> Vec<Claim> {
    let all = document.values().at_root(field).iter().filter(|candidate| !candidate.value.is_null());
    all.filter_map(|candidate| claim(document, candidate)).collect()
}

/// Since when, by their authors' clocks, all values that were put into a field at the root are such as `holds` picks; `None` where the last
/// one is not. Costs a look at every change.
pub fn since_when(document: &Document, field: &str, holds: impl Fn(&ScalarValue) -> bool) -> Option<Millis> {
    contain(|| {
        let mut since = None;
        for change in document.changes() {
            if let Some(value) = put(&change, field) {
                since = holds(&value).then(|| since.unwrap_or_else(|| change.at()));
            }
        }
        since
    })
    .ok()
    .flatten()
}

/// The value that a change leaves in a field at the root, where it writes it.
fn put(change: &Change, field: &str) -> Option<ScalarValue> {
    let operations = change.inner().decode().operations;
    let here = operations.into_iter().filter(|operation| {
        let is_field = matches!(&operation.key, legacy::Key::Map(name) if name == field);
        operation.obj == legacy::ObjectId::Root && is_field
    });
    here.filter_map(|operation| operation.primitive_value()).last()
}

/// Why a conflict is not settled. Nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum NotSettled {
    #[error("nobody disagrees about {0} now")]
    Agreed(String),
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Settles the conflict of a field (of an entry: `attendance/<participant>`) by an ordinary change, which holds the
/// grounds. `words` is the value that stands from now on: one of the claims or any other value of the field; empty
/// words take the value back. Of a text, `words` replace the lines concerned.
///
/// # Errors
/// [`NotSettled::Agreed`] where the field has no conflict, or not any more.
pub fn settle(
    document: &mut Document,
    actor: Actor,
    at: Millis,
    (field, words): (&str, &str),
    grounds: &Grounds,
) -> Result<Change, NotSettled> {
    // 1. There must be a conflict: of two people who settle at once the second hears that it is settled.
    let agreed = || NotSettled::Agreed(field.to_owned());
    let conflict = conflicts(document).into_iter().find(|one| one.field == field).ok_or_else(agreed)?;
    let (name, key) = match field.split_once('/') {
        Some((name, key)) => (name, Some(key)),
        None => (field, None),
    };
    let row = document.kind().fields().iter().find(|row| row.name == name).ok_or_else(agreed)?;
    let refused = |why| EditError::Invalid(Invalid { field: conflict.field.clone(), why });
    // 2. The change overwrites every value, or all lines concerned, so that none stands beside what it says.
    let change = match row.rule {
        Rule::Conflict(value) => {
            let value = value(words).map_err(refused)?;
            document.write(actor, at, Some(grounds), |mut transaction| {
                match key {
                    Some(key) => {
                        let map = container(&transaction, name, row.shape)?;
                        put_over(&mut transaction, &map, key, value)?;
                    }
                    None => put_over(&mut transaction, &ROOT, name, value)?,
                }
                Ok(transaction)
            })?
        }
        Rule::Text(most) => {
            let clash = text::open(document, row, None).ok_or_else(agreed)?;
            clash.allows(words, most).map_err(refused)?;
            let object = object_of(document.inner(), row).ok_or_else(agreed)?;
            document.write(actor, at, Some(grounds), |transaction| {
                Ok(write_over(transaction, &object, &clash, words)?)
            })?
        }
        _ => None,
    };
    change.ok_or_else(agreed)
}

/// Writes `words` over the lines concerned, also where these read so already: only a change in that place shows that
/// its author has seen the versions, and ends the conflict. An empty place is written by inserting a line end and
/// deleting it.
fn write_over<'t>(
    mut transaction: Transaction<'t>,
    object: &ObjId,
    clash: &text::TextClash,
    words: &str,
) -> Result<Transaction<'t>, AutomergeError> {
    if clash.at.is_empty() && words.is_empty() {
        transaction.splice_text(object, clash.at.start, 0, "\n")?;
        transaction.splice_text(object, clash.at.start, 1, "")?;
    } else {
        transaction.splice_text(object, clash.at.start, clash.at.len() as isize, words)?;
    }
    Ok(transaction)
}

/// A scalar as people write it.
pub(crate) fn in_words(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Null => String::new(),
        ScalarValue::Str(text) => text.to_string(),
        other => other.to_string(),
    }
}

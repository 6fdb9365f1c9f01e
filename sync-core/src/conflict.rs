//! A conflict is information: where a field has several values at the same time, all are kept and shown, with who
//! and when, until somebody settles it by an ordinary edit.

use automerge::{ROOT, ReadDoc, ScalarValue};

use crate::change::{Actor, Change, ChangeHash, Grounds};
use crate::document::Document;
use crate::form::{Candidate, EditError, FieldInfo, Invalid, Rule, Shape, candidates, container, put_anew};
use crate::id::DeviceId;
use crate::time::Millis;

/// One of the values in a conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The value in words and figures; empty where it was taken back.
    pub value: String,
    /// The tablet that wrote it.
    pub device: DeviceId,
    /// That tablet's clock when it was written.
    pub at: Millis,
    /// The change that wrote it.
    pub change: ChangeHash,
}

/// A field, or one entry of it, that two people set differently at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The field's name; for an entry `attendance/<participant>`.
    pub field: String,
    /// All values. The last is the one shown where there is room for one.
    pub claims: Vec<Claim>,
}

/// Every conflict in a document, in the order of the field table.
pub fn conflicts(document: &Document) -> Vec<Conflict> {
    let mut found = Vec::new();
    for field in document.kind().fields() {
        if matches!(field.rule, Rule::Conflict(_)) {
            in_field(document, field, &mut found);
        }
    }
    found
}

fn in_field(document: &Document, field: &FieldInfo, found: &mut Vec<Conflict>) {
    let inner = document.inner();
    if field.shape == Shape::Register {
        found.extend(clash(document, field.name.to_owned(), &candidates(inner, &ROOT, field.name)));
        return;
    }
    let Ok(map) = container(inner, field.name, field.shape) else { return };
    for key in inner.keys(&map) {
        found.extend(clash(document, format!("{}/{key}", field.name), &candidates(inner, &map, &key)));
    }
}

/// Several values are a conflict only if they differ: two people who say the same agree.
fn clash(document: &Document, field: String, candidates: &[Candidate]) -> Option<Conflict> {
    let (first, rest) = candidates.split_first()?;
    if rest.iter().all(|other| in_words(&other.value) == in_words(&first.value)) {
        return None;
    }
    let claims = candidates.iter().filter_map(|candidate| claim(document, candidate)).collect();
    Some(Conflict { field, claims })
}

fn claim(document: &Document, candidate: &Candidate) -> Option<Claim> {
    let hash = document.inner().hash_for_opid(&candidate.operation)?;
    let meta = document.inner().get_change_meta_by_hash(&hash)?;
    let actor = Actor::try_from(&*meta.actor).ok()?;
    Some(Claim {
        value: in_words(&candidate.value),
        device: actor.device,
        at: Millis(meta.timestamp.saturating_mul(1000)),
        change: hash.into(),
    })
}

/// Who set the value of a field that is shown, and when; `None` where a field at the root has no value.
pub fn standing(document: &Document, field: &str) -> Option<Claim> {
    let all = candidates(document.inner(), &ROOT, field);
    claim(document, all.iter().rev().find(|candidate| !candidate.value.is_null())?)
}

/// A conflict that is not settled. Nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum NotSettled {
    #[error("nobody disagrees about {0} now")]
    Agreed(String),
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Settles the conflict of a field, for an entry `attendance/<participant>`: `words` is one of the claims or another
/// value that the field may have; empty takes the value back. An ordinary change, which says why.
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
    let agreed = || NotSettled::Agreed(field.to_owned());
    let conflict = conflicts(document).into_iter().find(|one| one.field == field).ok_or_else(agreed)?;
    let (name, key) = match field.split_once('/') {
        Some((name, key)) => (name, Some(key)),
        None => (field, None),
    };
    let row = document.kind().fields().iter().find(|row| row.name == name).ok_or_else(agreed)?;
    let Rule::Conflict(value) = row.rule else { return Err(agreed()) };
    let refused = |why| EditError::Invalid(Invalid { field: conflict.field, why });
    let value = value(words).map_err(refused)?;
    let change = document.write(actor, at, Some(grounds), |mut transaction| {
        match key {
            Some(key) => {
                let map = container(&transaction, name, row.shape)?;
                put_anew(&mut transaction, &map, key, value)?;
            }
            None => put_anew(&mut transaction, &ROOT, name, value)?,
        }
        Ok(transaction)
    })?;
    change.ok_or_else(agreed)
}

/// A scalar as people write it.
pub(crate) fn in_words(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Null => String::new(),
        ScalarValue::Str(text) => text.to_string(),
        other => other.to_string(),
    }
}

//! A conflict is information: where a field has several values at the same time, all are kept and shown, with who
//! and when, until somebody settles it by an ordinary edit.

use automerge::{ROOT, ReadDoc, ScalarValue};
use serde::{Deserialize, Serialize};

use crate::change::Actor;
use crate::document::Document;
use crate::form::{Candidate, FieldInfo, Rule, Shape, candidates};
use crate::id::DeviceId;
use crate::time::Millis;

/// One of the values in a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The value in words and figures; empty where it was taken back.
    pub value: String,
    /// The tablet that wrote it.
    pub device: DeviceId,
    /// That tablet's clock when it was written.
    pub at: Millis,
}

/// A field, or one entry of it, that two people set differently at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        if matches!(field.rule, Rule::Conflict) {
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
    let Ok(Some((_, map))) = inner.get(ROOT, field.name) else { return };
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
    })
}

/// A scalar as people write it.
pub(crate) fn in_words(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Null => String::new(),
        ScalarValue::Str(text) => text.to_string(),
        other => other.to_string(),
    }
}

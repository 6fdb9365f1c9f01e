//! How records are shown in the vectors: as their readers see them.

use serde_json::{Value, json};
use sync_core::conflict::{Conflict, conflicts};
use sync_core::document::Document;
use sync_core::record::Record;
use sync_core::value::Key;

use crate::view::each;

/// A document as its readers see it: the fields that are set, by the rules of their forms, and what clashes.
pub(crate) fn document(document: &Document) -> Value {
    let heads = document.heads();
    json!({
        "kind": document.kind().code(),
        "heads": each(&heads, |head| head.to_string().into()),
        "record": record(&document.record().expect("a sound record")),
        "conflicts": each(&conflicts(document), conflict),
    })
}

fn conflict(conflict: &Conflict) -> Value {
    json!({
        "field": conflict.field,
        "claims": each(&conflict.claims, |claim| json!({
            "value": claim.value, "device": claim.device, "at": claim.at,
        })),
    })
}

fn keys<K: Key>(set: &std::collections::BTreeSet<K>) -> Vec<String> {
    set.iter().map(Key::to_key).collect()
}

/// The kinds of the story, each field as JSON has it; one that is not set is left out.
fn record(record: &Record) -> Value {
    let mut view = match record {
        Record::Group(one) => json!({
            "organisation": one.organisation,
            "name": one.name,
            "kind": one.kind,
            "modality": one.modality,
            "protocol_version": one.protocol_version,
            "pillar": one.pillar,
            "mhpss_4w": one.mhpss_4w.as_ref().map(Key::to_key),
            "setting": one.setting,
            "cohort": one.cohort,
            "target_mix": keys(&one.target_mix),
            "area": one.area.to_key(),
            "planned_sessions": one.planned_sessions,
            "starts_on": one.starts_on,
            "facilitators": keys(&one.facilitators),
            "status": one.status,
            "void": one.void,
        }),
        Record::Participant(one) => json!({
            "group": one.group,
            "code": one.code,
            "sex": one.sex,
            "age_band": one.age_band,
            "family": one.family,
            "consent_purpose": one.consent_purpose,
            "consent_method": one.consent_method,
            "consent_date": one.consent_date,
            "consent_guardian": one.consent_guardian,
            "consent_withdrawn": one.consent_withdrawn,
            "exit": one.exit,
            "erased": one.erased,
            "same_as": one.same_as,
            "split": entries(&one.split),
            "confirmed": keys(&one.confirmed),
            "void": one.void,
        }),
        Record::Session(one) => json!({
            "group": one.group,
            "date": one.date,
            "part": one.part,
            "nth": one.nth,
            "starts_at": one.starts_at.as_ref().map(Key::to_key),
            "minutes": one.minutes,
            "phase": one.phase,
            "themes": keys(&one.themes),
            "facilitators_present": keys(&one.facilitators_present),
            "attendance": entries(&one.attendance),
            "headcount": entries(&one.headcount),
            "summary": one.summary,
            "state": one.state,
            "double_of": one.double_of,
            "moved_to": one.moved_to,
            "moved_from": one.moved_from,
            "returned": one.returned,
            "void": one.void,
        }),
        other => panic!("the story has none of these: {other:?}"),
    };
    if let Some(fields) = view.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    view
}

fn entries<K: Key, V: serde::Serialize>(map: &std::collections::BTreeMap<K, V>) -> Value {
    map.iter().map(|(key, value)| (key.to_key(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

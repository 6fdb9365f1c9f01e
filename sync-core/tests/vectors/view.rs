//! How what travels is shown in the vectors, beside its bytes: every place of the CDDL by its name, bytes in hex.

use serde_json::{Value, json};
use sync_core::batch::{Envelope, Signed, Statement};
use sync_core::conflict::{Conflict, conflicts};
use sync_core::cursor::{Ask, Fingerprint};
use sync_core::document::Document;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::{Kind, Record};
use sync_core::value::Key;
use sync_core::wire::{Answer, Page, Receipt, Request, Tells};

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn each<'a, T: 'a>(all: impl IntoIterator<Item = &'a T>, view: impl Fn(&T) -> Value) -> Vec<Value> {
    all.into_iter().map(view).collect()
}

pub(crate) fn request(request: &Request) -> Value {
    json!({
        "protocol": request.protocol,
        "epoch": request.epoch,
        "number": request.number,
        "incarnation": request.incarnation,
        "cursors": each(&request.cursors, |one| json!({
            "stream": one.stream, "ask": ask(&one.ask), "key": one.key,
        })),
        "batches": each(&request.batches, envelope),
        "purged": request.purged,
        "budget": request.budget,
        "carried": each(&request.carried, |one| hex(one).into()),
    })
}

pub(crate) fn envelope(envelope: &Envelope) -> Value {
    json!({
        "statement": hex(&envelope.statement),
        "changes": each(&envelope.changes, |change| hex(change).into()),
    })
}

pub(crate) fn signed(signed: &Signed) -> Value {
    json!({ "device": signed.device, "payload": hex(&signed.payload) })
}

pub(crate) fn statement(statement: &Statement) -> Value {
    json!({
        "batch": statement.batch,
        "at": statement.at,
        "items": each(&statement.items, |item| json!({
            "stream": item.stream,
            "kind": item.kind.code(),
            "document": item.document,
            "schema": item.schema,
            "digest": hex(item.digest.as_bytes()),
        })),
    })
}

pub(crate) fn answer(answer: &Answer) -> Value {
    json!({
        "protocol": answer.protocol,
        "epoch": answer.epoch,
        "now": answer.now,
        "outcomes": each(&answer.outcomes, |one| json!({
            "batch": one.batch, "outcomes": each(&one.outcomes, outcome),
        })),
        "pages": each(&answer.pages, page),
        "dropped": answer.dropped,
        "people": each(&answer.people, |one| json!({ "device": one.device, "name": one.name })),
        "receipts": each(&answer.receipts, |one| match one {
            Receipt::Taken(words) => json!({ "taken": hex(words) }),
            Receipt::Refused => json!("refused"),
        }),
        "keys": each(&answer.keys, |one| json!({
            "stream": one.stream, "number": one.number, "identity": one.identity,
        })),
    })
}

pub(crate) fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Accepted => json!({ "outcome": "accepted" }),
        Outcome::Duplicate => json!({ "outcome": "duplicate" }),
        Outcome::Quarantined(Reason::Invalid(field, why)) => {
            json!({ "outcome": "quarantined", "reason": "invalid", "field": field, "why": why })
        }
        Outcome::Quarantined(reason) => json!({ "outcome": "quarantined", "reason": reason.code() }),
    }
}

fn ask(ask: &Ask) -> Value {
    match ask {
        Ask::After(position) => json!({ "after": position }),
        Ask::Copy { at, after } => json!({ "copy": { "at": at, "after": after } }),
        Ask::Agree { message, wanted } => json!({ "agree": {
            "message": hex(message),
            "wanted": each(wanted, |mark| hex(mark.as_bytes()).into()),
        }}),
    }
}

fn page(page: &Page) -> Value {
    json!({
        "stream": page.stream,
        "fingerprint": page.fingerprint.map(fingerprint),
        "tells": tells(&page.tells),
    })
}

fn tells(tells: &Tells) -> Value {
    match tells {
        Tells::Changes { from, to, entries } => json!({ "changes": {
            "from": from,
            "to": to,
            "entries": each(entries, |entry| json!({
                "kind": entry.kind.code(),
                "document": entry.document,
                "schema": entry.schema,
                "change": hex(&entry.change),
            })),
        }}),
        Tells::Documents { at, more, message, documents } => json!({ "documents": {
            "at": at,
            "more": more,
            "message": hex(message),
            "documents": each(documents, |whole| json!({
                "kind": whole.kind.code(),
                "document": whole.document,
                "snapshot": hex(&whole.snapshot),
            })),
        }}),
        Tells::Lost => json!("lost"),
    }
}

pub(crate) fn fingerprint(fingerprint: Fingerprint) -> Value {
    hex(fingerprint.as_bytes()).into()
}

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
        }),
        Record::Session(one) => json!({
            "group": one.group,
            "date": one.date,
            "part": one.part,
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

/// The number by which a kind travels.
pub(crate) fn number(kind: Kind) -> u8 {
    kind as u8
}

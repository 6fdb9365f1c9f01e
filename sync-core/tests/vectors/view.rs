//! How what travels is shown in the vectors, beside its bytes: every place of the CDDL by its name, bytes in hex.

use serde_json::{Value, json};
use sync_core::batch::{Envelope, Signed, Statement};
use sync_core::bundle::{Bundle, Sealed, Settlement};
use sync_core::cursor::{Ask, Fingerprint};
use sync_core::neighbour::Neighbour;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Kind;
use sync_core::wire::{Answer, Page, Receipt, Request, Tells, Whole};

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn each<'a, T: 'a>(
    all: impl IntoIterator<Item = &'a T>,
    view: impl Fn(&T) -> Value,
) -> Vec<Value> {
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
        "waiting": each(&request.waiting, |one| hex(one.as_bytes()).into()),
        "about": request.about.as_ref().map(|about| json!({
            "program": about.program, "unsent": about.unsent, "key": about.key.as_ref().map(|key| hex(key)),
        })),
        "kinds": request.kinds,
        "neighbours": request.neighbours,
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
        "rejected": each(&answer.rejected, |one| json!({
            "document": one.document,
            "digest": hex(one.digest.as_bytes()),
            "rejection": { "by": one.rejection.by, "because": one.rejection.because },
        })),
        "released": each(&answer.released, |one| json!({
            "document": one.document, "digest": hex(one.digest.as_bytes()),
        })),
        "standing": answer.standing.map(|one| json!({
            "revoked": one.revoked, "has_key": one.has_key, "lease": one.lease,
        })),
        "neighbours": answer.neighbours.as_ref().map(|all| each(all, neighbour)),
    })
}

fn neighbour(one: &Neighbour) -> Value {
    json!({
        "group": one.group,
        "overlaps": one.overlaps,
        "organisation": one.organisation,
        "contact": one.contact,
        "modality": one.modality,
        "pillar": one.pillar,
        "cohort": one.cohort,
        "area": one.area,
        "from": one.from,
        "to": one.to,
    })
}

fn outcome(outcome: &Outcome) -> Value {
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
            "documents": each(documents, whole),
        }}),
        Tells::Lost => json!("lost"),
    }
}

fn whole(whole: &Whole) -> Value {
    json!({ "kind": whole.kind.code(), "document": whole.document, "snapshot": hex(&whole.snapshot) })
}

pub(crate) fn sealed(sealed: &Sealed) -> Value {
    json!({
        "stream": sealed.stream,
        "batch": sealed.batch.as_ref().map(envelope),
        "documents": each(&sealed.documents, whole),
    })
}

pub(crate) fn bundle(bundle: &Bundle) -> Value {
    json!({
        "version": bundle.version,
        "parts": each(&bundle.parts, |one| json!({ "for_store": one.for_store, "sealed": hex(&one.sealed) })),
        "receipts": each(&bundle.receipts, |one| hex(one).into()),
    })
}

pub(crate) fn settlement(settlement: &Settlement) -> Value {
    json!({
        "device": settlement.device,
        "epoch": settlement.epoch,
        "settled": each(&settlement.settled, |one| json!({
            "document": one.document,
            "digest": hex(one.digest.as_bytes()),
            "outcome": outcome(&one.outcome),
        })),
    })
}

pub(crate) fn fingerprint(fingerprint: Fingerprint) -> Value {
    hex(fingerprint.as_bytes()).into()
}

/// The number by which a kind travels.
pub(crate) fn number(kind: Kind) -> u8 {
    kind as u8
}

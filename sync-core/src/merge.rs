//! All policy of merging, in one place: [`plan`] takes the stored document and the changes that arrived for it, and
//! decides about each change. The store carries the plan out.

mod order;
mod take;
#[cfg(test)]
mod tests;
mod touched;
mod trial;

use std::collections::BTreeSet;

use crate::authority::Authority;
use crate::boundary::{Unmergeable, contain};
use crate::change::frame::{self, Weight};
use crate::change::{Change, Unreadable};
use crate::document::{Damaged, Document};
use crate::id::DeviceId;
use crate::quarantine::{Outcome, Reason};
use crate::record::{Kind, Place, Record, SCHEMA};
use order::in_order;
use take::take;
use trial::{Apply, Trial};

/// A change on its way into a document.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// The bytes as they came.
    pub bytes: &'a [u8],
    /// The version of the data dictionary under which it was written.
    pub schema: u32,
    /// The device that signed the batch in which the change came.
    pub device: DeviceId,
    pub standing: Standing,
    /// What the person who vouches for the change may write: the user of `device`, or the keeper who lets it in.
    pub authority: &'a Authority,
}

/// Whether a change may be merged into its stream, as far as assignments go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The user of the signing device is not assigned to the stream: the change is quarantined, unless it is merged
    /// already.
    Stranger,
    /// The user of the signing device is assigned: the change is merged if that device wrote it. A change that another
    /// device wrote is quarantined until its author's device hands it in. A change that builds on a re-keyed one is
    /// re-keyed, too: somebody vouched for the other, and this one is its author's own.
    Assigned,
    /// A keeper of the group vouches for the change, or the change was admitted before and waited only for a
    /// dependency. It does not matter which device wrote it. A change whose number is taken is re-keyed, and so are the
    /// changes that build on it.
    Waived,
}

/// What to do with the changes that arrived for one document.
#[derive(Debug)]
pub struct Plan {
    /// One for each incoming change, in their order.
    pub outcomes: Vec<Outcome>,
    /// The accepted changes as they are merged (a re-keyed one with its new bytes), each after those that it builds on;
    /// with the index of each among the incoming changes.
    pub fresh: Vec<(usize, Change)>,
    /// The document with the accepted changes; `None` where no change was accepted.
    pub after: Option<After>,
}

/// A document that gained changes.
#[derive(Debug)]
pub struct After {
    pub document: Document,
    pub record: Record,
    /// The document as it is to be stored.
    pub snapshot: Vec<u8>,
    /// How many operations the document holds, with its history.
    pub operations: u64,
}

impl After {
    /// A document that is erased.
    pub fn erased(kind: Kind) -> Self {
        Self::new(Document::tombstone(kind), Record::Erased(kind))
    }

    pub fn new(document: Document, record: Record) -> Self {
        // Automerge may panic when it saves a document that a corrupt change spoilt. The empty snapshot then opens as
        // no document, by which [`plan`] notices it.
        let snapshot = contain(|| document.save()).unwrap_or_default();
        let operations = frame::document(&snapshot).map_or(0, |weight| weight.operations);
        Self { document, record, snapshot, operations }
    }
}

/// Decides about all changes that arrived for one document. `stored` is the store's snapshot of it; `incoming` may hold bytes from
/// anybody. One bad change never holds back another, unless that one builds on it.
///
/// Cost: each change is applied once; the document is saved once, and opened once more to prove that what is stored can be opened. Only
/// where that fails is each change proved by itself.
///
/// # Errors
/// [`Damaged`] if what the store has can't be opened; nothing is decided then.
pub fn plan(place: Place, stored: Option<&[u8]>, incoming: &[Incoming<'_>]) -> Result<Plan, Damaged> {
    plan_on(open(place, stored)?, place, stored, incoming)
}

/// As [`plan`], where `stored` is opened already: `document` is what it opens as, or the genesis where there is none.
///
/// # Errors
/// [`Damaged`] as [`plan`].
pub fn plan_on(
    document: Document,
    place: Place,
    stored: Option<&[u8]>,
    incoming: &[Incoming<'_>],
) -> Result<Plan, Damaged> {
    let quick = plan_with(Document::put_on, document, place, stored, incoming);
    match &quick.after {
        // Automerge took every change and one of them spoilt the document. Plan again, and prove each change by itself,
        // so that only the corrupt one is quarantined.
        Some(after) if !after.document.opens_from(&after.snapshot) => {
            Ok(plan_with(apply_and_reopen, open(place, stored)?, place, stored, incoming))
        }
        _ => Ok(quick),
    }
}

fn open(place: Place, stored: Option<&[u8]>) -> Result<Document, Damaged> {
    match stored {
        Some(snapshot) => Document::load(place.kind, snapshot),
        None => Ok(Document::genesis(place.kind)),
    }
}

/// Applies a change and proves that the document can still be written out and opened.
fn apply_and_reopen(document: &mut Document, change: &Change) -> Result<(), Unmergeable> {
    document.put_on(change)?;
    if document.opens_from(&contain(|| document.save())?) { Ok(()) } else { Err(Unmergeable) }
}

fn plan_with(
    apply: Apply,
    document: Document,
    place: Place,
    stored: Option<&[u8]>,
    incoming: &[Incoming<'_>],
) -> Plan {
    // 1. The document as the store has it, with the changes in it that were re-keyed before.
    let mut trial = Trial::on(document);
    let mut rekeyed = trial.document().rekeyed();
    let erased = trial.document().is_erased();
    let mut outcomes = vec![Outcome::Quarantined(Reason::MissingDependency); incoming.len()];
    let mut waiting: Vec<(usize, Change)> = Vec::new();
    // 2. What can be decided about a change without merging it. A duplicate comes first: a change that is merged stays accepted, even if
    //    its author has lost access since.
    for (index, one) in incoming.iter().enumerate() {
        match admit(one) {
            Ok(change) if trial.document().has_taken(&change, &rekeyed) => {
                outcomes[index] = Outcome::Duplicate;
            }
            _ if one.standing == Standing::Stranger => {
                outcomes[index] = Outcome::Quarantined(Reason::NotAssigned);
            }
            // Whoever could hand in a tombstone could erase what others recorded.
            Ok(change) if change.is_tombstone() => {
                let why = Reason::Invalid("record".into(), "is erased by the service alone".into());
                outcomes[index] = Outcome::Quarantined(why);
            }
            Ok(_) if erased => outcomes[index] = Outcome::Quarantined(Reason::Erased),
            Ok(change) if one.standing == Standing::Assigned && change.actor().device != one.device => {
                outcomes[index] = Outcome::Quarantined(Reason::Unvouched);
            }
            Ok(change) => waiting.push((index, change)),
            Err(reason) => outcomes[index] = Outcome::Quarantined(reason),
        }
    }
    // 3. The rest, each change after those that it builds on. Its number must be free: Automerge takes one change for each actor and number,
    //    and refuses a whole batch for a second one.
    let mut taken: BTreeSet<_> = trial.document().numbers().into_keys().collect();
    let mut fresh = Vec::new();
    let mut record = None;
    let mut size = stored.map_or(0, <[u8]>::len);
    // A stored document whose weight can't be read or passes the limits counts as full: tablets would refuse to open a
    // larger one.
    let mut weight = stored.map_or(Ok(Weight::default()), frame::document).unwrap_or(Weight::OF_DOCUMENT);
    for (index, arrived) in in_order(waiting) {
        let was = arrived.hash();
        let document = trial.document();
        // A copy of the change stood earlier in the same request.
        if document.has_taken(&arrived, &rekeyed) {
            outcomes[index] = Outcome::Duplicate;
            continue;
        }
        let number_taken = taken.contains(&(arrived.actor(), arrived.seq()));
        // It names a dependency by the hash that this had before it was re-keyed.
        let on_rekeyed = arrived.deps().any(|hash| rekeyed.contains_key(&hash) && !document.contains(&hash));
        let vouched = incoming[index].standing == Standing::Waived;
        let change = match number_taken {
            true if !vouched => None,
            false if !on_rekeyed => Some(arrived),
            _ => arrived.rekeyed(&rekeyed),
        };
        let Some(change) = change else {
            outcomes[index] = Outcome::Quarantined(Reason::Rekeyed);
            continue;
        };
        // A dependency has not arrived, or was quarantined: the outcome stays missing-dependency.
        if !change.deps().all(|hash| document.contains(&hash)) {
            continue;
        }
        // The weight is known before the change is applied, so a small change that expands to a large one costs nothing.
        let author = change.actor();
        let new_author = taken.range((author, 0)..=(author, u64::MAX)).next().is_none();
        let heavier = weight.with(&change.weight(), new_author);
        if !heavier.within(&Weight::OF_DOCUMENT) {
            outcomes[index] = Outcome::Quarantined(Reason::TooLarge);
            continue;
        }
        let authority = incoming[index].authority;
        let larger = size + change.bytes().len();
        match take(&mut trial, apply, &change, authority, place, larger) {
            Ok(read) => {
                size = larger;
                weight = heavier;
                record = Some(read);
                outcomes[index] = Outcome::Accepted;
                taken.insert((change.actor(), change.seq()));
                if change.hash() != was {
                    rekeyed.insert(was, change.clone());
                }
                fresh.push((index, change));
            }
            Err(reason) => outcomes[index] = Outcome::Quarantined(reason),
        }
    }
    let after = record.map(|record| After::new(trial.into_document(), record));
    Plan { outcomes, fresh, after }
}

/// Parses a change, and checks what needs neither its document nor its author.
fn admit(incoming: &Incoming<'_>) -> Result<Change, Reason> {
    if incoming.schema > SCHEMA {
        return Err(Reason::UnknownSchema);
    }
    Change::parse(incoming.bytes).map_err(|unreadable| match unreadable {
        Unreadable::TooLarge => Reason::TooLarge,
        _ => Reason::Unreadable,
    })
}

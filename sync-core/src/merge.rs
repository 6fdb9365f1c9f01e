//! All policy of merging, in one place: what the store has, and what arrives, become a plan. The store carries it out.

use crate::boundary::{Unmergeable, contain};
use crate::change::{Change, Unreadable};
use crate::document::{Damaged, Document};
use crate::form::{Candidate, Invalid, Rule, Shape, candidates};
use crate::id::DeviceId;
use crate::quarantine::{Outcome, Reason};
use crate::record::{Place, Record, SCHEMA};

use automerge::{ROOT, ReadDoc, ScalarValue};

/// The largest document that is taken, compacted, in bytes.
pub const MAX_DOCUMENT: usize = 1024 * 1024;

/// A change on its way into a document.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// The bytes as they came.
    pub bytes: &'a [u8],
    /// The version of the data dictionary under which it was written.
    pub schema: u32,
    /// The device whose signature vouches for it. A change by another author is refused.
    pub device: DeviceId,
    /// Whether that device's user may write to the stream.
    pub assigned: bool,
}

/// What to do with the changes that arrived for one document.
#[derive(Debug)]
pub struct Plan {
    /// One for each incoming change, in their order.
    pub outcomes: Vec<Outcome>,
    /// The changes that are new, in an order in which they can be applied; with the place of each among the incoming.
    pub fresh: Vec<(usize, Change)>,
    /// The document with them, where there are any.
    pub after: Option<After>,
}

/// A document that gained changes.
#[derive(Debug)]
pub struct After {
    pub document: Document,
    pub record: Record,
}

/// Decides for the document of one place. `stored` is what the store has of it. One bad change never holds back another,
/// unless that one builds on it.
///
/// # Errors
/// [`Damaged`] if what the store has can't be opened; nothing is decided then.
pub fn plan(place: Place, stored: Option<&[u8]>, incoming: &[Incoming<'_>]) -> Result<Plan, Damaged> {
    let quick = plan_with(|document, change| document.apply(change), place, stored, incoming)?;
    match &quick.after {
        // Something in it is rotten, though each change went in: find out which.
        Some(after) if !after.document.survives() => plan_with(apply_and_reopen, place, stored, incoming),
        _ => Ok(quick),
    }
}

type Apply = for<'a> fn(&mut Document, [&'a Change; 1]) -> Result<(), Unmergeable>;

/// Applies a change and proves that the document can still be written out and opened.
fn apply_and_reopen(document: &mut Document, change: [&Change; 1]) -> Result<(), Unmergeable> {
    document.apply(change)?;
    if document.survives() { Ok(()) } else { Err(Unmergeable) }
}

fn plan_with(
    apply: Apply,
    place: Place,
    stored: Option<&[u8]>,
    incoming: &[Incoming<'_>],
) -> Result<Plan, Damaged> {
    let mut document = match stored {
        Some(snapshot) => Document::load(place.kind, snapshot)?,
        None => Document::genesis(place.kind),
    };
    let mut outcomes = vec![Outcome::Quarantined(Reason::MissingDependency); incoming.len()];
    let mut waiting: Vec<(usize, Change)> = Vec::new();
    for (index, one) in incoming.iter().enumerate() {
        match admit(one) {
            Ok(change) => waiting.push((index, change)),
            // Merged before its author was taken off, and handed in again because the answer was lost.
            Err(Reason::NotAssigned) if holds(&document, one) => outcomes[index] = Outcome::Duplicate,
            Err(reason) => outcomes[index] = Outcome::Quarantined(reason),
        }
    }

    let mut fresh = Vec::new();
    let mut record = None;
    let mut size = stored.map_or(0, <[u8]>::len);
    // Each round takes what can be applied now; it ends when a round takes nothing, and what then still waits lacks
    // something that has not arrived.
    loop {
        let before = waiting.len();
        let mut still = Vec::new();
        for (index, change) in waiting {
            if document.contains(&change.hash()) {
                outcomes[index] = Outcome::Duplicate;
            } else if document.hash_of(&change.actor(), change.seq()).is_some() {
                outcomes[index] = Outcome::Quarantined(Reason::Rekeyed);
            } else if change.deps().all(|hash| document.contains(&hash)) {
                match take(apply, &document, &change, place, size + change.bytes().len()) {
                    Ok((next, read)) => {
                        size += change.bytes().len();
                        document = next;
                        record = Some(read);
                        outcomes[index] = Outcome::Accepted;
                        fresh.push((index, change));
                    }
                    Err(reason) => outcomes[index] = Outcome::Quarantined(reason),
                }
            } else {
                still.push((index, change));
            }
        }
        waiting = still;
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    let after = record.map(|record| After { document, record });
    Ok(Plan { outcomes, fresh, after })
}

/// Whether the document has this very change, by this author.
fn holds(document: &Document, incoming: &Incoming<'_>) -> bool {
    let change = Change::parse(incoming.bytes);
    change.is_ok_and(|change| change.actor().device == incoming.device && document.contains(&change.hash()))
}

/// What can be said of a change by itself.
fn admit(incoming: &Incoming<'_>) -> Result<Change, Reason> {
    if !incoming.assigned {
        return Err(Reason::NotAssigned);
    }
    if incoming.schema > SCHEMA {
        return Err(Reason::UnknownSchema);
    }
    let change = Change::parse(incoming.bytes).map_err(|unreadable| match unreadable {
        Unreadable::TooLarge => Reason::TooLarge,
        _ => Reason::Unreadable,
    })?;
    if change.actor().device != incoming.device {
        return Err(Reason::Invalid("author".into(), "must be the tablet that signed the batch".into()));
    }
    Ok(change)
}

/// Merges one change whose dependencies are there, if the record stands with it.
/// `size` is at least what the document will take; only where that passes the limit is it worth measuring.
fn take(
    apply: Apply,
    before: &Document,
    change: &Change,
    place: Place,
    size: usize,
) -> Result<(Document, Record), Reason> {
    let mut after = before.clone();
    apply(&mut after, [change]).map_err(|_| Reason::Unreadable)?;
    let record = after.record().map_err(invalid)?;
    record.check_home(place).map_err(invalid)?;
    contain(|| check_rules(before, &after)).map_err(|_| Reason::Unreadable)?.map_err(invalid)?;
    if size > MAX_DOCUMENT && after.save().len() > MAX_DOCUMENT {
        return Err(Reason::TooLarge);
    }
    Ok((after, record))
}

fn invalid(invalid: Invalid) -> Reason {
    Reason::Invalid(invalid.field, invalid.why.0)
}

/// Holds the forms' rules between one state of a document and the next: the first value is never replaced, a status
/// never moves back, what is set for good is never unset, what only grows never shrinks.
fn check_rules(before: &Document, after: &Document) -> Result<(), Invalid> {
    for field in before.kind().fields() {
        let values = |document: &Document| candidates(document.inner(), &ROOT, field.name);
        match field.rule {
            Rule::Once => {
                let first = values(before).pop();
                if first.is_some_and(|first| values(after).iter().any(|now| now.value != first.value)) {
                    return Err(Invalid::new(field.name, "is recorded once and stays as it is"));
                }
            }
            Rule::Forward(rank) => {
                let furthest = |all: Vec<Candidate>| all.iter().filter_map(|one| rank(&one.value)).max();
                if furthest(values(after)) < furthest(values(before)) {
                    return Err(Invalid::new(field.name, "only moves forward"));
                }
            }
            Rule::Sticky => {
                let set = |all: Vec<Candidate>| all.iter().any(|one| one.value != ScalarValue::Null);
                if set(values(before)) && !set(values(after)) {
                    return Err(Invalid::new(field.name, "stays once it is set"));
                }
            }
            Rule::Grows => {
                if !members(before, field.name, field.shape).is_subset(&members(
                    after,
                    field.name,
                    field.shape,
                )) {
                    return Err(Invalid::new(field.name, "only grows"));
                }
            }
            Rule::Conflict | Rule::Merges => {}
        }
    }
    Ok(())
}

/// The members of a set that are on, whatever their type.
fn members(document: &Document, name: &str, shape: Shape) -> std::collections::BTreeSet<String> {
    debug_assert_eq!(shape, Shape::Map);
    let inner = document.inner();
    let Ok(Some((_, map))) = inner.get(ROOT, name) else { return Default::default() };
    let on =
        |key: &String| candidates(inner, &map, key).iter().any(|one| one.value == ScalarValue::Boolean(true));
    inner.keys(&map).filter(on).collect()
}

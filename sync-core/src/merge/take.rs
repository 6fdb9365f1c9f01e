//! Merging one change, if the step from the document without it to the document with it breaks no rule.

use std::collections::BTreeSet;

use automerge::ScalarValue;

use super::touched::Touched;
use super::trial::{Apply, Trial};
use crate::authority::{self, Authority};
use crate::boundary::contain;
use crate::change::Change;
use crate::document::Document;
use crate::form::{Candidate, Invalid, Rule, Slot, Values};
use crate::limits::MAX_DOCUMENT;
use crate::quarantine::Reason;
use crate::record::{Place, Record};

/// Merges one change whose dependencies are merged, if the record is valid with it; gives the record. Otherwise the
/// document stays as it was.
///
/// `size` is an upper bound of the saved document, in bytes: saving costs as much as the document is large, so it is
/// saved only where the bound passes the limit.
pub(super) fn take(
    trial: &mut Trial,
    apply: Apply,
    change: &Change,
    authority: &Authority,
    place: Place,
    size: usize,
) -> Result<Record, Reason> {
    // A gap in the numbers of operations would use up the numbers that Automerge can give out (see
    // [`Document::continues`]).
    if !trial.document().continues(change) {
        return Err(Reason::Unreadable);
    }
    // The operations are read before the change is applied: one that replaces a map or text of the genesis would hide
    // the marks of everybody who writes to that map.
    let touched = Touched::by(place.kind, change).map_err(invalid)?;
    trial.take(apply, change, |before, after| {
        let record = after.record().map_err(invalid)?;
        // The record's own fields must name this stream and this id: otherwise a change could put a session into
        // another group, or take the id of another meeting.
        record.check_home(place).map_err(invalid)?;
        record.check_name(place).map_err(invalid)?;
        // Only what the step from one state to the next does can tell whether a rule or an authority is broken.
        contain(|| {
            touched.check_values(after)?;
            check_rules(before, after)?;
            authority::check(authority, before, after)
        })
        .map_err(|_| Reason::Unreadable)?
        .map_err(invalid)?;
        if size > MAX_DOCUMENT
            && contain(|| after.save()).map_err(|_| Reason::Unreadable)?.len() > MAX_DOCUMENT
        {
            return Err(Reason::TooLarge);
        }
        Ok(record)
    })
}

/// The words may quote a key that an attacker chose: they are cut to 200 characters, without control characters
/// (PostgreSQL stores no NUL).
fn invalid(invalid: Invalid) -> Reason {
    let plain = |text: String| text.chars().filter(|letter| !letter.is_control()).take(200).collect();
    Reason::Invalid(plain(invalid.field), plain(invalid.why.0))
}

/// Checks the rules of the forms between one state of a document and the next: the first value of a `Once` field is
/// never replaced, a `Sticky` field is never unset, a `Grows` set loses no member.
fn check_rules(before: &Document, after: &Document) -> Result<(), Invalid> {
    let kind = before.kind();
    let (before, after) = (before.values(), after.values());
    for field in kind.fields() {
        let (was, now) = (before.at_root(field.name), after.at_root(field.name));
        match field.rule {
            Rule::Once => {
                let other = |first: &Candidate| now.iter().any(|now| now.value != first.value);
                if was.last().is_some_and(|first| now.is_empty() || other(first)) {
                    return Err(Invalid::new(field.name, "is recorded once and stays as it is"));
                }
            }
            Rule::Sticky => {
                let set = |all: &[Candidate]| all.iter().any(|one| one.value != ScalarValue::Null);
                if set(was) && !set(now) {
                    return Err(Invalid::new(field.name, "stays once it is set"));
                }
            }
            Rule::Grows => {
                if !members(before, field.name).is_subset(&members(after, field.name)) {
                    return Err(Invalid::new(field.name, "only grows"));
                }
            }
            // [`authority::check`] decides who may move a status back. The other rules are kept by Automerge's own
            // merging.
            Rule::Forward(_) | Rule::Conflict(_) | Rule::Merges | Rule::Text(_) => {}
        }
    }
    Ok(())
}

/// The keys of a set's map that have `true` among their values.
fn members<'v>(values: &'v Values, name: &str) -> BTreeSet<&'v str> {
    let on = |slot: &Slot| slot.candidates.iter().any(|one| one.value == ScalarValue::Boolean(true));
    let keys = values.map(name).into_iter().flatten();
    keys.filter(|(_, slot)| on(slot)).map(|(key, _)| key.as_str()).collect()
}

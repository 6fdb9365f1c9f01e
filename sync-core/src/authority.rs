//! What the person who vouches for a change may write, beyond recording: some fields do not tell what happened but
//! decide about the record (verified, returned, published, void, a status that moves back), and only people with the
//! authority may write these.

use std::collections::BTreeSet;

use automerge::ScalarValue;

use crate::document::Document;
use crate::form::{Invalid, Rule};
use crate::id::DeviceId;
use crate::record::lesson::LessonStatus;
use crate::record::session::SessionState;
use crate::record::{Kind, Lesson};
use crate::value::Value;

/// The authority of the person who vouches for a change: its author, or the keeper who lets it in. Each variant
/// includes the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// Records, and sets or takes back `void` of the records that one of these devices began: the facilitator's own
    /// devices.
    Facilitator { devices: BTreeSet<DeviceId> },
    /// Verifies and returns sessions, publishes lessons and changes published ones, adopts those of others, moves the state of either back, sets
    /// or takes back `void` of any record but the group's.
    Supervisor,
    /// Sets or takes back `void` of the group, and moves any status back.
    Manager,
}

impl Authority {
    fn is_manager(&self) -> bool {
        *self == Self::Manager
    }

    fn supervises(&self) -> bool {
        matches!(self, Self::Supervisor | Self::Manager)
    }

    /// Whether the facilitator began the record on one of their devices.
    fn recorded(&self, document: &Document) -> bool {
        matches!(self, Self::Facilitator { devices } if !devices.is_disjoint(&document.begun_by()))
    }
}

/// Checks what one change did, between the document without it and with it, against the authority behind it.
///
/// # Errors
/// [`Invalid`] with the field, and who may write it so.
pub fn check(authority: &Authority, before: &Document, after: &Document) -> Result<(), Invalid> {
    let kind = after.kind();
    let refuse = |field: &str, why: &str| Err(Invalid::new(field, why));
    for field in kind.fields() {
        // 1. A status that moves back undoes a decision, perhaps of somebody with more authority. Of concurrent values
        //    the furthest holds, so the furthest before and after are compared.
        if let Rule::Forward(rank) = field.rule {
            let furthest = |document: &Document| {
                let all = document.values().at_root(field.name);
                all.iter().filter_map(|one| rank(&one.value)).max()
            };
            let supervised = matches!(kind, Kind::Session | Kind::Lesson);
            let allowed = if supervised { authority.supervises() } else { authority.is_manager() };
            if !allowed && furthest(after) < furthest(before) {
                return refuse(field.name, "only moves forward");
            }
        }
    }
    // 2. A facilitator verifies no session and returns none. Clearing the note of a returned session says neither, so it
    //    is not asked for.
    if kind == Kind::Session && !authority.supervises() {
        let verified = SessionState::Verified.to_scalar();
        if put(before, after, "state").contains(&verified) {
            return refuse("state", "is verified by a supervisor or manager");
        }
        if put(before, after, "returned").iter().any(|note| !note.is_null()) {
            return refuse("returned", "is written by a supervisor or manager");
        }
    }
    // 3. Others read a lesson that is published, so nothing of it changes without somebody who answers for that.
    if kind == Kind::Lesson && !authority.supervises() {
        let is_out = |document: &Document| document.read::<Lesson>().is_ok_and(|lesson| lesson.is_out());
        if put(before, after, "status").contains(&LessonStatus::Published.to_scalar()) {
            return refuse("status", "is set to published by a supervisor or manager");
        }
        if is_out(before) {
            return refuse("record", "is published, and changed by a supervisor or manager");
        }
    }
    // 4. By what an organisation works is no single facilitator's to say.
    if kind == Kind::Adoption && !authority.supervises() {
        return refuse("record", "is written by a supervisor or manager");
    }
    // 5. A void takes a record out of the totals, and taking the void back puts it in again: both need the same
    //    authority.
    if kind.fields().iter().any(|field| field.name == "void") && !put(before, after, "void").is_empty() {
        if kind == Kind::Group && !authority.is_manager() {
            return refuse("void", "of a group is set or taken back by a manager");
        }
        if !authority.supervises() && !authority.recorded(after) {
            return refuse("void", "is set or taken back by who recorded it, a supervisor or a manager");
        }
    }
    Ok(())
}

/// The values of a field at the root that are in `after` and not in `before`: those that the change put. A value that
/// another change replaced already would be missing, but no merged change can have replaced a value that had not
/// arrived.
fn put(before: &Document, after: &Document, field: &str) -> Vec<ScalarValue> {
    let there = before.values().at_root(field);
    let now = after.values().at_root(field).iter();
    let put = now.filter(|one| there.iter().all(|old| old.operation != one.operation));
    put.map(|one| one.value.clone()).collect()
}

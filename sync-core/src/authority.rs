//! What the person who vouches for a change may do in it, beyond recording: some fields say more than what happened, and only
//! some people may say it.

use std::collections::BTreeSet;

use automerge::ScalarValue;

use crate::document::Document;
use crate::form::{Invalid, Rule};
use crate::id::DeviceId;
use crate::record::Kind;
use crate::record::session::SessionState;
use crate::value::Value;

/// The authority of the person who vouches for a change: of its author, or of the keeper who lets it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// Records, and makes void what they recorded: records that one of these devices began, all of which are theirs.
    Facilitator { devices: BTreeSet<DeviceId> },
    /// Verifies sessions and returns them, makes any record of the group void.
    Supervisor,
    /// The same, and makes the group itself void or takes its status back.
    Manager,
}

impl Authority {
    fn is_manager(&self) -> bool {
        *self == Self::Manager
    }

    fn supervises(&self) -> bool {
        matches!(self, Self::Supervisor | Self::Manager)
    }

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
        // A status that moves back undoes what somebody with authority may have said.
        if let Rule::Forward(rank) = field.rule {
            let furthest = |document: &Document| {
                let all = document.values().at_root(field.name);
                all.iter().filter_map(|one| rank(&one.value)).max()
            };
            let allowed = if kind == Kind::Session { authority.supervises() } else { authority.is_manager() };
            if !allowed && furthest(after) < furthest(before) {
                return refuse(field.name, "only moves forward");
            }
        }
    }
    if kind == Kind::Session && !authority.supervises() {
        let verified = SessionState::Verified.to_scalar();
        if put(before, after, "state").contains(&verified) {
            return refuse("state", "is verified by a supervisor or manager");
        }
        if put(before, after, "returned").iter().any(|note| !note.is_null()) {
            return refuse("returned", "is written by a supervisor or manager");
        }
    }
    // Setting and taking back alike: whoever may not do the one may not undo it.
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

/// The values of a field at the root that are there since: those that the change put. What it put and somebody else replaced
/// is not among them, but nobody can have replaced what had not arrived.
fn put(before: &Document, after: &Document, field: &str) -> Vec<ScalarValue> {
    let there = before.values().at_root(field);
    let now = after.values().at_root(field).iter();
    let put = now.filter(|one| there.iter().all(|old| old.operation != one.operation));
    put.map(|one| one.value.clone()).collect()
}

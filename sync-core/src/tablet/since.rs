//! What was recorded in a session by somebody who had not heard what became of it: it was verified, set aside, or moved.

use crate::change::Change;
use crate::document::Document;
use crate::history::{Step, since, step};
use crate::id::SessionId;
use crate::moving::recorded_since;
use crate::record::session::{Session, SessionState};
use crate::value::Value;

use super::Tablet;

impl Tablet {
    /// Whether a session tells something that whoever verified it had not seen.
    pub fn changed_since_verified(&self, id: SessionId) -> bool {
        let verified = SessionState::Verified.to_scalar();
        let document = self.document(id);
        document.is_some_and(|document| !since(&document, "state", |value| *value == verified).is_empty())
    }

    /// What was recorded in a session that is void, moved or a double, by whoever had not heard of that. It counts nowhere.
    pub fn recorded_since(&self, id: SessionId) -> Vec<Step> {
        let Some(document) = self.document(id) else { return Vec::new() };
        let Ok(session) = document.read::<Session>() else { return Vec::new() };
        steps(&document, &recorded_since(&session, &document))
    }

    /// What was recorded in a session since it was made by a move: where the move is taken back it counts nowhere.
    pub fn recorded_since_moved_here(&self, id: SessionId) -> Vec<Step> {
        let Some(document) = self.document(id) else { return Vec::new() };
        steps(&document, &since(&document, "moved_from", |from| !from.is_null()))
    }
}

fn steps(document: &Document, changes: &[Change]) -> Vec<Step> {
    changes.iter().filter_map(|change| step(document, &change.hash())).collect()
}

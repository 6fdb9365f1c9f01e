//! Changes of a session whose authors had not seen that the session was verified, set aside (void, moved or a double)
//! or made by a move.

use crate::change::Change;
use crate::document::Document;
use crate::history::{Step, since, step};
use crate::id::SessionId;
use crate::moving::{is_taken_back, recorded_since};
use crate::record::session::{Session, SessionState};
use crate::value::Value;

use super::Tablet;

impl Tablet {
    /// Whether a session holds a change that the person who verified it had not seen.
    pub fn changed_since_verified(&self, id: SessionId) -> bool {
        let verified = SessionState::Verified.to_scalar();
        let document = self.document(id);
        document.is_some_and(|document| !since(&document, "state", |value| *value == verified).is_empty())
    }

    /// The changes of a session that counts nowhere, whose authors had not seen that. What they record is lost to totals
    /// until somebody carries it over.
    pub fn recorded_since(&self, id: SessionId) -> Vec<Step> {
        let Some(document) = self.document(id) else { return Vec::new() };
        let Ok(session) = document.read::<Session>() else { return Vec::new() };
        let source = session.moved_from.and_then(|from| self.record(from));
        let taken_back = is_taken_back(id, &session, source.as_ref());
        steps(&document, &recorded_since(&session, &document, taken_back))
    }

    /// The changes of a session since a move made it. They would count nowhere once the move is taken back.
    pub fn recorded_since_moved_here(&self, id: SessionId) -> Vec<Step> {
        let Some(document) = self.document(id) else { return Vec::new() };
        steps(&document, &since(&document, "moved_from", |from| !from.is_null()))
    }
}

fn steps(document: &Document, changes: &[Change]) -> Vec<Step> {
    changes.iter().filter_map(|change| step(document, &change.hash())).collect()
}

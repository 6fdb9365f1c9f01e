//! The row of a session.

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::fold::fold;
use sync_core::history::since;
use sync_core::id::{SessionId, StreamId};
use sync_core::moving::recorded_since;
use sync_core::record::Session;
use sync_core::record::session::SessionState;
use sync_core::value::Value as _;

use super::{number, word};
use crate::projection::Standing;
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::sessions;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_null = true)]
pub(in crate::projection) struct SessionRow {
    pub(in crate::projection) id: Db<SessionId>,
    group_id: Db<StreamId>,
    date: String,
    part: String,
    starts_at: Option<String>,
    minutes: Option<i32>,
    phase: Option<String>,
    state: String,
    commemoration: bool,
    marked: i32,
    summary_folded: String,
    conflicts: i32,
    was_in_conflict: bool,
    double_of: Option<Db<SessionId>>,
    nth: i32,
    void: Option<String>,
    moved_to: Option<Db<SessionId>>,
    moved_from: Option<Db<SessionId>>,
    returned: Option<String>,
    changed_since_verified: bool,
    recorded_since: bool,
    recorded_since_moved: bool,
}

impl SessionRow {
    pub(in crate::projection) fn of(
        id: SessionId,
        session: &Session,
        document: &Document,
        clashes: &Clashes,
    ) -> Self {
        Self {
            id: Db(id),
            group_id: Db(session.group.into()),
            date: session.date.to_string(),
            part: session.part.to_string(),
            starts_at: word(session.starts_at),
            minutes: number(session.minutes.map(Into::into)),
            phase: word(session.phase),
            state: session.state.to_string(),
            commemoration: session.commemoration(),
            marked: i32::try_from(session.attendance.len() + session.headcount.len()).unwrap_or(i32::MAX),
            // The summary is only searched here; it is read from the document.
            summary_folded: fold(&session.summary),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            double_of: session.double_of.map(Db),
            nth: i32::from(session.number()),
            void: word(session.void.as_ref()),
            moved_to: session.moved_to.map(Db),
            moved_from: session.moved_from.map(Db),
            returned: word(session.returned.as_ref()),
            changed_since_verified: changed_since_verified(session, document),
            recorded_since: !recorded_since(session, document, false).is_empty(),
            recorded_since_moved: !recorded_since(session, document, true).is_empty(),
        }
    }

    pub(in crate::projection) fn date(&self) -> &str {
        &self.date
    }

    pub(in crate::projection) fn standing(&self) -> Standing {
        let others = [self.moved_to, self.moved_from, self.double_of];
        let others = others.into_iter().flatten().map(|Db(id)| id).collect();
        Standing { void: self.void.is_some(), others }
    }

    /// The columns by which sessions are compared, beside attendance, themes and headcount.
    pub(in crate::projection) fn compared(&self) -> impl PartialEq + use<> {
        let Self { date, part, nth, phase, state, void, moved_to, double_of, .. } = self.clone();
        (date, part, nth, phase, state, void.is_some(), moved_to.is_some(), double_of.is_some())
    }
}

/// Whether a verified session holds a change that the person who verified it had not seen.
fn changed_since_verified(session: &Session, document: &Document) -> bool {
    let verified = SessionState::Verified;
    session.state == verified && !since(document, "state", |state| *state == verified.to_scalar()).is_empty()
}

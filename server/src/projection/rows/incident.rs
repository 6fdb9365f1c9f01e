//! The row of an incident.

use std::collections::BTreeSet;
use std::fmt::Display;

use diesel::prelude::*;
use sync_core::id::{IncidentId, SessionId, StreamId};
use sync_core::record::{Incident, Place};

use super::word;
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::incidents;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = incidents, treat_none_as_null = true)]
pub(in crate::projection) struct IncidentRow {
    pub(in crate::projection) id: Db<IncidentId>,
    group_id: Db<StreamId>,
    session_id: Db<SessionId>,
    kind: String,
    severity: Option<String>,
    /// Codes with a comma between; so, too, `escalated_to`. They are read, and nobody asks by them.
    actions: String,
    escalated_to: String,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
}

impl IncidentRow {
    pub(in crate::projection) fn of(place: Place, incident: &Incident, clashes: &Clashes) -> Self {
        Self {
            id: Db(place.document.into()),
            group_id: Db(place.stream),
            session_id: Db(incident.session),
            kind: incident.kind.to_string(),
            severity: word(incident.severity),
            actions: listed(&incident.action),
            escalated_to: listed(&incident.escalated_to),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            void: word(incident.void.as_ref()),
        }
    }
}

fn listed(codes: &BTreeSet<impl Display>) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

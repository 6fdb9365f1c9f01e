//! Something happened at a meeting that needed care, and what was done.

use std::collections::BTreeSet;

use sync_core::form::EditError;
use sync_core::id::{IncidentId, SessionId, StreamId};
use sync_core::record::incident::{Action, IncidentEdit, IncidentType, Severity};
use sync_core::record::referral::ServiceKind;
use sync_core::record::{Incident, Session};

use super::{RecordError, care};
use crate::device::Device;

/// Something that happened at a meeting.
#[derive(Debug, Clone)]
pub struct NewIncident {
    pub session: SessionId,
    pub kind: IncidentType,
    pub severity: Severity,
    pub done: Done,
}

/// What was done, and who was told.
#[derive(Debug, Clone, Default)]
pub struct Done {
    pub actions: BTreeSet<Action>,
    pub escalated_to: BTreeSet<ServiceKind>,
}

impl Device {
    /// # Errors
    /// [`RecordError`] in words; nothing is recorded then.
    pub fn record_incident(&mut self, new: NewIncident) -> Result<IncidentId, RecordError> {
        let NewIncident { session, kind, severity, done } = new;
        let group = self.tablet().read::<Session>(session)?.group;
        let id = IncidentId::new(&self.clock().moment());
        self.edit::<Incident>(StreamId::from(group), id, |incident| {
            incident.session().set(session)?;
            incident.kind().set(kind)?;
            incident.severity().set(severity)?;
            done.note(incident)
        })?;
        Ok(id)
    }

    /// Adds what was done about an incident; says whether anything of it was new.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn act_on_incident(&mut self, id: IncidentId, done: &Done) -> Result<bool, RecordError> {
        let (stream, _) = care::open::<Incident>(self.tablet(), id)?;
        Ok(self.edit::<Incident>(stream, id, |incident| done.note(incident))?)
    }
}

impl Done {
    fn note(&self, incident: &mut IncidentEdit<'_>) -> Result<(), EditError> {
        self.actions.iter().try_for_each(|action| incident.action().insert(action))?;
        self.escalated_to.iter().try_for_each(|service| incident.escalated_to().insert(service))
    }
}

//! An incident in or around a session. Append-only: what was recorded stays as it was.

use super::referral::ServiceKind;
use super::{Note, record};
use crate::form::{Fixed, Invalid, Log, Once, Revocable};
use crate::id::SessionId;
use crate::value::{codes, textual};

codes! {
    IncidentType {
        TraumaCrisis = "trauma_crisis",
        Threat = "threat",
        GbvDisclosure = "gbv_disclosure",
        ChildProtection = "child_protection",
        SuicideRisk = "suicide_risk",
        ConflictInGroup = "conflict_in_group",
        FacilitatorDistress = "facilitator_distress",
        DataLoss = "data_loss",
    }

    Severity { Low = "low", Medium = "medium", High = "high" }

    Action {
        ComfortedInGroup = "comforted_in_group",
        PsychologicalFirstAid = "psychological_first_aid",
        SupervisorCalled = "supervisor_called",
        Referred = "referred",
        AuthoritiesInformed = "authorities_informed",
        SessionEnded = "session_ended",
    }
}

textual!(IncidentType, Severity, Action);

record! {
    /// Something that needed care. Level S.
    Incident edited by IncidentEdit {
        session: Fixed<SessionId>,
        kind: Fixed<IncidentType>,
        severity: Once<Severity>,
        action: Log<Action>,
        escalated_to: Log<ServiceKind>,
        /// Why it was recorded by mistake.
        void: Revocable<Note>,
    }
}

fn check(_: &Incident) -> Result<(), Invalid> {
    Ok(())
}

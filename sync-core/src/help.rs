//! What to do at once, and whom to call, where a life or somebody's safety is at stake: told by the tablet, offline, before anything else.
//!
//! The numbers here are national: they hold everywhere, and change seldom. Which service is near changes often: that comes to tablets by sync, as the
//! directory ([`Service`](crate::record::Service)), of which [`Urgent::services`] says the right kinds.

use crate::record::incident::IncidentType;
use crate::record::referral::ServiceKind;
use crate::record::{Incident, Screening};

/// A number that anybody in Rwanda can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub number: &'static str,
    pub who: &'static str,
    /// Who published it.
    pub source: &'static str,
    /// In which year it was found there: numbers change, and people are told to check.
    pub year: u16,
}

const POLICE: Line = Line {
    number: "112",
    who: "police, in any emergency",
    source: "Survivors Fund, Kwibuka 31, https://survivors-fund.org.uk/news/kwibuka-31",
    year: 2025,
};
const AMBULANCE: Line = Line {
    number: "912",
    who: "ambulance (SAMU)",
    source: "Survivors Fund, Kwibuka 31, https://survivors-fund.org.uk/news/kwibuka-31",
    year: 2025,
};
const HEALTH: Line = Line {
    number: "114",
    who: "Ministry of Health, also for trauma",
    source: "Survivors Fund, Kwibuka 31, https://survivors-fund.org.uk/news/kwibuka-31",
    year: 2025,
};
const VIOLENCE: Line = Line {
    number: "3512",
    who: "police, gender-based violence",
    source: "Rwanda National Police, http://en.igihe.com/news/rnp-joins-drive-to-end-abuse-of-emergency-help.html",
    year: 2016,
};
const CHILDREN: Line = Line {
    number: "116",
    who: "child helpline",
    source: "Rwanda National Police, https://police.gov.rw/media/news-detail/news/rnp-establish-child-help-line-116/",
    year: 2016,
};

/// All numbers, each with its source.
pub const LINES: [Line; 5] = [POLICE, AMBULANCE, HEALTH, VIOLENCE, CHILDREN];

/// Something that can't wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgent {
    Suicide,
    Violence,
    Child,
}

impl Urgent {
    pub fn of_incident(kind: IncidentType) -> Option<Self> {
        match kind {
            IncidentType::SuicideRisk => Some(Self::Suicide),
            IncidentType::GbvDisclosure => Some(Self::Violence),
            IncidentType::ChildProtection => Some(Self::Child),
            _ => None,
        }
    }

    /// What to do now, one sentence each, after WHO's mhGAP Intervention Guide 2.0 (self-harm and suicide), the IASC pocket guide on supporting
    /// survivors of gender-based violence (2018), and the Minimum Standards for Child Protection in Humanitarian Action (2019).
    pub const fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Suicide => &[
                "Do not leave the person alone: stay, or have somebody stay whom they trust.",
                "Listen, ask openly, and promise no secrecy about their life.",
                "See that what they could harm themselves with is out of reach.",
            ],
            Self::Violence => &[
                "See that the person is safe now, listen, believe them, and do not ask for details.",
                "Tell them what help there is; they decide what is done and who is told, unless a child or a life is in danger.",
                "Medical care helps most within 72 hours.",
            ],
            Self::Child => &[
                "See that the child is safe now, and do not send them back to who may harm them.",
                "Listen, do not question the child, and do not confront who may have done it.",
                "Promise no secrecy: what happens to a child must be reported.",
            ],
        }
    }

    /// The kinds of service to which somebody is brought.
    pub const fn services(self) -> &'static [ServiceKind] {
        match self {
            Self::Suicide => &[ServiceKind::HealthCentre, ServiceKind::DistrictHospital],
            Self::Violence | Self::Child => &[ServiceKind::IsangeOneStop],
        }
    }

    /// Whom to call, whoever is nearest first.
    pub const fn lines(self) -> &'static [Line] {
        match self {
            Self::Suicide => &[AMBULANCE, HEALTH, POLICE],
            Self::Violence => &[VIOLENCE, AMBULANCE, POLICE],
            Self::Child => &[CHILDREN, VIOLENCE, POLICE],
        }
    }
}

impl Incident {
    /// What of it can't wait.
    pub fn urgent(&self) -> Option<Urgent> {
        Urgent::of_incident(self.kind)
    }
}

impl Screening {
    /// What of it can't wait: an answer that points at a risk to life.
    pub fn urgent(&self) -> Option<Urgent> {
        (self.risk == Some(true)).then_some(Urgent::Suicide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_cannot_wait_names_what_to_do_and_whom_to_call() {
        for urgent in [Urgent::Suicide, Urgent::Violence, Urgent::Child] {
            assert!(!urgent.steps().is_empty(), "{urgent:?}");
            assert!(urgent.lines().iter().all(|line| LINES.contains(line)), "{urgent:?}");
            assert!(urgent.lines().contains(&POLICE), "{urgent:?}: somebody always answers 112");
            assert!(!urgent.services().is_empty(), "{urgent:?}");
        }
        for line in LINES {
            assert!(
                line.number.bytes().all(|byte| byte.is_ascii_digit()) && line.source.contains("http"),
                "{line:?}"
            );
        }
    }
}

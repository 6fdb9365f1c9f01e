//! Where records live and how secret they are, in one table; and which records of another kind they are about.

use super::{Kind, Level, Place, Record};
use crate::form::Invalid;
use crate::id::{DocumentId, StreamId};

/// What a stream is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// One group.
    Group,
    /// One organisation.
    Organisation,
    /// The partnership, which is one.
    Partnership,
}

impl Kind {
    /// Of a group the name and the target mix are for its organisation, so its record is; that there is one, where and of what kind is
    /// internal to the partnership.
    const fn home_and_level(self) -> (Home, Level) {
        match self {
            Self::Group => (Home::Group, Level::Organisation),
            Self::Participant => (Home::Group, Level::Organisation),
            Self::Session => (Home::Group, Level::Organisation),
            Self::Referral => (Home::Group, Level::Sensitive),
            Self::Incident => (Home::Group, Level::Sensitive),
            Self::Screening => (Home::Group, Level::Sensitive),
            Self::Lesson => (Home::Organisation, Level::Organisation),
            Self::SharedLesson => (Home::Partnership, Level::Internal),
            Self::Adoption => (Home::Organisation, Level::Organisation),
            Self::Service => (Home::Partnership, Level::Internal),
        }
    }

    /// In which streams records of this kind travel, for ever.
    pub const fn lives_in(self) -> Home {
        self.home_and_level().0
    }

    /// How secret a record of this kind is, whole.
    pub const fn level(self) -> Level {
        self.home_and_level().1
    }

    /// Whether this stream can be one for records of this kind. Only the store tells the stream of a group from that of an
    /// organisation.
    pub(super) fn check_stream(self, stream: StreamId) -> Result<(), Invalid> {
        if (self.lives_in() == Home::Partnership) == (stream == StreamId::PARTNERSHIP) {
            return Ok(());
        }
        let home = match self.lives_in() {
            Home::Group => "of a group",
            Home::Organisation => "of an organisation",
            Home::Partnership => "of the partnership",
        };
        Err(Invalid::new("document", format!("must travel in the stream {home}, being a {self}")))
    }
}

/// A record that another one is about. Both must be of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The field that names it.
    pub field: &'static str,
    pub document: DocumentId,
    pub kind: Kind,
}

impl About {
    /// Whether the record that has this id is the one meant: of the kind, and in the stream of the record that names it.
    pub fn is(&self, there: Place, stream: StreamId) -> bool {
        (there.kind, there.stream) == (self.kind, stream)
    }

    /// Why a record that names another kind of record, or one of another group, can't stand.
    pub fn astray(&self) -> Invalid {
        Invalid::new(self.field, format!("must be a {} of the same group", self.kind))
    }
}

impl Record {
    /// The participant of a referral or a screening, the session of an incident: named once, when the record begins.
    pub fn is_about(&self) -> Option<About> {
        let about = |field, document, kind| Some(About { field, document, kind });
        match self {
            Self::Referral(referral) => about("participant", referral.participant.into(), Kind::Participant),
            Self::Screening(screening) => {
                about("participant", screening.participant.into(), Kind::Participant)
            }
            Self::Incident(incident) => about("session", incident.session.into(), Kind::Session),
            Self::Group(_) | Self::Participant(_) | Self::Session(_) | Self::Erased(_) => None,
            Self::Lesson(_) | Self::SharedLesson(_) | Self::Adoption(_) | Self::Service(_) => None,
        }
    }
}

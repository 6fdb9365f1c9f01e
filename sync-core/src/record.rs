//! The records of the data dictionary, one file each. A record is a plain struct with its fields' forms as types;
//! see [`crate::form`] for what the forms mean.

pub mod adoption;
mod fields;
pub mod group;
mod home;
pub mod incident;
pub mod instrument;
pub mod lesson;
mod level;
pub mod participant;
pub mod referral;
pub mod screening;
pub mod service;
pub mod session;
pub mod shared_lesson;

use automerge::Automerge;

pub use adoption::Adoption;
pub use fields::Fields;
use fields::record;
pub use group::Group;
pub use home::{About, Home};
pub use incident::Incident;
pub use lesson::Lesson;
pub use level::Level;
pub use participant::Participant;
pub use referral::Referral;
pub use screening::Screening;
pub use service::Service;
pub use session::Session;
pub use shared_lesson::SharedLesson;

use crate::form::{FieldInfo, Invalid, Values};
use crate::id::{AdoptionId, DocumentId, GroupId, OrganisationId, SharedLessonId, StreamId};
use crate::value::{Line, codes, textual};

/// The version of the data dictionary that this code writes and reads. A document of a later one waits, whole.
pub const SCHEMA: u32 = 1;

codes! {
    /// The kinds of record.
    Kind {
        Group = "group",
        Participant = "participant",
        Session = "session",
        Referral = "referral",
        Incident = "incident",
        Screening = "screening",
        Lesson = "lesson",
        SharedLesson = "shared_lesson",
        Adoption = "adoption",
        Service = "service",
    }

    /// As a person describes themselves; recorded for totals, never for access.
    Sex { Female = "female", Male = "male" }

    /// Years of age, in the bands in which the partnership reports.
    AgeBand {
        Under16 = "under_16",
        From16To24 = "16_24",
        From25To35 = "25_35",
        From36To59 = "36_59",
        From60 = "60_plus",
    }

    /// What a group or a lesson serves.
    Pillar {
        CommunityHealing = "community_healing",
        SocialReintegration = "social_reintegration",
        SocialCohesion = "social_cohesion",
    }

    /// The method that a group follows.
    Modality {
        Sociotherapy = "sociotherapy",
        MultifamilyHealing = "multifamily_healing",
        ResilienceOrientedTherapy = "resilience_oriented_therapy",
        SpaceForPeace = "space_for_peace",
        YouthPeaceDialogue = "youth_peace_dialogue",
        CitizenForum = "citizen_forum",
        DialogueClub = "dialogue_club",
        PeaceClub = "peace_club",
        CollaborativeLivelihood = "collaborative_livelihood",
        PrisonCurriculum = "prison_curriculum",
    }
}

textual!(Kind, Sex, AgeBand, Pillar, Modality);

/// Why a record is void, or a session was returned, in one line for people to read.
pub type Note = Line<300>;

/// A record of some kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    Group(Group),
    Participant(Participant),
    Session(Session),
    Referral(Referral),
    Incident(Incident),
    Screening(Screening),
    Lesson(Lesson),
    SharedLesson(SharedLesson),
    Adoption(Adoption),
    Service(Service),
    /// Of this kind once; nothing is left of it ([`Document::tombstone`](crate::document::Document::tombstone)).
    Erased(Kind),
}

/// Ties each kind to its type, in one place.
macro_rules! kinds {
    ($($kind:ident)*) => {
        impl Kind {
            /// The field table, in the order of the data dictionary.
            pub const fn fields(self) -> &'static [FieldInfo] {
                match self { $(Kind::$kind => $kind::FIELDS),* }
            }
        }

        impl Record {
            /// # Errors
            /// [`Invalid`] names the first field that does not stand as the data dictionary says.
            pub fn read(kind: Kind, document: &Automerge, values: &Values) -> Result<Self, Invalid> {
                match kind { $(Kind::$kind => $kind::read(document, values).map(Record::$kind)),* }
            }
        }

        $(
            impl From<$kind> for Record {
                fn from(record: $kind) -> Self {
                    Record::$kind(record)
                }
            }

            impl Kinded for $kind {
                const KIND: Kind = Kind::$kind;
            }
        )*
    };
}
kinds! { Group Participant Session Referral Incident Screening Lesson SharedLesson Adoption Service }

/// A record type that knows its kind.
pub trait Kinded: Fields {
    const KIND: Kind;
}

/// Where a record lives, as the store knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub stream: StreamId,
    pub document: DocumentId,
    pub kind: Kind,
}

impl Record {
    /// Whether it is about somebody who asked to be erased: nothing of them may be shown any more, also before it is erased.
    pub fn is_erased(&self) -> bool {
        match self {
            Record::Participant(participant) => participant.erased.is_some(),
            Record::Erased(_) => true,
            _ => false,
        }
    }

    /// Why it was recorded by mistake, where somebody said so and nobody takes it back.
    pub fn void(&self) -> Option<&Note> {
        match self {
            Record::Group(one) => one.void.as_ref(),
            Record::Participant(one) => one.void.as_ref(),
            Record::Session(one) => one.void.as_ref(),
            Record::Referral(one) => one.void.as_ref(),
            Record::Incident(one) => one.void.as_ref(),
            Record::Screening(one) => one.void.as_ref(),
            Record::Adoption(one) => one.void.as_ref(),
            Record::Lesson(_) | Record::SharedLesson(_) | Record::Service(_) | Record::Erased(_) => None,
        }
    }

    /// Checks that the record lives where its own fields say: a session in its group's stream, and a group in its
    /// own, of which there is one. A record that names no group (an incident names its session) says nothing
    /// against its stream here. Nor may a record point at itself as its double, the one it was moved to, or the same
    /// person.
    ///
    /// # Errors
    /// [`Invalid`] with the field that points wrong.
    pub fn check_home(&self, place: Place) -> Result<(), Invalid> {
        place.kind.check_stream(place.stream)?;
        let home: StreamId = match self {
            Record::Lesson(lesson) => return of_organisation(lesson.organisation, place),
            Record::Adoption(adoption) => return of_organisation(adoption.organisation, place),
            Record::Participant(participant) => {
                if participant.same_as == Some(place.document.into()) {
                    return Err(Invalid::new("same_as", "must be another participant"));
                }
                participant.group.into()
            }
            Record::Session(session) => {
                let to_itself = [
                    ("double_of", session.double_of),
                    ("moved_to", session.moved_to),
                    ("moved_from", session.moved_from),
                ];
                let to_itself = to_itself.iter().find(|(_, other)| *other == Some(place.document.into()));
                if let Some((field, _)) = to_itself {
                    return Err(Invalid::new(field, "must be another session"));
                }
                session.group.into()
            }
            Record::Group(_) => GroupId::from(place.document).into(),
            _ => return Ok(()),
        };
        if home == place.stream {
            Ok(())
        } else {
            Err(Invalid::new("group", "must be the group in whose stream the record travels"))
        }
    }

    /// Checks that a record stands under the id that it has by nature, where it has one: nobody can take that of another
    /// group's meeting or person. What the id is made of never changes.
    ///
    /// # Errors
    /// [`Invalid`] if the id is another's.
    pub fn check_name(&self, place: Place) -> Result<(), Invalid> {
        match self {
            Record::Session(session) if DocumentId::from(session.natural_id()) != place.document => {
                Err(Invalid::new("date", "must be the day, part, number and group of which the id is made"))
            }
            Record::Participant(one) if DocumentId::from(one.natural_id()) != place.document => {
                Err(Invalid::new("code", "must be the code and group of which the id is made"))
            }
            Record::SharedLesson(one)
                if DocumentId::from(SharedLessonId::of(one.lesson)) != place.document =>
            {
                Err(Invalid::new("lesson", "must be the lesson of which the id is made"))
            }
            Record::Adoption(one)
                if DocumentId::from(AdoptionId::of(one.organisation, one.lesson)) != place.document =>
            {
                Err(Invalid::new("lesson", "must be the lesson and organisation of which the id is made"))
            }
            _ => Ok(()),
        }
    }
}

/// Checks that a record of an organisation travels in the stream of that organisation.
fn of_organisation(organisation: OrganisationId, place: Place) -> Result<(), Invalid> {
    if StreamId::from(organisation) == place.stream {
        Ok(())
    } else {
        Err(Invalid::new("organisation", "must be the organisation in whose stream the record travels"))
    }
}

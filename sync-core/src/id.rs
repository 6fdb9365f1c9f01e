//! Names for things. Each id is a type of its own, so that a participant can't be passed where a group belongs.
//!
//! Where nature has an identity we use it ([`SessionId::of`], [`ParticipantId::of`]); everything else is a UUIDv7, made of
//! a [`Moment`].

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::{Date, Moment};

/// What every id can do; lets the store treat all of them as sixteen bytes.
pub trait Id: Copy + Eq + Ord + fmt::Debug {
    fn from_uuid(uuid: Uuid) -> Self;
    fn uuid(self) -> Uuid;
}

/// A text that is not an id: ids are written as `018f3f6e-7d2c-7000-8000-0123456789ab` (RFC 9562).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id: ids look like 018f3f6e-7d2c-7000-8000-0123456789ab")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: UUIDv7 of the moment's time and randomness.
            pub fn new(moment: &Moment) -> Self {
                Self(moment.uuid())
            }

            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(self.0.as_bytes())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                Uuid::from_slice(d.bytes()?)
                    .map(Self)
                    .map_err(|_| minicbor::decode::Error::message("an id is sixteen bytes").at(at))
            }
        }
    )*};
}

ids! {
    /// An organisation of the partnership.
    OrganisationId
    /// A person who signs in: facilitator, supervisor, manager and so on.
    UserId
    /// An enrolled tablet, or the server acting as an author.
    DeviceId
    /// A healing space or dialogue circle (itsinda).
    GroupId
    /// A pseudonym inside one group.
    ParticipantId
    /// One meeting of a group.
    SessionId
    ReferralId
    IncidentId
    ScreeningId
    /// A lesson as its organisation writes it.
    LessonId
    /// A published lesson, as the partnership reads it.
    SharedLessonId
    AdoptionId
    /// An entry of the directory of services.
    ServiceId
    /// Any record, where its kind does not matter.
    DocumentId
    /// The unit of access and of order: a group, an organisation or the partnership.
    StreamId
    /// What one tablet signed and sent together.
    BatchId
    /// One continuous life of the central store.
    EpochId
}

impl SessionId {
    /// The session of `group` on `date` in the given part of the day. Two facilitators who each record
    /// today's meeting arrive at the same id, hence at one document: UUIDv5 with the group as namespace
    /// and `2026-03-05/0` as name (the ordinal of the part of day: 0 morning, 1 afternoon, 2 evening).
    ///
    /// `nth` is 0 for the first record of that part of the day. Once that one is void or moved away, the next record of
    /// the same part has another id, named `2026-03-05/0/1`, then `2026-03-05/0/2`, and so on.
    pub fn of(group: GroupId, date: Date, part_ordinal: u8, nth: u8) -> Self {
        let name = match nth {
            0 => format!("{date}/{part_ordinal}"),
            nth => format!("{date}/{part_ordinal}/{nth}"),
        };
        Self(Uuid::new_v5(&group.0, name.as_bytes()))
    }
}

impl ParticipantId {
    /// The participant of `group` who is known there as `code`. Two facilitators who each register P01 offline arrive at
    /// one document: UUIDv5 with the group as namespace and the code as name.
    pub fn of(group: GroupId, code: impl fmt::Display) -> Self {
        Self(Uuid::new_v5(&group.0, code.to_string().as_bytes()))
    }
}

impl SharedLessonId {
    /// What is published of a lesson: UUIDv5 with the lesson as namespace and `shared` as name.
    pub fn of(lesson: LessonId) -> Self {
        Self(Uuid::new_v5(&lesson.0, b"shared"))
    }
}

impl AdoptionId {
    /// That an organisation adopts a lesson. Two of its people who note it write one document: UUIDv5 with the organisation as namespace and
    /// the id of the published lesson as name.
    pub fn of(organisation: OrganisationId, lesson: SharedLessonId) -> Self {
        Self(Uuid::new_v5(&organisation.0, lesson.to_string().as_bytes()))
    }
}

macro_rules! documents {
    ($($name:ident)*) => {$(
        impl From<$name> for DocumentId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
        impl From<DocumentId> for $name {
            fn from(id: DocumentId) -> Self {
                Self(id.0)
            }
        }
    )*};
}
documents! { GroupId ParticipantId SessionId ReferralId IncidentId ScreeningId LessonId SharedLessonId AdoptionId ServiceId }

impl StreamId {
    /// The stream that every organisation reads, and that the service alone writes: what they share.
    pub const PARTNERSHIP: Self = Self(Uuid::from_u128(0x1b1b_1b1b_0000_8000_8000_0000_0000_0001));
}

impl From<GroupId> for StreamId {
    fn from(id: GroupId) -> Self {
        Self(id.0)
    }
}

impl From<OrganisationId> for StreamId {
    fn from(id: OrganisationId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_meeting_has_one_id_whoever_records_it() {
        let group: GroupId = "018f3f6e-7d2c-7000-8000-0123456789ab".parse().expect("a UUID");
        let date: Date = "2026-03-05".parse().expect("a date");
        assert_eq!(SessionId::of(group, date, 0, 0), SessionId::of(group, date, 0, 0));
        assert_ne!(SessionId::of(group, date, 0, 0), SessionId::of(group, date, 1, 0));
        assert_ne!(SessionId::of(group, date, 0, 0), SessionId::of(group, date, 0, 1));
        assert_eq!(SessionId::of(group, date, 0, 0).to_string(), "322ac116-3e3b-5590-897e-f15bde95b74a");
    }

    #[test]
    fn a_code_has_one_id_whoever_registers_it() {
        let group: GroupId = "018f3f6e-7d2c-7000-8000-0123456789ab".parse().expect("a UUID");
        assert_eq!(ParticipantId::of(group, "P01"), ParticipantId::of(group, "P01"));
        assert_ne!(ParticipantId::of(group, "P01"), ParticipantId::of(group, "P02"));
    }

    #[test]
    fn what_is_no_id_is_refused_in_words() {
        assert_eq!("kabeza".parse::<GroupId>(), Err(NotAnId));
    }
}

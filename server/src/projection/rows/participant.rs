//! The row of a participant, and who began it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::{DeviceId, ParticipantId, StreamId};
use sync_core::person::marked;
use sync_core::record::{Participant, Place};

use super::word;
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::{participant_origins, participants};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = participants, treat_none_as_null = true)]
pub(in crate::projection) struct ParticipantRow {
    pub(in crate::projection) id: Db<ParticipantId>,
    group_id: Db<StreamId>,
    code: String,
    sex: Option<String>,
    age_band: Option<String>,
    family: Option<String>,
    consents: bool,
    exit: Option<String>,
    erased: bool,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
    same_as: Option<Db<ParticipantId>>,
    withdrawn: bool,
}

impl ParticipantRow {
    pub(in crate::projection) fn of(id: ParticipantId, participant: &Participant, clashes: &Clashes) -> Self {
        Self {
            id: Db(id),
            group_id: Db(participant.group.into()),
            code: participant.code.to_string(),
            sex: word(participant.sex),
            age_band: word(participant.age_band),
            family: word(participant.family.as_ref()),
            consents: participant.consents(),
            exit: word(participant.exit),
            erased: participant.erased.is_some(),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            void: word(participant.void.as_ref()),
            same_as: participant.same_as.map(Db),
            withdrawn: participant.consent_withdrawn.is_some(),
        }
    }

    /// Of one who was erased: nothing but that.
    pub(in crate::projection) fn erased(place: Place) -> Self {
        Self {
            id: Db(place.document.into()),
            group_id: Db(place.stream),
            code: String::new(),
            sex: None,
            age_band: None,
            family: None,
            consents: false,
            exit: None,
            erased: true,
            conflicts: 0,
            was_in_conflict: false,
            void: None,
            same_as: None,
            withdrawn: false,
        }
    }

    /// The columns by which the participant counts.
    pub(in crate::projection) fn counts(&self) -> impl PartialEq + use<> {
        (self.sex.clone(), self.age_band.clone(), self.consents, self.void.is_some(), self.erased)
    }

    /// The columns by which somebody elsewhere is told of the participant who was sent there.
    pub(in crate::projection) fn received(&self) -> impl PartialEq + use<> {
        let is_there = self.void.is_none() && !self.withdrawn && !self.erased;
        (self.sex.clone(), self.age_band.clone(), is_there, self.same_as)
    }

    /// The columns by which participants count in each other's place.
    pub(in crate::projection) fn stands(&self) -> impl PartialEq + use<> {
        (self.void.is_some() || self.erased, self.same_as)
    }
}

/// A device that began a participant's record, or gave its code to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = participant_origins, primary_key(participant_id, device_id))]
pub(in crate::projection) struct OriginRow {
    pub(in crate::projection) participant_id: Db<ParticipantId>,
    device_id: Db<DeviceId>,
    began: bool,
    confirmed: bool,
    split_to: Option<Db<ParticipantId>>,
}

pub(in crate::projection) fn origins(
    id: ParticipantId,
    participant: &Participant,
    document: &Document,
) -> Vec<OriginRow> {
    let begun_by = document.begun_by();
    let devices: BTreeSet<&DeviceId> = begun_by.iter().chain(participant.split.keys()).collect();
    let row = |device: &DeviceId| OriginRow {
        participant_id: Db(id),
        device_id: Db(*device),
        began: begun_by.contains(device),
        confirmed: participant.confirmed.contains(device),
        split_to: participant.split.contains_key(device).then(|| Db(marked(id, Some(participant), *device))),
    };
    devices.into_iter().map(row).collect()
}

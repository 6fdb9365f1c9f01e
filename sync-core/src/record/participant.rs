//! A participant: a pseudonym inside one group. No name, no phone, no ethnicity: no field could hold one.

use super::{AgeBand, Note, Sex, record};
use crate::form::{Entries, Field, Fixed, Invalid, Prevailing, Revocable, Set, Sticky};
use crate::id::{DeviceId, GroupId, ParticipantId};
use crate::time::Date;
use crate::value::{Pseudonym, codes, textual};

codes! {
    /// What a participant agreed to (Law 058/2021, articles 6 to 9).
    Purpose { Participation = "participation", Referral = "referral", Research = "research", Story = "story" }

    ConsentMethod { Oral = "oral", Written = "written", Electronic = "electronic" }

    Exit { Graduated = "graduated", DroppedOut = "dropped_out", Moved = "moved", Referred = "referred" }
}

textual!(Purpose, ConsentMethod, Exit);

record! {
    /// A person in one group, known there by a code. Level O.
    Participant edited by ParticipantEdit {
        group: Fixed<GroupId>,
        /// The pseudonym, `P07`.
        code: Fixed<Pseudonym>,
        sex: Field<Sex>,
        age_band: Field<AgeBand>,
        /// Ties members of one family together in multifamily groups, `F03`.
        family: Field<Pseudonym>,
        consent_purpose: Field<Purpose>,
        consent_method: Field<ConsentMethod>,
        consent_date: Field<Date>,
        /// Whether a guardian consented, for a minor.
        consent_guardian: Field<bool>,
        /// The day consent was withdrawn. Wins over anything said at the same time; whoever records consent again takes it
        /// back in the same change.
        consent_withdrawn: Prevailing<Date>,
        exit: Field<Exit>,
        /// The day the person asked to be erased (article 23): they count nowhere any more. Wins over anything said at the same time.
        erased: Sticky<Date>,
        /// The participant of the same group who is the same person, and counts in this one's place.
        same_as: Field<ParticipantId>,
        /// Devices that gave this code to somebody else, each with the code of that person: what such a device marks under
        /// this code belongs to them.
        split: Entries<DeviceId, Pseudonym>,
        /// Devices that began this record not knowing of each other, and of which somebody said that all mean one person.
        confirmed: Set<DeviceId>,
        /// Why the participant was recorded by mistake. Counts nowhere.
        void: Revocable<Note>,
    }
}

fn check(_: &Participant) -> Result<(), Invalid> {
    Ok(())
}

impl Participant {
    /// The id that this participant has by nature.
    pub fn natural_id(&self) -> ParticipantId {
        ParticipantId::of(self.group, &self.code)
    }

    /// Whether consent was given and still stands.
    pub fn consents(&self) -> bool {
        self.consent_date.is_some() && self.consent_withdrawn.is_none() && self.erased.is_none()
    }
}

//! A participant: a pseudonym inside one group. No name, no phone, no ethnicity: no field could hold one.

use super::{AgeBand, Sex};
use crate::form::{Field, Fixed, Invalid, Required, Sticky, record};
use crate::id::GroupId;
use crate::time::Date;
use crate::value::{Pseudonym, codes};

codes! {
    /// What a participant agreed to (Law 058/2021, articles 6 to 9).
    Purpose { Participation = "participation", Referral = "referral", Research = "research", Story = "story" }

    ConsentMethod { Oral = "oral", Written = "written", Electronic = "electronic" }

    Exit { Graduated = "graduated", DroppedOut = "dropped_out", Moved = "moved", Referred = "referred" }
}

record! {
    /// A person in one group, known there by a code. Level O.
    Participant edited by ParticipantEdit {
        group: Fixed<GroupId>,
        /// The pseudonym, `P07`.
        code: Required<Pseudonym>,
        sex: Field<Sex>,
        age_band: Field<AgeBand>,
        /// Ties members of one family together in multifamily groups, `F03`.
        family: Field<Pseudonym>,
        consent_purpose: Field<Purpose>,
        consent_method: Field<ConsentMethod>,
        consent_date: Field<Date>,
        /// Whether a guardian consented, for a minor.
        consent_guardian: Field<bool>,
        /// The day consent was withdrawn. Wins over anything said at the same time.
        consent_withdrawn: Sticky<Date>,
        exit: Field<Exit>,
        /// The day the person asked to be erased (article 23). Wins over anything said at the same time.
        erased: Sticky<Date>,
    }
}

fn check(_: &Participant) -> Result<(), Invalid> {
    Ok(())
}

impl Participant {
    /// Whether consent was given and still stands.
    pub fn consents(&self) -> bool {
        self.consent_date.is_some() && self.consent_withdrawn.is_none() && self.erased.is_none()
    }
}

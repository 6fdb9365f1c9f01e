//! A screening: one score of one participant. Never edited: corrected by a new one.

use super::{Note, record};
use crate::form::{Fixed, Invalid, Once, Revocable};
use crate::id::{ParticipantId, ScreeningId};
use crate::time::Date;
use crate::value::{Line, Whole, codes, textual};

codes! {
    Instrument {
        Pcl5 = "PCL-5",
        Phq9 = "PHQ-9",
        Gad7 = "GAD-7",
        Who5 = "WHO-5",
        Srq20 = "SRQ-20",
        Mspss = "MSPSS",
        CdRisc10 = "CD-RISC-10",
        SocialDignity = "social_dignity",
        Trust = "trust",
        Tolerance = "tolerance",
    }

    Timepoint { Baseline = "baseline", Mid = "mid", End = "end", FollowUp = "follow_up" }
}

textual!(Instrument, Timepoint);

pub type Score = Whole<0, 1000>;

record! {
    /// A score. Level S.
    Screening edited by ScreeningEdit {
        participant: Fixed<ParticipantId>,
        instrument: Fixed<Instrument>,
        version: Once<Line<20>>,
        timepoint: Fixed<Timepoint>,
        date: Once<Date>,
        score: Fixed<Score>,
        max: Fixed<Score>,
        /// The screening that this one corrects.
        corrects: Once<ScreeningId>,
        /// Whether an answer points at a risk to life, whatever the score.
        risk: Once<bool>,
        /// Why it was recorded by mistake.
        void: Revocable<Note>,
    }
}

fn check(screening: &Screening) -> Result<(), Invalid> {
    if screening.score > screening.max {
        return Err(Invalid::new("score", format!("must be at most {}", screening.max)));
    }
    Ok(())
}

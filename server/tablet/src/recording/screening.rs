//! The score of somebody on an instrument. What is recorded stays as it is; a wrong one is corrected by a new one.

use std::collections::BTreeSet;

use sync_core::id::{DocumentId, GroupId, ParticipantId, ScreeningId};
use sync_core::record::Screening;
use sync_core::record::instrument::Scale;
use sync_core::record::screening::{Instrument, Score, Timepoint};
use sync_core::tablet::Tablet;
use sync_core::time::Date;
use sync_core::value::Line;

use super::{RecordError, care};
use crate::device::Device;

/// A score.
#[derive(Debug, Clone)]
pub struct NewScreening {
    pub participant: ParticipantId,
    pub instrument: Instrument,
    /// Which version was used; where the instrument is scored in several ways, one of them by its name.
    pub version: Option<Line<20>>,
    pub timepoint: Timepoint,
    pub date: Date,
    pub score: i64,
    /// The greatest score that there is; needed only where the table of instruments has none.
    pub max: Option<i64>,
    /// Whether an answer points at a risk to life.
    pub risk: Option<bool>,
    /// The screening that this one corrects.
    pub corrects: Option<ScreeningId>,
}

impl Device {
    /// # Errors
    /// [`RecordError`] in words: the score is out of range, nobody said whether there is a risk, or what is corrected is of somebody else.
    /// Nothing is recorded then.
    pub fn record_screening(&mut self, new: NewScreening) -> Result<ScreeningId, RecordError> {
        let (stream, _) = care::about(self.tablet(), new.participant)?;
        if let (Some(item), None) = (new.instrument.asks_about_suicide(), new.risk) {
            return Err(RecordError::RiskNotSaid { instrument: new.instrument, item });
        }
        let (version, max) = new.scored()?;
        if let Some(corrects) = new.corrects {
            let (_, wrong) = care::open::<Screening>(self.tablet(), corrects)?;
            if (wrong.participant, wrong.instrument) != (new.participant, new.instrument) {
                return Err(RecordError::CorrectsAnother);
            }
        }
        let score = Score::try_from(new.score).map_err(sync_core::form::EditError::from)?;
        let max = Score::try_from(max).map_err(sync_core::form::EditError::from)?;
        let id = ScreeningId::new(&self.clock().moment());
        self.edit::<Screening>(stream, id, |screening| {
            screening.participant().set(new.participant)?;
            screening.instrument().set(new.instrument)?;
            version.map_or(Ok(()), |version| screening.version().set(version))?;
            screening.timepoint().set(new.timepoint)?;
            screening.date().set(new.date)?;
            screening.score().set(score)?;
            screening.max().set(max)?;
            new.corrects.map_or(Ok(()), |corrects| screening.corrects().set(corrects))?;
            new.risk.map_or(Ok(()), |risk| screening.risk().set(risk))
        })?;
        Ok(id)
    }
}

impl NewScreening {
    /// The version and the greatest score to record.
    fn scored(&self) -> Result<(Option<Line<20>>, i64), RecordError> {
        let scales = self.instrument.scales();
        let named =
            |scale: &&Scale| self.version.as_ref().is_some_and(|said| scale.version == Some(said.as_str()));
        let Some(scale) = scales.iter().find(named).or(scales.first()) else {
            let max = self.max.ok_or(RecordError::NoMax { instrument: self.instrument })?;
            return if self.score <= max {
                Ok((self.version.clone(), max))
            } else {
                Err(self.out_of_range(&format!("0 to {max}")))
            };
        };
        if !scale.holds(self.score) || self.max.is_some_and(|max| max != scale.most) {
            let range = |one: &Scale| match one.version {
                Some(version) => format!("{} to {} (--version {version})", one.least, one.most),
                None => format!("{} to {}", one.least, one.most),
            };
            return Err(self.out_of_range(&scales.iter().map(range).collect::<Vec<_>>().join(", or ")));
        }
        let usual = scale.version.map(|version| version.parse().expect("a word of our own table"));
        Ok((self.version.clone().or(usual), scale.most))
    }

    fn out_of_range(&self, range: &str) -> RecordError {
        RecordError::OutOfRange { instrument: self.instrument, score: self.score, range: range.to_owned() }
    }
}

/// The screenings of a group that are corrected by another one, which is not void itself.
pub fn corrected(tablet: &Tablet, group: GroupId) -> BTreeSet<DocumentId> {
    let all = care::of_group::<Screening>(tablet, group).into_iter();
    all.filter(|(_, one)| one.void.is_none()).filter_map(|(_, one)| one.corrects.map(Into::into)).collect()
}

//! What is known of each screening instrument: its range, its versions, and the usual cut-off. One table, for whoever records a score and
//! whoever reads one.
//!
//! The store takes a score that is out of range here ([`doubt`] says so to whoever reads it) and does not quarantine it: tablets that know
//! no table have recorded scores, a translation may be scored otherwise, and a score that waits for months in quarantine helps nobody.
//! `screening record` on the tablet refuses it, where the person with the sheet in their hand can look again.

use super::screening::{Instrument, Screening};

/// One way in which an instrument is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// What [`Screening::version`] says of it, where the instrument has several.
    pub version: Option<&'static str>,
    pub least: i64,
    pub most: i64,
    pub cut_off: Option<CutOff>,
}

/// The score from which the literature advises a closer look. Shown as a hint when a score is recorded, and never stored: a score is no
/// diagnosis, and cut-offs differ between populations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    pub score: i64,
    /// Whether low scores are those that ask for a closer look.
    pub below: bool,
    /// What to know of it, for people.
    pub about: Option<&'static str>,
}

const fn scale(least: i64, most: i64) -> Scale {
    Scale { version: None, least, most, cut_off: None }
}

const fn usual(score: i64) -> Option<CutOff> {
    Some(CutOff { score, below: false, about: None })
}

const fn usual_below(score: i64) -> Option<CutOff> {
    Some(CutOff { score, below: true, about: None })
}

impl Instrument {
    /// The ways in which it is scored, the usual one first; none where no range is published.
    ///
    /// | instrument | range | cut-off | source |
    /// |---|---|---|---|
    /// | PCL-5 | 20 items, 0 to 4 | 31 | Weathers et al. 2013, US National Center for PTSD: 31 to 33 |
    /// | PHQ-9 | 9 items, 0 to 3 | 10 | Kroenke, Spitzer, Williams 2001, doi:10.1046/j.1525-1497.2001.016009606.x |
    /// | GAD-7 | 7 items, 0 to 3 | 10 | Spitzer et al. 2006, doi:10.1001/archinte.166.10.1092 |
    /// | WHO-5 | 5 items, 0 to 5; or that times 4 | below 13; 50 or less | Topp et al. 2015, doi:10.1159/000376585 |
    /// | SRQ-20 | 20 items, yes or no | 8 men, 10 women | Scholte et al. 2011, in Byumba, doi:10.1186/1471-2288-11-116 |
    /// | MSPSS | 12 items, 1 to 7 | none | Zimet et al. 1988, doi:10.1207/s15327752jpa5201_2 |
    /// | CD-RISC-10 | 10 items, 0 to 4 | none | Campbell-Sills, Stein 2007, doi:10.1002/jts.20271 |
    ///
    /// Social dignity, trust and tolerance are the programme's own scales: their range is as it is recorded.
    pub const fn scales(self) -> &'static [Scale] {
        const PCL_5: &[Scale] = &[Scale { cut_off: usual(31), ..scale(0, 80) }];
        const PHQ_9: &[Scale] = &[Scale { cut_off: usual(10), ..scale(0, 27) }];
        const GAD_7: &[Scale] = &[Scale { cut_off: usual(10), ..scale(0, 21) }];
        const WHO_5: &[Scale] = &[
            Scale { version: Some("raw"), cut_off: usual_below(12), ..scale(0, 25) },
            Scale { version: Some("percentage"), cut_off: usual_below(50), ..scale(0, 100) },
        ];
        const IN_RWANDA: &str = "in Rwanda 8 was found for men and 10 for women";
        const SRQ_20: &[Scale] = &[Scale {
            cut_off: Some(CutOff { score: 8, below: false, about: Some(IN_RWANDA) }),
            ..scale(0, 20)
        }];
        const MSPSS: &[Scale] = &[scale(12, 84)];
        const CD_RISC_10: &[Scale] = &[scale(0, 40)];
        match self {
            Self::Pcl5 => PCL_5,
            Self::Phq9 => PHQ_9,
            Self::Gad7 => GAD_7,
            Self::Who5 => WHO_5,
            Self::Srq20 => SRQ_20,
            Self::Mspss => MSPSS,
            Self::CdRisc10 => CD_RISC_10,
            Self::SocialDignity | Self::Trust | Self::Tolerance => &[],
        }
    }

    /// The item that asks about ending one's life, in words: whoever records a score of this instrument must say how it was answered.
    pub const fn asks_about_suicide(self) -> Option<&'static str> {
        match self {
            Self::Phq9 => Some("item 9, thoughts that one would be better off dead"),
            Self::Srq20 => Some("item 17, the thought of ending one's life"),
            _ => None,
        }
    }

    /// The scale of a score that is out of this many. Only the greatest score tells scales apart in a record: `version` is free text.
    pub fn scale_of(self, max: i64) -> Option<&'static Scale> {
        self.scales().iter().find(|scale| scale.most == max)
    }
}

impl Scale {
    pub const fn holds(&self, score: i64) -> bool {
        self.least <= score && score <= self.most
    }

    /// The usual cut-off in words, where a score lies beyond it.
    pub fn hint(&self, score: i64) -> Option<String> {
        let CutOff { score: cut_off, below, about } = self.cut_off?;
        let beyond = if below { score <= cut_off } else { score >= cut_off };
        let side = if below { "below" } else { "above" };
        let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
        beyond.then(|| {
            format!("{score} is at or {side} the usual cut-off of {cut_off}{about}; a score is no diagnosis")
        })
    }
}

/// Why a recorded score can hardly be right, in words; `None` where it can, or no range is published.
pub fn doubt(instrument: Instrument, score: i64, max: i64) -> Option<String> {
    let scales = instrument.scales();
    let range = |scale: &Scale| format!("{} to {}", scale.least, scale.most);
    let ranges = || scales.iter().map(range).collect::<Vec<_>>().join(" or ");
    match instrument.scale_of(max) {
        _ if scales.is_empty() => None,
        None => Some(format!("{instrument} goes from {}, and this score is out of {max}.", ranges())),
        Some(scale) if !scale.holds(score) => {
            Some(format!("{instrument} goes from {}, and this score is {score}.", range(scale)))
        }
        Some(_) => None,
    }
}

impl Screening {
    /// Why the score can hardly be right: see [`doubt`].
    pub fn doubt(&self) -> Option<String> {
        doubt(self.instrument, self.score.get(), self.max.get())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_published_range_is_that_of_its_items() {
        // Number of items, least and most of each.
        let items = [
            (Instrument::Pcl5, 20, 0, 4),
            (Instrument::Phq9, 9, 0, 3),
            (Instrument::Gad7, 7, 0, 3),
            (Instrument::Who5, 5, 0, 5),
            (Instrument::Srq20, 20, 0, 1),
            (Instrument::Mspss, 12, 1, 7),
            (Instrument::CdRisc10, 10, 0, 4),
        ];
        for (instrument, number, least, most) in items {
            let usual = instrument.scales().first().expect("a scale");
            assert_eq!((usual.least, usual.most), (number * least, number * most), "{instrument}");
        }
        let published: Vec<Instrument> = items.map(|(instrument, ..)| instrument).to_vec();
        for instrument in Instrument::ALL {
            assert_eq!(published.contains(instrument), !instrument.scales().is_empty(), "{instrument}");
        }
    }

    proptest! {
        /// Of every instrument and number: a score in its range is never doubted, one out of it always; a cut-off lies within the range.
        #[test]
        fn a_score_is_doubted_where_no_scale_holds_it(at in 0..Instrument::ALL.len(), score in 0..1000i64, max in 0..1000i64) {
            let instrument = Instrument::ALL[at];
            let sound = instrument.scales().iter().any(|scale| scale.most == max && scale.holds(score));
            prop_assert_eq!(doubt(instrument, score, max).is_none(), sound || instrument.scales().is_empty());
            for scale in instrument.scales() {
                prop_assert!(doubt(instrument, scale.least, scale.most).is_none() && doubt(instrument, scale.most, scale.most).is_none());
                prop_assert!(scale.cut_off.is_none_or(|cut_off| scale.holds(cut_off.score)));
                prop_assert_eq!(instrument.scale_of(scale.most), Some(scale), "the greatest score tells scales apart");
                let beyond = scale.cut_off.is_some_and(|one| if one.below { score <= one.score } else { score >= one.score });
                prop_assert_eq!(scale.hint(score).is_some(), beyond);
            }
        }
    }

    #[test]
    fn a_hint_says_that_it_is_one() {
        let hint = |instrument: Instrument, score| instrument.scales()[0].hint(score);
        let said = "10 is at or above the usual cut-off of 10; a score is no diagnosis";
        assert_eq!(hint(Instrument::Phq9, 10).as_deref(), Some(said));
        assert_eq!(
            (hint(Instrument::Phq9, 9), hint(Instrument::Who5, 13), hint(Instrument::Mspss, 84)),
            (None, None, None)
        );
        let said = "12 is at or below the usual cut-off of 12; a score is no diagnosis";
        assert_eq!(hint(Instrument::Who5, 12).as_deref(), Some(said));
    }
}

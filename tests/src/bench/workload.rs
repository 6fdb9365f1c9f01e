//! What a meeting says: so many marks, and so many letters of a summary.

use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::id::{DeviceId, GroupId, ParticipantId};
use sync_core::record::Kind;
use sync_core::record::session::{Attendance, PartOfDay, Phase, Session, Theme};
use sync_core::time::{Date, Millis, day_in_rwanda};
use tablet::recording::{Details, Who};

use crate::village::marks;

/// A kind of meeting.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    pub name: &'static str,
    pub people: usize,
    pub letters: usize,
}

impl Workload {
    /// What other engines were measured with.
    pub const PLAIN: Self = Self { name: "6 marks, 300 letters", people: 6, letters: 300 };
    /// What a facilitator writes.
    pub const REALISTIC: Self = Self { name: "15 marks, 600 letters", people: 15, letters: 600 };

    /// The `number`th meeting: the same at each run, and hardly like any other.
    pub fn meeting(self, number: usize) -> Details {
        let mut dice = Dice(number as u64 * 7_919 + 11);
        let people: Vec<usize> = (1..=self.people).collect();
        let (absent, present): (Vec<usize>, Vec<usize>) = people.into_iter().partition(|_| dice.of(6) == 0);
        let mut attendance = marks(&present, Attendance::Present);
        attendance.extend(marks(&absent, Attendance::Absent));
        Details {
            minutes: i64::try_from(60 + dice.of(12) * 5).ok().and_then(|minutes| minutes.try_into().ok()),
            phase: Some(Phase::ALL[dice.of(Phase::ALL.len())]),
            themes: (0..2).map(|_| Theme::ALL[dice.of(Theme::ALL.len())]).collect(),
            attendance,
            summary: Some(self.summary(&mut dice)),
            ..Details::default()
        }
    }

    /// The first change of the `number`th meeting, in the group's `week`th week, as a tablet writes it.
    pub fn written(self, device: DeviceId, group: GroupId, week: usize, number: usize) -> Vec<u8> {
        self.begun(device, group, week, number).1
    }

    /// The record of that meeting.
    pub fn document(self, device: DeviceId, group: GroupId, week: usize, number: usize) -> Document {
        self.begun(device, group, week, number).0
    }

    fn begun(self, device: DeviceId, group: GroupId, week: usize, number: usize) -> (Document, Vec<u8>) {
        let details = self.meeting(number);
        let mut document = Document::genesis(Kind::Session);
        let written = document.edit::<Session>(Actor { device, incarnation: 0 }, now(), |session| {
            session.group().set(group)?;
            session.date().set(day_of(week))?;
            session.part().set(PartOfDay::Morning)?;
            details.minutes.map_or(Ok(()), |minutes| session.minutes().set(minutes))?;
            details.phase.map_or(Ok(()), |phase| session.phase().set(phase))?;
            for theme in &details.themes {
                session.themes().insert(theme)?;
            }
            for (who, mark) in &details.attendance {
                let Who::Code(code) = who else { continue };
                session.attendance().put(&ParticipantId::of(group, code), *mark)?;
            }
            session.summary().append(details.summary.as_deref().unwrap_or_default())
        });
        let written = written.expect("a sound session").expect("something new").bytes().to_vec();
        (document, written)
    }

    fn summary(self, dice: &mut Dice) -> String {
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let mut text = String::new();
        while text.chars().count() < self.letters {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(words[dice.of(words.len())]);
        }
        text.chars().take(self.letters).collect::<String>().trim().to_owned()
    }
}

/// The day of a group's `number`th meeting, counted back from today: one a week.
pub(super) fn day_of(number: usize) -> Date {
    let weeks = jiff::Span::new().weeks(number as i64 + 1);
    day_in_rwanda(now()).checked_sub(weeks).expect("a day of this age")
}

/// What tablets write and when they hand it in is of today, as the service's clock is.
pub(super) fn now() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

/// Numbers that follow from where it began (a linear congruential generator).
struct Dice(u64);

impl Dice {
    /// One below `most`.
    fn of(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// Words of a summary in Kinyarwanda.
const WORDS: &str = "\
    abantu twatangije isengesho umunota wo guceceka buri wese yavuze uko yumva ameze twaganiriye ku bwoba \
    n'agahinda abakuze babwiye urubyiruko amateka yabo bamwe bararize abandi barabahumuriza twasubiyemo amategeko \
    y'itsinda kubahana no kwizerana umwe mu bagize itsinda yasabye imbabazi umuturanyi yemeye kuzibabarira \
    bemeranyije gufatanya guhinga umurima icyumweru gitaha tuzakomeza ikiganiro cy'uburyo bwo gukemura \
    amakimbirane mu miryango hari abifuje gusurwa iwabo twasoje turirimba indirimbo y'amahoro abitabiriye \
    bishimiye ko bongeye guhura nyuma y'igihe kirekire batavugana neza";

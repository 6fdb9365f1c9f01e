//! A facilitator with a tablet: enrols people, records meetings, comes back to them. None of it needs a network.

use sync_core::conflict::Conflict;
use sync_core::id::{GroupId, ParticipantId};
use sync_core::moving::Slot;
use sync_core::record::AgeBand;
use sync_core::record::participant::{ConsentMethod, Purpose};
use sync_core::record::session::{Minutes, SessionState};
use sync_core::value::Pseudonym;
use tablet::clock::Clock;
use tablet::device::Device;
use tablet::recording::{Consent, Details, NewParticipant, NewSession, ParticipantDetails, RecordError};

use super::Failed;
use super::cast::PAIRS;
use super::line::Line;
use super::live::Stage;
use super::mishap::LOSS;
use super::plan::{Afterwards, Change, GroupPlan, Meeting, evening};
use super::tally::Tally;

pub(super) struct Tablet {
    pub(super) device: Device,
    pub(super) name: &'static str,
    pub(super) clock: Clock,
    pub(super) line: Line,
    /// Minutes by which its facilitator is later than the other.
    lag: i64,
}

impl Tablet {
    /// The tablet that one of a pair has after so many weeks.
    pub(super) fn open(stage: &Stage<'_>, pair: usize, seat: usize, lived: u32) -> Result<Self, Failed> {
        let name = PAIRS[pair].facilitators[seat];
        let clock = Clock::fixed(evening(stage.plan.calendar.on_day(0, 0), -9 * 60));
        let folder = match LOSS.has_another(pair, seat, lived) {
            true => stage.data.second_tablet(name),
            false => stage.data.tablet(name),
        };
        let device = Device::open(&folder, &stage.data.password, clock.clone())?;
        Ok(Self { device, name, clock, line: Line::to(stage.server)?, lag: 40 * seat as i64 })
    }

    /// The people of a group join it, with their consent.
    pub(super) fn enrol_people(&mut self, group: &GroupPlan, id: GroupId) -> Result<(), Failed> {
        self.clock.set(evening(group.begins_on(), -9 * 60));
        for (place, person) in group.people.iter().enumerate() {
            let minor = person.age_band == AgeBand::Under16;
            let details = ParticipantDetails {
                sex: Some(person.sex),
                age_band: Some(person.age_band),
                family: person.family.map(|family| code('F', family)).transpose()?,
                consent: Some(Consent {
                    purpose: Purpose::Participation,
                    method: if minor { ConsentMethod::Written } else { ConsentMethod::Oral },
                    date: group.begins_on(),
                    guardian: minor.then_some(true),
                }),
                ..ParticipantDetails::default()
            };
            let new = NewParticipant { code: code('P', place + 1)?, details };
            match self.device.add_participant(id, new) {
                // A run that was ended in the middle had them already.
                Ok(_) | Err(RecordError::CodeTaken { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Records a meeting the same evening, if its facilitator does, and corrects what is noticed a little later.
    pub(super) fn record(
        &mut self,
        meeting: &Meeting<'_>,
        seat: usize,
        group: GroupId,
        tally: &mut Tally,
    ) -> Result<(), Failed> {
        let Some(account) = &meeting.accounts[seat] else { return Ok(()) };
        self.clock.set(evening(meeting.date, self.lag));
        let marks = account.marks.iter().map(|(place, mark)| Ok((code('P', place + 1)?.into(), *mark)));
        let details = Details {
            starts_at: Some(meeting.group.starts_at().parse()?),
            minutes: Some(Minutes::try_from(account.minutes)?),
            phase: account.phase,
            themes: account.themes.clone(),
            attendance: marks.collect::<Result<_, Failed>>()?,
            headcount: account.heads.clone(),
            summary: Some(account.summary.clone()),
            state: Some(SessionState::Submitted),
            ..Details::default()
        };
        let wrong_day = meeting.wrong_day.filter(|_| seat == 1);
        let new = NewSession { date: wrong_day.unwrap_or(meeting.date), part: meeting.group.part, details };
        let session = self.device.record_session(group, new)?.session;
        tally.recorded += usize::from(wrong_day.is_none());
        if let Some((place, mark)) = account.correction {
            self.clock.set(evening(meeting.date, self.lag + 25));
            let attendance = vec![(code('P', place + 1)?.into(), mark)];
            self.device.edit_session(session, &Details { attendance, ..Details::default() })?;
            tally.edited += 1;
        }
        Ok(())
    }

    /// Comes back to a meeting of earlier weeks, if it is on this tablet.
    pub(super) fn come_back(
        &mut self,
        meeting: &Meeting<'_>,
        group: GroupId,
        afterwards: &Afterwards,
        tally: &mut Tally,
    ) -> Result<(), Failed> {
        let read = |id| self.device.tablet().record(id);
        let slot = Slot::of(group, meeting.date, meeting.group.part, read);
        if !slot.begun {
            return Ok(());
        }
        let session = slot.id;
        let day = meeting.group.calendar.on_day(afterwards.week, meeting.group.day);
        self.clock.set(evening(day, 120 + self.lag));
        match &afterwards.change {
            Change::Add { theme, summary } => {
                let details =
                    Details { themes: [*theme].into(), summary: Some(summary.clone()), ..Details::default() };
                let new = NewSession { date: meeting.date, part: meeting.group.part, details };
                self.device.record_session(group, new)?;
                tally.edited += 1;
            }
            Change::Settle => {
                for conflict in self.device.tablet().conflicts(session)? {
                    self.device.edit_session(session, &settling(&conflict)?)?;
                    tally.settled += 1;
                }
            }
        }
        Ok(())
    }
}

/// Sets the value that is shown, of those that clash.
fn settling(conflict: &Conflict) -> Result<Details, Failed> {
    let mut details = Details::default();
    let shown = conflict.shown();
    match conflict.field.split_once('/') {
        Some(("attendance", participant)) => {
            let who: ParticipantId = participant.parse()?;
            details.attendance.push((who.into(), shown.parse()?));
        }
        Some(("headcount", cell)) => {
            details.headcount.insert(cell.parse()?, shown.parse::<i64>()?.try_into()?);
        }
        None if conflict.field == "minutes" => {
            details.minutes = Some(Minutes::try_from(shown.parse::<i64>()?)?);
        }
        None if conflict.field == "phase" => details.phase = Some(shown.parse()?),
        _ => {}
    }
    Ok(details)
}

fn code(letter: char, number: usize) -> Result<Pseudonym, Failed> {
    Ok(format!("{letter}{number:02}").parse()?)
}

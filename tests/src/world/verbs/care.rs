//! Somebody is referred or screened, something happens at a meeting, and whoever holds the group goes on with it.

use sync_core::id::{IncidentId, ParticipantId, ReferralId, ScreeningId, SessionId};
use sync_core::record::incident::{Action, IncidentType, Severity};
use sync_core::record::referral::{ReferralEvent, ReferralStep, ServiceKind, Urgency};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::{Incident, Referral, Screening, Session};

use super::recording::{edit, some_day, somebody, somewhere};
use crate::world::{Sound, World};

/// With the step that it begins with, perhaps the consent without which it goes no further, and that they were sent; often to another organisation.
pub(super) fn refer(world: &mut World) -> Sound<bool> {
    let Some((at, group, person)) = somebody(world) else { return Ok(false) };
    let id = ReferralId::new(&world.moment_of(at));
    let on = some_day(world);
    let (to, urgency) = (world.dice.pick(ServiceKind::ALL), world.dice.pick(Urgency::ALL));
    let consented = world.dice.percent(60);
    let sent = consented && world.dice.percent(70);
    let other = world.slates[at].tablet.organisation();
    let others: Vec<_> = world.organisations.iter().map(|one| one.id).filter(|one| *one != other).collect();
    // Now and then to one's own.
    let partner = if world.dice.percent(90) { world.dice.pick(&others) } else { Some(other) };
    let partner = partner.filter(|_| world.dice.percent(80));
    edit::<Referral>(world, at, group, id, |referral| {
        referral.participant().set(ParticipantId::from(person))?;
        referral.to().set(to.unwrap_or(ServiceKind::HealthCentre))?;
        urgency.map_or(Ok(()), |urgency| referral.urgency().set(urgency))?;
        partner.map_or(Ok(()), |partner| referral.to_organisation().set(partner))?;
        referral.events().insert(&ReferralEvent { step: ReferralStep::Proposed, on })?;
        if consented {
            referral.events().insert(&ReferralEvent { step: ReferralStep::Consented, on })?;
        }
        if sent {
            referral.events().insert(&ReferralEvent { step: ReferralStep::Sent, on })?;
        }
        Ok(())
    })
}

/// Also one that the tablet refuses: nobody is sent without having consented.
pub(super) fn step(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    let there = world.slates[at].tablet.all::<Referral>(group.into());
    let Some((id, _)) = world.dice.pick(&there) else { return Ok(false) };
    let (step, urgency) = (world.dice.pick(ReferralStep::ALL), world.dice.pick(Urgency::ALL));
    let event = ReferralEvent { step: step.unwrap_or(ReferralStep::Closed), on: some_day(world) };
    let more_urgent = world.dice.percent(30);
    edit::<Referral>(world, at, group, id, |referral| {
        referral.events().insert(&event)?;
        urgency.filter(|_| more_urgent).map_or(Ok(()), |urgency| referral.urgency().set(urgency))
    })
}

/// At a meeting that is there; or what was done about an incident is added.
pub(super) fn happen(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    let there = world.slates[at].tablet.all::<Incident>(group.into());
    let meetings = world.slates[at].tablet.all::<Session>(group.into());
    let action = world.dice.pick(Action::ALL);
    if let Some((id, _)) = world.dice.pick(&there).filter(|_| world.dice.percent(50)) {
        return edit::<Incident>(world, at, group, id, |incident| {
            action.map_or(Ok(()), |action| incident.action().insert(&action))
        });
    }
    let Some((meeting, _)) = world.dice.pick(&meetings) else { return Ok(false) };
    let id = IncidentId::new(&world.moment_of(at));
    let (kind, severity) = (world.dice.pick(IncidentType::ALL), world.dice.pick(Severity::ALL));
    edit::<Incident>(world, at, group, id, |incident| {
        incident.session().set(SessionId::from(meeting))?;
        incident.kind().set(kind.unwrap_or(IncidentType::Threat))?;
        severity.map_or(Ok(()), |severity| incident.severity().set(severity))
    })
}

/// Now and then out of the instrument's range, as a program writes it that does not know it.
pub(super) fn screen(world: &mut World) -> Sound<bool> {
    let Some((at, group, person)) = somebody(world) else { return Ok(false) };
    let before = world.slates[at].tablet.all::<Screening>(group.into());
    let corrects = world.dice.pick(&before).filter(|_| world.dice.percent(20));
    let id = ScreeningId::new(&world.moment_of(at));
    let (instrument, timepoint) = (world.dice.pick(Instrument::ALL), world.dice.pick(Timepoint::ALL));
    let (score, date) = (world.dice.between(0, 40), some_day(world));
    edit::<Screening>(world, at, group, id, |screening| {
        screening.participant().set(ParticipantId::from(person))?;
        screening.instrument().set(instrument.unwrap_or(Instrument::Trust))?;
        screening.timepoint().set(timepoint.unwrap_or(Timepoint::End))?;
        screening.date().set(date)?;
        screening.score().set(score.try_into()?)?;
        screening.max().set(40.try_into()?)?;
        corrects.map_or(Ok(()), |(id, _)| screening.corrects().set(ScreeningId::from(id)))
    })
}

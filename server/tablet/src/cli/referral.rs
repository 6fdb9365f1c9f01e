//! `referral`: somebody is to see a service, and how far they have come.

use std::collections::BTreeSet;
use std::io::Write;

use clap::Subcommand;
use sync_core::change::Grounds;
use sync_core::history::{Step, step};
use sync_core::id::{DocumentId, GroupId, ReferralId};
use sync_core::record::referral::{ReferralEvent, ReferralReason, ReferralStep, ServiceKind, Urgency};
use sync_core::record::{Kind, Participant, Referral, Service};
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::care::{Voided, Whom, groups, saved};
use super::list::table;
use super::show::{row, told};
use super::when::{When, ask};
use super::{CommandError, codes, find, service, words};
use crate::device::Device;
use crate::recording::{Destination, NewReferral, of_group};

#[derive(Debug, Subcommand)]
pub enum ReferralCommand {
    /// Refer a participant to a service.
    Record {
        #[command(flatten)]
        whom: Whom,
        /// The service: the beginning of its name, or its id or the end of that, as `service list` shows them; or only its kind,
        /// such as community_health_worker, health_centre, district_hospital, specialised, isange_one_stop, legal, social or partner
        #[arg(long)]
        to: String,
        /// Why
        #[arg(long, value_parser = codes!(ReferralReason))]
        reason: ReferralReason,
        /// How urgent it is; unless said an emergency where a life or somebody's safety is at stake, else routine
        #[arg(long, value_parser = codes!(Urgency))]
        urgency: Option<Urgency>,
        /// They agree to be referred
        #[arg(long)]
        consented: bool,
        /// They were sent there
        #[arg(long)]
        sent: bool,
        /// The day; today unless said
        #[arg(long)]
        on: Option<When>,
        /// The day is right, though it looks wrong
        #[arg(long)]
        yes: bool,
    },
    /// Note how far a referral has come: consented, sent, arrived, closed or declined.
    Step {
        /// The referral's id or the end of it; or the code of a participant for whom one is open
        id: String,
        /// What happened
        #[arg(value_parser = codes!(ReferralStep))]
        step: ReferralStep,
        /// The day; today unless said
        #[arg(long)]
        on: Option<When>,
        /// The day is right, though it looks wrong
        #[arg(long)]
        yes: bool,
    },
    /// List the referrals for which something is still to be done, those that are overdue first.
    List {
        /// The group: its name or id, or the beginning of either; all groups unless said
        group: Option<String>,
        /// Also those that are closed, declined or void
        #[arg(long)]
        all: bool,
    },
    /// Show a referral in words.
    Show {
        /// Its id or the end of it
        id: String,
    },
    /// Say that a referral was recorded by mistake. Nothing is deleted.
    Void(Voided),
}

impl ReferralCommand {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Void(void) => vec![void.reason.as_str()],
            _ => Vec::new(),
        }
    }

    pub(super) fn shows(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Show { .. })
    }
}

pub(super) fn run(
    device: &mut Device,
    command: ReferralCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let today = device.clock().today();
    match command {
        ReferralCommand::Record { whom, to, reason, urgency, consented, sent, on, yes } => {
            let participant = whom.found(device)?;
            let to = destination(device, &to)?;
            let on = on.map_or(today, |on| on.on(today));
            ask(today, Some(on), None, yes)?;
            let steps = [(consented, ReferralStep::Consented), (sent, ReferralStep::Sent)];
            let steps: BTreeSet<ReferralStep> =
                steps.into_iter().filter(|(said, _)| *said).map(|(_, step)| step).collect();
            let id = device.record_referral(NewReferral { participant, to, reason, urgency, on, steps })?;
            saved(device, id, out)?;
            let short = find::end(id, &find::everything(device.tablet()));
            if !consented {
                writeln!(
                    out,
                    "Ask them whether they agree, then: ihuriro tablet referral step {short} consented"
                )?;
            } else if !sent {
                writeln!(out, "When they are sent: ihuriro tablet referral step {short} sent")?;
            }
            expected(device, id, out)
        }
        ReferralCommand::Step { id, step, on, yes } => {
            let id = ReferralId::from(meant(device, &id)?);
            let on = on.map_or(today, |on| on.on(today));
            ask(today, Some(on), None, yes)?;
            let noted = device.step_referral(id, ReferralEvent { step, on })?;
            let saved = if noted { "Saved" } else { "Nothing to change" };
            let said = words::record(device.tablet(), id.into());
            writeln!(out, "{saved}: {said}, {step} on {}.", words::day(on))?;
            ended(device, id, step, out)?;
            expected(device, id, out)
        }
        ReferralCommand::List { group, all } => list(device, group.as_deref(), all, out),
        ReferralCommand::Show { id } => super::show::one(device, meant(device, &id)?, out),
        ReferralCommand::Void(void) => {
            let id = meant(device, &void.id)?;
            void.put(device, id, |device, id, back, why| device.void_referral(id, back, why), out)
        }
    }
}

/// Says where a referral has ended all the same: its latest step counts.
fn ended(
    device: &Device,
    id: ReferralId,
    noted: ReferralStep,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let referral: Referral = device.tablet().read(id)?;
    let Some(last) = referral.latest().filter(|last| last.step.ends() && last.step != noted) else {
        return Ok(());
    };
    writeln!(
        out,
        "It was {} on {}, and stays so. To send them again, refer them anew; what was noted by mistake is made void: ihuriro tablet referral void",
        last.step,
        words::day(last.on)
    )?;
    Ok(())
}

/// A kind of service, or an entry of the directory.
fn destination(device: &Device, said: &str) -> Result<Destination, CommandError> {
    match said.trim().parse::<ServiceKind>() {
        Ok(kind) => Ok(kind.into()),
        Err(_) => Ok(device.destination(service::found(device, said)?.0)?),
    }
}

/// What somebody is referred to: the entry of the directory where one was chosen and is on the tablet, else the kind.
fn to(tablet: &Tablet, one: &Referral) -> String {
    let entry: Option<Service> = one.to_service.and_then(|id| tablet.read(id).ok());
    entry.map_or_else(|| words::plain(one.to), |entry| format!("{} ({})", entry.name, words::plain(one.to)))
}

/// A referral by its id; or by the code of a participant for whom only one is open.
fn meant(device: &Device, said: &str) -> Result<DocumentId, CommandError> {
    let tablet = device.tablet();
    let id = find::record(tablet, said)?;
    let Some((Kind::Participant, _)) = tablet.place_of(id) else {
        return Ok(find::of_kind(tablet, said, Kind::Referral)?);
    };
    let one: Participant = tablet.read(id)?;
    let mut open = of_group::<Referral>(tablet, one.group);
    open.retain(|(_, referral)| referral.participant == id.into() && referral.is_open());
    match open.as_slice() {
        [(id, _)] => Ok(*id),
        several => {
            let all = find::everything(tablet);
            let named = |(id, one): &(DocumentId, Referral)| {
                format!("{} ({})", to(tablet, one), find::end(*id, &all))
            };
            let there = words::listed(several.iter().map(named));
            Err(find::FindError::WhichReferral { code: one.code.to_string(), there }.into())
        }
    }
}

/// Says by when somebody who was sent is expected to have arrived.
fn expected(device: &Device, id: ReferralId, out: &mut dyn Write) -> Result<(), CommandError> {
    let referral: Referral = device.tablet().read(id)?;
    if let Some(from) = referral.overdue_from() {
        writeln!(out, "If nobody notes that they arrived, it is overdue from {} on.", words::day(from))?;
    }
    Ok(())
}

/// How many referrals on the tablet are overdue.
pub(super) fn overdue(device: &Device) -> usize {
    let (tablet, today) = (device.tablet(), device.clock().today());
    let of = |group| {
        of_group::<Referral>(tablet, group).into_iter().filter(|(_, one)| one.is_overdue(today)).count()
    };
    tablet.groups().into_iter().map(of).sum()
}

fn list(device: &Device, group: Option<&str>, every: bool, out: &mut dyn Write) -> Result<(), CommandError> {
    let (tablet, today) = (device.tablet(), device.clock().today());
    let (all, mut left_out, mut rows) = (find::everything(tablet), 0, Vec::new());
    for (group, named) in groups(device, group)? {
        for (id, one) in of_group::<Referral>(tablet, group) {
            if every || one.is_open() || waits_for_another(tablet, group, &one) {
                rows.push((named.name.to_string(), id, one));
            } else {
                left_out += 1;
            }
        }
    }
    // The longest overdue first, then those that will be, then the others, oldest first.
    let order =
        |(_, id, one): &(String, DocumentId, Referral)| (one.overdue_from().unwrap_or(Date::MAX), *id);
    rows.sort_by_key(order);
    let overdue = rows.iter().filter(|(_, _, one)| one.is_overdue(today)).count();
    writeln!(
        out,
        "{} for which something is to be done, {overdue} overdue.",
        words::count(rows.iter().filter(|(_, _, one)| one.is_open() || is_declined(one)).count(), "referral")
    )?;
    let mut table = table(["Group", "Code", "To", "Reason", "Urgency", "State", "Overdue", "Id"]);
    for (group, id, one) in &rows {
        let overdue = one.overdue_from().map(|from| match from <= today {
            true => format!("since {}", words::day(from)),
            false => format!("from {}", words::day(from)),
        });
        table.add_row(vec![
            group.clone(),
            words::code_of(tablet, one.participant),
            to(tablet, one),
            one.reason.map(words::plain).unwrap_or_default(),
            one.urgency.map(words::plain).unwrap_or_default(),
            state(tablet, *id, one),
            overdue.unwrap_or_default(),
            find::end(*id, &all),
        ]);
    }
    if !rows.is_empty() {
        writeln!(out, "{table}")?;
    }
    if overdue > 0 {
        writeln!(
            out,
            "Ask after those who are overdue, and note: ihuriro tablet referral step ID arrived --on DAY"
        )?;
    }
    if rows.iter().any(|(_, _, one)| is_declined(one)) {
        writeln!(
            out,
            "Who was declined needs another service: ihuriro tablet service list, then referral record"
        )?;
    }
    if left_out > 0 {
        writeln!(out, "Left out: {} closed, declined or void; see --all.", left_out)?;
    }
    Ok(())
}

/// How many people on the tablet were declined, and were not referred anew since.
pub(super) fn declined(device: &Device) -> usize {
    let tablet = device.tablet();
    let of = |group| {
        let all = of_group::<Referral>(tablet, group).into_iter();
        all.filter(|(_, one)| waits_for_another(tablet, group, one)).count()
    };
    tablet.groups().into_iter().map(of).sum()
}

fn is_declined(one: &Referral) -> bool {
    one.void.is_none() && one.latest().is_some_and(|latest| latest.step == ReferralStep::Declined)
}

/// Whether somebody was declined, and was not referred anew since: somebody has to find another service.
fn waits_for_another(tablet: &Tablet, group: GroupId, one: &Referral) -> bool {
    let Some(latest) = one.latest().filter(|_| is_declined(one)) else { return false };
    let anew = |(_, other): &(DocumentId, Referral)| {
        let since = other.begun_on().is_some_and(|begun| begun >= latest.on) && !is_declined(other);
        other.participant == one.participant && other.void.is_none() && since
    };
    !of_group::<Referral>(tablet, group).iter().any(anew)
}

/// Why whoever was to receive them declined, as they said it.
fn declined_because(tablet: &Tablet, id: DocumentId) -> Option<Grounds> {
    let document = tablet.document(id)?;
    let declines = |step: &Step| step.fields.iter().any(|field| field.field.contains("declined"));
    let all = document.changes().into_iter().filter_map(|change| step(&document, &change.hash()));
    all.filter(declines).filter_map(|step| step.grounds).last()
}

fn state(tablet: &Tablet, id: DocumentId, one: &Referral) -> String {
    let why = if is_declined(one) { declined_because(tablet, id) } else { None };
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let latest = one.latest().map(|event| format!("{} {}{why}", event.step, words::day(event.on)));
    let void = one.void.as_ref().map(|why| format!("void ({why})"));
    void.or(latest).unwrap_or_default()
}

/// `the referral of P07 of Abahuje to the health centre`.
pub(super) fn named(tablet: &Tablet, one: &Referral) -> String {
    format!("the referral of {} to: {}", words::record(tablet, one.participant.into()), to(tablet, one))
}

/// The referral, field by field.
pub(super) fn say(
    device: &Device,
    id: DocumentId,
    one: &Referral,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let tablet = device.tablet();
    writeln!(out, "Referral of {}", words::record(tablet, one.participant.into()))?;
    row(out, "To", to(tablet, one))?;
    let entry: Option<Service> = one.to_service.and_then(|id| tablet.read(id).ok());
    told(out, "Phone", entry.and_then(|entry| entry.phone))?;
    told(out, "Reason", one.reason.map(words::plain))?;
    told(out, "Urgency", one.urgency.map(words::plain))?;
    let mut events: Vec<&ReferralEvent> = one.events.iter().collect();
    events.sort_by_key(|event| (event.on, event.step));
    for (number, event) in events.into_iter().enumerate() {
        row(
            out,
            if number == 0 { "Steps" } else { "" },
            format!("{} on {}", event.step, words::day(event.on)),
        )?;
    }
    if is_declined(one) {
        told(out, "Declined", declined_because(tablet, id))?;
    }
    if let Some(from) = one.overdue_from() {
        let since = if from <= device.clock().today() { "since" } else { "from" };
        row(out, "Overdue", format!("{since} {}", words::day(from)))?;
    }
    let who: Option<Participant> = tablet.read(one.participant).ok();
    told(
        out,
        "Look again",
        who.as_ref().and_then(words::gone).map(|gone| format!("the participant {gone}")),
    )?;
    told(out, "Void", one.void.as_ref())
}

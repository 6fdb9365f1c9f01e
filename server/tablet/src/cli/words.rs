//! Codes, days and records as people say them.

use sync_core::area::{self, AreaCode};
use sync_core::conflict::{Claim, Conflict};
use sync_core::history::{FieldStep, Step, step};
use sync_core::id::{DeviceId, DocumentId, ParticipantId, SessionId};
use sync_core::record::session::{Cell, Session};
use sync_core::record::{AgeBand, Group, Kind, Lesson, Participant, Record, Service, Sex};
use sync_core::tablet::{Tablet, Waiting};
use sync_core::time::{Date, Millis};

use super::{incident, referral, screening};
use crate::clock::in_rwanda;

/// `5 March 2026`.
pub(super) fn day(date: Date) -> String {
    sync_core::day::in_words(date)
}

/// The day of a meeting, where the tablet has it.
pub(super) fn day_of(tablet: &Tablet, id: SessionId) -> String {
    tablet.read::<Session>(id).map_or_else(|_| "not known".into(), |session| day(session.date))
}

/// `5 Mar 2026 08:15`, as clocks in Rwanda show.
pub(super) fn time(at: Millis) -> String {
    in_rwanda(at).strftime("%-d %b %Y %H:%M").to_string()
}

/// `5 days ahead of`, where two clocks differ by more than a quarter of an hour.
pub(super) fn clock_off(ours: Millis, theirs: Millis) -> Option<String> {
    const MINUTE: u64 = 60_000;
    let minutes = ours.0.abs_diff(theirs.0) / MINUTE;
    let off = match minutes {
        0..=15 => return None,
        16..=119 => count(minutes, "minute"),
        120..=2879 => count(minutes / 60, "hour"),
        _ => count(minutes / (24 * 60), "day"),
    };
    Some(format!("{off} {}", if ours > theirs { "ahead of" } else { "behind" }))
}

/// `Kabeza, Kabeza, Rwimiyaga, Nyagatare, East`; the code of an area that this program does not know.
pub(super) fn place(code: AreaCode) -> String {
    area::find(code).map_or_else(|| code.to_string(), |area| area.path())
}

/// `new orientation`.
pub(super) fn plain(code: impl ToString) -> String {
    code.to_string().replace('_', " ")
}

pub(super) fn age(band: AgeBand) -> &'static str {
    match band {
        AgeBand::Under16 => "under 16",
        AgeBand::From16To24 => "16 to 24",
        AgeBand::From25To35 => "25 to 35",
        AgeBand::From36To59 => "36 to 59",
        AgeBand::From60 => "60 and over",
    }
}

/// `women 16 to 24`.
pub(super) fn heads(cell: &Cell) -> String {
    let who = match cell.sex {
        Sex::Female => "women",
        Sex::Male => "men",
    };
    format!("{who} {}", age(cell.age_band))
}

/// Why a change is quarantined, or what somebody decided about it.
pub(super) fn quarantined(one: &Waiting) -> String {
    match (&one.rejection, &one.reason) {
        (Some(rejection), _) => rejection.to_string(),
        (None, Some(reason)) => reason.to_string(),
        (None, None) => String::new(),
    }
}

/// `1 change`, `3 changes`.
pub(super) fn count(number: impl TryInto<u64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// `a, b and c`.
pub(super) fn listed(things: impl IntoIterator<Item = String>) -> String {
    let mut things: Vec<String> = things.into_iter().collect();
    match (things.pop(), things.is_empty()) {
        (None, _) => "none".into(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", things.join(", ")),
    }
}

/// `the meeting of Abahuje on 5 March 2026 (morning)`.
pub(super) fn record(tablet: &Tablet, id: DocumentId) -> String {
    let of =
        |group| tablet.read::<Group>(group).map_or_else(|_| "a group".into(), |group| group.name.to_string());
    if tablet.record(id).is_some_and(|record| matches!(record, Record::Erased(_))) {
        return "a record that was erased, as the person asked".into();
    }
    let told = match tablet.place_of(id) {
        Some((Kind::Group, _)) => {
            tablet.read::<Group>(id).ok().map(|group| format!("the group {}", group.name))
        }
        Some((Kind::Participant, _)) => {
            let one = tablet.read::<Participant>(id).ok();
            one.map(|one| format!("participant {} of {}", one.code, of(one.group)))
        }
        Some((Kind::Session, _)) => tablet.read::<Session>(id).ok().map(|session| {
            format!("the meeting of {} on {} ({})", of(session.group), day(session.date), session.part)
        }),
        Some((Kind::Lesson, _)) => {
            tablet.read::<Lesson>(id).ok().map(|lesson| format!("the lesson \"{}\"", lesson.title))
        }
        Some((Kind::Referral, _)) => tablet.read(id).ok().map(|one| referral::named(tablet, &one)),
        Some((Kind::Incident, _)) => tablet.read(id).ok().map(|one| incident::named(tablet, &one)),
        Some((Kind::Screening, _)) => tablet.read(id).ok().map(|one| screening::named(tablet, &one)),
        Some((Kind::Service, _)) => {
            tablet.read::<Service>(id).ok().map(|one| format!("the service {}", one.name))
        }
        Some((kind, _)) => Some(format!("a {kind}")),
        None => tablet.left().find(|one| one.document == id).map(|one| of_a_dropped_group(one.kind)),
    };
    told.unwrap_or_else(|| "a record that is not on this tablet".into())
}

fn of_a_dropped_group(kind: Kind) -> String {
    let one = match kind {
        Kind::Group => "the register of a group".into(),
        Kind::Session => "a meeting of a group".into(),
        kind => format!("a {kind} of a group"),
    };
    format!("{one} that this tablet holds no longer")
}

/// `minutes: 75 (Eric, 5 Mar 2026 09:00) or 90 (you, 5 Mar 2026 08:15); 90 is shown until somebody settles it`.
pub(super) fn conflict(tablet: &Tablet, conflict: &Conflict) -> String {
    let field = field(tablet, &conflict.field);
    if let Some(reads) = &conflict.reads {
        let version =
            |one: &Claim| format!("{} ({}, {})", quoted(&one.value), who(tablet, one.device), time(one.at));
        let versions: Vec<String> = conflict.claims.iter().map(version).collect();
        return format!(
            "{field}: {}; merged, it reads {} until somebody settles it",
            versions.join(" or "),
            quoted(reads)
        );
    }
    let claims: Vec<String> = conflict.claims.iter().map(|one| claim(tablet, one)).collect();
    let shown = value(conflict.shown());
    format!("{field}: {}; {shown} is shown until somebody settles it", claims.join(" or "))
}

fn claim(tablet: &Tablet, claim: &Claim) -> String {
    format!("{} ({}, {})", value(&claim.value), who(tablet, claim.device), time(claim.at))
}

fn who(tablet: &Tablet, device: DeviceId) -> &str {
    let own = device == tablet.device();
    if own { "you" } else { tablet.name_of(device).unwrap_or("somebody else") }
}

/// `Eric, 5 Mar 2026 10:40, minutes 75 and attendance of P03 late; …`, of what was recorded.
pub(super) fn steps(tablet: &Tablet, steps: &[Step]) -> String {
    let told = |step: &Step| {
        let said = step.fields.iter().filter_map(|one| field_step(tablet, one));
        format!("{}, {}, {}", who(tablet, step.actor.device), time(step.at), listed(said))
    };
    steps.iter().map(told).collect::<Vec<_>>().join("; ")
}

/// What the last change to a record that waits to be handed in put something else in the place of: `minutes 60 and attendance of P02 present`.
pub(super) fn replaced(tablet: &Tablet, id: SessionId) -> Option<String> {
    let change = tablet.outbox().filter(|one| one.document == id.into()).last()?;
    let step = step(&tablet.document(id)?, &change.hash)?;
    let gone =
        step.fields.iter().filter(|one| !matches!(one.field.as_str(), "state" | "summary" | "returned"));
    let gone = gone.filter(|one| one.to != one.from);
    let told = |one: &FieldStep| Some(format!("{} {}", field(tablet, &one.field), value(one.from.last()?)));
    let told: Vec<String> = gone.filter_map(told).collect();
    (!told.is_empty()).then(|| listed(told))
}

/// Why a meeting's record counts nowhere, of one that somebody set aside or of which a move was taken back.
pub(super) fn set_aside(tablet: &Tablet, session: &Session) -> Option<String> {
    let named = |id: SessionId| record(tablet, id.into());
    match (&session.void, session.moved_to, session.double_of, session.moved_from) {
        (Some(why), ..) => Some(format!("recorded by mistake ({why})")),
        (_, Some(to), ..) => Some(format!("moved to {}", named(to))),
        (_, _, Some(of), _) => Some(format!("marked as a double of {}", named(of))),
        (_, _, _, Some(from)) => Some(format!("made by a move of {} that was taken back", named(from))),
        (None, None, None, None) => None,
    }
}

/// What a field says since; none of what the record's id is made of, which goes without saying.
fn field_step(tablet: &Tablet, step: &FieldStep) -> Option<String> {
    let to = step.to.last().map_or("", String::as_str);
    Some(match (step.field.split_once('/'), step.field.as_str()) {
        (None, "group" | "date" | "part" | "nth" | "moved_from") => return None,
        (Some(("themes", theme)), _) if to == "true" => format!("theme {}", plain(theme)),
        (Some(("themes", theme)), _) => format!("not theme {}", plain(theme)),
        (Some(("facilitators_present", _)), _) => "a facilitator".to_owned(),
        (None, "summary") => format!("summary {}", quoted(&step.to.join("\n"))),
        (_, field) => format!("{} {}", self::field(tablet, field), value(to)),
    })
}

/// Lines of a text on one line.
fn quoted(lines: &str) -> String {
    format!("\"{}\"", lines.trim_end().replace('\n', " / "))
}

/// As it is typed in a command. Others wrote it, and a shell is to take none of it for more than words.
pub(super) fn typed(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:,/".contains(letter);
    let quoted = || format!("'{}'", word.replace('\'', r"'\''"));
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { quoted() }
}

fn value(value: &str) -> String {
    if value.is_empty() { "nothing".into() } else { plain(value) }
}

pub(super) fn field(tablet: &Tablet, field: &str) -> String {
    match field.split_once('/') {
        Some(("attendance", who)) => match who.parse() {
            Ok(id) => format!("attendance of {}", code_of(tablet, id)),
            Err(_) => "attendance".into(),
        },
        Some(("headcount", cell)) => match cell.parse() {
            Ok(cell) => format!("headcount of {}", heads(&cell)),
            Err(_) => "headcount".into(),
        },
        _ => plain(field),
    }
}

/// `your tablet`, `the tablet of Eric`.
pub(super) fn tablet_of(tablet: &Tablet, device: DeviceId) -> String {
    match tablet.name_of(device) {
        _ if device == tablet.device() => "your tablet".into(),
        Some(name) => format!("the tablet of {name}"),
        None => format!("tablet {}", &device.to_string()[..8]),
    }
}

/// Says of a group that was begun by mistake that nothing of it counts.
pub(super) fn void(group: &Group) -> Option<String> {
    let why = group.void.as_ref()?;
    Some(format!("{} was begun by mistake ({why}): nothing of it counts.", group.name))
}

/// Who came to a meeting: how many of those who are known, and how many heads were counted beside them.
pub(super) fn came(session: &Session) -> String {
    let heads: i64 = session.headcount.values().map(|count| count.get()).sum();
    match (session.attendance.is_empty(), heads) {
        (_, 0) => session.attended().to_string(),
        (true, heads) => format!("{heads} counted"),
        (false, heads) => format!("{}, {heads} counted", session.attended()),
    }
}

/// Why somebody should not be marked as having come; none where there is no reason.
pub(super) fn gone(one: &Participant) -> Option<String> {
    if let Some(why) = &one.void {
        return Some(format!("was recorded by mistake ({why})"));
    }
    if let Some(on) = one.erased {
        return Some(format!("asked on {} to be erased", day(on)));
    }
    if let Some(on) = one.consent_withdrawn {
        return Some(format!("withdrew consent on {}", day(on)));
    }
    one.exit.map(|exit| format!("left the group ({})", plain(exit)))
}

/// `you and 1 other`, of people whom a tablet knows by id only.
pub(super) fn facilitators(tablet: &Tablet, session: &Session) -> String {
    let present = &session.facilitators_present;
    let others = present.len() - usize::from(present.contains(&tablet.user()));
    match (others < present.len(), others) {
        (true, 0) => "you".into(),
        (true, others) => format!("you and {}", count(others, "other")),
        (false, 0) => "none noted".into(),
        (false, others) => format!("{}, not you", count(others, "facilitator")),
    }
}

/// The participants of a group that a person calls by code; ids where two tablets gave one code.
pub(super) fn code_of(tablet: &Tablet, id: ParticipantId) -> String {
    tablet.read::<Participant>(id).map_or_else(|_| "somebody".into(), |one| one.code.to_string())
}

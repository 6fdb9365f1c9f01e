//! Finding a record by what a person types: an id, its first letters, the beginning of a name, or a day.

use sync_core::fold::fold;
use sync_core::id::{DocumentId, GroupId, ParticipantId, SessionId, StreamId};
use sync_core::moving::Slot;
use sync_core::record::session::{PartOfDay, Session};
use sync_core::record::{Group, Incident, Kind, Participant, Referral, Screening};
use sync_core::tablet::Tablet;
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use super::words;
use crate::recording::of_group;

/// The least of an id that is shown or taken.
const LEAST: usize = 8;
const LEAST_TYPED: usize = 4;

/// Nothing, or more than one thing, was meant.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("this tablet holds no group yet; sync first, or ask your manager to assign you to one")]
    NoGroups,
    #[error("no group is called or begins with \"{said}\"; this tablet holds {there}")]
    NoGroup { said: String, there: String },
    #[error("several groups begin with \"{said}\": {there}; type more of the name, or the id")]
    SeveralGroups { said: String, there: String },
    #[error(
        "no group or code on this tablet is called \"{0}\", and no record has an id that begins or ends so"
    )]
    NoRecord(String),
    #[error("there is a {code} in {groups}; say of which: the group, then {code}")]
    SeveralPeople { code: String, groups: String },
    #[error("several records begin with \"{said}\": {there}; type more of the id")]
    SeveralRecords { said: String, there: String },
    #[error("of {code} these referrals are open: {there}; say which by its id")]
    WhichReferral { code: String, there: String },
    #[error("this tablet holds several groups: {0}; say which")]
    WhichGroup(String),
    #[error("\"{said}\" is {what}, and no {kind}")]
    OfAnotherKind { said: String, what: String, kind: Kind },
    #[error("\"{said}\" is {what}, not a meeting")]
    NotASession { said: String, what: String },
    #[error("no meeting of {group} is recorded on {date}")]
    NoSession { group: String, date: String },
    #[error("{group} met more than once on {date}; say which with --part: {parts}")]
    SeveralSessions { group: String, date: String, parts: String },
}

/// The groups on the tablet, by name.
pub(super) fn groups(tablet: &Tablet) -> Vec<(GroupId, Group)> {
    let read = |id: GroupId| Some((id, tablet.read::<Group>(id).ok()?));
    let mut groups: Vec<_> = tablet.groups().into_iter().filter_map(read).collect();
    groups.sort_by(|(a, one), (b, other)| (&one.name, a).cmp(&(&other.name, b)));
    groups
}

/// A group by its name, the beginning of its name, its id or the beginning of its id. Case and accents don't matter, as in the
/// service's own search. One that was begun by mistake is meant only where no other fits: often it has the other's name.
pub(super) fn group(tablet: &Tablet, said: &str) -> Result<(GroupId, Group), FindError> {
    let all = groups(tablet);
    let folded = fold(said.trim());
    let exact = |(_, group): &&&(GroupId, Group)| fold(group.name.as_str()) == folded;
    let begins = |(id, group): &&&(GroupId, Group)| {
        fold(group.name.as_str()).starts_with(&folded) || means_id(&id.to_string(), &folded)
    };
    let (void, sound): (Vec<_>, Vec<_>) = all.iter().partition(|(_, group)| group.void.is_some());
    let fits = [&sound, &void].into_iter().flat_map(|these| {
        let named: Vec<_> = these.iter().filter(exact).copied().collect();
        [named, these.iter().filter(begins).copied().collect()]
    });
    let found = fits.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    let list = |groups: &[&(GroupId, Group)]| {
        let one = |(id, group): &&(GroupId, Group)| format!("{} ({id})", group.name);
        words::listed(groups.iter().map(one))
    };
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] if all.is_empty() => Err(FindError::NoGroups),
        [] => Err(FindError::NoGroup {
            said: said.into(),
            there: words::listed(all.iter().map(|(_, group)| group.name.to_string())),
        }),
        several => Err(FindError::SeveralGroups { said: said.into(), there: list(several) }),
    }
}

/// Whether somebody means this id: by its beginning, or by its end ([`end`]).
pub(super) fn means_id(id: &str, said: &str) -> bool {
    said.len() >= LEAST_TYPED && (id.starts_with(said) || id.ends_with(said))
}

/// Every record that a person can look up, with its kind.
pub(super) fn everything(tablet: &Tablet) -> Vec<DocumentId> {
    let mut all = Vec::new();
    for group in tablet.groups() {
        let stream = StreamId::from(group);
        all.push(group.into());
        all.extend(tablet.all::<Participant>(stream).into_iter().map(|(id, _)| id));
        all.extend(tablet.all::<Session>(stream).into_iter().map(|(id, _)| id));
        all.extend(of_group::<Referral>(tablet, group).into_iter().map(|(id, _)| id));
        all.extend(of_group::<Incident>(tablet, group).into_iter().map(|(id, _)| id));
        all.extend(of_group::<Screening>(tablet, group).into_iter().map(|(id, _)| id));
    }
    all
}

/// The only group on the tablet.
pub(super) fn only_group(tablet: &Tablet) -> Result<GroupId, FindError> {
    let sound = groups(tablet).into_iter().filter(|(_, group)| group.void.is_none());
    match sound.collect::<Vec<_>>().as_slice() {
        [(id, _)] => Ok(*id),
        [] => Err(FindError::NoGroups),
        several => {
            Err(FindError::WhichGroup(words::listed(several.iter().map(|(_, group)| group.name.to_string()))))
        }
    }
}

/// A record of one kind, by its id or the beginning of it.
pub(super) fn of_kind(tablet: &Tablet, said: &str, kind: Kind) -> Result<DocumentId, FindError> {
    let id = record(tablet, said)?;
    match tablet.place_of(id) {
        Some((there, _)) if there == kind => Ok(id),
        _ => Err(FindError::OfAnotherKind { said: said.into(), what: words::record(tablet, id), kind }),
    }
}

/// Somebody by code, wherever on the tablet they are, or by id.
pub(super) fn participant(tablet: &Tablet, said: &str) -> Result<ParticipantId, FindError> {
    match by_code(tablet, said)? {
        Some(id) => Ok(id.into()),
        None => Ok(of_kind(tablet, said, Kind::Participant)?.into()),
    }
}

/// The least of an id that tells it from all others on the tablet.
pub(super) fn short(id: impl Into<DocumentId>, all: &[DocumentId]) -> String {
    let id = id.into();
    let whole = id.to_string();
    let others = all.iter().filter(|other| **other != id).map(ToString::to_string);
    let alike = |other: String| whole.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let needed = others.map(alike).max().map_or(LEAST, |alike| alike + 1).max(LEAST);
    whole.get(..needed).unwrap_or(&whole).trim_end_matches('-').to_owned()
}

/// The end of an id, as of referrals, incidents and screenings: their ids begin with the time, so that those of one minute begin alike.
pub(super) fn end(id: impl Into<DocumentId>, all: &[DocumentId]) -> String {
    let backwards = |id: DocumentId| id.to_string().bytes().rev().collect::<Vec<u8>>();
    let id = id.into();
    let (whole, mine) = (id.to_string(), backwards(id));
    let alike = |other: DocumentId| backwards(other).iter().zip(&mine).take_while(|(a, b)| a == b).count();
    let needed =
        all.iter().filter(|other| **other != id).map(|other| alike(*other) + 1).max().unwrap_or(0).max(LEAST);
    whole[whole.len().saturating_sub(needed)..].trim_start_matches('-').to_owned()
}

/// Somebody by their code, wherever they are; none where the words are no code of anybody.
fn by_code(tablet: &Tablet, said: &str) -> Result<Option<DocumentId>, FindError> {
    let Ok(code) = said.trim().parse::<Pseudonym>() else { return Ok(None) };
    let of = |(group, named): (GroupId, Group)| {
        let id = DocumentId::from(ParticipantId::of(group, &code));
        tablet.read::<Participant>(id).is_ok().then_some((id, named))
    };
    let found: Vec<(DocumentId, Group)> = groups(tablet).into_iter().filter_map(of).collect();
    match found.as_slice() {
        [] => Ok(None),
        [(id, _)] => Ok(Some(*id)),
        several => Err(FindError::SeveralPeople {
            code: code.to_string(),
            groups: words::listed(several.iter().map(|(_, group)| group.name.to_string())),
        }),
    }
}

/// A record of any kind: by id, by the beginning of its id, a participant by code, or a group by its name.
pub(super) fn record(tablet: &Tablet, said: &str) -> Result<DocumentId, FindError> {
    let folded = said.trim().to_lowercase();
    let all = everything(tablet);
    let found: Vec<_> = all.iter().copied().filter(|id| means_id(&id.to_string(), &folded)).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => match (group(tablet, said), by_code(tablet, said)?) {
            (Ok((id, _)), _) => Ok(id.into()),
            (Err(_), Some(id)) => Ok(id),
            (Err(several @ FindError::SeveralGroups { .. }), None) => Err(several),
            (Err(_), None) => Err(FindError::NoRecord(said.into())),
        },
        several => {
            let there = several.iter().map(|id| format!("{} ({id})", words::record(tablet, *id)));
            Err(FindError::SeveralRecords { said: said.into(), there: words::listed(there) })
        }
    }
}

/// A meeting: by its id, or by its group and day.
pub(super) fn session(
    tablet: &Tablet,
    said: &str,
    date: Option<Date>,
    part: Option<PartOfDay>,
) -> Result<SessionId, FindError> {
    let Some(date) = date else {
        let id = record(tablet, said)?;
        return match tablet.place_of(id) {
            Some((Kind::Session, _)) => Ok(id.into()),
            _ => Err(FindError::NotASession { said: said.into(), what: words::record(tablet, id) }),
        };
    };
    let (group, named) = group(tablet, said)?;
    let held = |part: PartOfDay| {
        let slot = Slot::of(group, date, part, |id| tablet.record(id));
        Some((part, slot.latest()?))
    };
    let asked = PartOfDay::ALL.iter().copied().filter(|one| part.is_none_or(|part| part == *one));
    let parts: Vec<(PartOfDay, SessionId)> = asked.filter_map(held).collect();
    let (name, date_words) = (named.name.to_string(), words::day(date));
    match parts.as_slice() {
        [(_, id)] => Ok(*id),
        [] => Err(FindError::NoSession { group: name, date: date_words }),
        several => {
            let parts = words::listed(several.iter().map(|(part, _)| part.to_string()));
            Err(FindError::SeveralSessions { group: name, date: date_words, parts })
        }
    }
}

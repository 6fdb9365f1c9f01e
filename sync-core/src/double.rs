//! Doubles: sessions that look like two records of one meeting ([`look_alike`]), sessions that people marked as doubles
//! ([`mark`]), and which of them totals count ([`set_aside`]).
//!
//! A session's id is made of its group, day and part of day. Where the day was written wrong at first, one meeting has two
//! documents. Nothing is deleted then: one is marked as the double of the other, totals count the meeting once, and the
//! mark can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;

use crate::change::{Actor, Change, Grounds};
use crate::document::Document;
use crate::form::EditError;
use crate::id::{GroupId, ParticipantId, SessionId};
use crate::limits::{MAX_COMPARED, MAX_COMPARED_NTH};
use crate::record::Session;
use crate::record::session::{Cell, Count, PartOfDay, Phase, SessionState, Theme};
use crate::time::{Date, Millis};

/// How many sessions a circle of marks may have of which one still counts. Nobody has so many records of one meeting.
pub const LONGEST_CIRCLE: usize = 32;

/// Whether totals count a session, as far as marks go. `mark` gives the session of the same group to which a session
/// was moved, or of which it is marked as the double; `None` where it is neither, or where the other session is not
/// there.
///
/// A marked session does not count, so of a chain the end counts. Two people who mark at the same time can make a
/// circle: of a circle the least id counts, on every tablet and at the service, and the meeting is neither lost nor
/// counted twice. Of a circle longer than [`LONGEST_CIRCLE`] none counts.
pub fn counts(id: SessionId, mark: impl Fn(SessionId) -> Option<SessionId>) -> bool {
    // `id` counts if it has no mark, or if the marks lead back to it by greater ids alone.
    let mut at = id;
    for _ in 0..LONGEST_CIRCLE {
        match mark(at) {
            None => return at == id,
            Some(next) if next <= id => return next == id,
            Some(next) => at = next,
        }
    }
    false
}

/// The fields of a session by which it and others count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Says {
    pub group: GroupId,
    pub void: bool,
    pub moved_to: Option<SessionId>,
    pub moved_from: Option<SessionId>,
    pub double_of: Option<SessionId>,
}

impl Says {
    pub fn of(session: &Session) -> Self {
        Self {
            group: session.group,
            void: session.void.is_some(),
            moved_to: session.moved_to,
            moved_from: session.moved_from,
            double_of: session.double_of,
        }
    }
}

/// Why totals leave a session out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetAside {
    Void,
    /// The session was moved, or a move made it and was taken back.
    Moved,
    Double,
}

/// The sessions among these that totals leave out, and why. `sessions` holds all sessions of the groups concerned.
///
/// 1. A void session counts nowhere.
/// 2. A session that a move made counts only while its source names it in `moved_to`: not once the move is taken back,
///    and of two moves at the same time only one counts.
/// 3. A session that was moved does not count, whatever became of the session to which it was moved.
/// 4. A session that is marked as a double does not count, unless the other session is void or made by a move that was
///    taken back: then the meeting would count nowhere.
pub fn set_aside(sessions: &BTreeMap<SessionId, Says>) -> BTreeMap<SessionId, SetAside> {
    let other = |of: &Says, id: SessionId| sessions.get(&id).filter(|other| other.group == of.group);
    let taken_back = |id: SessionId, says: &Says| {
        let source = says.moved_from.and_then(|from| other(says, from));
        source.is_some_and(|source| source.moved_to != Some(id))
    };
    let moved = |says: &Says| says.moved_to.filter(|to| other(says, *to).is_some());
    let double = |says: &Says| {
        let stands = |of: SessionId| other(says, of).is_some_and(|one| !one.void && !taken_back(of, one));
        says.double_of.filter(|of| stands(*of))
    };
    let mark = |id: SessionId| sessions.get(&id).and_then(|says| moved(says).or_else(|| double(says)));
    let why = |(id, says): (&SessionId, &Says)| {
        let why = match says {
            Says { void: true, .. } => SetAside::Void,
            says if taken_back(*id, says) => SetAside::Moved,
            _ if counts(*id, mark) => return None,
            says if moved(says).is_some() => SetAside::Moved,
            _ => SetAside::Double,
        };
        Some((*id, why))
    };
    sessions.iter().filter_map(why).collect()
}

/// The sessions among these that totals count: all that are not [set aside](set_aside).
pub fn counted(sessions: &BTreeMap<SessionId, Session>) -> BTreeSet<SessionId> {
    let says = sessions.iter().map(|(id, session)| (*id, Says::of(session))).collect();
    let left_out = set_aside(&says);
    sessions.keys().filter(|id| !left_out.contains_key(id)).copied().collect()
}

/// The traits of a session by which it is compared with another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    pub group: GroupId,
    pub date: Date,
    pub part: PartOfDay,
    /// Which record of its part of the day it is, from 0.
    pub nth: u8,
    /// Whether the session is void, moved or marked as a double: somebody has decided about it.
    pub set_aside: bool,
    pub verified: bool,
    pub phase: Option<Phase>,
    pub themes: BTreeSet<Theme>,
    /// The participants with a mark of attendance, each with whether they came.
    pub came: BTreeMap<ParticipantId, bool>,
    pub heads: BTreeMap<Cell, Count>,
}

impl Traits {
    pub fn of(session: &Session) -> Self {
        Self {
            group: session.group,
            date: session.date,
            part: session.part,
            nth: session.number(),
            set_aside: session.is_set_aside(),
            verified: session.state == SessionState::Verified,
            phase: session.phase,
            themes: session.themes.clone(),
            came: session.attendance.iter().map(|(who, mark)| (*who, mark.attended())).collect(),
            heads: session.headcount.clone(),
        }
    }

    /// Whether the session can be compared with one of another day or part: it says who came, of at most
    /// [`MAX_COMPARED`] people and cells, and is among the first records of its part of the day. The bounds hold off a
    /// group that was filled with records on purpose.
    pub fn compares(&self) -> bool {
        let said = self.came.len() + self.heads.len();
        self.nth <= MAX_COMPARED_NTH && (1..=MAX_COMPARED).contains(&said)
    }
}

/// Whether two sessions look like records of one meeting of which one has a wrong date, so that somebody should look.
/// The answer is the same whichever is `one`.
///
/// Groups meet every week, and nearly the same people come: that the marks agree says little by itself. That the days
/// are [such](days) as people write by mistake says much, as a weekly group meets on none of them. Both together are
/// worth a look. The minutes are not compared, as two facilitators rarely write the same length.
pub fn look_alike(one: &Traits, other: &Traits) -> bool {
    // 1. Somebody has decided already: a session that is void, moved or marked as a double, or two that were both
    //    verified.
    let looked_at = one.set_aside || other.set_aside || (one.verified && other.verified);
    if one.group != other.group || looked_at || !days(one.date).contains(&other.date) {
        return false;
    }
    // 2. On one day, in one part of it, a group meets once, whatever is marked. On other days who came must be much the
    //    same: sessions without marks give nothing to compare.
    let comparable = one.compares() && other.compares();
    (one.date, one.part) == (other.date, other.part)
        || (comparable && agree(one, other) && !contradict(one, other))
}

/// The days under which a meeting of `date` may be recorded by mistake, `date` among them: up to two days off, day and
/// month swapped, or another year within ten (in January people write the old year; one figure is mistyped). Not
/// another month: 5 February and 5 March can both be the day on which a group meets each week.
pub fn days(date: Date) -> BTreeSet<Date> {
    let near = (-2..=2).filter_map(|off: i64| date.checked_add(off.days()).ok());
    let swapped = Date::new(date.year(), date.day(), date.month()).ok();
    let years = (-10..=10).filter_map(|off| Date::new(date.year() + off, date.month(), date.day()).ok());
    near.chain(swapped).chain(years).collect()
}

/// Whether the two sessions say the same of at least four in five of the people and cells of the headcount that either
/// has.
fn agree(one: &Traits, other: &Traits) -> bool {
    let people: BTreeSet<_> = one.came.keys().chain(other.came.keys()).collect();
    let cells: BTreeSet<&Cell> = one.heads.keys().chain(other.heads.keys()).collect();
    let alike = people.iter().filter(|who| one.came.get(who) == other.came.get(who)).count()
        + cells.iter().filter(|cell| one.heads.get(cell) == other.heads.get(cell)).count();
    alike * 5 >= (people.len() + cells.len()) * 4
}

/// Whether the two sessions can't be of one meeting: they have different phases, or themes of which none is the same.
fn contradict(one: &Traits, other: &Traits) -> bool {
    let phases = one.phase.is_some() && other.phase.is_some() && one.phase != other.phase;
    let themes = !one.themes.is_empty() && !other.themes.is_empty() && one.themes.is_disjoint(&other.themes);
    phases || themes
}

/// Why a session is not marked, or its mark not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMarked {
    #[error("a meeting can't be the double of itself")]
    Itself,
    #[error("the other one is a meeting of another group")]
    OtherGroup,
    #[error("it is marked as a double already; take that back first")]
    Already,
    #[error(
        "the other one is marked as a double itself; name the one that counts, or take that mark back first"
    )]
    OfADouble,
    #[error("it is not marked as a double")]
    NoDouble,
}

/// Whether a session may be marked as the double of `of`, or (`None`) its mark be taken back. The session that counts
/// must not be marked itself, as far as the caller has heard.
///
/// # Errors
/// [`NotMarked`] in words.
pub fn check(
    (id, session): (SessionId, &Session),
    of: Option<(SessionId, &Session)>,
) -> Result<(), NotMarked> {
    match (of, session.double_of) {
        (None, None) => Err(NotMarked::NoDouble),
        (None, Some(_)) => Ok(()),
        (Some((of, _)), _) if of == id => Err(NotMarked::Itself),
        (Some((_, other)), _) if other.group != session.group => Err(NotMarked::OtherGroup),
        (Some(_), Some(_)) => Err(NotMarked::Already),
        (Some((_, other)), None) if other.double_of.is_some() => Err(NotMarked::OfADouble),
        (Some(_), None) => Ok(()),
    }
}

/// Marks a session as the double of another, or (`None`) takes the mark back: an ordinary change, which says why.
///
/// # Errors
/// [`EditError`] in words; the document is then as it was.
pub fn mark(
    document: &mut Document,
    actor: Actor,
    at: Millis,
    of: Option<SessionId>,
    grounds: &Grounds,
) -> Result<Option<Change>, EditError> {
    document.edit_because::<Session>(actor, at, grounds, |session| match of {
        Some(of) => session.double_of().set(of),
        None => session.double_of().clear(),
    })
}

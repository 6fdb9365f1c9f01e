//! Which sessions of a group look like records of one meeting, as rows. A pair has two rows, one from either session.
//!
//! The rows of a pair follow from two documents, so they are computed again whenever either is written. The writer
//! holds the lock of the group's stream: of two sessions written at once the later sees the row of the earlier (READ
//! COMMITTED), and the pair is found.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::double::{Traits, days, look_alike};
use sync_core::id::{ParticipantId, SessionId};
use sync_core::limits::{MAX_COMPARED, MAX_COMPARED_NTH};
use sync_core::record::Session;
use sync_core::record::session::{Attendance, SessionState};
use sync_core::time;

use crate::on_each;
use crate::store::schema::{attendances, headcounts, possible_doubles, session_themes, sessions};
use crate::store::{Conn, Db, StoreError};

/// Writes the pairs of some sessions of one group; gives the sessions that have other pairs than before. The rows of
/// these sessions are written already.
pub(super) fn write(
    tx: &mut Conn<'_>,
    sessions: &[(SessionId, &Session)],
) -> Result<BTreeSet<SessionId>, StoreError> {
    if sessions.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    for some in sessions.chunks(super::write::ROWS) {
        let ids = some.iter().map(|(id, _)| Db(*id));
        let pairs: Vec<(Db<SessionId>, Db<SessionId>)> = on_each!(tx, |c| possible_doubles::table
            .filter(possible_doubles::session_id.eq_any(ids))
            .load(c))?;
        old.extend(pairs.into_iter().flat_map(|(Db(one), Db(other))| [(one, other), (other, one)]));
    }
    for (id, others) in alike(tx, sessions)? {
        new.extend(others.into_iter().flat_map(|other| [(id, other), (other, id)]));
    }
    for (one, other) in old.difference(&new) {
        let gone = possible_doubles::table.find((Db(*one), Db(*other)));
        on_each!(tx, |c| diesel::delete(gone).execute(c))?;
    }
    let row = |(one, other): &(SessionId, SessionId)| {
        (possible_doubles::session_id.eq(Db(*one)), possible_doubles::other_id.eq(Db(*other)))
    };
    let rows: Vec<_> = new.difference(&old).map(row).collect();
    for some in rows.chunks(super::write::ROWS) {
        on_each!(tx, |c| diesel::insert_into(possible_doubles::table).values(some).execute(c))?;
    }
    Ok(old.symmetric_difference(&new).map(|(one, _)| *one).collect())
}

/// Deletes the pairs of a session.
pub(super) fn clear(tx: &mut Conn<'_>, id: SessionId) -> Result<(), StoreError> {
    let of = Db(id);
    let old = possible_doubles::session_id.eq(of).or(possible_doubles::other_id.eq(of));
    on_each!(tx, |c| diesel::delete(possible_doubles::table.filter(old)).execute(c))?;
    Ok(())
}

/// Whether the pairs of a session, in either of their two rows, are not those that it must have.
pub(super) fn differ(tx: &mut Conn<'_>, id: SessionId, session: &Session) -> Result<bool, StoreError> {
    type Others = Vec<Db<SessionId>>;
    let pairs = possible_doubles::table;
    let one: Others = on_each!(tx, |c| pairs
        .filter(possible_doubles::session_id.eq(Db(id)))
        .select(possible_doubles::other_id)
        .load(c))?;
    let other: Others = on_each!(tx, |c| pairs
        .filter(possible_doubles::other_id.eq(Db(id)))
        .select(possible_doubles::session_id)
        .load(c))?;
    let must = alike(tx, &[(id, session)])?.remove(&id).unwrap_or_default();
    let set = |others: Others| -> BTreeSet<SessionId> { others.into_iter().map(|Db(id)| id).collect() };
    Ok(set(one) != must || set(other) != must)
}

/// Sessions with the traits by which they are compared.
type Near = BTreeMap<SessionId, Traits>;

/// How many sessions are compared at once: the sessions near them are in memory together.
const TOGETHER: usize = 10;

/// For each of some sessions of one group, the sessions that look like a record of the same meeting.
///
/// 1. [`near`] reads the sessions on the days under which one of them may stand by mistake, without those that were set
///    aside.
/// 2. [`look_alike`] compares each pair.
///
/// No document is opened. How many rows are read of other days is bounded by [`MAX_COMPARED`] and [`MAX_COMPARED_NTH`].
fn alike(
    tx: &mut Conn<'_>,
    sessions: &[(SessionId, &Session)],
) -> Result<BTreeMap<SessionId, BTreeSet<SessionId>>, StoreError> {
    let mut all: Vec<(SessionId, Traits)> =
        sessions.iter().map(|(id, session)| (*id, Traits::of(session))).collect();
    all.retain(|(_, traits)| !traits.set_aside);
    all.sort_by_key(|(_, traits)| traits.date);
    let mut found = BTreeMap::new();
    for some in all.chunks(TOGETHER) {
        let near = near(tx, some)?;
        for (id, traits) in some {
            let days = days(traits.date);
            let others = near.iter().filter(|(other, one)| *other != id && days.contains(&one.date));
            let alike = others.filter(|(_, other)| look_alike(traits, other));
            found.insert(*id, alike.map(|(other, _)| *other).collect());
        }
    }
    Ok(found)
}

/// The sessions of the group on the days of some sessions, and those on the days that may be mistaken for these which
/// can be compared.
fn near(tx: &mut Conn<'_>, of: &[(SessionId, Traits)]) -> Result<Near, StoreError> {
    type Row = (Db<SessionId>, String, String, i32, String, Option<String>, i32);
    let Some((_, first)) = of.first() else { return Ok(Near::new()) };
    let own: BTreeSet<String> = of.iter().map(|(_, one)| one.date.to_string()).collect();
    let all: BTreeSet<String> =
        of.iter().flat_map(|(_, one)| days(one.date)).map(|day| day.to_string()).collect();
    let compares =
        sessions::nth.le(i32::from(MAX_COMPARED_NTH)).and(sessions::marked.between(1, MAX_COMPARED as i32));
    let rows: Vec<Row> = on_each!(tx, |c| sessions::table
        .filter(sessions::group_id.eq(Db(first.group)))
        .filter(sessions::date.eq_any(&all))
        .filter(sessions::void.is_null())
        .filter(sessions::moved_to.is_null())
        .filter(sessions::double_of.is_null())
        .filter(sessions::date.eq_any(&own).or(compares))
        .select((
            sessions::id,
            sessions::date,
            sessions::part,
            sessions::nth,
            sessions::state,
            sessions::phase,
            sessions::marked,
        ))
        .load(c))?;
    let mut comparable = Vec::new();
    let read = |(Db(id), date, part, nth, state, phase, marked): Row| {
        let traits = Traits {
            group: first.group,
            date: time::day(&date)?,
            part: part.parse().ok()?,
            nth: u8::try_from(nth).ok()?,
            set_aside: false,
            verified: state == SessionState::Verified.code(),
            phase: phase.and_then(|phase| phase.parse().ok()),
            themes: BTreeSet::new(),
            came: BTreeMap::new(),
            heads: BTreeMap::new(),
        };
        if nth <= i32::from(MAX_COMPARED_NTH) && (1..=MAX_COMPARED as i32).contains(&marked) {
            comparable.push(id);
        }
        Some((id, traits))
    };
    // A row that can't be read is left out; `ihuriro verify` names it.
    let mut near: Near = rows.into_iter().filter_map(read).collect();
    // Marks, themes and headcounts are read only where two sessions can be compared by them.
    if of.iter().any(|(id, one)| one.compares() && comparable.iter().any(|other| other != id)) {
        complete(tx, &comparable, &mut near)?;
    }
    Ok(near)
}

/// Adds the marks, themes and headcounts of the sessions `of`.
fn complete(tx: &mut Conn<'_>, of: &[SessionId], near: &mut Near) -> Result<(), StoreError> {
    let ids: Vec<Db<SessionId>> = of.iter().copied().map(Db).collect();
    let themes: Vec<(Db<SessionId>, String)> = on_each!(tx, |c| session_themes::table
        .filter(session_themes::session_id.eq_any(&ids))
        .select((session_themes::session_id, session_themes::theme))
        .load(c))?;
    let marks: Vec<(Db<SessionId>, Db<ParticipantId>, String)> = on_each!(tx, |c| attendances::table
        .filter(attendances::session_id.eq_any(&ids))
        .filter(attendances::shown.eq(true))
        .select((attendances::session_id, attendances::participant_id, attendances::mark))
        .load(c))?;
    let heads: Vec<(Db<SessionId>, String, String, i32)> = on_each!(tx, |c| headcounts::table
        .filter(headcounts::session_id.eq_any(&ids))
        .select((headcounts::session_id, headcounts::sex, headcounts::age_band, headcounts::heads))
        .load(c))?;
    for (Db(id), theme) in themes {
        if let (Some(of), Ok(theme)) = (near.get_mut(&id), theme.parse()) {
            of.themes.insert(theme);
        }
    }
    for (Db(id), Db(who), mark) in marks {
        if let (Some(of), Ok(mark)) = (near.get_mut(&id), mark.parse::<Attendance>()) {
            of.came.insert(who, mark.attended());
        }
    }
    for (Db(id), sex, age_band, heads) in heads {
        let cell = format!("{sex}/{age_band}").parse();
        if let (Some(of), Ok(cell), Ok(heads)) = (near.get_mut(&id), cell, i64::from(heads).try_into()) {
            of.heads.insert(cell, heads);
        }
    }
    Ok(())
}

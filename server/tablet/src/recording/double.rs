//! A meeting was recorded twice, once under a wrong day: one record is marked as the double of the other.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::double::{Traits, check, counted, days, look_alike};
use sync_core::id::{GroupId, SessionId, StreamId};
use sync_core::record::Session;
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::{RecordError, counts};
use crate::device::Device;

/// The records of a group's meetings on a tablet.
#[derive(Debug)]
pub struct Meetings {
    pub all: BTreeMap<SessionId, Session>,
    /// Those that totals count: each meeting once, and none of a void group.
    pub counted: BTreeSet<SessionId>,
    by_day: BTreeMap<Date, Vec<(SessionId, Traits)>>,
}

impl Meetings {
    pub fn of(tablet: &Tablet, group: GroupId) -> Self {
        let all = tablet.all::<Session>(StreamId::from(group)).into_iter();
        let all: BTreeMap<SessionId, Session> = all.map(|(id, session)| (id.into(), session)).collect();
        let counted = if counts(tablet, group) { counted(&all) } else { BTreeSet::new() };
        let mut by_day: BTreeMap<Date, Vec<(SessionId, Traits)>> = BTreeMap::new();
        for (id, session) in &all {
            by_day.entry(session.date).or_default().push((*id, Traits::of(session)));
        }
        Self { all, counted, by_day }
    }

    /// The records that look like one of the same meeting as this one, where both count.
    pub fn like(&self, id: SessionId) -> Vec<SessionId> {
        let Some(session) = self.all.get(&id).filter(|_| self.counted.contains(&id)) else {
            return Vec::new();
        };
        let traits = Traits::of(session);
        let near = days(session.date).into_iter().filter_map(|day| self.by_day.get(&day)).flatten();
        near.filter(|(other, one)| *other != id && self.counted.contains(other) && look_alike(&traits, one))
            .map(|(other, _)| *other)
            .collect()
    }
}

impl Device {
    /// Marks a record of a meeting as the double of another, which counts in its place; `None` takes the mark back.
    /// Nothing is deleted.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is marked then.
    pub fn mark_double(&mut self, session: SessionId, of: Option<SessionId>) -> Result<(), RecordError> {
        let marked: Session = self.tablet().read(session)?;
        let other: Option<(SessionId, Session)> = match of {
            Some(of) => Some((of, self.tablet().read(of)?)),
            None => None,
        };
        check((session, &marked), other.as_ref().map(|(of, other)| (*of, other)))?;
        self.edit::<Session>(StreamId::from(marked.group), session, |edit| match of {
            Some(of) => edit.double_of().set(of),
            None => edit.double_of().clear(),
        })?;
        Ok(())
    }
}

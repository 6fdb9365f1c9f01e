//! What will be recorded: pure, and the same every time. Groups are dealt to the pairs in turn, one that meets weekly,
//! one that meets monthly and so on, until there are as many sessions as were asked for.

mod calendar;
mod group;
mod meeting;
mod words;

pub(super) use calendar::{Calendar, WEEKS, evening, in_words};
pub(super) use group::GroupPlan;
pub(super) use meeting::{Afterwards, Change, Meeting};

use super::cast::PAIRS;

/// Each pair leads at least so many groups.
const LEAST_GROUPS: usize = 2;

pub(super) struct Plan {
    pub(super) calendar: Calendar,
    pub(super) groups: Vec<GroupPlan>,
}

impl Plan {
    /// With at least `sessions` distinct sessions in the first [`WEEKS`]; never fewer than two groups a pair have.
    pub(super) fn of(sessions: u32, calendar: Calendar) -> Self {
        let mut groups = Vec::new();
        let mut planned = 0;
        for index in 0.. {
            if index >= PAIRS.len() * LEAST_GROUPS && planned >= sessions {
                break;
            }
            let group = GroupPlan::of(index, calendar);
            planned += (0..WEEKS).filter(|week| group.meeting_number(*week).is_some()).count() as u32;
            groups.push(group);
        }
        Self { calendar, groups }
    }

    /// The groups of a pair.
    pub(super) fn led_by(&self, pair: usize) -> impl Iterator<Item = &GroupPlan> {
        self.groups.iter().filter(move |group| group.pair == pair)
    }

    /// The meetings of a pair's groups in a week, as they follow each other.
    pub(super) fn meetings(&self, pair: usize, week: u32) -> Vec<Meeting<'_>> {
        let mut meetings: Vec<_> = self.led_by(pair).filter_map(|group| group.meeting(week)).collect();
        meetings.sort_by_key(|meeting| (meeting.date, meeting.group.part));
        meetings
    }

    /// What is done in a week about meetings of earlier weeks.
    pub(super) fn afterwards(&self, pair: usize, week: u32) -> Vec<(Meeting<'_>, Afterwards)> {
        let earlier = week.saturating_sub(meeting::LATEST)..week;
        let meetings = earlier.flat_map(|week| self.meetings(pair, week));
        meetings
            .filter_map(|mut meeting| {
                let now = meeting.afterwards.take().filter(|after| after.week == week)?;
                Some((meeting, now))
            })
            .collect()
    }

    /// Who syncs at the end of a week, in which order: everybody now and then, never all at once.
    pub(super) fn syncs(pair: usize, week: u32) -> Vec<usize> {
        let (pair, week) = (pair as u32, week);
        let due = [(week + pair) % 3 == 2, (week + pair) % 2 == 1];
        let order = if (week + pair).is_multiple_of(2) { [0, 1] } else { [1, 0] };
        order.into_iter().filter(|seat| due[*seat]).collect()
    }
}

#[cfg(test)]
mod tests;

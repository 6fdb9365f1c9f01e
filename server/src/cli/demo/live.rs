//! The life of a pair: week after week they record offline, now and then one of them has a network.

use std::net::SocketAddr;

use indicatif::ProgressBar;
use server::clock::Clock;
use sync_core::id::GroupId;

use super::Failed;
use super::cast::PAIRS;
use super::count::Count;
use super::data::Data;
use super::mishap::Lost;
use super::plan::{Meeting, Plan, evening};
use super::record::Tablet;
use super::sync::{again, fault};
use super::tally::{Clashes, Tally, clashes};

/// What all pairs share.
pub(super) struct Stage<'a> {
    pub(super) plan: &'a Plan,
    pub(super) data: &'a Data,
    /// The ids of the plan's groups, in its order.
    pub(super) groups: &'a [GroupId],
    pub(super) server: SocketAddr,
    /// The service's clock. It is set to each week's end, so that tablets and service agree what day it is.
    pub(super) clock: &'a Clock,
    pub(super) bar: &'a ProgressBar,
}

/// Two facilitators, while they live.
pub(super) struct PairLife<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) pair: usize,
    pub(super) tablets: [Tablet; 2],
    /// The tablet that was lost and has not turned up yet.
    pub(super) lost: Option<Lost>,
    pub(super) tally: Tally,
}

/// What came of a pair's weeks.
pub(super) struct Life {
    pub(super) tally: Tally,
    /// What their two tablets hold in the end.
    pub(super) count: Count,
    /// What clashes on both of them and is not settled.
    pub(super) open: Clashes,
}

impl<'a> PairLife<'a> {
    pub(super) fn of(stage: &'a Stage<'a>, pair: usize) -> Result<Self, Failed> {
        let open = |seat| Tablet::open(stage, pair, seat, stage.data.progress().weeks[pair]);
        let tablets = [open(0)?, open(1)?];
        Ok(Self { stage, pair, tablets, lost: Lost::found_in(stage, pair)?, tally: Tally::default() })
    }

    /// Both fetch their groups, one of them enrols each group's people, and both learn of them.
    pub(super) fn begin(&mut self) -> Result<(), Failed> {
        if self.stage.data.progress().weeks[self.pair] > 0 {
            return Ok(());
        }
        for tablet in &mut self.tablets {
            tablet.sync(None, &mut self.tally)?;
        }
        for group in self.stage.plan.led_by(self.pair) {
            self.tablets[group.enrolled_by()].enrol_people(group, self.stage.groups[group.index])?;
        }
        for seat in [0, 1, 0] {
            self.tablets[seat].sync(None, &mut self.tally)?;
        }
        Ok(())
    }

    /// Lives one week, unless a run that was ended early has.
    pub(super) fn week(&mut self, week: u32) -> Result<(), Failed> {
        if self.stage.data.progress().weeks[self.pair] > week {
            return Ok(());
        }
        let plan = self.stage.plan;
        for meeting in plan.meetings(self.pair, week) {
            self.record(&meeting)?;
        }
        for (meeting, afterwards) in plan.afterwards(self.pair, week) {
            let id = self.id(&meeting);
            self.tablets[afterwards.seat].come_back(&meeting, id, &afterwards, &mut self.tally)?;
        }
        self.mishaps(week)?;
        for seat in Plan::syncs(self.pair, week) {
            let tablet = &mut self.tablets[seat];
            tablet.clock.set(evening(plan.calendar.on_day(week, 6), 60 * seat as i64));
            tablet.sync(fault(self.pair, seat, week), &mut self.tally)?;
            if again(self.pair, seat, week) {
                tablet.sync(None, &mut self.tally)?;
                self.tally.mishaps.push(format!(
                    "{}'s tablet synced twice in a row: the second time there was nothing to do.",
                    tablet.name
                ));
            }
        }
        self.stage.data.note(|progress| progress.weeks[self.pair] = week + 1)
    }

    /// Syncs both tablets, now.
    pub(super) fn last_syncs(&mut self) -> Result<(), Failed> {
        // The one who syncs first learns only the second time what the other handed in between.
        for seat in [0, 1, 0] {
            self.tablets[seat].clock.set(self.stage.clock.now());
            self.tablets[seat].sync(None, &mut self.tally)?;
        }
        Ok(())
    }

    /// Counts what is on the tablets.
    pub(super) fn end(self) -> Life {
        let led = self.stage.plan.led_by(self.pair);
        let groups: Vec<GroupId> = led.map(|group| self.stage.groups[group.index]).collect();
        let mut count = Count::default();
        for tablet in &self.tablets {
            count.add(tablet.device.tablet(), &groups);
        }
        let [one, other] = [0, 1].map(|seat| self.tablets[seat].device.tablet());
        let mut open: Clashes = count.sessions().flat_map(|session| clashes(one, session)).collect();
        open.retain(|key, _| clashes(other, key.0).contains_key(key));
        Life { tally: self.tally, count, open }
    }

    fn record(&mut self, meeting: &Meeting<'_>) -> Result<(), Failed> {
        let id = self.id(meeting);
        for (seat, tablet) in self.tablets.iter_mut().enumerate() {
            tablet.record(meeting, seat, id, &mut self.tally)?;
        }
        self.tally.meetings += 1;
        self.stage.bar.inc(1);
        Ok(())
    }

    pub(super) fn id(&self, meeting: &Meeting<'_>) -> GroupId {
        self.stage.groups[meeting.group.index]
    }
}

/// Lets all pairs do something at the same time, each in a thread.
pub(super) fn together<'a>(
    pairs: &mut [PairLife<'a>],
    what: impl Fn(&mut PairLife<'a>) -> Result<(), Failed> + Sync,
) -> Result<(), Failed> {
    std::thread::scope(|scope| {
        let doing: Vec<_> = pairs.iter_mut().map(|pair| scope.spawn(|| what(pair))).collect();
        let done = doing.into_iter().map(|one| {
            one.join().unwrap_or_else(|_| {
                Err("a pair of tablets broke off: this is a mistake of the program".into())
            })
        });
        // All of them end before any failure is told.
        done.collect::<Vec<_>>().into_iter().collect()
    })
}

/// What there is to live: how many meetings of weeks that no run has lived yet.
pub(super) fn ahead(plan: &Plan, data: &Data, weeks: u32) -> u64 {
    let lived = data.progress().weeks;
    let of = |pair: usize| (lived[pair]..weeks).map(move |week| plan.meetings(pair, week).len() as u64);
    (0..PAIRS.len()).flat_map(of).sum()
}

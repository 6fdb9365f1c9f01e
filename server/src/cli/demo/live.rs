//! The life of a pair: week after week they record offline, now and then one of them has a network.

use std::net::SocketAddr;

use indicatif::ProgressBar;
use sync_core::id::GroupId;

use super::Failed;
use super::cast::PAIRS;
use super::count::Count;
use super::data::Data;
use super::plan::{Meeting, Plan, evening, on_day};
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
    pub(super) bar: &'a ProgressBar,
}

/// What came of a pair's weeks.
pub(super) struct Life {
    pub(super) tally: Tally,
    /// What their two tablets hold in the end.
    pub(super) count: Count,
    /// What clashes on both of them and is not settled.
    pub(super) open: Clashes,
}

impl Stage<'_> {
    /// Lives a pair's weeks until `weeks` are over, syncs both tablets, and counts what is on them.
    pub(super) fn live(&self, pair: usize, weeks: u32) -> Result<Life, Failed> {
        let [first, second] = PAIRS[pair].facilitators;
        let mut tablets = [
            Tablet::open(self.data, first, 0, self.server)?,
            Tablet::open(self.data, second, 1, self.server)?,
        ];
        let mut tally = Tally::default();
        let lived = self.data.progress().weeks[pair];
        if lived == 0 {
            self.begin(pair, &mut tablets, &mut tally)?;
        }
        for week in lived..weeks {
            self.week(pair, week, &mut tablets, &mut tally)?;
            self.data.note(|progress| progress.weeks[pair] = week + 1)?;
        }
        // The one who syncs first learns only the second time what the other handed in between.
        for seat in [0, 1, 0] {
            let at = evening(on_day(weeks.saturating_sub(1), 6), 240 + 60 * seat as i64);
            tablets[seat].clock.set(at);
            tablets[seat].sync(None, &mut tally)?;
        }
        Ok(self.end(pair, &tablets, tally))
    }

    /// Both fetch their groups, one of them enrols each group's people, and both learn of them.
    fn begin(&self, pair: usize, tablets: &mut [Tablet; 2], tally: &mut Tally) -> Result<(), Failed> {
        for tablet in &mut *tablets {
            tablet.sync(None, tally)?;
        }
        for group in self.plan.led_by(pair) {
            tablets[group.enrolled_by()].enrol_people(group, self.groups[group.index])?;
        }
        for seat in [0, 1, 0] {
            tablets[seat].sync(None, tally)?;
        }
        Ok(())
    }

    fn week(
        &self,
        pair: usize,
        week: u32,
        tablets: &mut [Tablet; 2],
        tally: &mut Tally,
    ) -> Result<(), Failed> {
        for meeting in self.plan.meetings(pair, week) {
            for (tablet, account) in tablets.iter_mut().zip(&meeting.accounts) {
                if let Some(account) = account {
                    tablet.record(&meeting, self.id(&meeting), account, tally)?;
                }
            }
            tally.meetings += 1;
            self.bar.inc(1);
        }
        for (meeting, afterwards) in self.plan.afterwards(pair, week) {
            tablets[afterwards.seat].come_back(&meeting, self.id(&meeting), &afterwards, tally)?;
        }
        for seat in Plan::syncs(pair, week) {
            let tablet = &mut tablets[seat];
            tablet.clock.set(evening(on_day(week, 6), 60 * seat as i64));
            tablet.sync(fault(pair, seat, week), tally)?;
            if again(pair, seat, week) {
                tablet.sync(None, tally)?;
                tally.mishaps.push(format!(
                    "{}'s tablet synced twice in a row: the second time there was nothing to do.",
                    tablet.name
                ));
            }
        }
        Ok(())
    }

    fn end(&self, pair: usize, tablets: &[Tablet; 2], tally: Tally) -> Life {
        let groups: Vec<GroupId> = self.plan.led_by(pair).map(|group| self.groups[group.index]).collect();
        let mut count = Count::default();
        for tablet in tablets {
            count.add(tablet.device.tablet(), &groups);
        }
        let [one, other] = [0, 1].map(|seat| tablets[seat].device.tablet());
        let mut open: Clashes = count.sessions().flat_map(|session| clashes(one, session)).collect();
        open.retain(|key, _| clashes(other, key.0).contains_key(key));
        Life { tally, count, open }
    }

    fn id(&self, meeting: &Meeting<'_>) -> GroupId {
        self.groups[meeting.group.index]
    }
}

//! What goes wrong once in the three months, and what people do about it: a tablet is lost, and a meeting is recorded under
//! the day before.

use serde_json::json;
use sync_core::record::Group;
use tablet::device::Device;

use super::Failed;
use super::cast::PAIRS;
use super::desk::{Desk, text};
use super::live::{PairLife, Stage};
use super::plan::{evening, in_words};
use super::record::Tablet;

/// Whose tablet is lost, at the end of which week, and when it turns up again.
pub(super) const LOSS: Loss = Loss { pair: 1, seat: 1, week: 8, found: 10 };
/// When somebody looks at what looks like two records of one meeting.
const LOOK: u32 = 10;

pub(super) struct Loss {
    pub(super) pair: usize,
    pub(super) seat: usize,
    pub(super) week: u32,
    pub(super) found: u32,
}

impl Loss {
    /// Whether somebody holds their second tablet by now.
    pub(super) fn has_another(&self, pair: usize, seat: usize, lived: u32) -> bool {
        (pair, seat) == (self.pair, self.seat) && lived > self.week
    }
}

/// A tablet that nobody has.
pub(super) struct Lost(Tablet);

impl Lost {
    /// The tablet that an earlier run lost, where it has not turned up yet.
    pub(super) fn found_in(stage: &Stage<'_>, pair: usize) -> Result<Option<Self>, Failed> {
        let lived = stage.data.progress().weeks[pair];
        if pair != LOSS.pair || lived <= LOSS.week || lived > LOSS.found {
            return Ok(None);
        }
        Ok(Some(Self(Tablet::open(stage, pair, LOSS.seat, 0)?)))
    }
}

impl PairLife<'_> {
    pub(super) fn mishaps(&mut self, week: u32) -> Result<(), Failed> {
        if (self.pair, week) == (LOSS.pair, LOSS.week) {
            self.lose(week)?;
        }
        if (self.pair, week) == (LOSS.pair, LOSS.found) {
            self.turn_up(week)?;
        }
        if week == LOOK {
            self.look_for_doubles()?;
        }
        Ok(())
    }

    /// The tablet is gone with what waited on it. The manager revokes it and hands out a code for another one.
    fn lose(&mut self, week: u32) -> Result<(), Failed> {
        let (stage, name) = (self.stage, PAIRS[self.pair].facilitators[LOSS.seat]);
        let waiting = self.tablets[LOSS.seat].device.tablet().outbox().len();
        let manager = self.manager()?;
        let tablets = manager.get("/v1/devices?limit=500")?;
        let label = label(name);
        let of_them =
            tablets["items"].as_array().into_iter().flatten().find(|item| item["name"] == label.as_str());
        let there = of_them.ok_or("the lost tablet is not in the list of tablets")?;
        let (id, user) = (text(there, "id")?, text(there, "user_id")?);
        manager.post(&format!("/v1/devices/{id}/revoke"), &json!({}))?;

        let day = stage.plan.calendar.on_day(week, 6);
        let folder = stage.data.second_tablet(name);
        if !folder.exists() {
            let code =
                text(&manager.post(&format!("/v1/users/{user}/enrolment-codes"), &json!({}))?, "code")?;
            let clock = tablet::clock::Clock::fixed(evening(day, 30));
            let label = format!("Second tablet of {name}");
            Device::enrol(&folder, &stage.data.password, &manager.server, &code, &label, clock)?;
        }
        let mut second = Tablet::open(stage, self.pair, LOSS.seat, week + 1)?;
        second.clock.set(evening(day, 45));
        let requests = match second.sync(None, &mut self.tally)? {
            1 => "one request".to_owned(),
            many => format!("{many} requests"),
        };
        let lost = std::mem::replace(&mut self.tablets[LOSS.seat], second);
        self.lost = Some(Lost(lost));
        self.tally.mishaps.push(format!(
            "{name}'s tablet was lost on {}, with {waiting} changes that nobody else had. It was revoked the same evening; on \
             another one {name} had all groups again after {requests}.",
            in_words(day)
        ));
        Ok(())
    }

    /// Somebody finds it, and it reaches a network: it hands in what it had, is sent nothing, and drops what it holds.
    fn turn_up(&mut self, week: u32) -> Result<(), Failed> {
        let Some(Lost(mut lost)) = self.lost.take() else { return Ok(()) };
        let day = self.stage.plan.calendar.on_day(week, 6);
        lost.clock.set(evening(day, 15));
        let held = self.stage.plan.led_by(self.pair).count();
        lost.sync(None, &mut self.tally)?;
        // The second time it says that it has dropped all of it.
        lost.sync(None, &mut self.tally)?;
        let groups = self.stage.plan.led_by(self.pair).map(|group| self.stage.groups[group.index]);
        let left = groups.filter(|id| lost.device.tablet().read::<Group>(*id).is_ok()).count();

        let manager = self.manager()?;
        let waiting = manager.get("/v1/quarantine?reason=not-assigned&limit=500")?;
        let ids: Vec<&str> = waiting["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["id"].as_str())
            .collect();
        let mut merged = 0;
        if !ids.is_empty() {
            let released = manager.post("/v1/quarantine/release", &json!({ "ids": ids }))?;
            let outcomes = released["changes"].as_array().into_iter().flatten();
            merged = outcomes.filter(|change| change["outcome"] == "accepted").count();
        }
        self.tally.quarantined = self.tally.quarantined.saturating_sub(merged);
        self.tally.mishaps.push(format!(
            "It turned up on {}: its {} changes were quarantined, the manager looked at them and let them in, and {merged} \
             merged. Of the {held} groups that it held it has {left} now.",
            in_words(day),
            ids.len()
        ));
        Ok(())
    }

    /// Somebody at the desk looks at sessions that look alike, and marks the earlier one.
    fn look_for_doubles(&mut self) -> Result<(), Failed> {
        let manager = self.manager()?;
        let led: Vec<String> = self
            .stage
            .plan
            .led_by(self.pair)
            .map(|group| self.stage.groups[group.index].to_string())
            .collect();
        let alike = manager.get("/v1/sessions?possible_double=true&limit=500")?;
        let mut alike: Vec<_> = alike["items"].as_array().cloned().unwrap_or_default();
        alike.retain(|item| led.iter().any(|group| item["group_id"] == group.as_str()));
        alike.sort_by_key(|item| item["date"].to_string());
        let [wrong, right] = alike.as_slice() else { return Ok(()) };
        let reason = json!({ "of": right["id"], "reason": "Recorded under the day before by mistake." });
        manager.post(&format!("/v1/sessions/{}/double", text(wrong, "id")?), &reason)?;
        let day = |item: &serde_json::Value| -> Result<String, Failed> {
            Ok(in_words(text(item, "date")?.parse()?))
        };
        self.tally.mishaps.push(format!(
            "{} and {} recorded one meeting under {} and {}. The service found that they look alike; the manager marked the \
             first as the double of the other, and the meeting counts once.",
            PAIRS[self.pair].facilitators[0],
            PAIRS[self.pair].facilitators[1],
            day(wrong)?,
            day(right)?
        ));
        Ok(())
    }

    fn manager(&self) -> Result<Desk, Failed> {
        let server = format!("http://{}", self.stage.server);
        Desk::sign_in(&server, PAIRS[self.pair].organisation().manager, &self.stage.data.password)
    }
}

/// What a facilitator's first tablet is called.
pub(super) fn label(name: &str) -> String {
    format!("Tablet of {name}")
}

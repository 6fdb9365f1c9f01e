use std::collections::{BTreeMap, BTreeSet};

use sync_core::area::Level;
use sync_core::record::group::GroupKind;
use sync_core::record::session::Phase;

use super::*;
use crate::cli::demo::cast::ORGANISATIONS;
use crate::cli::demo::mishap::LOSS;
use sync_core::time::Date;

/// A Friday.
const TODAY: Date = Date::constant(2025, 10, 3);

fn plan(sessions: u32) -> Plan {
    Plan::of(sessions, Calendar::before(TODAY))
}

/// All that a plan says, in words.
fn told(plan: &Plan, weeks: u32) -> Vec<String> {
    let group = |group: &GroupPlan| format!("{} {} {}", group.name, group.village.code, group.people.len());
    let meetings =
        (0..PAIRS.len()).flat_map(|pair| (0..weeks).flat_map(move |week| plan.meetings(pair, week)));
    let meeting =
        |one: Meeting<'_>| format!("{} {} {:?} {:?}", one.group.name, one.date, one.accounts, one.afterwards);
    plan.groups.iter().map(group).chain(meetings.map(meeting)).collect()
}

fn all(plan: &Plan) -> Vec<Meeting<'_>> {
    (0..PAIRS.len()).flat_map(|pair| (0..WEEKS).flat_map(move |week| plan.meetings(pair, week))).collect()
}

#[test]
fn a_plan_is_the_same_every_time_and_more_groups_change_nothing_in_it() {
    let (small, larger) = (plan(120), plan(1000));
    assert_eq!(told(&small, 20), told(&plan(120), 20));
    let larger: BTreeSet<String> = told(&larger, 20).into_iter().collect();
    assert!(told(&small, 20).iter().all(|line| larger.contains(line)));
}

#[test]
fn there_are_as_many_sessions_as_asked_for_and_hardly_more() {
    for sessions in [96, 120, 500, 2000] {
        let planned = all(&plan(sessions)).len();
        assert!((sessions as usize..sessions as usize + 13).contains(&planned), "{sessions}: {planned}");
    }
    // Two groups a pair, of which one falls silent after nine of thirteen meetings.
    assert_eq!(all(&plan(1)).len(), 92);
}

#[test]
fn groups_are_of_the_size_and_the_rhythm_that_is_published() {
    let (plan, small) = (plan(1000), plan(1));
    for group in &plan.groups {
        let size = group.people.len();
        assert!(if group.is_open() { size == 0 } else { (9..=20).contains(&size) }, "{}", group.name);
        let meetings = (0..WEEKS).filter(|week| group.meeting(*week).is_some()).count();
        let usual = if group.kind == GroupKind::HealingSpace { 13 } else { 3 };
        assert_eq!(meetings, if group.index == 4 { 9 } else { usual });
        assert_eq!(group.village.level(), Level::Village);
        let district = group.village.chain().nth(1).map(|district| district.name);
        assert!(PAIRS[group.pair].districts.iter().any(|one| Some(*one) == district), "{district:?}");
    }
    for pair in 0..PAIRS.len() {
        assert!(small.led_by(pair).count() >= 2);
    }
    for organisation in 0..ORGANISATIONS.len() {
        assert_eq!(PAIRS.iter().filter(|pair| pair.organisation == organisation).count(), 2);
    }
}

#[test]
fn three_quarters_and_more_come_and_women_are_the_greater_part() {
    let plan = plan(2000);
    for meeting in all(&plan) {
        // What the second one says stands where they differ; a correction may take one more away.
        let marks: BTreeMap<usize, bool> = meeting
            .accounts
            .iter()
            .flatten()
            .flat_map(|one| one.marks.iter().map(|(place, mark)| (*place, mark.attended())))
            .collect();
        let came = marks.values().filter(|came| **came).count() * 100;
        assert!((75 * marks.len()..=95 * marks.len()).contains(&came), "{}", meeting.group.name);
    }
    let people = || plan.groups.iter().flat_map(|group| &group.people);
    let women = people().filter(|one| one.sex == sync_core::record::Sex::Female).count();
    assert!((50..=70).contains(&(women * 100 / people().count())));
}

#[test]
fn two_tablets_tell_most_meetings_and_differ_in_some() {
    let plan = plan(120);
    let (mut both, mut minutes, mut phases, mut marks, mut corrected) = (0, 0, 0, 0, 0);
    for meeting in all(&plan) {
        let [Some(first), Some(second)] = meeting.accounts else { continue };
        both += 1;
        minutes += usize::from(first.minutes != second.minutes);
        phases += usize::from(first.phase != second.phase);
        corrected += usize::from(second.correction.is_some());
        let same =
            |(place, mark): &(usize, _)| first.marks.iter().all(|one| one.0 != *place || one.1 == *mark);
        marks += usize::from(!second.marks.iter().all(same));
        assert_ne!(first.summary, second.summary);
        let everybody: BTreeSet<usize> =
            first.marks.iter().chain(&second.marks).map(|(place, _)| *place).collect();
        assert_eq!(everybody.len(), meeting.group.people.len());
    }
    assert!((60..=90).contains(&both), "{both}");
    assert!(
        minutes > 0 && phases > 0 && marks > 0 && corrected > 0,
        "{minutes} {phases} {marks} {corrected}"
    );
}

#[test]
fn phases_only_move_forward() {
    let reached: Vec<Phase> = (1..=16)
        .filter_map(|number| words::phase(sync_core::record::Modality::Sociotherapy, number))
        .collect();
    assert!(reached.is_sorted());
    assert_eq!((reached[0], reached[14]), (Phase::Safety, Phase::Memory));
}

#[test]
fn every_tablet_syncs_at_least_every_third_week() {
    for pair in 0..PAIRS.len() {
        for seat in 0..2 {
            let weeks: Vec<u32> =
                (0..WEEKS).filter(|week| Plan::syncs(pair, *week).contains(&seat)).collect();
            assert!(weeks.len() >= 4 && weeks.windows(2).all(|two| two[1] - two[0] <= 3));
        }
    }
    assert_eq!(in_words(plan(1).calendar.last_day(WEEKS)), "30 September 2025");
}

#[test]
fn thirteen_weeks_are_over_on_the_last_tuesday_whatever_day_it_is() {
    for (today, last) in [
        (Date::constant(2025, 9, 30), 23),
        (Date::constant(2025, 10, 1), 30),
        (Date::constant(2025, 10, 7), 30),
    ] {
        let calendar = Calendar::before(today);
        assert_eq!(calendar.last_day(WEEKS), Date::constant(2025, 9, last), "{today}");
        assert_eq!(calendar.weeks_before(today), WEEKS, "{today}");
        assert_eq!(calendar.weeks_before(today.saturating_add(jiff::Span::new().days(7))), WEEKS + 1);
    }
}

#[test]
fn what_the_demo_tells_of_mishaps_happens() {
    let plan = plan(120);
    // Something waits on the tablet that is lost: a meeting of that week, or of one since it last synced.
    let synced = (0..LOSS.week).rev().find(|week| Plan::syncs(LOSS.pair, *week).contains(&LOSS.seat));
    let since = synced.map_or(0, |week| week + 1)..=LOSS.week;
    let waiting = since.flat_map(|week| plan.meetings(LOSS.pair, week));
    assert!(waiting.filter(|meeting| meeting.accounts[LOSS.seat].is_some()).count() > 0);

    let wrong: Vec<Meeting<'_>> =
        all(&plan).into_iter().filter(|meeting| meeting.wrong_day.is_some()).collect();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].accounts.iter().all(Option::is_some));

    let open = all(&plan).into_iter().filter(|meeting| meeting.group.is_open());
    assert!(
        open.filter(|meeting| meeting.accounts.iter().flatten().all(|one| !one.heads.is_empty())).count()
            >= 3
    );
}

use std::collections::{BTreeMap, BTreeSet};

use sync_core::area::Level;
use sync_core::record::group::GroupKind;
use sync_core::record::session::Phase;

use super::*;
use crate::cli::demo::cast::ORGANISATIONS;

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
    let (plan, larger) = (Plan::of(120), Plan::of(1000));
    assert_eq!(told(&plan, 20), told(&Plan::of(120), 20));
    let larger: BTreeSet<String> = told(&larger, 20).into_iter().collect();
    assert!(told(&plan, 20).iter().all(|line| larger.contains(line)));
}

#[test]
fn there_are_as_many_sessions_as_asked_for_and_hardly_more() {
    for sessions in [96, 120, 500, 2000] {
        let planned = all(&Plan::of(sessions)).len();
        assert!((sessions as usize..sessions as usize + 13).contains(&planned), "{sessions}: {planned}");
    }
    assert_eq!(all(&Plan::of(1)).len(), 96);
}

#[test]
fn groups_are_of_the_size_and_the_rhythm_that_is_published() {
    let plan = Plan::of(1000);
    for group in &plan.groups {
        assert!((9..=20).contains(&group.people.len()), "{}", group.name);
        let meetings = (0..WEEKS).filter(|week| group.meeting(*week).is_some()).count();
        assert_eq!(meetings, if group.kind == GroupKind::HealingSpace { 13 } else { 3 });
        assert_eq!(group.village.level(), Level::Village);
        let district = group.village.chain().nth(1).map(|district| district.name);
        assert!(PAIRS[group.pair].districts.iter().any(|one| Some(*one) == district), "{district:?}");
    }
    for pair in 0..PAIRS.len() {
        assert!(Plan::of(1).led_by(pair).count() >= 2);
    }
    for organisation in 0..ORGANISATIONS.len() {
        assert_eq!(PAIRS.iter().filter(|pair| pair.organisation == organisation).count(), 2);
    }
}

#[test]
fn three_quarters_and_more_come_and_women_are_the_greater_part() {
    let plan = Plan::of(2000);
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
    let plan = Plan::of(120);
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
    assert_eq!(in_words(last_day(WEEKS)), "30 September 2025");
}

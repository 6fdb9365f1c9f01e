//! By every pair and triple of dimensions, also where a value is absent; register and headcount; marks of nobody.

use super::*;

fn check_all(village: &Village, records: &Records) {
    for by in choices(3) {
        let answer = village.aggregates(&format!("by={}", by.join(",")));
        let expected = records.by(&by, "aegis");
        assert_eq!(Count::of_answer(&answer), records.count(), "the total beside {by:?}");
        if !by.is_empty() {
            assert_eq!(rows(&answer, &by), expected.into_iter().collect::<Vec<_>>(), "{by:?}");
        }
    }
}

#[test]
fn every_pair_and_triple_of_dimensions_is_what_a_recount_gives() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        let circle = group_in(&village, "Ijwi", "dialogue_circle", "space_for_peace", "11010102");
        let other = group_in(&village, "Urumuri", "dialogue_circle", "peace_club", "52010102");
        for group in [circle, other] {
            village.assign(tablet.tablet().user(), group);
        }
        sync(&mut tablet);
        people_join(&mut tablet, village.group, 4);
        // Of these, one thing or both are not said.
        for (code, sex, age_band) in
            [("P05", Some(Sex::Male), None), ("P06", None, Some(AgeBand::From60)), ("P07", None, None)]
        {
            let mut person = NewParticipant::of(code.parse().expect("a pseudonym"));
            (person.details.sex, person.details.age_band) = (sex, age_band);
            tablet.add_participant(village.group, person).expect("a person joins");
        }
        let on = |year, month, day| Date::new(year, month, day).expect("a day");
        let mut met = |group, date: Date, details: Details| record(&mut tablet, group, date, details);
        met(village.group, on(2025, 12, 31), came(&[1, 2, 5]));
        let first = met(village.group, day(1, 5), came(&[1, 3, 6, 7]));
        met(
            village.group,
            day(3, 4),
            Details { attendance: marks(&[1, 2], Attendance::Absent), ..Details::default() },
        );
        met(village.group, day(4, 1), Details { phase: Some(Phase::Trust), ..Details::default() });
        let long = Some(90.try_into().expect("in range"));
        met(village.group, day(2, 5), Details { phase: Some(Phase::Trust), minutes: long, ..came(&[2, 4]) });
        met(
            circle,
            on(2025, 10, 1),
            heads(&[(Sex::Female, AgeBand::From16To24, 20), (Sex::Male, AgeBand::From60, 16)]),
        );
        met(circle, day(3, 31), heads(&[(Sex::Female, AgeBand::From60, 0)]));
        let both = heads(&[(Sex::Male, AgeBand::From36To59, 7)]);
        let both = met(other, day(2, 28), both);
        met(other, on(2024, 9, 2), heads(&[(Sex::Female, AgeBand::Under16, 3)]));
        mark_a_stranger(&mut tablet, village.group, first);
        mark_a_stranger(&mut tablet, other, both);
        sync(&mut tablet);

        let records = Records::of_tablets([&tablet], &[village.group, circle, other]);
        let count = records.count();
        let expected = Count {
            sessions: 9,
            by_register: 4,
            by_headcount: 3,
            attendances: 11,
            people: 7,
            heads: 46,
            minutes: 90,
        };
        assert_eq!(count, expected, "as set out above");
        check_all(&village, &records);
        for told in ["phase", "part", "state"] {
            for (value, count) in rows(&village.aggregates(&format!("by={told}")), &[told]) {
                let asked = format!("{told}={}", value[0]);
                if asked != "phase=unknown" {
                    assert_eq!(Count::of_answer(&village.aggregates(&asked)), count, "{asked}");
                }
            }
        }
        let told = village.aggregates("by=phase");
        assert!(told["rows"][0].get("people").is_none(), "somebody comes to meetings of several phases");
        assert_eq!(told["total"]["people"], 7);
        assert_eq!(village.aggregates("")["doubts"]["without_record"], 2);
    });
}

/// 36 people of an open circle stood in no total.
#[test]
fn heads_of_an_open_circle_are_counted_by_sex_and_age_and_never_added_to_attendances() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut tablet, village.group, 2);
        let circle = heads(&[(Sex::Female, AgeBand::From16To24, 20), (Sex::Male, AgeBand::From36To59, 16)]);
        record(&mut tablet, village.group, day(3, 4), circle);
        record(&mut tablet, village.group, day(3, 5), came(&[1, 2]));
        sync(&mut tablet);

        let listed = village.manager.all("/v1/sessions");
        let heads = |item: &Value| (item["attended"].as_i64(), item["heads"].as_i64());
        let mut listed: Vec<_> = listed.iter().map(heads).collect();
        listed.sort_unstable();
        assert_eq!(listed, [(Some(0), Some(36)), (Some(2), Some(0))]);
        let answer = village.aggregates("by=sex");
        let open = Count { sessions: 1, by_headcount: 1, ..Count::default() };
        let total = Count { sessions: 2, by_headcount: 1, heads: 36, ..Count::registered(1, 2, 2) };
        assert_eq!(Count::of_answer(&answer), Count { sessions: 2, ..total });
        let of_sex = |heads| Count { sessions: 2, by_headcount: 1, heads, ..Count::registered(1, 1, 1) };
        let expected = [("female", of_sex(20)), ("male", of_sex(16))];
        assert_eq!(rows(&answer, &["sex"]), expected.map(|(sex, count)| (vec![sex.to_owned()], count)));
        let young = village.aggregates("by=month&sex=female&age_band=16_24");
        assert_eq!(Count::of_answer(&young), Count { heads: 20, ..open });
        assert_eq!(Count::of_row(&young["rows"][0]), Count { heads: 20, ..open });
    });
}

/// Two parts of one day: also where nothing but the part differs, all counts hold.
#[test]
fn marks_of_people_without_a_record_are_attendances_of_nobody_and_said_to_be() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut tablet, village.group, 1);
        let morning = record(&mut tablet, village.group, day(3, 5), came(&[1]));
        let new = NewSession { date: day(3, 5), part: PartOfDay::Evening, details: Details::default() };
        let evening = tablet.record_session(village.group, new).expect("a meeting").session;
        for session in [morning, evening] {
            mark_a_stranger(&mut tablet, village.group, session);
        }
        sync(&mut tablet);
        let answer = village.aggregates("by=sex");
        assert_eq!(Count::of_answer(&answer), Count::registered(2, 3, 1));
        assert_eq!(answer["doubts"]["without_record"], 2);
        let unknown = rows(&answer, &["sex"]).into_iter().find(|(of, _)| of == &["unknown"]);
        assert_eq!(unknown.map(|(_, count)| count), Some(Count::registered(2, 2, 0)));
        // Once their record arrives, or the session is left out, there is nothing to say.
        let of = json!({"of": evening, "reason": "Recorded twice."});
        village.manager.post(&format!("/v1/sessions/{morning}/double"), &of).ok();
        assert_eq!(village.aggregates("")["doubts"]["without_record"], 1);
    });
}

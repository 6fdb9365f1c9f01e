//! Sessions that name somebody who is erased, in every shape that a session can have; and people who came under the code of somebody else.

use sync_core::change::Grounds;
use sync_core::record::session::PartOfDay;

use super::*;

fn why() -> Grounds {
    "So it was.".parse().expect("grounds")
}

/// Nobody is marked under the code, so the totals must stay as they are, whatever has to be recorded again.
#[test]
fn what_was_moved_doubled_and_made_void_counts_as_before() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut hers, village.group, 3);
        let (names, plain) = ("Of P03 they spoke.", "They spoke.");
        let mut meet = |date: i8, words: &str| {
            let attendance = marks(&[1, 2], Attendance::Present);
            let said = Details { attendance, summary: Some(words.into()), ..Details::default() };
            record(&mut hers, village.group, day(3, date), said)
        };
        let moved = meet(2, names);
        let (double, of_plain) = (meet(3, names), meet(4, plain));
        let (end, middle, start) = (meet(5, names), meet(6, names), meet(7, plain));
        let (void, moved_plain) = (meet(9, names), meet(10, plain));
        let moved_to = hers.move_session(moved, day(3, 12), PartOfDay::Morning, &why()).expect("it is moved");
        hers.mark_double(double, Some(of_plain)).expect("it is marked");
        // Of a double, which is marked later: the end of the chain counts.
        hers.mark_double(start, Some(middle)).expect("it is marked");
        hers.mark_double(middle, Some(end)).expect("it is marked");
        hers.void_session(void, false, &why()).expect("it is void");
        // It was moved to a record that names the code since.
        let there =
            hers.move_session(moved_plain, day(3, 13), PartOfDay::Evening, &why()).expect("it is moved");
        let edit = Details { summary: Some(names.into()), ..Details::default() };
        hers.edit_session(there, &edit).expect("it is edited");
        hers.sync(&mut ()).expect("a sync");
        is_sound(&app, &village);

        let counted = |village: &Village| {
            let answer = village.aggregates("");
            (Count::of_answer(&answer), Doubts::of_answer(&answer))
        };
        let before = counted(&village);
        let path = format!("/v1/participants/{}/erasure", ParticipantId::of(village.group, "P03"));
        let erased = village.manager.post(&path, &json!({"code": "P03"})).ok();
        // The person, the moved one with what it was moved to, the double, two of the chain, the void one, and what the last was moved to.
        assert_eq!((&erased["records"], &erased["left"]), (&json!(8), &json!([])), "{erased}");
        // What was moved stands where it was moved to, and is not recorded a second time.
        let stands = |session: SessionId| {
            let all = erased["sessions"].as_array().expect("a list");
            let one = all.iter().find(|one| one["session_id"] == json!(session)).expect("it was erased");
            one["recorded_again"].clone()
        };
        assert_eq!(stands(moved), stands(moved_to));
        assert_eq!(village.manager.all("/v1/sessions").len(), 9, "as many as there were, less the moved one");
        assert_eq!(counted(&village).0, before.0);
        assert_eq!(counted(&village).1.doubles, before.1.doubles);
        is_sound(&app, &village);
        assert!(!all_words(&app).iter().any(|words| words.contains("P03")));
        hers.sync(&mut ()).expect("a sync");
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.received, report.repaired.len()), (0, 0), "{report:?}");
    });
}

/// Two tablets gave one code to two people, of whom one is erased: the other came all the same.
#[test]
fn whoever_was_given_the_same_code_goes_on_counting() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        let mut his = village.facilitator_with_tablet(&app, "eric");
        for tablet in [&mut hers, &mut his] {
            people_join(tablet, village.group, 1);
        }
        let here = || Details { attendance: marks(&[1], Attendance::Present), ..Details::default() };
        let naming = Details { summary: Some("P01 spoke.".into()), ..here() };
        record(&mut hers, village.group, day(3, 4), here());
        record(&mut his, village.group, day(3, 5), here());
        record(&mut his, village.group, day(3, 6), naming);
        let sync = |tablet: &mut Device| drop(tablet.sync(&mut ()).expect("a sync"));
        sync(&mut hers);
        sync(&mut his);
        sync(&mut hers);
        let (one, device) = (ParticipantId::of(village.group, "P01"), his.tablet().device());
        hers.split_participant(one, device, "P02".parse().expect("a code"), &why())
            .expect("they are told apart");
        hers.sync(&mut ()).expect("a sync");
        let attendances = || village.aggregates("")["total"]["attendances"].as_i64();
        assert_eq!(attendances(), Some(3));
        let path = format!("/v1/participants/{one}/erasure");
        village.manager.post(&path, &json!({"code": "P01"})).ok();
        assert_eq!(attendances(), Some(2), "those of whom the other tablet meant");
        is_sound(&app, &village);
    });
}

//! One person or two: what two tablets gave one code, and what people say of it.

use sync_core::record::Participant;
use sync_core::value::Pseudonym;

use super::*;

#[test]
fn of_people_registered_on_two_tablets_each_counts_once_and_somebody_is_asked() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let group = village.group;
        // Neither knows of the other; at the first meeting one notes P03 as present and the other as absent.
        people_join(&mut jeanne, group, 3);
        people_join(&mut paul, group, 3);
        record(&mut jeanne, group, day(3, 4), came(&[1, 2, 3]));
        let mut his = came(&[1, 2]);
        his.attendance.extend(marks(&[3], Attendance::Absent));
        record(&mut paul, group, day(3, 4), his);
        let settle = |jeanne: &mut Device, paul: &mut Device| {
            for _ in 0..2 {
                sync(jeanne);
                sync(paul);
            }
        };
        settle(&mut jeanne, &mut paul);
        let told = || {
            let answer = village.aggregates("");
            let doubt = answer["doubts"]["one_or_two"].as_i64().expect("a number");
            (Count::of_answer(&answer).attendances, Count::of_answer(&answer).people, doubt)
        };
        let (first, people, asked) = told();
        // Of the two marks of P03 one is shown, and counts.
        assert!((2..=3).contains(&people), "the three are three at most: {people}");
        assert_eq!(asked, 3, "somebody is asked");

        // Of P01 and P02 both mean one person. Paul's P03 is somebody else, also in the meetings that were recorded before and in
        // the one that he records now, not having heard.
        let person = |number: usize| {
            let code: Pseudonym = format!("P{number:02}").parse().expect("a code");
            ParticipantId::of(group, &code)
        };
        let devices = [jeanne.tablet().device(), paul.tablet().device()];
        for number in [1, 2] {
            let confirmed = jeanne.edit::<Participant>(group.into(), person(number), |edit| {
                devices.iter().try_for_each(|device| edit.confirmed().insert(device))
            });
            assert!(confirmed.expect("an edit"));
        }
        let mut other = NewParticipant::of("P21".parse().expect("a code"));
        other.details.sex = Some(Sex::Male);
        jeanne.add_participant(group, other).expect("a person joins");
        let split = jeanne.edit::<Participant>(group.into(), person(3), |edit| {
            edit.split().put(&devices[1], "P21".parse().expect("a code"))
        });
        assert!(split.expect("an edit"));
        record(&mut paul, group, day(3, 5), came(&[3]));
        settle(&mut jeanne, &mut paul);
        // Jeanne's P03 came on the 4th, if hers was the mark that stood or not; P21 on the 5th.
        assert_eq!(told(), (4, 4, 0));
        assert!(first >= 2);

        // P02 turns out to be P01; and then not.
        let mut same = |of: Option<ParticipantId>| {
            let said = jeanne.edit::<Participant>(group.into(), person(2), |edit| match of {
                Some(of) => edit.same_as().set(of),
                None => edit.same_as().clear(),
            });
            assert!(said.expect("an edit"));
            settle(&mut jeanne, &mut paul);
            told()
        };
        assert_eq!(same(Some(person(1))), (3, 3, 0), "they came to the meeting of the 4th once");
        assert_eq!(same(None), (4, 4, 0), "taken back");
        assert_eq!(Count::of_answer(&village.aggregates("")), Records::of_store(app.store()).count());
    });
}

//! What was recorded in a session that counts nowhere goes where it counts: nothing that somebody wrote there is written over unasked.

use sync_core::change::Grounds;
use sync_core::record::session::{Minutes, PartOfDay};
use sync_core::time::Date;

use super::*;

fn lasted(minutes: i64) -> Details {
    Details { minutes: Some(Minutes::try_from(minutes).expect("in range")), ..Details::default() }
}

fn carried(cast: &Cast, from: SessionId, to: Date, clashes: Option<&str>) -> Answer {
    let mut body = json!({"date": to.to_string(), "reason": "Paul had not heard."});
    if let Some(clashes) = clashes {
        body["clashes"] = json!(clashes);
    }
    cast.odette.post(&format!("/v1/sessions/{from}/split"), &body)
}

#[test]
fn what_somebody_wrote_there_stays_unless_people_say_otherwise() {
    for (clashes, minutes) in [("keep", 100), ("replace", 75)] {
        Database::each(|database| {
            let mut cast = Cast::on(database);
            let group = cast.village.group;
            let first = Details { minutes: lasted(120).minutes, ..came(&[1, 2]) };
            let wrong = record(&mut cast.jeanne, group, day(3, 3), first);
            cast.settle();
            let moves = json!({"date": "2026-03-04", "reason": "The tablet's clock was wrong."});
            let moved = cast.odette.post(&format!("/v1/sessions/{wrong}/move"), &moves).ok();
            let right: SessionId = moved["session_id"].as_str().expect("an id").parse().expect("an id");
            // Jeanne hears of it and puts the time right. Paul does not, and does so in the first record, in which somebody came, too.
            sync(&mut cast.jeanne);
            cast.jeanne.edit_session(right, &lasted(100)).expect("an edit");
            cast.paul
                .edit_session(wrong, &Details { minutes: lasted(75).minutes, ..came(&[3]) })
                .expect("an edit");
            cast.settle();

            let asked = carried(&cast, wrong, day(3, 4), None);
            assert_eq!(asked.problem(), (409, "says-otherwise"));
            let errors = json!([{"field": "minutes", "detail": "says 100 there; recorded since: 75"}]);
            assert_eq!(asked.body["errors"], errors);
            let read = cast.read(right);
            assert_eq!((&read["minutes"], cast.total()), (&json!(100), (1, 2)), "nothing was carried over");
            let mistyped = carried(&cast, wrong, day(3, 4), Some("both"));
            assert_eq!(mistyped.body["errors"][0]["field"], "clashes");

            carried(&cast, wrong, day(3, 4), Some(clashes)).ok();
            let read = cast.read(right);
            assert_eq!((&read["minutes"], cast.total()), (&json!(minutes), (1, 3)), "{read}");
            assert_eq!(cast.read(wrong)["recorded_since"], false);
            cast.reconcile();
        });
    }
}

/// What stands there is what Paul saw: nothing is written over that anybody else wrote.
#[test]
fn what_stands_there_as_they_saw_it_is_put_right_without_asking() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let wrong = record(
            &mut cast.jeanne,
            group,
            day(3, 3),
            Details { minutes: lasted(120).minutes, ..came(&[1]) },
        );
        cast.settle();
        let moves = json!({"date": "2026-03-04", "reason": "The tablet's clock was wrong."});
        cast.odette.post(&format!("/v1/sessions/{wrong}/move"), &moves).ok();
        let absent = Details { attendance: marks(&[1], Attendance::Absent), ..lasted(75) };
        cast.paul.edit_session(wrong, &absent).expect("an edit");
        sync(&mut cast.paul);
        let right = carried(&cast, wrong, day(3, 4), None).ok();
        let read = cast.read(right["session_id"].as_str().expect("an id").parse().expect("an id"));
        assert_eq!((&read["minutes"], cast.total()), (&json!(75), (1, 0)), "{read}");
        cast.reconcile();
    });
}

/// Two moved it to two days, each with what they had seen. One of them counts; what its mover had not seen counts nowhere until somebody carries it
/// over, and settling which one it is does not hide that.
#[test]
fn of_two_moves_what_the_one_that_counts_had_not_seen_is_told_after_they_are_settled() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let wrong = record(&mut cast.jeanne, group, day(3, 3), came(&[1, 2]));
        cast.settle();
        let why: Grounds = "Another day.".parse().expect("grounds");
        cast.paul.edit_session(wrong, &came(&[3])).expect("an edit");
        let right =
            cast.jeanne.move_session(wrong, day(3, 4), PartOfDay::Morning, &why).expect("it is moved");
        let other = cast.paul.move_session(wrong, day(3, 5), PartOfDay::Morning, &why).expect("it is moved");
        cast.settle();

        if cast.read(wrong)["recorded_since"] == true {
            assert_eq!(carried(&cast, wrong, day(3, 4), None).problem(), (409, "still-clashes"));
        }
        let body =
            json!({"record": wrong, "field": "moved_to", "value": right, "reason": "It was the fourth."});
        cast.odette.post("/v1/conflicts/resolve", &body).ok();
        assert_eq!(
            (cast.read(right)["counts"].clone(), cast.read(other)["counts"].clone()),
            (json!(true), json!(false))
        );
        assert_eq!(cast.total(), (1, 2));
        assert_eq!(cast.listed("recorded_since=true"), [wrong.to_string()]);
        cast.settle();
        assert_eq!(cast.jeanne.tablet().recorded_since(wrong).len(), 1, "a tablet tells it, too");
        carried(&cast, wrong, day(3, 4), None).ok();
        assert_eq!(cast.total(), (1, 3));
        assert!(cast.listed("recorded_since=true").is_empty());
        cast.reconcile();
    });
}

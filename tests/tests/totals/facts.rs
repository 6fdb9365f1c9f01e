//! Facts: what was too much to be counted at once is counted a moment later, and adding up changes no answer.

use diesel::prelude::*;
use server::ledger::CaughtUp;
use server::on_each;
use server::store::schema::{
    attendances, doubt_sums, fact_sums, facts_due, length, participants, people_sums, settings,
};
use server::store::{Conn, Store, StoreError};

use super::*;

/// How many rows wait to be added up, and how many groups to be counted.
fn waiting(store: &Store) -> (i64, i64) {
    let count = |tx: &mut Conn<'_>| -> Result<(i64, i64), StoreError> {
        on_each!(tx, |c| {
            let facts: i64 = fact_sums::table.filter(length(fact_sums::part).gt(0)).count().get_result(c)?;
            let people: i64 =
                people_sums::table.filter(length(people_sums::part).gt(0)).count().get_result(c)?;
            let doubts: i64 =
                doubt_sums::table.filter(length(doubt_sums::part).gt(0)).count().get_result(c)?;
            Ok((facts + people + doubts, facts_due::table.count().get_result(c)?))
        })
    };
    store.read_blocking("count", count).expect("the store answers")
}

fn sound(store: &Store) {
    let mut found = Vec::new();
    server::verify::verify(store, &mut |finding| found.push(finding.to_string())).expect("it answers");
    assert!(found.is_empty(), "{found:?}");
}

/// What the sums of each level are read for.
fn answers(village: &Village) -> Vec<Value> {
    let of = [
        "",
        "&from=2026-02-01",
        "&age_band=16_24",
        "&area=52",
        "&modality=sociotherapy",
        "&to=2026-03-31&sex=female",
        "&area=11010102",
        "&phase=trust",
        "&part=morning&state=draft",
    ];
    let asked = choices(2).into_iter().zip(of.iter().cycle());
    let asked = choices(2).into_iter().map(|by| (by, &"")).chain(asked);
    asked.map(|(by, of)| village.aggregates(&format!("by={}{of}", by.join(",")))).collect()
}

#[test]
fn adding_up_changes_no_answer() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 9);
        for month in 1..=6 {
            for date in [3, 10] {
                let people = [1, 2, month as usize, 9];
                record(&mut jeanne, village.group, day(month, date), came(&people));
            }
            record(&mut jeanne, village.group, day(month, 17), heads(&[(Sex::Female, AgeBand::ALL[1], 7)]));
            sync(&mut jeanne);
        }
        let before = answers(&village);
        assert_eq!(app.run(server::facts::add_up(app.store())).map(|_| ()).ok(), Some(()));
        assert_eq!(waiting(app.store()), (0, 0));
        assert_eq!(answers(&village), before);
        // What is added now is added to that.
        let session = record(&mut jeanne, village.group, day(7, 3), came(&[4, 5]));
        mark_a_stranger(&mut jeanne, village.group, session);
        sync(&mut jeanne);
        assert_eq!(Count::of_answer(&village.aggregates("from=2026-07-01")), Count::registered(1, 3, 2));
        sound(app.store());
    });
}

#[test]
fn a_month_that_is_too_much_at_once_is_counted_a_moment_later() {
    /// As many as one record may name.
    const PEOPLE: usize = sync_core::limits::MAX_ENTRIES;

    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        for date in 1..=6 {
            let session = record(&mut jeanne, village.group, day(3, date), came(&[1, 2, 3]));
            let marked = jeanne.edit::<Meeting>(village.group.into(), session, |edit| {
                (4..=PEOPLE).try_for_each(|other| {
                    let stranger = ParticipantId::from_uuid(uuid::Uuid::from_u128(other as u128));
                    edit.attendance().put(&stranger, Attendance::Present)
                })
            });
            assert!(marked.expect("an edit"));
            sync(&mut jeanne);
        }
        record(&mut jeanne, village.group, day(4, 1), came(&[1, 2]));
        sync(&mut jeanne);
        sound(app.store());
        app.run(server::facts::catch_up(app.store())).expect("it is counted");
        assert_eq!(waiting(app.store()).1, 0);
        let total = Count::of_answer(&village.aggregates(""));
        assert_eq!(total, Count::registered(7, 6 * PEOPLE as i64 + 2, 3));
        sound(app.store());
        // Whoever corrects one of three people is heard in all of the months in which she came.
        let body = json!({"sex": "female", "reason": "She said so."});
        let people = village.manager.all(&format!("/v1/participants?group={}", village.group));
        let women = || Count::of_answer(&village.aggregates("sex=female"));
        let before = women().people;
        let other = people.iter().find(|one| one["sex"] != "female").expect("somebody else");
        let id = other["id"].as_str().expect("an id");
        village.manager.patch(&format!("/v1/participants/{id}"), &body).ok();
        app.run(server::facts::catch_up(app.store())).expect("it is counted");
        assert_eq!(women().people, before + 1);
        sound(app.store());
    });
}

#[test]
fn rows_of_an_earlier_version_are_computed_again_step_by_step_while_totals_say_so() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 120);
        record(&mut jeanne, village.group, day(3, 3), came(&[1, 119]));
        sync(&mut jeanne);
        let before = answers(&village);
        // As a store looks that an earlier version wrote.
        let forget = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            on_each!(tx, |c| {
                diesel::update(participants::table).set(participants::sex.eq("male")).execute(c)?;
                diesel::delete(attendances::table).execute(c)?;
                diesel::delete(settings::table.find("projection")).execute(c)
            })
        };
        app.store().write_blocking("test", forget).expect("forgotten");

        let being_counted = || village.aggregates("")["doubts"]["being_counted"].as_i64();
        let step = || app.run(server::ledger::catch_up(app.store())).expect("rows are computed again");
        assert_eq!(being_counted(), Some(0));
        assert_eq!(step(), CaughtUp::Partly);
        assert_eq!(being_counted(), Some(1));
        assert_eq!(village.aggregates("from=2026-03-02")["doubts"]["being_counted"], 1, "of days, too");
        assert_eq!(step(), CaughtUp::Whole);
        assert_eq!(being_counted(), Some(1), "facts follow");
        app.run(server::facts::catch_up(app.store())).expect("it is counted");
        assert_eq!(being_counted(), Some(0));
        assert_eq!(step(), CaughtUp::Whole);
        assert_eq!(answers(&village), before);
        sound(app.store());
    });
}

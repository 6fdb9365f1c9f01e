//! From the first meetings to the revision.

use super::*;
use diesel::prelude::*;
use server::on_each;
use server::published::{GRADUATES, PEOPLE};
use server::store::schema::held_counts;
use server::store::{Conn, StoreError};
use tests::recount::Records;
use tests::{Database, Village};

/// What the store keeps of what the first release of a quarter counted, by finest cell.
fn held(app: &TestApp, quarter: &str, measure: &str) -> BTreeMap<String, i64> {
    let load = |tx: &mut Conn<'_>| -> Result<Vec<(String, i64)>, StoreError> {
        on_each!(tx, |c| held_counts::table
            .filter(held_counts::quarter.eq(quarter))
            .filter(held_counts::measure.eq(measure))
            .select((held_counts::cell, held_counts::people))
            .load(c))
    };
    app.store().read_blocking("held", load).expect("the store answers").into_iter().collect()
}

/// Groups of 24, 9 and 7 people, of whom the last of each does not consent; those of the latter two graduated. Some came already the year before.
fn groups(app: &TestApp, village: &Village) -> (Device, [GroupId; 3]) {
    let groups = [
        village.group,
        village.group("Tuganire", "space_for_peace"),
        village.group("Twizerane", "sociotherapy"),
    ];
    let user = village.facilitator(app, "jeanne");
    groups.iter().for_each(|group| village.assign(user, *group));
    let mut tablet = village.tablet(app, user);
    tablet.sync(&mut ()).expect("the first sync");
    people_consent(&mut tablet, groups[0], 24);
    they_join(&mut tablet, groups[1], 9, Some(Exit::Graduated));
    they_join(&mut tablet, groups[2], 7, Some(Exit::Graduated));
    let last_year = |date: i8| jiff::civil::date(2025, 11, date);
    let details =
        |people: &[usize]| Details { attendance: marks(people, Attendance::Present), ..Details::default() };
    record(&mut tablet, groups[0], last_year(6), details(&[1, 2, 3, 24]));
    they_meet(&mut tablet, groups[0], 1, 12, &(1..=15).collect::<Vec<_>>());
    they_meet(&mut tablet, groups[0], 2, 9, &(8..=24).collect::<Vec<_>>());
    they_meet(&mut tablet, groups[1], 2, 17, &(1..=9).collect::<Vec<_>>());
    they_meet(&mut tablet, groups[2], 2, 18, &(1..=7).collect::<Vec<_>>());
    tablet.sync(&mut ()).expect("a sync");
    (tablet, groups)
}

#[test]
fn a_quarter_is_released_once_revised_once_and_never_changes() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (mut tablet, [group, _, other]) = groups(&app, &village);
        // In the quarter before others met: too few to tell of.
        assert_eq!(release(&app), ["2025-Q4", "2026-Q1-to-02"]);
        assert_eq!(release(&app), Vec::<String>::new());
        let donor = outsider(&app, Role::Donor);
        let running = table(&donor, "2026-Q1-to-02/meetings");
        let met = &running["aegis districts 52 sociotherapy"];
        assert_eq!((&met["groups"], &met["sessions"]), (&Value::from(2), &Value::from(3)));
        assert_eq!(donor.get("/v1/published/2026-Q1-to-02/people").problem(), (404, "no-such-release"));
        assert!(table(&donor, "2025-Q4/people").is_empty(), "three people who consent are told of nowhere");

        days(&app, 47);
        assert_eq!(release(&app), ["2026-Q1"]);
        let records = Records::of_store(app.store());
        let exact = records.people_of_quarter(2026, 1);
        assert_eq!(held(&app, "2026-Q1", PEOPLE.name), exact);
        assert_eq!(held(&app, "2025-Q4", PEOPLE.name), records.people_of_quarter(2025, 4));
        let people = exact.values().sum::<i64>();
        assert_eq!(people, 23 + 8 + 6);

        let donor = outsider(&app, Role::Donor);
        let first: Vec<Value> = addresses(&donor).iter().map(|href| donor.get(href).ok()).collect();
        let all = &table(&donor, "2026-Q1/people")["aegis organisation"];
        let told = all["people"].as_i64().expect("a figure");
        assert!(told % 5 == 0 && (told - people).abs() < 5, "{told} of {people}");
        let graduates = all["graduates"].as_i64().expect("a figure");
        assert_eq!(held(&app, "2026-Q1", GRADUATES.name), BTreeMap::from([(String::new(), 8 + 6)]));
        assert!(graduates % 5 == 0 && (graduates - 14).abs() < 5, "{graduates} of 14");
        // One place of three groups: its figure is the root's, and each split adds up to it.
        for split in ["sex_and_age", "modality", "novelty"] {
            let rows = table(&donor, &format!("2026-Q1/{split}"));
            let sum: i64 = rows.values().map(|row| row["people"].as_i64().expect("a figure")).sum();
            assert_eq!(sum, told, "{split}: {rows:?}");
        }

        // Two people of the district come late, and one who graduated is void: no figure changes in the revision.
        they_meet(&mut tablet, group, 3, 3, &[1, 2]);
        let person = village.manager_again(&app).get(&format!("/v1/participants?group={other}")).ok();
        let id = person["items"][0]["id"].as_str().expect("an id").to_owned();
        let body = serde_json::json!({"void": true, "reason": "Recorded by mistake."});
        village.manager_again(&app).post(&format!("/v1/records/{id}/void"), &body).ok();
        tablet.sync(&mut ()).expect("a sync");
        assert_eq!(release(&app), Vec::<String>::new());
        days(&app, 90);
        let made = release(&app);
        assert_eq!(made, ["2025-Q4-revised", "2026-Q1-revised"]);
        let donor = outsider(&app, Role::Donor);
        for split in ["people", "sex_and_age", "modality", "novelty"] {
            let figures = |address: &str| -> BTreeMap<String, [Value; 2]> {
                table(&donor, &format!("{address}/{split}"))
                    .into_iter()
                    .map(|(about, row)| (about, ["people", "graduates"].map(|name| row[name].clone())))
                    .collect()
            };
            assert_eq!(figures("2026-Q1"), figures("2026-Q1-revised"), "{split}");
        }
        // Whatever comes now, what is released stays, and what it counted is gone.
        they_meet(&mut tablet, group, 3, 4, &(1..=24).collect::<Vec<_>>());
        tablet.sync(&mut ()).expect("a sync");
        days(&app, 400);
        release(&app);
        let donor = outsider(&app, Role::Donor);
        let again: Vec<Value> = first
            .iter()
            .map(|table| {
                let (release, name) =
                    (table["release"].as_str().expect("a name"), table["table"].as_str().expect("a name"));
                donor.get(&format!("/v1/published/{release}/{name}")).ok()
            })
            .collect();
        assert_eq!(again, first);
        assert!(held(&app, "2026-Q1", PEOPLE.name).is_empty());
    });
}

/// Where all tables are.
fn addresses(person: &Session) -> Vec<String> {
    let releases = person.get("/v1/published").ok();
    let releases = releases.as_array().expect("a list").clone();
    let tables = releases.iter().flat_map(|release| release["tables"].as_array().expect("tables").clone());
    tables.map(|table| table["href"].as_str().expect("an address").to_owned()).collect()
}

#[test]
fn a_late_group_is_in_the_revision_and_several_services_make_it_once() {
    Database::each(|database| {
        let (app, other) = (TestApp::on(database), TestApp::on(database));
        let village = Village::of(&app, "aegis");
        let (mut tablet, [_, _, group]) = groups(&app, &village);
        days(&app, 47);
        other.clock.advance(47 * 24 * 60);
        // Both at once.
        let (one, two) = std::thread::scope(|scope| {
            let [one, two] = [&app, &other].map(|app| scope.spawn(|| release(app)));
            (one.join().expect("the one"), two.join().expect("the other"))
        });
        let mut all: Vec<String> = one.into_iter().chain(two).collect();
        all.sort();
        assert_eq!(all, ["2025-Q4", "2026-Q1"]);
        let donor = outsider(&app, Role::Donor);
        let figures = |donor: &Session, release: &str| {
            let row = &table(donor, &format!("{release}/people"))["aegis organisation"];
            ["people", "graduates"].map(|name| row[name].as_i64().expect("a figure"))
        };
        let before = figures(&donor, "2026-Q1");
        for number in 10..=25 {
            let mut person = NewParticipant::of(format!("P{number:02}").parse().expect("a pseudonym"));
            person.details.exit = Some(Exit::Graduated);
            person.details.consent = Some(Consent {
                purpose: Purpose::ALL[0],
                method: ConsentMethod::ALL[0],
                date: day(1, 5),
                guardian: None,
            });
            tablet.add_participant(group, person).expect("a person joins");
        }
        they_meet(&mut tablet, group, 3, 3, &(10..=25).collect::<Vec<_>>());
        tablet.sync(&mut ()).expect("a sync");
        days(&app, 90);
        assert_eq!(release(&app), ["2025-Q4-revised", "2026-Q1-revised"]);
        let donor = outsider(&app, Role::Donor);
        let after = figures(&donor, "2026-Q1-revised");
        for (after, before) in after.iter().zip(before) {
            assert!((after - before - 16).abs() < 9, "{before} and then {after}");
        }
        assert_eq!(figures(&donor, "2026-Q1"), before);
    });
}

#[test]
fn a_table_is_read_as_csv_that_names_its_release_and_rounding() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    groups(&app, &village);
    days(&app, 47);
    release(&app);
    let donor = outsider(&app, Role::Donor);
    let text = donor.text("/v1/published/2026-Q1/people", "text/csv");
    let mut lines = text.split("\r\n");
    assert_eq!(
        lines.next(),
        Some(
            "release,rounded_to,organisation,of,districts,people,attendances,attendances_rounded_to,graduates"
        )
    );
    assert!(lines.next().is_some_and(|line| line.starts_with("2026-Q1,5,aegis,organisation,,")), "{text}");
    let text = donor.text("/v1/published/2026-Q1/meetings", "text/csv;q=1, application/json;q=0.5");
    assert!(text.contains("2026-Q1,1,aegis,districts,52,sociotherapy,2,3\r\n"), "{text}");
    let json = donor.text("/v1/published/2026-Q1/meetings", "application/json, text/csv;q=0.5");
    assert!(json.starts_with('{'), "{json}");
}

#[test]
fn a_tablet_with_a_wrong_clock_has_no_quarter_of_years_ago_released() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        people_consent(&mut tablet, village.group, 9);
        tablet.sync(&mut ()).expect("a sync");
        tablet.clock().set(app.clock.now().plus_days(-5 * 365));
        let day = tablet.clock().today();
        let details = Details { attendance: marks(&[1, 2, 3], Attendance::Present), ..Details::default() };
        let session = record(&mut tablet, village.group, day, details);
        tablet.sync(&mut ()).expect("a sync");
        assert_eq!(village.aggregates("")["doubts"]["date_doubts"], 1, "people are asked about it");
        assert_eq!(release(&app), Vec::<String>::new());
        // Somebody looked at it, and says that it took place so.
        let says = serde_json::json!({"state": "verified", "reason": "We found the old register."});
        let verified = village.manager.post(&format!("/v1/sessions/{session}/state"), &says);
        assert_eq!(verified.status, 204, "{}", verified.body);
        assert_eq!(release(&app), ["2021-Q1"]);
    });
}

//! From the first sheet to the first sync.

use super::*;
use sync_core::id::UserId;
use sync_core::record::Session as Meeting;

const SHEETS: [(&str, &str, u64); 4] = [
    ("people", PEOPLE, 3),
    ("groups", GROUPS, 2),
    ("participants", PARTICIPANTS, 4),
    ("sessions", SESSIONS, 4),
];

#[test]
fn sheets_are_tried_made_once_counted_and_on_the_tablets_that_sync_then() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let manager = &village.manager;
        let mut uwase = None;
        for (sheet, text, lines) in SHEETS {
            // Left out, it is only tried.
            let before = everything(&app);
            let tried = manager.post(&format!("/v1/imports/{sheet}"), &text.into()).ok();
            assert_eq!((counts(&tried), &tried["dry_run"]), ([0, lines, 0, 0], &json!(true)), "{tried}");
            assert_eq!(everything(&app), before);

            let report = made(manager, sheet, text);
            assert_eq!((counts(&report), &report["dry_run"]), ([lines, 0, 0, 0], &json!(false)), "{report}");
            let first = &report["lines"][0];
            assert!(first["id"].is_string() && first["line"] == 2, "{first}");
            let code = &first["password_code"];
            assert_eq!(
                (code["login"] == "uwase", code["code"].is_string()),
                (sheet == "people", sheet == "people")
            );
            uwase = uwase.or_else(|| first["id"].as_str().map(str::to_owned));

            let after = everything(&app);
            assert_ne!(after, before);
            for dry_run in [true, false] {
                let again = manager.import(sheet, dry_run, text).ok();
                assert_eq!(counts(&again), [0, 0, lines, 0], "{again}");
                assert_eq!(again["lines"][0]["id"], first["id"]);
                assert!(again["lines"][0]["remarks"][0]["detail"].is_string(), "{again}");
                assert_eq!(everything(&app), after);
            }
        }

        // What the sheet says is what is counted.
        let totals = &village.aggregates("")["total"];
        let all = ["sessions", "attendances", "people", "heads", "minutes"].map(|name| totals[name].as_i64());
        assert_eq!(all, [4, 5, 4, 12, 315].map(Some), "{totals}");
        let of_march = &village.aggregates("from=2025-03-01&to=2025-03-31")["total"];
        assert_eq!(
            (of_march["sessions"].as_i64(), of_march["attendances"].as_i64()),
            (Some(3), Some(4)),
            "{of_march}"
        );
        let groups = manager.all("/v1/groups");
        let status =
            |name: &str| groups.iter().find(|group| group["name"] == name).expect(name)["status"].clone();
        assert_eq!((status("Abahuza"), status("Urukundo")), (json!("active"), json!("graduated")));
        let people = manager.all("/v1/participants");
        let of = |code: &str| people.iter().filter(|one| one["code"] == code).count();
        assert_eq!((of("P01"), of("P02"), of("P03")), (2, 1, 1));
        is_sound(&app);

        // Whoever leads the group holds it after the first sync, and nothing of the one that is over.
        let uwase: UserId = uwase.expect("an id").parse().expect("an id");
        let mut tablet = village.tablet(&app, uwase);
        tablet.sync(&mut ()).expect("a sync");
        let [group] = tablet.tablet().groups()[..] else { panic!("{:?}", tablet.tablet().groups()) };
        let meetings = tablet.tablet().all::<Meeting>(group.into());
        let marks: usize = meetings.iter().map(|(_, meeting)| meeting.attendance.len()).sum();
        let summary =
            meetings.iter().map(|(_, meeting)| meeting.summary.trim()).find(|text| !text.is_empty());
        assert_eq!((meetings.len(), marks, summary), (3, 6, Some("We spoke of trust.")));
    });
}

#[test]
fn the_codes_of_the_answer_let_people_choose_a_password_and_are_noted_nowhere() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let report = made(&village.manager, "people", PEOPLE);
        let code = &report["lines"][1]["password_code"]["code"];
        let body = json!({"login": "eric", "code": code, "new_password": tests::app::PASSWORD});
        village.manager.post("/v1/password-resets", &body).ok();
        let me = app.login("eric").get("/v1/me").ok();
        assert_eq!((&me["name"], &me["role"]), (&json!("Eric Nkusi"), &json!("facilitator")));

        // Each of them, and the commit: by whom, about whom, and no word of the sheet.
        let entries = village.manager.all("/v1/audit");
        let of_import: Vec<&Value> =
            entries.iter().filter(|entry| entry["route"] == "POST /v1/imports/{sheet}").collect();
        let about = |kind: &str| of_import.iter().filter(|entry| entry["object_kind"] == kind).count();
        assert_eq!((of_import.len(), about("user")), (4, 3), "{of_import:?}");
        let text = json!(of_import).to_string();
        for word in ["uwase", "Eric", code.as_str().expect("a code")] {
            assert!(!text.contains(word), "{word}");
        }
    });
}

#[test]
fn an_empty_sheet_is_read_as_one_and_its_example_is_sound() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        for sheet in ["people", "groups", "participants", "sessions"] {
            let empty = village.manager.text(&format!("/v1/imports/{sheet}"), "text/csv");
            assert_eq!(counts(&made(&village.manager, sheet, &empty)), [0, 0, 0, 0]);
        }
        // Without the sign the example is a line like any other.
        made(&village.manager, "people", "login,name,role\nuwase,Uwase Marie,facilitator\n");
        let example = |sheet: &str| {
            let empty = village.manager.text(&format!("/v1/imports/{sheet}"), "text/csv");
            let lines: Vec<&str> = empty.lines().collect();
            format!("{}\n{}\n", lines[0], lines[2].trim_start_matches("# "))
        };
        let group = example("groups");
        // Of the village's own group, which has this name.
        assert_eq!(counts(&made(&village.manager, "groups", &group)), [0, 0, 1, 0]);
        assert_eq!(
            counts(&made(&village.manager, "groups", &group.replace("Twiyubake", "Abahuza"))),
            [1, 0, 0, 0]
        );
        for number in [1, 2, 3, 4, 5] {
            let member = example("participants").replace("P07", &format!("P{number}"));
            assert_eq!(counts(&made(&village.manager, "participants", &member)), [1, 0, 0, 0]);
        }
        assert_eq!(counts(&made(&village.manager, "sessions", &example("sessions"))), [1, 0, 0, 0]);
    });
}

#[test]
fn a_sheet_that_is_sent_twice_at_once_is_made_once() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        for (sheet, text, lines) in SHEETS {
            let reports: Vec<Answer> = std::thread::scope(|scope| {
                let send = || village.manager.import(sheet, false, text);
                let both = [scope.spawn(send), scope.spawn(send)];
                both.map(|one| one.join().expect("no panic")).into()
            });
            let made: u64 = reports.into_iter().map(|report| counts(&report.ok())[0]).sum();
            assert_eq!(made, lines, "{sheet}");
        }
        assert_eq!(village.manager.all("/v1/groups").len(), 3);
        is_sound(&app);
    });
}

#[test]
fn a_long_sheet_goes_in_by_many_commits() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let text: String = (1..=120).map(|number| format!("Twiyubake,P{number:02},female\n")).collect();
        let text = format!("group,code,sex\n{text}");
        assert_eq!(counts(&made(&village.manager, "participants", &text)), [120, 0, 0, 0]);
        let entries = village.manager.all("/v1/audit");
        let items = entries.iter().filter_map(|entry| {
            entry["items"].as_i64().filter(|_| entry["route"] == "POST /v1/imports/{sheet}")
        });
        let mut items: Vec<i64> = items.collect();
        items.sort_unstable();
        assert_eq!(items, [20, 50, 50]);

        // As after a break-off: some of it is there, and the rest is made.
        let more = format!("{text}Twiyubake,P121,male\n");
        assert_eq!(counts(&made(&village.manager, "participants", &more)), [1, 0, 120, 0]);
        is_sound(&app);
    });
}

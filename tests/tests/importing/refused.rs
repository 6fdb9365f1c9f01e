//! What is not made, and what is said of it.

use super::*;

/// A sheet with one line that can't be made, the column that is at fault, and words of what is said.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: [Case; 36] = [
    ("people", "login,name,role\nu,Uwase,facilitator", "login", "3 to 64"),
    ("people", "login,name,role\nuwase,,facilitator", "name", "is missing"),
    ("people", "login,name,role\nuwase,Uwase,manager", "role", "facilitator or supervisor"),
    ("people", "login,name,role\nuwase,Uwase,", "role", "is missing"),
    ("people", "login,name,role\nuwase,Uwase\u{200b},facilitator", "name", "nobody sees"),
    ("people", "login,name,role\nuwase,Uwase,facilitator,0788123456", "line", "column D"),
    ("people", "login,name,role\nuwase,\"Uwase\u{7}\",facilitator", "name", "control character"),
    ("groups", "name,kind,modality,area\n,healing_space,sociotherapy,52010101", "name", "is missing"),
    ("groups", "name,kind,modality,area\nAbahuza,choir,sociotherapy,52010101", "kind", "must be one of"),
    (
        "groups",
        "name,kind,modality,area\nAbahuza,healing_space,singing,52010101",
        "modality",
        "must be one of",
    ),
    ("groups", "name,kind,modality,area\nAbahuza,healing_space,sociotherapy,5201", "area", "eight-digit"),
    ("groups", "name,kind,modality\nAbahuza,healing_space,sociotherapy", "area", "is missing"),
    (
        "groups",
        "name,kind,modality,village\nAbahuza,healing_space,sociotherapy,Kabeza",
        "village",
        "148 villages",
    ),
    (
        "groups",
        "name,kind,modality,village\nAbahuza,healing_space,sociotherapy,Paris",
        "village",
        "no village",
    ),
    (
        "groups",
        "name,kind,modality,area,district\nAbahuza,healing_space,sociotherapy,52010101,Gasabo",
        "area",
        "another place",
    ),
    (
        "groups",
        "name,kind,modality,area,planned_sessions\nAbahuza,healing_space,sociotherapy,52010101,many",
        "planned_sessions",
        "whole number",
    ),
    (
        "groups",
        "name,kind,modality,area,starts_on\nAbahuza,healing_space,sociotherapy,52010101,3/15/2025",
        "starts_on",
        "the day before the month",
    ),
    (
        "groups",
        "name,kind,modality,area,starts_on\nAbahuza,healing_space,sociotherapy,52010101,1994-04-07",
        "starts_on",
        "hardly be right",
    ),
    (
        "groups",
        "name,kind,modality,area,facilitators\nAbahuza,healing_space,sociotherapy,52010101,nobody",
        "facilitators",
        "no 1 is no login",
    ),
    (
        "groups",
        "name,kind,modality,area,facilitators\nAbahuza,healing_space,sociotherapy,52010101,manager.nar",
        "facilitators",
        "no 1 is no login",
    ),
    ("participants", "group,code\nAbandi,P01", "group", "no group of your organisation"),
    ("participants", "group,code\nTwiyubake,Mukamana", "code", "never a name"),
    ("participants", "group,code,sex\nTwiyubake,P01,x", "sex", "must be one of"),
    ("participants", "group,code,consent_date\nTwiyubake,P01,2025-03-05", "consent_purpose", "is missing"),
    (
        "participants",
        "group,code,age_band,consent_purpose,consent_method,consent_date\nTwiyubake,P01,under_16,participation,oral,2025-03-05",
        "consent_guardian",
        "guardian consents",
    ),
    (
        "participants",
        "group,code,consent_purpose,consent_method,consent_date,consent_withdrawn\nTwiyubake,P01,participation,oral,2025-03-05,2025-03-01",
        "consent_withdrawn",
        "before the day",
    ),
    (
        "participants",
        "group,code,consent_purpose,consent_method,consent_date\nTwiyubake,P01,participation,oral,2027-03-05",
        "consent_date",
        "not come yet",
    ),
    ("sessions", "group,date\nTwiyubake,2026-03-06", "date", "not come yet"),
    ("sessions", "group,date\nTwiyubake,", "date", "is missing"),
    ("sessions", "group,date,present\nTwiyubake,2026-03-04,P09", "present", "P09 is not among the members"),
    ("sessions", "group,date,present\nTwiyubake,2026-03-04,Mukamana", "present", "never a name"),
    ("sessions", "group,date,present,absent\nTwiyubake,2026-03-04,P01,P1", "absent", "marked in two ways"),
    ("sessions", "group,date,female/16_24\nTwiyubake,2026-03-04,several", "female/16_24", "whole number"),
    ("sessions", "group,date,minutes\nTwiyubake,2026-03-04,5000", "minutes", "1 to 720"),
    ("sessions", "group,date,facilitators\nTwiyubake,2026-03-04,nobody", "facilitators", "no 1 is no login"),
    ("sessions", "group,date,part\nTwiyubake,2026-03-04,noon", "part", "must be one of"),
];

#[test]
fn one_line_that_can_not_be_made_keeps_the_whole_sheet_from_being_made() {
    Database::each(|database| {
        let app = TestApp::on(database);
        Village::of(&app, "nar");
        let village = Village::of(&app, "aegis");
        made(&village.manager, "participants", "group,code\nTwiyubake,P01\n");
        let before = everything(&app);
        for (sheet, text, column, words) in CASES {
            let tried = village.manager.import(sheet, true, text).ok();
            let (outcome, remarks) = said(&tried, 2);
            assert_eq!(outcome, "refused", "{text}: {tried}");
            let told = remarks.iter().any(|(one, detail)| one == column && detail.contains(words));
            assert!(told, "{text}: {remarks:?}");
            // Nothing of the sheet is repeated, but for codes.
            assert!(!tried.to_string().contains("Mukamana"));

            let sound = match sheet {
                "people" => "sound,Sound,facilitator",
                "groups" => "Sound,healing_space,sociotherapy,52030101",
                "participants" => "Twiyubake,P50",
                _ => "Twiyubake,2026-03-03",
            };
            let answer = village.manager.import(sheet, false, &format!("{text}\n{sound}\n"));
            assert_eq!(answer.problem(), (422, "lines-refused"), "{text}");
            let counts = counts(&answer.body);
            assert_eq!((counts[0], counts[1] + counts[3]), (0, 2), "{text}: {}", answer.body);
        }
        assert_eq!(everything(&app), before);
    });
}

/// Of thousands of guessed logins a sheet that is tried tells nothing; one that is to be made, of the first alone, and nothing is made.
#[test]
fn who_signs_in_elsewhere_is_told_only_where_they_were_to_be_made() {
    Database::each(|database| {
        let app = TestApp::on(database);
        Village::of(&app, "nar");
        let village = Village::of(&app, "aegis");
        let sheet = "login,name,role\nsound,Sound,facilitator\nmanager.nar,Uwase,facilitator\n";
        let before = everything(&app);
        for _ in 0..2 {
            let tried = village.manager.import("people", true, sheet).ok();
            assert_eq!(counts(&tried), [0, 2, 0, 0], "{tried}");
        }
        let answer = village.manager.import("people", false, sheet);
        assert_eq!(answer.problem(), (422, "lines-refused"), "{}", answer.body);
        assert_eq!(said(&answer.body, 3).0, "refused", "{}", answer.body);
        assert_eq!(everything(&app), before);
    });
}

#[test]
fn a_file_that_is_no_such_sheet_is_refused_as_a_whole() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let manager = &village.manager;
        let before = everything(&app);
        let long = format!("login,name,role\n{}", "a,b,c\n".repeat(5_001));
        for (text, words) in [
            ("", "is empty"),
            ("login,name\nuwase,Uwase\n", "role is missing"),
            ("login,name,role,phone\n", "D"),
            ("uwase,Uwase Marie,facilitator\n", "A, B, C"),
            ("login,name,name,role\n", "name is there twice"),
            (&long, "5000 lines"),
        ] {
            let answer = manager.import("people", false, text);
            assert_eq!(answer.problem(), (422, "unreadable-sheet"), "{words}");
            assert!(
                answer.body["detail"].as_str().is_some_and(|detail| detail.contains(words)),
                "{}",
                answer.body
            );
            assert_eq!(answer.body["columns"], json!(["login", "name", "role"]));
            assert!(!answer.body.to_string().contains("Marie"));
        }
        let path = "/v1/imports/people?dry_run=false";
        let latin = manager.post_bytes(
            path,
            "text/csv; charset=windows-1252",
            b"login,name,role\nu,Fran\xe7oise,facilitator\n",
        );
        assert_eq!(latin.problem(), (422, "unreadable-sheet"));
        assert!(
            latin.body["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("CSV UTF-8") && detail.contains("Line 2"))
        );
        let large = vec![b'x'; 2 * 1024 * 1024 + 1];
        assert_eq!(manager.post_bytes(path, "text/csv", &large).problem(), (413, "body-too-large"));
        assert_eq!(manager.post_bytes(path, "application/vnd.ms-excel", b"PK").problem(), (415, "not-csv"));
        assert_eq!(manager.post(path, &json!({})).problem(), (415, "not-csv"));
        assert_eq!(manager.import("referrals", true, "").problem().0, 404);
        assert_eq!(
            manager.post("/v1/imports/people?dry_run=maybe", &PEOPLE.into()).problem(),
            (422, "unexpected-query")
        );
        assert_eq!(everything(&app), before);
    });
}

#[test]
fn lines_of_one_sheet_that_tell_of_the_same_are_made_once() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        for (sheet, text) in [
            ("people", "login,name,role\nuwase,Uwase,facilitator\nUWASE, uwase,facilitator\n"),
            (
                "groups",
                "name,kind,modality,area\nAbahuza,healing_space,sociotherapy,52020101\nABAHUZA,healing_space,sociotherapy,52020101\n",
            ),
            ("participants", "group,code,sex\nTwiyubake,P07,female\nTwiyubake,p7,Female\n"),
            ("sessions", "group,date,minutes\nTwiyubake,2026-03-04,60\nTwiyubake,4/3/2026,60\n"),
        ] {
            let report = made(&village.manager, sheet, text);
            assert_eq!(counts(&report), [1, 0, 1, 0], "{report}");
            let (outcome, remarks) = said(&report, 3);
            assert_eq!((outcome.as_str(), remarks[0].1.contains("line 2")), ("doubled", true), "{remarks:?}");
        }
    });
}

/// A second person under a code of the first is not lost without a word.
#[test]
fn lines_of_one_sheet_that_tell_of_one_thing_in_two_ways_are_refused_with_the_columns() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        for (sheet, text, column) in [
            ("people", "login,name,role\nuwase,Uwase,facilitator\nUWASE,Uwase,supervisor\n", "role"),
            (
                "groups",
                "name,kind,modality,area\nAbahuza,healing_space,sociotherapy,52020101\nABAHUZA,dialogue_circle,sociotherapy,52020101\n",
                "kind",
            ),
            (
                "participants",
                "group,code,sex,age_band\nTwiyubake,P07,female,25_35\nTwiyubake,p7,male,25_35\n",
                "sex",
            ),
            (
                "sessions",
                "group,date,starts_at\nTwiyubake,2026-03-04,13:00\nTwiyubake,4/3/2026,16:30\n",
                "starts_at",
            ),
        ] {
            let refused = village.manager.import(sheet, false, text);
            assert_eq!(refused.problem(), (422, "lines-refused"), "{refused:?}");
            let (outcome, remarks) = said(&refused.body, 3);
            let detail = &remarks[0].1;
            assert_eq!(outcome, "refused");
            assert!(
                detail.contains("line 2") && detail.contains(&format!("something else in {column}:")),
                "{detail}"
            );
        }
    });
}

#[test]
fn what_may_say_who_somebody_is_is_pointed_out_and_days_that_will_be_doubted() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let text = "group,date,summary,state\n\
            Twiyubake,2026-03-04,\"We listened to Mukamana, call 0788123456.\",verified\n\
            Twiyubake,2024-03-04,We spoke of trust.,\n\
            Twiyubake,2024-03-05,=1+1,verified\n";
        let report = village.manager.import("sessions", true, text).ok();
        assert_eq!(counts(&report), [0, 3, 0, 0]);
        let (_, remarks) = said(&report, 2);
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        assert!(
            remarks[0].0 == "summary" && remarks[0].1.contains("a phone number and a name"),
            "{remarks:?}"
        );
        assert!(!report.to_string().contains("Mukamana"));
        let (_, remarks) = said(&report, 3);
        assert!(
            remarks[0].0 == "date" && remarks[0].1.contains("the group began on 5 January 2026"),
            "{remarks:?}"
        );
        assert_eq!(said(&report, 4).1, []);
        let people = "group,code,consent_purpose,consent_method,consent_date\n\
            Twiyubake,P01,,,\nTwiyubake,P02,participation,oral,2026-03-04\n";
        let report = village.manager.import("participants", true, people).ok();
        assert_eq!(counts(&report), [0, 2, 0, 0]);
        let (_, remarks) = said(&report, 2);
        assert!(remarks[0].0 == "consent_date" && remarks[0].1.contains("published"), "{remarks:?}");
        assert_eq!(said(&report, 3).1, []);

        // What looks like a formula stays a text.
        let report = made(&village.manager, "sessions", text);
        let id = report["lines"][2]["id"].as_str().expect("an id").to_owned();
        let session = village.manager.get(&format!("/v1/sessions/{id}")).ok();
        assert_eq!(session["summary"].as_str().map(str::trim), Some("=1+1"));
    });
}

#[test]
fn of_two_groups_with_one_name_the_id_says_which() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let other = village.group("TWIYUBAKE", "dialogue_club");
        let report = village.manager.import("participants", true, "group,code\nTwiyubake,P01\n").ok();
        let (outcome, remarks) = said(&report, 2);
        assert_eq!((outcome.as_str(), remarks[0].0.as_str()), ("refused", "group"));
        assert!(
            remarks[0].1.contains("2 groups") && remarks[0].1.contains(&other.to_string()),
            "{remarks:?}"
        );
        assert_eq!(
            counts(&made(&village.manager, "participants", &format!("group,code\n{other},P01\n"))),
            [1, 0, 0, 0]
        );

        // Nobody names a group of others.
        let others = Village::of(&app, "nar");
        let report = others.manager.import("participants", true, &format!("group,code\n{other},P02\n")).ok();
        assert_eq!(said(&report, 2).0, "refused");
    });
}

#[test]
fn a_group_beside_one_of_another_partner_needs_a_reason_that_the_partner_reads() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let partner = Village::of(&app, "nar");
        let village = Village::of(&app, "aegis");
        let sheet = |reason: &str, status: &str| {
            format!(
                "name,kind,modality,area,overlap_reason,status\nAbahuza,healing_space,sociotherapy,52010101,{reason},{status}\n"
            )
        };
        let before = everything(&app);
        let report = village.manager.import("groups", true, &sheet("", "active")).ok();
        let (outcome, remarks) = said(&report, 2);
        assert_eq!((outcome.as_str(), remarks[0].0.as_str()), ("refused", "overlap_reason"));
        assert!(remarks[0].1.contains("NAR"), "{remarks:?}");
        assert_eq!(
            village.manager.import("groups", false, &sheet("", "active")).problem(),
            (422, "lines-refused")
        );
        assert_eq!(everything(&app), before);

        assert_eq!(
            counts(&made(&village.manager, "groups", &sheet("We agreed on it.", "active"))),
            [1, 0, 0, 0]
        );
        let overlaps = partner
            .manager
            .all("/v1/coverage/overlaps")
            .iter()
            .filter(|one| one.to_string().contains("We agreed on it."))
            .count();
        assert_eq!(overlaps, 1);
        // One that is over overlaps with nothing that goes on.
        let over = sheet("", "graduated").replace("Abahuza", "Urukundo");
        assert_eq!(counts(&made(&village.manager, "groups", &over)), [1, 0, 0, 0]);
    });
}

#[test]
fn a_key_stands_for_one_sheet() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let send = |text: &str| {
            village.manager.post_with_key(
                "/v1/imports/people?dry_run=false",
                "8e03978e-40d5-43e8-bc93-6894a57f9324",
                &text.into(),
            )
        };
        let report = send(PEOPLE).ok();
        assert_eq!(counts(&report), [3, 0, 0, 0]);
        // The codes are not lost where the answer was.
        assert_eq!(send(PEOPLE).ok(), report);
        let other = send(&PEOPLE.replace("uwase", "uwera"));
        assert_eq!(other.problem(), (422, "idempotency-key-reused"));
    });
}

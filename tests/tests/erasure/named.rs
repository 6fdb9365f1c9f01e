//! Sessions that name somebody who was erased before, from tablets that had not heard of it.

use std::collections::BTreeMap;

use server::audit::{AuditEntry, Row};
use server::retention;
use server::store::schema::audit_entries;
use sync_core::record::Session;
use sync_core::time::Millis;
use tests::app::START;

use super::*;

const DAY_MINUTES: i64 = 24 * 60;

fn after(days: i64) -> Millis {
    START.plus_minutes(days * DAY_MINUTES)
}

fn run(app: &TestApp, days: i64) -> usize {
    app.run(retention::run(app.store(), after(days))).expect("it runs").renamed
}

/// His tablet has not heard, and names them in a new meeting, and for a moment in one that never named them.
fn named_late(database: &Database) -> Scene {
    let mut scene = Scene::on(database);
    let other = scene.his.tablet().all::<Session>(scene.village.group.into());
    let mut other = other.into_iter().map(|(id, _)| SessionId::from(id));
    let other = other.find(|id| *id != scene.session).expect("two meetings");
    for words in ["We began. P003 was late.", "We began."] {
        let said = Details { summary: Some(words.into()), ..Details::default() };
        scene.his.edit_session(other, &said).expect("it is edited");
    }
    let attendance = marks(&[1, 3], Attendance::Present);
    let said = Details { attendance, summary: Some("p3 wept, P01 did not.".into()), ..Details::default() };
    record(&mut scene.his, scene.village.group, day(3, 7), said);
    scene.erase();
    let report = scene.his.sync(&mut ()).expect("a sync").report;
    assert!(report.accepted >= 2 && report.quarantined.is_empty(), "{report:?}");
    scene
}

#[test]
fn are_recorded_again_without_the_code_by_the_service() {
    Database::each(|database| {
        let mut scene = named_late(database);
        let named = |app: &TestApp| {
            all_words(app).iter().any(|words| ["P03", "P003", "p3"].iter().any(|code| words.contains(code)))
        };
        assert!(named(&scene.app));
        let before = Count::of_answer(&scene.village.aggregates(""));
        assert_eq!(run(&scene.app, 1), 2);
        assert!(!named(&scene.app), "{:#?}", all_words(&scene.app));
        scene.is_sound();
        assert_eq!(Count::of_answer(&scene.village.aggregates("")), before);
        let sessions = scene.village.manager.all("/v1/sessions");
        let mut texts: Vec<String> = sessions
            .iter()
            .map(|one| format!("/v1/sessions/{}", one["id"].as_str().expect("an id")))
            .filter_map(|path| {
                Some(scene.village.manager.get(&path).ok()["summary"].as_str()?.trim().to_owned())
            })
            .collect();
        texts.sort();
        let expected =
            ["We began.", "__ told of the terraces. The others listened.", "__ wept, P01 did not."];
        assert_eq!(texts, expected);
        // It is noted, without a code; it is done once.
        assert_eq!(noted(&scene.app), [("late names of somebody erased".to_owned(), 2)]);
        assert_eq!(run(&scene.app, 2), 0);
        // Tablets hear of it.
        for tablet in [&mut scene.hers, &mut scene.his] {
            tablet.sync(&mut ()).expect("a sync");
            let report = tablet.sync(&mut ()).expect("a sync").report;
            assert_eq!((report.received, report.repaired.len()), (0, 0), "{report:?}");
            let all = tablet.tablet().all::<Session>(scene.village.group.into());
            assert!(all.iter().all(|(_, one)| !one.summary.contains("p3")), "{all:?}");
        }
    });
}

/// Whoever remembers the code writes it long after, in a session of a day that was looked at.
#[test]
fn are_found_whenever_they_come() {
    Database::each(|database| {
        let mut scene = named_late(database);
        run(&scene.app, 1);
        scene.app.clock.advance(40 * DAY_MINUTES);
        scene.village.manager = scene.village.manager_again(&scene.app);
        let said = || Details { summary: Some("P03 was missed.".into()), ..Details::default() };
        record(&mut scene.his, scene.village.group, day(3, 9), said());
        // In another group the code is somebody else's.
        let elsewhere = scene.village.group("Another", "sociotherapy");
        scene.village.assign(scene.his.tablet().user(), elsewhere);
        scene.his.sync(&mut ()).expect("a sync");
        record(&mut scene.his, elsewhere, day(3, 9), said());
        scene.his.sync(&mut ()).expect("a sync");
        let store = scene.app.store();
        let (one, other) = scene
            .app
            .run(async { tokio::join!(retention::run(store, after(41)), retention::run(store, after(41))) });
        assert_eq!(one.expect("it runs").renamed + other.expect("it runs").renamed, 1);
        scene.is_sound();
        let sessions = scene.village.manager.all("/v1/sessions");
        let missed = sessions
            .iter()
            .map(|one| {
                scene
                    .village
                    .manager
                    .get(&format!("/v1/sessions/{}", one["id"].as_str().expect("an id")))
                    .ok()
            })
            .map(|one| {
                (one["group_id"].clone(), one["summary"].as_str().unwrap_or_default().trim().to_owned())
            })
            .filter(|(_, summary)| summary.ends_with("was missed."));
        let missed: BTreeMap<String, String> =
            missed.map(|(group, summary)| (group.as_str().expect("an id").to_owned(), summary)).collect();
        let expected = [(scene.village.group, "__ was missed."), (elsewhere, "P03 was missed.")];
        assert_eq!(missed, expected.map(|(group, said)| (group.to_string(), said.to_owned())).into());
    });
}

/// What the service noted that it did by itself, and with how many records.
fn noted(app: &TestApp) -> Vec<(String, u64)> {
    let all = |tx: &mut Conn<'_>| -> Result<Vec<Row>, StoreError> {
        on_each!(tx, |c| audit_entries::table
            .filter(audit_entries::role.eq("service"))
            .order(audit_entries::id)
            .select(Row::as_select())
            .load(c))
    };
    let rows = app.store().read_blocking("test", all).expect("it answers");
    let noted = rows.into_iter().map(|row| json!(AuditEntry::from(row)));
    noted
        .map(|one| (one["route"].as_str().expect("a route").to_owned(), one["items"].as_u64().unwrap_or(0)))
        .collect()
}

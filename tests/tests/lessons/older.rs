//! How long tablets hold what partners learned.

use super::*;

/// Lessons in which nobody wrote for two years leave tablets; who asks for them reads them; and one that somebody writes in again comes back.
#[test]
fn tablets_hold_the_lessons_of_the_latest_two_years() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, never_again) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let (mut jeanne, mut grace) = (
            aegis.facilitator_with_tablet(&app, "jeanne"),
            never_again.facilitator_with_tablet(&app, "grace"),
        );
        let paul = never_again.facilitator(&app, "paul");
        never_again.assign(paul, never_again.group);
        let mut paul = never_again.tablet(&app, paul);
        let service =
            json!({"name": "Isange Nyagatare", "kind": "isange_one_stop", "area": "52", "phone": "3029"});
        app.user("secretariat", Role::Secretariat, None);
        app.login("secretariat").post("/v1/services", &service).ok();
        let mut publish = |manager: &tests::Session, title: &str| {
            let id = jeanne.write_lesson(&said(title, "Baririmbye.")).expect("written");
            sync(&mut jeanne);
            let address = format!("/v1/lessons/{id}/status");
            manager.post(&address, &json!({"status": "proposed", "reason": "Written."})).ok();
            manager.post(&address, &json!({"status": "published", "reason": "Read and found sound."})).ok();
            SharedLessonId::of(id)
        };
        let old = publish(&aegis.manager, "Begin with a song");
        let days = |days: i64| app.clock.advance(days * 24 * 60);
        days(700);
        let newer = publish(&aegis.manager_again(&app), "End with a meal");
        let holds = |tablet: &mut Device| -> Vec<bool> {
            sync(tablet);
            [old, newer].map(|id| tablet.tablet().read::<SharedLesson>(id).is_ok()).into()
        };
        assert_eq!(holds(&mut grace), [true, true]);

        // Of a quarter later, the older one is more than two years old: from tablets that have it, it goes, and to others it does not come.
        days(150);
        assert_eq!(holds(&mut grace), [false, true]);
        let report = grace.sync(&mut ()).expect("a sync").report;
        assert!(report.lost.is_empty() && report.repaired.is_empty(), "once is enough: {report:?}");
        assert_eq!(holds(&mut paul), [false, true], "a tablet that never synced");
        assert_eq!(
            paul.tablet().all::<sync_core::record::Service>(StreamId::PARTNERSHIP).len(),
            1,
            "services stay"
        );
        let manager = never_again.manager_again(&app);
        assert_eq!(shared_by(&manager).len(), 2, "whoever asks reads both");

        // Others begin to work by it: it is read on all tablets again, with what it said.
        let adoption = json!({"since": "2028-05-01"});
        manager.request("PUT", &format!("/v1/lessons/{old}/adoption"), Some(&adoption)).ok();
        for tablet in [&mut grace, &mut paul] {
            let report = tablet.sync(&mut ()).expect("a sync").report;
            assert_eq!(report.unreadable, 0, "{report:?}");
            assert_eq!(holds(tablet), [true, true]);
            let lesson: SharedLesson = tablet.tablet().read(old).expect("it is back");
            assert_eq!((lesson.what_happened.as_str(), lesson.adopted_by.len()), ("Baririmbye.", 1));
        }
    });
}

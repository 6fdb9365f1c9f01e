//! What a copied tablet wrote under numbers that were taken: quarantined, and taken in whole once somebody answers for it.

use server::store::Store;
use server::verify::verify;
use tablet::device::Device;

use super::*;

fn saying(minutes: Option<i64>, words: &str) -> Details {
    Details {
        minutes: minutes.map(|minutes| minutes.try_into().expect("in range")),
        summary: Some(words.to_owned()),
        ..Details::default()
    }
}

fn sync(tablet: &mut Device) {
    let report = tablet.sync(&mut ()).expect("a sync").report;
    assert_eq!(report.unreadable, 0, "{report:?}");
}

/// A tablet in two places, after each has written to one meeting under the same number; the original has synced.
struct Copied {
    original: Device,
    copied: Device,
    session: SessionId,
}

impl Copied {
    fn of(mut tablet: Device, village: &Village) -> Self {
        let session = record(&mut tablet, village.group, day(3, 5), saying(Some(60), "We met."));
        sync(&mut tablet);
        let folder = village.put_away(tablet);
        let copy = village.copy_of(&folder);
        let (mut original, mut copied) = (village.take_out(&folder), village.take_out(&copy));
        original.edit_session(session, &saying(Some(80), "We met. We sang.")).expect("an edit");
        sync(&mut original);
        copied.edit_session(session, &saying(Some(70), "We met. We wept.")).expect("an edit");
        Self { original, copied, session }
    }
}

fn assert_sound(store: &Store) {
    let mut found = Vec::new();
    verify(store, &mut |finding| found.push(finding.to_string())).expect("the store answers");
    assert!(found.is_empty(), "{found:#?}");
    check_streams(store);
}

#[test]
fn what_a_copied_tablet_wrote_is_taken_in_and_both_copies_have_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 2);
        let Copied { mut original, mut copied, session } = Copied::of(jeanne, &village);
        // The copy writes twice: its second change builds on the first, and has a free number.
        let present = Details { attendance: marks(&[1], Attendance::Present), ..Details::default() };
        copied.edit_session(session, &present).expect("an edit");
        sync(&mut copied);
        assert_eq!(copied.tablet().quarantined().len(), 2);
        sync(&mut paul);

        let waiting = village.manager.all(LIST);
        let of = |reason: &str| {
            let found = waiting.iter().find(|item| item["reason"] == reason);
            id_of(found.unwrap_or_else(|| panic!("{waiting:?}")))
        };
        let (first, second) = (of("re-keyed"), of("missing-dependency"));
        let inside = look(&village.manager, &first);
        assert_eq!(inside["would_be"], "accepted");
        assert!(inside["record"]["summary"].as_str().is_some_and(|words| words.contains("wept")), "{inside}");
        assert_eq!(look(&village.manager, &second)["would_be"], "missing-dependency");
        let released = release(&village.manager, &first).ok();
        assert_eq!((&released["outcome"], &released["others"]), (&json!("accepted"), &json!(1)));
        assert!(village.manager.all(LIST).is_empty());
        assert_sound(app.store());

        for _ in 0..2 {
            for tablet in [&mut original, &mut copied, &mut paul] {
                sync(tablet);
            }
        }
        let tablets = [&original, &copied, &paul];
        let all = tablets.map(|one| one.tablet().read::<Meeting>(session).expect("the session"));
        assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
        assert!(all[0].summary.contains("sang") && all[0].summary.contains("wept"), "{}", all[0].summary);
        assert_eq!(all[0].attendance.len(), 1);
        for tablet in tablets {
            assert_eq!(tablet.tablet().outbox().len() + tablet.tablet().quarantined().len(), 0);
            let open = tablet.tablet().conflicts(session).expect("the session");
            let fields: Vec<&str> = open.iter().map(|one| one.field.as_str()).collect();
            assert_eq!(fields, ["minutes", "summary"], "80 and 70, sang and wept: people settle them");
        }
        let history = village.manager.get(&format!("/v1/sessions/{session}/history")).ok();
        let words = history.to_string();
        assert!(words.contains("wept") && words.contains("jeanne.aegis"), "{words}");

        // Nothing of it moves any more, and a third copy that comes late has nothing to add.
        let quiet = copied.sync(&mut ()).expect("a sync").report;
        assert_eq!((quiet.requests, quiet.repaired.len()), (1, 0), "{quiet:?}");
    });
}

/// The copy writes once more before it hears that its first change was quarantined; meanwhile that one was let in re-keyed. Its first
/// request has a number that the original has used, so it is the answer to the second that is lost.
#[test]
fn what_builds_on_a_re_keyed_change_goes_on_by_itself() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 2);
        let Copied { mut original, mut copied, session } = Copied::of(jeanne, &village);
        let mut network = Network::to(&app.url).failing([None, Some(Fault::LoseAnswer)]);
        copied.sync_over(&mut network, &mut ()).expect_err("the answer is lost");
        let [waiting] = &village.manager.all(LIST)[..] else { panic!("one waits") };
        release(&village.manager, &id_of(waiting)).ok();
        let present = Details { attendance: marks(&[1], Attendance::Present), ..Details::default() };
        copied.edit_session(session, &present).expect("an edit");

        sync(&mut copied);
        assert!(village.manager.all(LIST).is_empty(), "nobody has to do anything about it");
        let shown = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert_eq!(shown["attendance"].as_array().map(Vec::len), Some(1), "{shown}");
        assert_sound(app.store());
        for _ in 0..2 {
            sync(&mut original);
            sync(&mut copied);
        }
        let [one, other] =
            [&original, &copied].map(|it| it.tablet().read::<Meeting>(session).expect("the session"));
        assert_eq!((one.attendance.len(), &one), (1, &other));
        assert_eq!(copied.tablet().outbox().len() + copied.tablet().quarantined().len(), 0);
    });
}

#[test]
fn whoever_recorded_what_is_rejected_hears_it_and_goes_on() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 1);
        let Copied { mut copied, session, .. } = Copied::of(jeanne, &village);
        let other = record(&mut copied, village.group, day(3, 6), saying(Some(45), "Again."));
        sync(&mut copied);
        let [waiting] = &village.manager.all(LIST)[..] else { panic!("one waits") };
        reject(&village.manager, &id_of(waiting), "The other tablet has it right.").ok();

        let report = copied.sync(&mut ()).expect("a sync").report;
        let [(about, rejection)] = &report.rejected[..] else { panic!("{report:?}") };
        assert_eq!((*about, rejection.by.as_str()), (session.into(), "manager.aegis"));
        assert_eq!(rejection.because, "The other tablet has it right.");
        let kept: Vec<_> = copied.tablet().quarantined().map(|one| one.rejection.is_some()).collect();
        assert_eq!(kept, [true], "it is kept on the tablet too");
        let quiet = copied.sync(&mut ()).expect("a sync").report;
        assert_eq!((quiet.requests, quiet.rejected.len()), (1, 0), "told once: {quiet:?}");
        // Nothing that she writes from now on builds on it.
        copied.edit_session(session, &saying(Some(75), "We met. We sang. We ate.")).expect("an edit");
        copied.edit_session(other, &saying(Some(50), "Again.")).expect("an edit");
        assert_eq!(copied.sync(&mut ()).expect("a sync").report.accepted, 2);
        assert_sound(app.store());
    });
}

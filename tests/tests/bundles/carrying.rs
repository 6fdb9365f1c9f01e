//! The ways that work goes, and its receipts come back.

use super::*;

/// Who signed each batch, and who carried it.
fn ways(store: &Store) -> Vec<(DeviceId, Option<DeviceId>)> {
    type Rows = Vec<(Db<DeviceId>, Option<Db<DeviceId>>)>;
    let read = |tx: &mut Conn<'_>| -> Result<Rows, StoreError> {
        on_each!(tx, |c| batches::table
            .order(batches::received_at)
            .select((batches::device_id, batches::carrier_id))
            .load(c))
    };
    let rows = store.read_blocking("ways", read).expect("the store answers");
    rows.into_iter().map(|(Db(origin), carrier)| (origin, carrier.map(|Db(id)| id))).collect()
}

#[test]
fn a_colleague_of_another_group_hands_work_in_and_can_read_none_of_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let other = village.group("Abahuza", "citizen_forum");
        let paul = village.facilitator(&app, "paul");
        village.assign(paul, other);
        let mut paul = village.tablet(&app, paul);
        paul.sync(&mut ()).expect("a sync");
        people_join(&mut jeanne, village.group, 3);
        let came = Details {
            attendance: marks(&[1, 2], Attendance::Present),
            summary: Some("We spoke of the harvest.".into()),
            ..minutes(90)
        };
        record(&mut jeanne, village.group, day(3, 5), came);
        let waiting = jeanne.tablet().outbox().len();
        let mut card = Card::new();

        let file = card.from(&jeanne);
        let bytes = fs::read(&file).expect("the file");
        assert!(!bytes.windows(7).any(|some| some == b"harvest"), "it is sealed");
        let took = paul.import(&file).expect("he takes it");
        assert_eq!((took.carried, took.received), (1, 0), "he can read none of it");
        assert!(paul.tablet().all::<Session>(village.group.into()).is_empty());
        assert_eq!(paul.import(&file).expect("twice").carried, 0, "the same file twice is once");
        assert_eq!(paul.sync(&mut ()).expect("a sync").report.carried, 1);
        assert_eq!(paul.tablet().carried(), 0);

        let counted = Count::of_answer(&village.aggregates(""));
        assert_eq!(counted, Count::registered(1, 2, 2).lasting(90));
        let (hers, his) = (jeanne.tablet().device(), paul.tablet().device());
        assert_eq!(ways(app.store()), [(hers, Some(his))], "origin and carrier are both known");

        // The receipt travels back the same way.
        assert_eq!(jeanne.tablet().outbox().len(), waiting);
        let back = card.from(&paul);
        let settled = jeanne.import(&back).expect("she takes it");
        assert_eq!((settled.accepted as usize, jeanne.tablet().outbox().len()), (waiting, 0));
        let sync = jeanne.sync(&mut ()).expect("a sync").report;
        assert_eq!((sync.accepted, sync.duplicate, sync.repaired.len()), (0, 0, 0), "{sync:?}");
        check_streams(app.store());
    });
}

#[test]
fn two_tablets_of_a_group_bring_each_other_up_to_date_with_no_server() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 4);
        jeanne.sync(&mut ()).expect("the server has that, and Paul has not");
        let came = Details { attendance: marks(&[1, 2], Attendance::Present), ..minutes(90) };
        let session = record(&mut jeanne, village.group, day(3, 5), came);
        let mut card = Card::new();

        let file = card.from(&jeanne);
        assert!(paul.import(&file).expect("he takes it").received > 0);
        let came = Details { attendance: marks(&[3], Attendance::Late), ..Details::default() };
        record(&mut paul, village.group, day(3, 5), came);
        let file = card.from(&paul);
        jeanne.import(&file).expect("she takes it");
        assert_eq!(jeanne.tablet().outbox().len(), 1, "a colleague is not the store");
        let read = |tablet: &Device| tablet.tablet().read::<Session>(session).expect("the session");
        assert_eq!(read(&jeanne), read(&paul));
        assert_eq!(read(&jeanne).attended(), 3);

        // Later both reach the server, and neither has to be put right.
        for turn in [0, 1, 0] {
            let tablet = if turn == 0 { &mut paul } else { &mut jeanne };
            let report = tablet.sync(&mut ()).expect("a sync").report;
            assert_eq!((report.repaired.len(), report.quarantined.len()), (0, 0), "{report:?}");
            assert_eq!(tablet.tablet().outbox().len() + tablet.tablet().carried(), 0);
        }
        assert_eq!(read(&jeanne), read(&paul));
        let counted = Count::of_answer(&village.aggregates(""));
        assert_eq!(counted, Count::registered(1, 3, 3).lasting(90));
        check_streams(app.store());
    });
}

#[test]
fn work_of_somebody_who_was_taken_off_waits_and_they_hear_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let mut card = Card::new();
        // She leaves while her work is on its way, and a later bundle is closed to her.
        people_join(&mut jeanne, village.group, 1);
        let file = card.from(&jeanne);
        village.unassign(jeanne.tablet().user(), village.group);
        paul.import(&file).expect("he takes it");
        paul.sync(&mut ()).expect("a sync");
        assert_eq!(village.manager.all("/v1/quarantine").len(), 1);
        let back = card.from(&paul);
        let heard = jeanne.import(&back).expect("she takes it");
        assert_eq!(
            heard.quarantined.iter().map(|(_, reason)| reason).collect::<Vec<_>>(),
            [&Reason::NotAssigned]
        );
        record(&mut paul, village.group, day(3, 9), minutes(60));
        let later = card.from(&paul);
        let closed = jeanne.import(&later).expect("a file for others");
        assert_eq!((closed.received, closed.carried), (0, 1), "she may carry it, and read nothing");
    });
}

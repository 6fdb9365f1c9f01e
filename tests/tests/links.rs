//! Links that carry little: each time the same little, unlike a fault. Requests and answers become as small as they must be,
//! and everything arrives.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sync_core::id::GroupId;
use sync_core::record::Session;
use sync_core::time::Date;
use tablet::device::{Device, Summary, SyncError};
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, record};
use tests::{Database, Narrow, Network, TestApp, Village};

/// Somebody tries again so often; each time the tablet knows what the link carried.
const TRIES: usize = 6;

/// A summary that hardly shrinks, as if it were some pages of words.
fn long_words(rng: &mut StdRng, letters: usize) -> String {
    (0..letters).map(|_| char::from(rng.random_range(b'!'..b'~'))).collect()
}

/// Records meetings, about 2 KB each on the wire: as much as no narrow link carries at once.
fn record_much(tablet: &mut Device, group: GroupId, rng: &mut StdRng, from: Date, meetings: i64) {
    for number in 0..meetings {
        let date = from.checked_add(jiff::Span::new().days(number)).expect("a day");
        let summary = Some(long_words(rng, 2_500));
        record(tablet, group, date, Details { summary, ..Details::default() });
    }
}

/// Syncs until it goes through; says how often it took.
fn sync_over(tablet: &mut Device, network: &mut Network) -> (usize, Summary) {
    for tries in 1..=TRIES {
        match tablet.sync_over(network, &mut ()) {
            Ok(summary) => return (tries, summary),
            Err(SyncError::Link(_) | SyncError::Answer(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    panic!("{TRIES} syncs went through nowhere; {} wait", tablet.tablet().outbox().len());
}

#[test]
fn over_whatever_link_the_outbox_empties_and_everything_comes() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut rng = StdRng::seed_from_u64(7);
        let mut from = day(1, 1);
        let mut meetings = 0;
        for (number, (narrow, count)) in [
            (Narrow::Refuses(100_000), 50),
            (Narrow::BreaksUp(60_000), 30),
            (Narrow::Refuses(8_000), 8),
            (Narrow::BreaksUp(8_000), 8),
            (Narrow::BreaksDown(8_000), 8),
        ]
        .into_iter()
        .enumerate()
        {
            record_much(&mut jeanne, village.group, &mut rng, from, count);
            from = from.checked_add(jiff::Span::new().days(count)).expect("a day");
            meetings += count as usize;
            let mut network = Network::to(&app.url).narrow(narrow);
            let (tries, summary) = sync_over(&mut jeanne, &mut network);
            assert_eq!(jeanne.tablet().outbox().len(), 0, "{narrow:?} after {tries}");
            assert!(summary.report.too_large.is_empty(), "{narrow:?}");
            if let Narrow::Refuses(most) | Narrow::BreaksUp(most) = narrow {
                let (failed, well): (Vec<usize>, Vec<usize>) =
                    network.sent.iter().partition(|size| **size > most);
                // What was sent in vain is bounded by what was to be sent, and so is the number of requests.
                assert!(
                    failed.iter().sum::<usize>() <= 2 * well.iter().sum::<usize>(),
                    "{narrow:?}: {:?}",
                    network.sent
                );
                assert!(
                    well.len() <= 3 + 3 * well.iter().sum::<usize>() / most,
                    "{narrow:?}: {:?}",
                    network.sent
                );
            }
            // Another tablet of the group reads all of it over a link as narrow.
            let paul = village.facilitator(&app, &format!("paul{number}"));
            village.assign(paul, village.group);
            let mut reader = village.tablet(&app, paul);
            let most = match narrow {
                Narrow::Refuses(most) | Narrow::BreaksUp(most) | Narrow::BreaksDown(most) => most,
            };
            let mut network = Network::to(&app.url).narrow(Narrow::BreaksDown(most));
            sync_over(&mut reader, &mut network);
            let held = reader.tablet().all::<Session>(village.group.into());
            assert_eq!(held.len(), meetings, "{narrow:?}");
            assert_eq!(held, jeanne.tablet().all::<Session>(village.group.into()), "{narrow:?}");
        }
        let counted = Count::of_answer(&village.aggregates(""));
        assert_eq!(counted, Count::of_tablets([&jeanne], &[village.group]));
        check_streams(app.store());
    });
}

/// One change that is larger than the link carries holds up no other; over a better link it goes too.
#[test]
fn one_thing_that_is_too_large_waits_and_all_else_goes() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut rng = StdRng::seed_from_u64(8);
        let summary = Some(long_words(&mut rng, 15_000));
        let large = record(&mut jeanne, village.group, day(2, 1), Details { summary, ..Details::default() });
        record_much(&mut jeanne, village.group, &mut rng, day(2, 2), 8);
        let more = Details { minutes: Some(90.try_into().expect("in range")), ..Details::default() };
        jeanne.edit_session(large, &more).expect("an edit");
        let mut network = Network::to(&app.url).narrow(Narrow::Refuses(8_000));
        let (_, summary) = sync_over(&mut jeanne, &mut network);
        assert_eq!(summary.report.too_large, [large.into()].into());
        let waits: Vec<_> = jeanne.tablet().outbox().map(|waiting| waiting.document).collect();
        assert_eq!(waits, [large.into(), large.into()], "with what builds on it");
        jeanne.sync(&mut ()).expect("a sync");
        assert_eq!(jeanne.tablet().outbox().len() + jeanne.tablet().quarantined().len(), 0);
        assert_eq!(Count::of_answer(&village.aggregates("")).sessions, 9);
        check_streams(app.store());
    });
}

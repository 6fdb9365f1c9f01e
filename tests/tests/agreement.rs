//! Coming to agree again costs what differs, not what there is.

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use server::on_each;
use server::store::schema::documents;
use server::store::{Conn, Db, StoreError};
use sync_core::id::{DocumentId, ParticipantId};
use sync_core::record::participant::ParticipantEdit;
use sync_core::record::{AgeBand, Participant, Sex};
use sync_core::tablet::{Key, Write};
use sync_core::value::Pseudonym;
use tablet::device::Device;
use tablet::folder::Folder;
use tablet::recording::Details;
use tests::village::{PASSPHRASE, day, people_join, record};
use tests::{Database, Fault, Network, TestApp, Village};

fn participants(tablet: &Device, village: &Village) -> Vec<(DocumentId, Participant)> {
    tablet.tablet().all::<Participant>(village.group.into())
}

/// As `people_join`, without looking through everybody for each who joins.
fn many_join(tablet: &mut Device, village: &Village, count: usize) {
    for number in 1..=count {
        let code: Pseudonym = format!("P{number:03}").parse().expect("a pseudonym");
        let id = ParticipantId::of(village.group, &code);
        let joins = |edit: &mut ParticipantEdit<'_>| {
            edit.group().set(village.group)?;
            edit.code().set(code.clone())?;
            edit.sex().set(Sex::ALL[number % 2])?;
            edit.age_band().set(AgeBand::ALL[number % 5])
        };
        tablet.edit::<Participant>(village.group.into(), id, joins).expect("a person joins");
    }
}

/// Takes blobs out of a tablet's folder, as a disk that forgets does.
fn forget(village: &Village, tablet: Device, keys: impl IntoIterator<Item = Key>) -> Device {
    let folder = village.put_away(tablet);
    let writes: Vec<Write> = keys.into_iter().map(Write::Delete).collect();
    Folder::open(&folder, PASSPHRASE, tests::app::START)
        .and_then(|mut folder| folder.persist(&writes, 0))
        .expect("an open folder");
    village.take_out(&folder)
}

#[test]
fn of_a_thousand_records_only_what_is_missing_comes() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        many_join(&mut jeanne, &village, 999);
        jeanne.sync(&mut ()).expect("a sync");

        // Her tablet loses its cursor and a record.
        let all = participants(&jeanne, &village);
        let (lost, _) = all[500];
        let mut jeanne = forget(&village, jeanne, [Key::Stream(village.group.into()), Key::Document(lost)]);
        let again = jeanne.sync(&mut ()).expect("a sync");
        assert!(participants(&jeanne, &village) == all, "all is there again");
        assert_eq!((again.report.received, again.report.accepted, again.report.duplicate), (1, 0, 0));
        println!("{} requests, {} up, {} down", again.report.requests, again.bytes_up, again.bytes_down);
        assert!(again.report.requests <= 3, "{} requests", again.report.requests);
        assert!(again.bytes_up + again.bytes_down <= 8 * 1024, "{} bytes", again.bytes_up + again.bytes_down);

        // A new tablet gets the group page by page; after a page that was lost, only the rest.
        let paul = village.facilitator(&app, "paul");
        village.assign(paul, village.group);
        let mut paul = village.tablet(&app, paul);
        let mut network = Network::to(&app.url).failing([None, Some(Fault::LoseAnswer)]);
        assert!(paul.sync_over(&mut network, &mut ()).is_err(), "the link broke");
        let had = participants(&paul, &village).len();
        assert!((1..999).contains(&had), "one page came and was kept: {had}");
        let rest = paul.sync(&mut ()).expect("a sync");
        assert!(rest.report.merged.len() <= 1000 - had, "only the rest came: {}", rest.report.merged.len());
        assert!(participants(&paul, &village) == all, "he has all");
    });
}

#[test]
fn what_the_store_lacks_is_offered_and_nothing_else() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 40);
        jeanne.sync(&mut ()).expect("a sync");
        // An edit whose place in the outbox is lost, and with it any word of it but the record.
        let (someone, _) = participants(&jeanne, &village)[7];
        let edit = |edit: &mut ParticipantEdit<'_>| edit.family().set("F01".parse()?);
        jeanne.edit::<Participant>(village.group.into(), someone, edit).expect("an edit");
        assert_eq!(jeanne.tablet().outbox().len(), 1);
        let mut jeanne = forget(&village, jeanne, [Key::Outbox(41)]);
        assert_eq!(jeanne.tablet().outbox().len(), 0);

        let again = jeanne.sync(&mut ()).expect("a sync");

        assert_eq!(
            (again.report.accepted, again.report.duplicate, again.report.quarantined.len()),
            (1, 0, 0)
        );
        let quiet = jeanne.sync(&mut ()).expect("a sync");
        assert_eq!((quiet.report.requests, quiet.report.repaired.len()), (1, 0), "{:?}", quiet.report);
    });
}

#[test]
fn what_changes_while_the_two_sides_agree_is_agreed_upon_too() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 10);
        jeanne.sync(&mut ()).expect("a sync");
        paul.sync(&mut ()).expect("a sync");
        let someone = ParticipantId::of(village.group, "P08".parse::<Pseudonym>().expect("a pseudonym"));
        let paul_wrote = |edit: &mut ParticipantEdit<'_>| edit.family().set("F01".parse()?);
        paul.edit::<Participant>(village.group.into(), someone, paul_wrote).expect("an edit");
        paul.sync(&mut ()).expect("a sync");

        // Jeanne's tablet has lost its cursor. Of what it hands in, the same participant comes with the second request, in which it
        // asks for what paul wrote.
        let mut random = StdRng::seed_from_u64(1);
        for date in 1..=25 {
            let summary = (0..19_000).map(|_| random.random_range('a'..='z')).collect();
            let told = Details { summary: Some(summary), ..Details::default() };
            record(&mut jeanne, village.group, day(2, date), told);
        }
        let jeanne_wrote = |edit: &mut ParticipantEdit<'_>| edit.consent_guardian().set(true);
        jeanne.edit::<Participant>(village.group.into(), someone, jeanne_wrote).expect("an edit");
        let mut jeanne = forget(&village, jeanne, [Key::Stream(village.group.into())]);
        let again = jeanne.sync(&mut ()).expect("a sync");
        assert!(again.report.requests > 2 && again.report.repaired.is_empty(), "{:?}", again.report);
        assert_eq!(
            (again.report.accepted, again.report.duplicate),
            (26, 0),
            "nothing goes up twice: {:?}",
            again.report
        );
        paul.sync(&mut ()).expect("a sync");
        assert_eq!(participants(&jeanne, &village), participants(&paul, &village));
    });
}

#[test]
fn a_record_that_is_damaged_in_the_store_holds_no_sync_up() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 10);
        jeanne.sync(&mut ()).expect("a sync");
        let (someone, _) = participants(&jeanne, &village)[7];
        let row = documents::table.find(Db(someone));
        let damage = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            on_each!(tx, |c| diesel::update(row).set(documents::snapshot.eq(vec![7; 99])).execute(c))
        };
        app.store().write_blocking("test", damage).expect("it is damaged");
        let mut jeanne =
            forget(&village, jeanne, [Key::Stream(village.group.into()), Key::Document(someone)]);
        // A sync that never ends would meet this.
        let faults = [const { None }; 12].into_iter().chain([Some(Fault::LoseAnswer)]);
        let mut network = Network::to(&app.url).failing(faults);
        let again = jeanne.sync_over(&mut network, &mut ()).expect("it ends");
        assert!(again.report.unreadable > 0, "{:?}", again.report);
        assert_eq!(participants(&jeanne, &village).len(), 9, "all others are there");
    });
}

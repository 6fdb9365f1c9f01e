//! What stands beside a record, in its group or elsewhere, costs nothing when that record is written.

use std::time::Duration;

use diesel::prelude::*;
use server::on_each;
use server::store::schema::documents;
use server::store::{Db, StoreError};
use sync_core::double::days;
use sync_core::id::ParticipantId;
use sync_core::limits::{MAX_COMPARED, MAX_COMPARED_NTH};
use sync_core::quarantine::Outcome;
use sync_core::record::session::Attendance;
use tests::{Database, Stranger, Village};

use super::budget::{Over, Scene, Sent, edits};
use super::*;

/// A request may name thousands of records. Of those that live elsewhere it costs where they live, however large they are.
#[test]
#[cfg(target_os = "linux")]
fn of_records_that_live_elsewhere_nothing_is_read_but_where() {
    /// Of each: together they are twice as much as a request may take.
    const BYTES: usize = 4 * 1024 * 1024;

    Database::each(|database| {
        let mut scene = Scene::on(database);
        let others = Village::of(&scene.app, "interpeace");
        let mut keza = Stranger::enrolled(&scene.app, &others, "keza");
        let theirs: Vec<Sent> = (1..=31).map(|day| keza.session(others.group, day)).collect();
        let held = keza.hand_in(&scene.app, others.group.into(), &theirs);
        assert_eq!(held, vec![Outcome::Accepted; theirs.len()]);
        let stream = Db(StreamId::from(others.group));
        let enlarged = scene.app.store().write_blocking("test", move |tx| -> Result<usize, StoreError> {
            let large = documents::snapshot.eq(vec![7_u8; BYTES]);
            on_each!(tx, |c| diesel::update(documents::table.filter(documents::stream_id.eq(&stream)))
                .set(large)
                .execute(c))
        });
        assert!(enlarged.expect("the store obeys") > 31, "their sessions, and their group");

        let begins = |day: i8| {
            let mut document = Document::genesis(Kind::Session);
            scene.tablet.edit(&mut document, scene.group, day).bytes().to_vec()
        };
        let names: Vec<Sent> = (1..=31).zip(&theirs).map(|(day, one)| (one.0, one.1, begins(day))).collect();
        let (found, cost) = scene.costs(&names);
        let found = found.expect("answered");
        assert!(found.iter().all(|one| matches!(one, Outcome::Quarantined(_))), "{found:?}");
        let mut over = Over::default();
        over.hold("the names of large records that live elsewhere", cost, Duration::ZERO);
        assert!(over.0.is_empty(), "{:#?}", over.0);
    });
}

/// A group's records of days that may be mistaken for each other, each as large as it may be and with as many marks as are compared,
/// are held against each other whenever one is written.
#[test]
#[cfg(target_os = "linux")]
fn an_edit_costs_nothing_of_the_records_beside_it() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let mut over = Over::default();
        let author = Actor { device: scene.tablet.device, incarnation: 0 };
        let group = scene.group;
        let people: Vec<ParticipantId> = (0..MAX_COMPARED)
            .map(|who| ParticipantId::from_uuid(uuid::Uuid::from_u128(who as u128)))
            .collect();
        let session = |date: Date, part: PartOfDay, nth: u8| -> (Document, Sent) {
            let mut document = Document::genesis(Kind::Session);
            let begun = document.edit::<Session>(author, NOW, |session| {
                session.group().set(group)?;
                session.date().set(date)?;
                session.part().set(part)?;
                if nth > 0 {
                    session.nth().set(i64::from(nth).try_into()?)?;
                }
                for who in &people {
                    session.attendance().put(who, Attendance::Present)?;
                }
                Ok(())
            });
            let change = begun.expect("sound").expect("new").bytes().to_vec();
            let id = SessionId::of(group, date, part.ordinal(), nth);
            (document, (Kind::Session, id.into(), change))
        };
        let mut beside = Vec::new();
        for date in days(DAY) {
            for part in PartOfDay::ALL {
                let numbers =
                    (0..=MAX_COMPARED_NTH).filter(|nth| (date, *part, *nth) != (DAY, PartOfDay::Morning, 0));
                beside.extend(numbers.map(|nth| session(date, *part, nth).1));
            }
        }
        // As many as can be: some 26 days on each of which a meeting may stand by mistake.
        assert!(beside.len() > 140, "{}", beside.len());
        let begun = scene.takes(&beside).cpu / beside.len() as u32;
        let (_, large, _) = scene.full(20);
        let enlarged = scene.app.store().write_blocking("test", |tx| -> Result<(), StoreError> {
            let large: Vec<u8> =
                on_each!(tx, |c| documents::table.find(Db(large.1)).select(documents::snapshot).first(c))?;
            let ids: Vec<Db<DocumentId>> = beside.iter().map(|one| Db(one.1)).collect();
            on_each!(tx, |c| diesel::update(documents::table.filter(documents::id.eq_any(&ids)))
                .set(documents::snapshot.eq(&large))
                .execute(c))?;
            Ok(())
        });
        enlarged.expect("the store obeys");

        let (mut document, sent) = session(DAY, PartOfDay::Morning, 0);
        let cost = scene.takes(std::slice::from_ref(&sent));
        over.hold("a record beside all that it is held against", cost, begun);
        let edit = edits(&scene.tablet, &mut document, &sent, 1);
        over.hold("an edit of it", scene.takes(&edit), begun);
        assert!(over.0.is_empty(), "{:#?}", over.0);
    });
}

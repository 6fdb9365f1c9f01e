//! No request costs more CPU than 200 ms and twice what each valid operation in it costs in a reference run, nor more memory than
//! 64 MB, as the operating system counts them of the real service: whatever bytes come, and whoever sends them.

use std::time::Duration;

use hostile_bytes::bombs;
use hostile_bytes::budget::{CPU, Cost, MEMORY, SLOWER};
use sync_core::id::{BatchId, Id};
use sync_core::limits::{MAX_DOCUMENT_OPERATIONS, MAX_OPERATIONS, MAX_REQUEST_OPERATIONS, MAX_REQUEST_WORK};
use sync_core::quarantine::Outcome;
use tests::process::Service;
use tests::program::ihuriro;
use tests::stranger::sync;
use tests::{Database, Stranger, Village};

use super::*;

/// How many write one text at once, and how much of it each.
const RIVALS: u32 = 300;
const LETTERS: usize = 30;

/// A change of a record, of the kind and with the id of its record.
pub(super) type Sent = (Kind, DocumentId, Vec<u8>);

/// Somebody with a tablet of their own making, and a service in a process of its own.
pub(super) struct Scene {
    pub(super) app: TestApp,
    pub(super) village: Village,
    service: Service,
    pub(super) tablet: Stranger,
    stream: StreamId,
    pub(super) group: GroupId,
}

impl Scene {
    pub(super) fn on(database: &Database) -> Self {
        let program = ihuriro().expect("the service's program");
        let mut app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let tablet = Stranger::enrolled(&app, &village, "jeanne");
        let service = Service::start(&program, &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let group = village.group;
        Self { app, village, service, tablet, stream: group.into(), group }
    }

    /// Hands changes in, and what that cost the service.
    pub(super) fn costs(&mut self, changes: &[Sent]) -> (Result<Vec<Outcome>, u16>, Cost) {
        let batch = self.tablet.batch(self.stream, changes);
        let request = self.tablet.request(vec![batch]);
        let request = self.tablet.signed(&request);
        let ((status, _, body), cost) = self.service.cost_of(|| sync(&self.app, &request));
        let outcomes = || {
            let answer: sync_core::wire::Answer = minicbor::decode(&body).expect("an answer");
            answer.outcomes.into_iter().flat_map(|batch| batch.outcomes).collect()
        };
        (if status == 200 { Ok(outcomes()) } else { Err(status) }, cost)
    }

    /// Hands changes in that are all taken; what that cost.
    pub(super) fn takes(&mut self, changes: &[Sent]) -> Cost {
        let (found, cost) = self.costs(changes);
        assert_eq!(found.expect("taken"), vec![Outcome::Accepted; changes.len()]);
        cost
    }

    /// A session of that day of March, with its first change.
    fn session(&mut self, day: i8) -> (Document, Sent) {
        let mut document = Document::genesis(Kind::Session);
        let first = self.tablet.edit(&mut document, self.group, day).bytes().to_vec();
        let (kind, id, _) = self.tablet.session(self.group, day);
        (document, (kind, id, first))
    }

    /// The same, as heavy as a record may be, one change after the other; and the dearest of them.
    pub(super) fn full(&mut self, day: i8) -> (Document, Sent, Cost) {
        let (mut document, sent) = self.session(day);
        let mut dearest = self.takes(std::slice::from_ref(&sent));
        let mut left = MAX_DOCUMENT_OPERATIONS - 2_000;
        for life in 20.. {
            let letters = left.min(MAX_OPERATIONS - 1);
            if letters == 0 {
                break;
            }
            let author = Actor { device: self.tablet.device, incarnation: life };
            let text = forge::text(&document, author, letters as usize);
            document.apply([&Change::parse(&text).expect("sound")]).expect("it builds on what is there");
            let cost = self.takes(&[(sent.0, sent.1, text)]);
            dearest = Cost { cpu: dearest.cpu.max(cost.cpu), memory: dearest.memory.max(cost.memory) };
            left -= letters;
        }
        (document, sent, dearest)
    }
}

/// So many edits of one record, one on top of the other.
pub(super) fn edits(
    tablet: &Stranger,
    document: &mut Document,
    (kind, id, _): &Sent,
    count: usize,
) -> Vec<Sent> {
    let author = Actor { device: tablet.device, incarnation: 90 };
    let minutes = |document: &Document| -> i64 {
        let session: Session = document.read().expect("sound");
        session.minutes.map_or(0, i64::from)
    };
    let one = |_| {
        let next = 1 + (minutes(document) + 1) % 700;
        let edit = document.edit::<Session>(author, NOW, |session| session.minutes().set(next.try_into()?));
        (*kind, *id, edit.expect("sound").expect("new").bytes().to_vec())
    };
    (0..count).map(one).collect()
}

/// What cost too much, all of it.
#[derive(Default)]
pub(super) struct Over(pub(super) Vec<String>);

impl Over {
    pub(super) fn hold(&mut self, what: &str, cost: Cost, valid: Duration) {
        let allowed = CPU * SLOWER + valid * 2;
        println!("{what}: {cost:?}, allowed {allowed:?}");
        if cost.cpu > allowed || cost.memory > MEMORY {
            self.0.push(format!("{what}: {cost:?}, allowed {allowed:?} and {MEMORY} bytes"));
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn no_request_costs_more_than_its_budget() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let mut over = Over::default();
        // What an honest tablet's work costs here, in this build: letters, and an edit of a record as heavy as one may be.
        let (document, first) = scene.session(1);
        scene.takes(std::slice::from_ref(&first));
        let author = Actor { device: scene.tablet.device, incarnation: 9 };
        let letter = scene.takes(&[(first.0, first.1, forge::text(&document, author, 20_000))]).cpu / 20_000;
        let mut full: Vec<(Document, Sent)> = Vec::new();
        for day in [2, 3] {
            let (document, sent, dearest) = scene.full(day);
            over.hold("a part of a full record", dearest, letter * MAX_OPERATIONS as u32);
            full.push((document, sent));
        }
        let (document, sent) = &mut full[0];
        let one = edits(&scene.tablet, document, sent, 1);
        let edit = scene.takes(&one);
        // It is opened for that.
        over.hold("an edit of a full record", edit, letter * MAX_DOCUMENT_OPERATIONS as u32);
        let edit = edit.cpu;

        // Each bomb by itself: none is taken, and none costs more than a refusal may.
        let (document, first) = scene.session(4);
        scene.takes(std::slice::from_ref(&first));
        let author = Actor { device: scene.tablet.device, incarnation: 7 };
        let mut all = bombs::changes(&document, author);
        all.push(("420 bytes that came to 11 GB", bombs::keys(&document, author, 60_000, 190_000)));
        all.push(("too many letters", forge::text(&document, author, MAX_OPERATIONS as usize + 1)));
        for (name, bomb) in all {
            let (found, cost) = scene.costs(&[(first.0, first.1, bomb)]);
            let found = found.expect("quarantined");
            assert!(matches!(found[..], [Outcome::Quarantined(_)]), "{name}: {found:?}");
            over.hold(name, cost, Duration::ZERO);
        }

        let each: Vec<Sent> =
            full.iter_mut().flat_map(|(document, sent)| edits(&scene.tablet, document, sent, 1)).collect();
        over.hold("an edit of each full record", scene.takes(&each), edit * each.len() as u32);

        // A text that hundreds wrote again, none of whom saw another; and then an edit by somebody who means well.
        let (mut document, sent) = scene.session(5);
        scene.takes(std::slice::from_ref(&sent));
        let device = scene.tablet.device;
        let words = forge::text(&document, Actor { device, incarnation: 99 }, LETTERS);
        document.apply([&Change::parse(&words).expect("sound")]).expect("it builds on what is there");
        scene.takes(&[(sent.0, sent.1, words)]);
        let lives = (0..=RIVALS).map(|life| Actor { device, incarnation: 100 + life });
        let mut rivals: Vec<Sent> = forge::rivals(&document, lives, LETTERS)
            .into_iter()
            .map(|change| (sent.0, sent.1, change))
            .collect();
        let alone = scene.takes(&[rivals.remove(0)]);
        over.hold("one who writes a text again", alone, letter * (2 * LETTERS as u32));
        // Each takes the letters out that it found, and writes as many.
        let whole = letter * (2 * RIVALS * LETTERS as u32);
        for some in rivals.chunks(100) {
            over.hold(
                "a hundred who write one text",
                scene.takes(some),
                alone.cpu * some.len() as u32 + whole,
            );
        }
        let one = edits(&scene.tablet, &mut document, &sent, 1);
        over.hold("an edit of a text that hundreds wrote", scene.takes(&one), edit);

        // As many edits of one full record as are taken at once; and one more is not.
        let (document, sent) = &mut full[0];
        let most = (MAX_REQUEST_WORK / MAX_DOCUMENT_OPERATIONS) as usize;
        let many = edits(&scene.tablet, document, sent, most);
        over.hold("many edits of a full record", scene.takes(&many), edit * most as u32);
        let one = edits(&scene.tablet, document, sent, 1).remove(0);
        let many = vec![one; most + most.div_ceil(10)];
        let (found, cost) = scene.costs(&many);
        assert_eq!(found, Err(413), "too much work");
        over.hold("too many edits of a full record", cost, Duration::ZERO);
        assert!(over.0.is_empty(), "{:#?}", over.0);
    });
}

#[test]
fn a_request_brings_no_more_than_there_is_room_for() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5).bytes().to_vec();
        let (kind, id, _) = tablet.session(village.group, 5);
        // Few bytes that say as much as a change may, many times over.
        let author = Actor { device: tablet.device, incarnation: 7 };
        let long = forge::long(&document, author, MAX_OPERATIONS as usize - 1);
        let many = MAX_REQUEST_OPERATIONS / MAX_OPERATIONS;
        let mut changes = vec![(kind, id, first)];
        changes.extend((0..many).map(|_| (kind, id, long.clone())));
        let refused = |changes: &[Sent], tablet: &mut Stranger| {
            let batch = tablet.batch_with_id(
                BatchId::from_uuid(uuid::Uuid::from_u128(changes.len() as u128)),
                village.group.into(),
                changes,
            );
            let request = tablet.request(vec![batch]);
            let (status, slug, _) = sync(&app, &tablet.signed(&request));
            (status, slug)
        };
        assert_eq!(refused(&changes, &mut tablet), (413, "too-large".to_owned()));
        // Whoever sends less at a time comes through.
        changes.pop();
        assert_eq!(tablet.hand_in(&app, village.group.into(), &changes)[0], Outcome::Accepted);
        let more = edits(&tablet, &mut document, &changes[0], 1);
        assert_eq!(tablet.hand_in(&app, village.group.into(), &more), [Outcome::Accepted]);
    });
}

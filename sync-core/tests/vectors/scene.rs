//! The story that the vectors tell: a manager founds a group in Kirebe; Claudine and Emmanuel each record its meeting
//! of 5 March 2026 on their own tablet, offline; then they hear of each other, and Claudine settles what clashed.

use sync_core::batch::{Envelope, Item, Purpose, Signed, SigningKey, Statement};
use sync_core::change::{Actor, Change, Digest};
use sync_core::document::Document;
use sync_core::form::{Edit, EditError};
use sync_core::id::{BatchId, DeviceId, DocumentId, EpochId, GroupId, ParticipantId, SessionId, StreamId};
use sync_core::record::group::{Group, GroupKind};
use sync_core::record::participant::Participant;
use sync_core::record::session::{Attendance, PartOfDay, Session, SessionEdit, SessionState, Theme};
use sync_core::record::{AgeBand, Kind, Kinded, Modality, SCHEMA, Sex};
use sync_core::time::{Date, Millis};

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is an id"))
}

/// 5 March 2026, 08:40 UTC.
pub(crate) const NOW: Millis = Millis(1_772_700_000_000);
pub(crate) const DAY: Date = Date::constant(2026, 3, 5);

pub(crate) fn epoch() -> EpochId {
    id("01931d00-0000-7000-8000-00000000e90c")
}

pub(crate) fn group() -> GroupId {
    id("018f3f6e-7d2c-7000-8000-0123456789ab")
}

pub(crate) fn stream() -> StreamId {
    group().into()
}

pub(crate) fn session() -> SessionId {
    SessionId::of(group(), DAY, PartOfDay::Morning.ordinal(), 0)
}

pub(crate) fn participant(number: u8) -> ParticipantId {
    ParticipantId::of(group(), format!("P0{number}"))
}

pub(crate) fn batch(number: u8) -> BatchId {
    id(&format!("0195654f-ac60-7000-8000-00000000000{number}"))
}

/// The seed of the key with which the store signs receipts; for these vectors only.
pub(crate) const STORE_SEED: [u8; 32] = [0x07; 32];

pub(crate) fn store_key() -> SigningKey {
    SigningKey::from_bytes(&STORE_SEED)
}

/// A tablet of the story. Its key is for these vectors only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author {
    pub(crate) name: &'static str,
    pub(crate) seed: [u8; 32],
    device: &'static str,
}

pub(crate) const MANAGER: Author =
    Author { name: "Béatrice", seed: [0x0b; 32], device: "018f3f6e-0000-7000-8000-00000000000b" };
pub(crate) const CLAUDINE: Author =
    Author { name: "Claudine", seed: [0x0c; 32], device: "018f3f6e-0000-7000-8000-00000000000c" };
pub(crate) const EMMANUEL: Author =
    Author { name: "Emmanuel", seed: [0x0e; 32], device: "018f3f6e-0000-7000-8000-00000000000e" };
/// Whose tablet runs another implementation: see `tests/node/foreign.mjs`.
pub(crate) const FIDELE: Author =
    Author { name: "Fidèle", seed: [0x0f; 32], device: "018f3f6e-0000-7000-8000-00000000000f" };
pub(crate) const AUTHORS: [Author; 4] = [MANAGER, CLAUDINE, EMMANUEL, FIDELE];

impl Author {
    pub(crate) fn device(&self) -> DeviceId {
        id(self.device)
    }

    pub(crate) fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.seed)
    }

    pub(crate) fn sign(&self, purpose: Purpose, payload: Vec<u8>) -> Signed {
        Signed::sign(purpose, self.device(), &self.key(), payload)
    }
}

/// One change of the story.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) document: DocumentId,
    pub(crate) change: Change,
}

impl Step {
    pub(crate) fn item(&self) -> Item {
        Item {
            stream: stream(),
            kind: self.kind,
            document: self.document,
            schema: SCHEMA,
            digest: Digest::of(self.change.bytes()),
        }
    }
}

/// The changes in the order in which the store gets them, and the documents as everybody then has them.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) steps: Vec<Step>,
    pub(crate) documents: Vec<(DocumentId, Document)>,
}

fn write<R: Kinded>(
    document: &mut Document,
    author: Author,
    incarnation: u32,
    minutes: i64,
    edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> Change {
    let actor = Actor { device: author.device(), incarnation };
    let change = document.edit::<R>(actor, NOW.plus_minutes(minutes), edit).expect("a sound edit");
    change.expect("something changed")
}

fn begin(session: &mut SessionEdit<'_>) -> Result<(), EditError> {
    session.group().set(group())?;
    session.date().set(DAY)?;
    session.part().set(PartOfDay::Morning)
}

impl Scene {
    pub(crate) fn play() -> Self {
        let mut scene = Self { steps: Vec::new(), documents: Vec::new() };
        scene.found();
        scene.meet();
        scene
    }

    fn step(&mut self, what: &'static str, kind: Kind, document: impl Into<DocumentId>, change: Change) {
        self.steps.push(Step { what, kind, document: document.into(), change });
    }

    fn found(&mut self) {
        let mut document = Document::genesis(Kind::Group);
        let founded = write::<Group>(&mut document, MANAGER, 0, -60, |one| {
            one.organisation().set(id("018f3f6e-1111-7000-8000-000000000001"))?;
            one.name().set("Abahuza ba Kirebe".parse()?)?;
            one.kind().set(GroupKind::HealingSpace)?;
            one.modality().set(Modality::Sociotherapy)?;
            one.area().set("52130303".parse()?)?;
            one.planned_sessions().set(15.try_into()?)
        });
        self.step("Béatrice founds the group", Kind::Group, group(), founded);
        self.documents.push((group().into(), document));

        for (number, sex, band) in
            [(1, Sex::Female, AgeBand::From36To59), (2, Sex::Male, AgeBand::From16To24)]
        {
            let mut document = Document::genesis(Kind::Participant);
            let came = write::<Participant>(&mut document, MANAGER, 0, -50, |one| {
                one.group().set(group())?;
                one.code().set(format!("P0{number}").parse()?)?;
                one.sex().set(sex)?;
                one.age_band().set(band)
            });
            self.step("Béatrice adds a participant", Kind::Participant, participant(number), came);
            self.documents.push((participant(number).into(), document));
        }
    }

    fn meet(&mut self) {
        let mut hers = Document::genesis(Kind::Session);
        let mut his = hers.clone();
        let first = write::<Session>(&mut hers, CLAUDINE, 0, 0, |session| {
            begin(session)?;
            session.minutes().set(90.try_into()?)?;
            session.themes().insert(&Theme::Grief)?;
            session.attendance().put(&participant(1), Attendance::Present)?;
            session.attendance().put(&participant(2), Attendance::Absent)?;
            session.headcount().put(&"female/16_24".parse()?, 3.try_into()?)?;
            session.summary().append("We opened with a song.")
        });
        self.step("Claudine records the meeting", Kind::Session, session(), first.clone());
        let second = write::<Session>(&mut his, EMMANUEL, 7, 3, |session| {
            begin(session)?;
            session.minutes().set(75.try_into()?)?;
            session.themes().insert(&Theme::Forgiveness)?;
            session.attendance().put(&participant(2), Attendance::Late)?;
            session.state().set(SessionState::Submitted)?;
            session.summary().append("Two people spoke of forgiving.")
        });
        self.step("Emmanuel records the same meeting", Kind::Session, session(), second.clone());
        hers.apply([&second]).expect("merges");
        let third = write::<Session>(&mut hers, CLAUDINE, 0, 90, |session| {
            session.minutes().set(90.try_into()?)?;
            session.summary().append("Byagenze neza 🕊")
        });
        self.step("Claudine, having heard of his, settles how long it was", Kind::Session, session(), third);
        self.documents.push((session().into(), hers));
    }

    /// The meeting with both recordings and nothing after them.
    pub(crate) fn unsettled(steps: &[Step]) -> Document {
        let mut document = Document::genesis(Kind::Session);
        document.apply(steps[3..5].iter().map(|step| &step.change)).expect("merges");
        document
    }

    pub(crate) fn document(&self, id: DocumentId) -> Option<&Document> {
        self.documents.iter().find(|(there, _)| *there == id).map(|(_, document)| document)
    }

    /// Some of the changes, as one batch of `author`.
    pub(crate) fn batch(
        &self,
        author: Author,
        batch: BatchId,
        steps: &[usize],
    ) -> (Statement, Signed, Envelope) {
        let steps: Vec<&Step> = steps.iter().map(|at| &self.steps[*at]).collect();
        let items = steps.iter().map(|step| step.item()).collect();
        let statement = Statement { batch, at: NOW.plus_minutes(100), items };
        let signed = author.sign(Purpose::Batch, minicbor::to_vec(&statement).expect("CBOR"));
        let envelope = Envelope {
            statement: signed.to_bytes().into(),
            changes: steps.iter().map(|step| step.change.bytes().to_vec().into()).collect(),
        };
        (statement, signed, envelope)
    }
}

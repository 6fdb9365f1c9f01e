//! A store in memory, just enough of one to sync with: everybody may read and write every group. And a network in
//! front of it that loses requests and answers.

pub(crate) mod http;

use std::collections::{BTreeMap, VecDeque};

use data_encoding::BASE64URL_NOPAD;
use sealing::{new_identity, recipient_of};
use sync_core::agreement;
use sync_core::authority::Authority;
use sync_core::batch::{Purpose, Signed, SigningKey, VerifyingKey};
use sync_core::change::Actor;
use sync_core::cursor::{Ask, Fingerprint, Mark};
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, EpochId, GroupId, Id, OrganisationId, StreamId, UserId};
use sync_core::limits::PAGE;
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::Outcome;
use sync_core::record::group::{Group, GroupEdit, GroupKind};
use sync_core::record::{Kind, Modality, Place, SCHEMA};
use sync_core::time::{Date, Millis};
use sync_core::wire::{
    Answer, Coding, Entry, Outcomes, PROTOCOL, Page, Person, Request, TabletStanding, Tells, Whole, close,
};
use tablet::link::{Enrol, Enrolled, Exchange, LinkError, Organisation, PublicKeys, Reply, Said, Traffic};

pub(crate) const NOW: Millis = Millis(1_772_700_000_000);

/// What goes wrong with one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    LostRequest,
    LostAnswer,
    CutAnswer,
}

struct Enrolment {
    code: String,
    key: VerifyingKey,
    last_request: u64,
    name: &'static str,
}

#[derive(Default)]
pub(crate) struct Store {
    devices: BTreeMap<DeviceId, Enrolment>,
    streams: BTreeMap<StreamId, Vec<(DeviceId, Entry)>>,
    documents: BTreeMap<DocumentId, (StreamId, Document)>,
    /// What goes wrong with the next exchanges, in order.
    pub(crate) faults: VecDeque<Fault>,
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

impl Store {
    /// With one group in it, which a manager made.
    pub(crate) fn with_group(name: &str) -> (Self, GroupId) {
        let mut store = Self::default();
        let group = store.begin_group(name);
        (store, group)
    }

    /// Another group of the manager's.
    pub(crate) fn begin_group(&mut self, name: &str) -> GroupId {
        let group = GroupId::from_uuid(uuid(77 + self.documents.len() as u128));
        let server = DeviceId::from_uuid(uuid(1));
        let mut document = Document::genesis(Kind::Group);
        let made = document.edit::<Group>(
            Actor { device: server, incarnation: 0 },
            NOW,
            |edit: &mut GroupEdit<'_>| {
                edit.organisation().set(OrganisationId::from_uuid(uuid(5)))?;
                edit.name().set(name.parse()?)?;
                edit.kind().set(GroupKind::HealingSpace)?;
                edit.modality().set(Modality::Sociotherapy)?;
                edit.area().set("52130303".parse()?)?;
                edit.starts_on().set(Date::constant(2026, 1, 5))
            },
        );
        let change = made.expect("a sound group").expect("something new");
        let entry = Entry {
            kind: Kind::Group,
            document: group.into(),
            schema: SCHEMA,
            change: change.bytes().to_vec().into(),
        };
        self.streams.insert(group.into(), vec![(server, entry)]);
        self.documents.insert(group.into(), (group.into(), document));
        group
    }

    pub(crate) fn document(&self, id: impl Into<DocumentId>) -> Option<&Document> {
        self.documents.get(&id.into()).map(|(_, document)| document)
    }

    fn answer(&mut self, body: &[u8]) -> Said {
        let signed = Signed::from_bytes(body).expect("a signed request");
        let device = signed.device;
        let enrolment = self.devices.get_mut(&device).expect("an enrolled tablet");
        signed.verify(Purpose::Request, &enrolment.key).expect("its own signature");
        let request: Request = minicbor::decode(&signed.payload).expect("a request");
        if request.number <= enrolment.last_request {
            return Said::Seen { last: enrolment.last_request };
        }
        enrolment.last_request = request.number;
        let outcomes = request.batches.iter().map(|batch| {
            let (signed, statement) = batch.open().expect("a sound batch");
            assert_eq!(signed.device, device);
            let items = statement.items.iter().zip(&batch.changes);
            let outcomes = items.map(|(item, change)| {
                let entry = Entry {
                    kind: item.kind,
                    document: item.document,
                    schema: item.schema,
                    change: change.clone(),
                };
                self.take(device, item.stream, entry)
            });
            Outcomes { batch: statement.batch, outcomes: outcomes.collect() }
        });
        let outcomes = outcomes.collect();
        let pages = self.streams.iter().map(|(stream, entries)| {
            let cursor = request.cursors.iter().find(|cursor| cursor.stream == *stream);
            let tells = match cursor.map(|cursor| &cursor.ask) {
                Some(Ask::After(from)) => {
                    let news = entries.iter().skip(*from as usize).filter(|(author, _)| *author != device);
                    let entries_of = news.map(|(_, entry)| entry.clone()).collect();
                    Tells::Changes { from: *from, to: entries.len() as u64, entries: entries_of }
                }
                Some(Ask::Copy { .. }) | None => self.documents(*stream, entries.len() as u64, &[], |_| true),
                Some(Ask::Agree { message, wanted }) => {
                    self.documents(*stream, entries.len() as u64, message, |mark| wanted.contains(mark))
                }
            };
            Page { stream: *stream, fingerprint: Some(self.fingerprint(*stream)), tells }
        });
        let pages = pages.collect();
        let person = |(device, enrolment): (&DeviceId, &Enrolment)| Person {
            device: *device,
            name: enrolment.name.to_owned(),
        };
        let answer = Answer {
            protocol: PROTOCOL,
            epoch: EpochId::from_uuid(uuid(2)),
            now: NOW,
            outcomes,
            pages,
            dropped: Vec::new(),
            people: self.devices.iter().map(person).collect(),
            receipts: Vec::new(),
            keys: Vec::new(),
            rejected: Vec::new(),
            standing: Some(TabletStanding { revoked: false, has_key: true, lease: 30 }),
            released: Vec::new(),
            neighbours: None,
        };
        Said::Answer(minicbor::to_vec(&answer).expect("writing to a Vec"))
    }

    /// What differs from what the tablet said of itself, and the documents that it wants.
    fn documents(&self, stream: StreamId, at: u64, message: &[u8], wanted: impl Fn(&Mark) -> bool) -> Tells {
        let mine = self.documents.iter().filter(|(_, (home, _))| *home == stream);
        let mine: Vec<(Mark, DocumentId, &Document)> =
            mine.map(|(id, (_, document))| (Mark::of(*id, &document.heads()), *id, document)).collect();
        let marks: Vec<Mark> = mine.iter().map(|(mark, ..)| *mark).collect();
        let reply = match message {
            [] => Vec::new(),
            message => agreement::answer(&marks, message, PAGE).expect("a message"),
        };
        let whole = |(_, id, document): &(Mark, DocumentId, &Document)| Whole {
            kind: document.kind(),
            document: *id,
            snapshot: document.save().into(),
        };
        let documents = mine.iter().filter(|(mark, ..)| wanted(mark)).map(whole).collect();
        Tells::Documents { at, more: false, message: reply.into(), documents }
    }

    fn take(&mut self, device: DeviceId, stream: StreamId, entry: Entry) -> Outcome {
        let stored = self.documents.get(&entry.document).map(|(_, document)| document.save());
        let incoming = [Incoming {
            bytes: &entry.change,
            schema: entry.schema,
            device,
            standing: Standing::Assigned,
            authority: &Authority::Manager,
        }];
        let planned =
            plan(Place { stream, document: entry.document, kind: entry.kind }, stored.as_deref(), &incoming)
                .expect("a sound store");
        if let Some(after) = planned.after {
            self.documents.insert(entry.document, (stream, after.document));
            self.streams.entry(stream).or_default().push((device, entry));
        }
        planned.outcomes[0].clone()
    }

    fn fingerprint(&self, stream: StreamId) -> Fingerprint {
        let none = Fingerprint::default();
        let mine = self.documents.iter().filter(|(_, (home, _))| *home == stream);
        mine.fold(none, |sum, (id, (_, document))| sum.replace(none, Fingerprint::of(*id, &document.heads())))
    }

    /// How many changes the store has, the group's own included.
    pub(crate) fn changes(&self) -> usize {
        self.documents.values().map(|(_, document)| document.changes().len()).sum()
    }
}

impl Exchange for Store {
    fn enrol(&mut self, asking: &Enrol) -> Result<Enrolled, LinkError> {
        let key = BASE64URL_NOPAD.decode(asking.public_key.as_bytes()).expect("base64url");
        let key = VerifyingKey::from_bytes(&key.try_into().expect("32 bytes")).expect("a key");
        let known = self.devices.iter().find(|(_, enrolment)| enrolment.code == asking.code);
        let device = match known {
            Some((device, enrolment)) if enrolment.key == key => *device,
            Some(_) => return Err(LinkError::Refused("the code was used by another tablet".into())),
            None => DeviceId::from_uuid(uuid(100 + self.devices.len() as u128)),
        };
        let name = if asking.code.starts_with('J') { "Jeanne" } else { "Eric" };
        let code = asking.code.clone();
        self.devices.entry(device).or_insert(Enrolment { code, key, last_request: 0, name });
        if self.faults.pop_front() == Some(Fault::LostAnswer) {
            return Err(LinkError::Broken("lost".into()));
        }
        Ok(Enrolled {
            device_id: device,
            user: tablet::link::Person {
                id: UserId::from_uuid(device.uuid()),
                name: name.into(),
                login: name.to_lowercase(),
            },
            organisation: Organisation { id: OrganisationId::from_uuid(uuid(5)), name: "Aegis Trust".into() },
            epoch: EpochId::from_uuid(uuid(2)),
            store: PublicKeys {
                receipt_key: BASE64URL_NOPAD
                    .encode(SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes()),
                seal_key: recipient_of(&new_identity()).expect("a key"),
            },
        })
    }

    fn exchange(&mut self, body: Vec<u8>, moved: &mut dyn FnMut(Traffic)) -> Result<Reply, LinkError> {
        let fault = self.faults.pop_front();
        if fault == Some(Fault::LostRequest) {
            return Err(LinkError::Unreachable("lost".into()));
        }
        let up = close(Coding::Zstd, &body).len() as u64;
        match (self.answer(&body), fault) {
            (_, Some(Fault::LostAnswer)) => Err(LinkError::Broken("lost".into())),
            (Said::Answer(mut answer), fault) => {
                if fault == Some(Fault::CutAnswer) {
                    answer.truncate(answer.len() / 2);
                }
                let traffic = Traffic { up, down: close(Coding::Zstd, &answer).len() as u64 };
                moved(traffic);
                Ok(Reply { said: Said::Answer(answer), traffic })
            }
            (seen, _) => Ok(Reply { said: seen, traffic: Traffic { up, down: 0 } }),
        }
    }
}

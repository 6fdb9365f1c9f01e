//! The tablet as a state machine: an event and the time come in, a list of [`Output`]s goes out. The caller carries the
//! outputs out one after the other and may be stopped between any two of them: no edit that was shown as saved is lost,
//! and a request without an answer is sent again with the same changes.
//!
//! An edit is durable before it is shown ([`Tablet::edit`]). A sync is a few rounds of one request and one answer
//! ([`Tablet::sync`], [`Tablet::answered`]). All of an answer is persisted in one write, or none of it. A change leaves
//! the outbox only once the store has it durably, merged or in quarantine. Where no answer comes, the next request
//! carries and asks for less ([`Tablet::unanswered`]).
//!
//! Opening, merging and saving a record costs as much as the record is large; listing all records of a stream opens
//! each.

mod blob;
mod report;
mod waiting;
mod left;
mod pace;
mod identity;
mod course;
mod state;
mod quarantined;
mod agree;
mod outbox;
mod pages;
mod receive;
mod relay;
mod since;

use std::collections::BTreeSet;

use crate::batch::{SigningKey, VerifyingKey};
use crate::change::{Actor, ChangeHash, Grounds};
use crate::conflict::{Conflict, NotSettled, conflicts, settle};
use crate::day::{Began, began_on};
use crate::document::{Damaged, Document};
use crate::form::{Edit, EditError};
use crate::id::{DeviceId, DocumentId, EpochId, GroupId, OrganisationId, SessionId, StreamId, UserId};
use crate::neighbour::Neighbours;
use crate::person::{Mark, marks};
use crate::record::{Kind, Kinded, Record};
use crate::time::{Millis, Moment};

pub use blob::{Blob, Key, Write};
pub use left::Left;
pub use pace::Failure;
pub use receive::NotAnAnswer;
pub use relay::{Came, Exported, ToSeal};
pub use report::Report;
pub use state::Tablet;
pub use waiting::Waiting;

/// What the tablet asks its machine to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Make these writes durable, all or none, before going on.
    Persist(Vec<Write>),
    /// Send these bytes as one request; give the answer to [`Tablet::answered`].
    Send(Vec<u8>),
    /// The sync is over.
    Finished(Report),
}

/// What enrolling gave: the tablet's place in the partnership.
#[derive(Debug, Clone)]
pub struct Enrolment {
    pub device: DeviceId,
    pub user: UserId,
    pub name: String,
    pub organisation: OrganisationId,
    pub epoch: EpochId,
    pub key: SigningKey,
    /// The store's public keys.
    pub store: StoreKeys,
}

/// The store's public keys, which a tablet learns when it is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreKeys {
    /// The key with which the store signs receipts: Ed25519.
    pub receipts: VerifyingKey,
    /// The key for which tablets seal work that a colleague carries to the store: an age recipient, `age1…`.
    pub seal: String,
}

/// Why an edit is not kept. Nothing of it is in the record or the outbox.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    #[error("this tablet does not hold that group; sync first, or ask your manager to assign you")]
    UnknownGroup,
    #[error("this tablet has no such record")]
    UnknownRecord,
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    NotSettled(#[from] NotSettled),
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

impl Tablet {
    /// Edits a record of `stream`, or begins it if the tablet has none with this id. Gives the outputs to carry out;
    /// none where the edit changes nothing. The edit may be shown as saved once the outputs are carried out.
    ///
    /// # Errors
    /// [`NotSaved`] in words; nothing is changed then.
    pub fn edit<R: Kinded>(
        &mut self,
        moment: &Moment,
        stream: StreamId,
        id: impl Into<DocumentId>,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Vec<Output>, NotSaved> {
        self.edit_for(moment, stream, id.into(), None, edit)
    }

    /// As [`Tablet::edit`]; the change says why it was written.
    ///
    /// # Errors
    /// [`NotSaved`] in words; nothing is changed then.
    pub fn edit_because<R: Kinded>(
        &mut self,
        moment: &Moment,
        stream: StreamId,
        id: impl Into<DocumentId>,
        grounds: &Grounds,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Vec<Output>, NotSaved> {
        self.edit_for(moment, stream, id.into(), Some(grounds), edit)
    }

    fn edit_for<R: Kinded>(
        &mut self,
        moment: &Moment,
        stream: StreamId,
        id: DocumentId,
        grounds: Option<&Grounds>,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Vec<Output>, NotSaved> {
        let held = self.held(id);
        // A record lives in one stream for ever: an edit under another stream would be quarantined at the store.
        let home = held.map_or(stream, |held| held.stream);
        if home != stream || !self.streams.contains_key(&stream) {
            return Err(NotSaved::UnknownGroup);
        }
        let mut document = match held {
            Some(held) => held.open()?,
            None => Document::genesis(R::KIND),
        };
        let actor = Actor { device: self.identity.device, incarnation: self.identity.incarnation };
        match document.edit_for::<R>(actor, moment.now, grounds, edit)? {
            Some(change) => Ok(vec![Output::Persist(self.enqueue(stream, id, &document, &change))]),
            None => Ok(Vec::new()),
        }
    }

    /// Settles the conflict of a field of a record: `said` is the field and the value in words, see [`settle`].
    ///
    /// # Errors
    /// [`NotSaved`] in words; nothing is changed then.
    pub fn settle(
        &mut self,
        moment: &Moment,
        id: impl Into<DocumentId>,
        said: (&str, &str),
        grounds: &Grounds,
    ) -> Result<Vec<Output>, NotSaved> {
        let id = id.into();
        let held = self.held(id).ok_or(NotSaved::UnknownRecord)?;
        let (stream, mut document) = (held.stream, held.open()?);
        let actor = Actor { device: self.identity.device, incarnation: self.identity.incarnation };
        let change = settle(&mut document, actor, moment.now, said, grounds)?;
        Ok(vec![Output::Persist(self.enqueue(stream, id, &document, &change))])
    }

    /// A record as it stands on this tablet.
    ///
    /// # Errors
    /// [`NotSaved::UnknownRecord`] if there is none of this kind with this id.
    pub fn read<R: Kinded>(&self, id: impl Into<DocumentId>) -> Result<R, NotSaved> {
        let held = self.held(id.into()).filter(|held| held.kind == R::KIND).ok_or(NotSaved::UnknownRecord)?;
        Ok(held.open()?.read().map_err(EditError::from)?)
    }

    /// The record with this id, erased ones too; `None` where the tablet does not hold it or can't read it.
    pub fn record(&self, id: impl Into<DocumentId>) -> Option<Record> {
        self.document(id)?.record().ok()
    }

    /// All records of a kind in a stream that can be read, with their ids, oldest id first.
    pub fn all<R: Kinded>(&self, stream: StreamId) -> Vec<(DocumentId, R)> {
        let mine = self.documents.iter().filter(|(_, held)| held.stream == stream && held.kind == R::KIND);
        mine.filter_map(|(id, held)| Some((*id, held.open().ok()?.read().ok()?))).collect()
    }

    /// The groups that this tablet holds.
    pub fn groups(&self) -> Vec<GroupId> {
        let groups = self.documents.iter().filter(|(_, held)| held.kind == Kind::Group);
        groups.map(|(id, _)| GroupId::from(*id)).collect()
    }

    /// A record's document, with its history and all concurrent values; `None` where the tablet does not hold the
    /// record or can't open it.
    pub fn document(&self, id: impl Into<DocumentId>) -> Option<Document> {
        self.held(id.into())?.open().ok()
    }

    /// The conflicts of a record that nobody has settled.
    ///
    /// # Errors
    /// [`NotSaved::UnknownRecord`] if there is no record with this id.
    pub fn conflicts(&self, id: impl Into<DocumentId>) -> Result<Vec<Conflict>, NotSaved> {
        let held = self.held(id.into()).ok_or(NotSaved::UnknownRecord)?;
        Ok(conflicts(&held.open()?))
    }

    /// The tablets that began a record, each not knowing of the others; none where it is not held or can't be opened.
    pub fn begun_by(&self, id: impl Into<DocumentId>) -> BTreeSet<DeviceId> {
        self.document(id).map(|document| document.begun_by()).unwrap_or_default()
    }

    /// All marks of attendance of a session, with the tablet that made each.
    pub fn attendance(&self, id: SessionId) -> Vec<Mark> {
        self.document(id).map(|document| marks(&document)).unwrap_or_default()
    }

    /// The day on which a group of this tablet began.
    pub fn began_on(&self, group: GroupId) -> Option<Began> {
        let document = self.document(group)?;
        began_on(&document, &document.read().ok()?)
    }

    /// The kind and the stream of a record, where the tablet has it.
    pub fn place_of(&self, id: DocumentId) -> Option<(Kind, StreamId)> {
        self.held(id).map(|held| (held.kind, held.stream))
    }

    /// The heads of a record (the changes on which no other change builds), ascending; `None` where the tablet does not
    /// hold it. Two tablets with the same heads hold the same record.
    pub fn heads(&self, id: DocumentId) -> Option<&[ChangeHash]> {
        self.held(id).map(|held| held.heads.as_slice())
    }

    /// The name of the person who holds a device, as far as the store has told this tablet.
    pub fn name_of(&self, device: DeviceId) -> Option<&str> {
        if device == self.identity.device {
            return Some(&self.identity.name);
        }
        self.people.get(&device).map(String::as_str)
    }

    /// What other partners do near to the groups of this tablet, as the store last said.
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// The person whose tablet this is.
    pub fn user(&self) -> UserId {
        self.identity.user
    }

    pub fn device(&self) -> DeviceId {
        self.identity.device
    }

    /// The epoch of the store, as of the last answer.
    pub fn epoch(&self) -> EpochId {
        self.identity.epoch
    }

    pub fn organisation(&self) -> OrganisationId {
        self.identity.organisation
    }

    /// Whether the store has the key of this tablet's folder, as it last said.
    pub fn store_has_key(&self) -> bool {
        self.identity.store_has_key == Some(true)
    }

    /// Hands the key of the folder to the store with the next request: sealed for the store, which gives it back to whoever shows a
    /// manager's code.
    pub fn hand_over_key(&mut self, sealed: Vec<u8>) {
        self.folder_key = Some(sealed.into());
    }

    /// The store's clock at the last answer, in milliseconds; 0 before the first.
    pub fn last_sync(&self) -> Millis {
        self.identity.last_sync
    }
}

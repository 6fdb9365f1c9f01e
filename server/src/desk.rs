//! One change by a person without a tablet. It is a change like those that tablets hand in: somebody with an authority wrote it, and
//! [`sync_core::merge::plan`] decides about it.

use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::{EditError, Invalid};
use sync_core::id::{DeviceId, GroupId, Id, UserId};
use sync_core::merge::{Incoming, Standing, plan_on};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::group::GroupEdit;
use sync_core::record::{Group, Kind, Place, SCHEMA};
use sync_core::time::Millis;

use crate::access::Role;
use crate::ledger::{self, Gain, Origin, Stored, keep, service_author, web_author};
use crate::problem::{FieldError, Problem};
use crate::scope::{Permit, Seen};
use crate::store::{Conn, Failure, Refusal, StoreError, identity};

/// Who edits, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) role: Role,
    pub(crate) now: Millis,
}

impl Member {
    pub(crate) fn of(permit: Permit, now: Millis) -> Self {
        Self { user: permit.user(), role: permit.role(), now }
    }

    /// The service, where the law or a rule that people set decides. Its changes say so: nobody signs in as it.
    pub(crate) fn service(now: Millis) -> Self {
        Self { user: UserId::from_uuid(service_author().uuid()), role: Role::Manager, now }
    }

    /// The person; `None` of the service.
    pub(crate) fn person(self) -> Option<UserId> {
        (self.author() != service_author()).then_some(self.user)
    }

    /// The author of what they write here.
    fn author(self) -> DeviceId {
        web_author(self.user)
    }
}

/// A record before it is edited.
#[derive(Debug)]
pub(crate) struct Original {
    place: Place,
    stored: Option<Stored>,
    document: Document,
}

impl Original {
    /// A record that is to begin.
    pub(crate) fn genesis(place: Place) -> Self {
        Self { place, stored: None, document: Document::genesis(place.kind) }
    }

    /// The record at a place, or one that is to begin there.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn at(tx: &mut Conn<'_>, place: Place) -> Result<Self, StoreError> {
        let Some(stored) = ledger::load(tx, place.document)? else { return Ok(Self::genesis(place)) };
        Ok(Self { place, document: stored.open()?, stored: Some(stored) })
    }

    /// The record, where there is one already.
    pub(crate) fn there(&self) -> Option<&Document> {
        self.stored.as_ref().map(|_| &self.document)
    }
}

impl From<Seen> for Original {
    fn from(Seen { place, stored, document }: Seen) -> Self {
        Self { place, stored: Some(stored), document }
    }
}

/// An edit that the record does not allow, or not to whoever makes it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct EditRefused(Box<EditError>);

impl From<EditError> for EditRefused {
    fn from(error: EditError) -> Self {
        Self(Box::new(error))
    }
}

impl Refusal for EditRefused {}

impl From<EditRefused> for Problem {
    fn from(EditRefused(error): EditRefused) -> Self {
        let field = match &*error {
            EditError::AlreadySet { field } | EditError::Backward { field } => (*field).to_owned(),
            EditError::Refused { field, .. } => (*field).to_owned(),
            EditError::Invalid(invalid) => invalid.field.clone(),
            EditError::Value(_) | EditError::Full | EditError::Damaged(_) => "record".to_owned(),
        };
        Self::fields(vec![FieldError { field, detail: error.to_string() }])
    }
}

/// Edits a record, or begins it. `work` gives back the change that it wrote, if any.
///
/// # Errors
/// What `work` refuses and what the plan does, and those of the store.
pub(crate) fn edit<E: Refusal + From<EditRefused>>(
    tx: &mut Conn<'_>,
    original: impl Into<Original>,
    member: Member,
    work: impl FnOnce(&mut Document, Actor) -> Result<Option<Change>, E>,
) -> Result<(), Failure<E>> {
    match planned(tx, original, member, work)? {
        Some(gain) => Ok(keep(tx, &[gain], &[], member.now)?),
        None => Ok(()),
    }
}

/// What an edit gains the record, if anything, for the ledger to keep: of several records at once, since what follows from them in a stream is
/// then computed once.
///
/// # Errors
/// As [`edit`].
pub(crate) fn planned<E: Refusal + From<EditRefused>>(
    tx: &mut Conn<'_>,
    original: impl Into<Original>,
    member: Member,
    work: impl FnOnce(&mut Document, Actor) -> Result<Option<Change>, E>,
) -> Result<Option<Gain>, Failure<E>> {
    let Original { place, stored, document } = original.into();
    // 1. The change is written on a copy: the plan puts it on the record as it is stored.
    let actor = Actor { device: member.author(), incarnation: identity::incarnation(tx)? };
    let Some(change) = work(&mut document.clone(), actor)? else { return Ok(None) };
    // 2. Whoever may edit a record here may write in its group; what they may say in it follows from their role.
    let authority = member.role.authority([member.author()]);
    let incoming = Incoming {
        bytes: change.bytes(),
        schema: SCHEMA,
        device: member.author(),
        standing: Standing::Assigned,
        authority: &authority,
    };
    let snapshot = stored.as_ref().map(|stored| stored.snapshot.as_slice());
    let plan =
        plan_on(document, place, snapshot, &[incoming]).map_err(|_| StoreError::Damaged("a document"))?;
    // 3. A tablet's change that is not accepted waits in quarantine; here whoever wrote it is still there to be told.
    let Some(after) = plan.after else { return Err(not_accepted(plan.outcomes)) };
    let origin = Origin { batch: None, schema: SCHEMA };
    let fresh = plan.fresh.into_iter().map(|(_, change)| (origin, change)).collect();
    Ok(Some(Gain::new(place.stream, place.document, stored, after, fresh)))
}

fn not_accepted<E: Refusal + From<EditRefused>>(outcomes: Vec<Outcome>) -> Failure<E> {
    let refused = |error: EditError| Failure::Refused(EditRefused::from(error).into());
    match outcomes.into_iter().next() {
        Some(Outcome::Quarantined(Reason::Invalid(field, why))) => refused(Invalid::new(&field, why).into()),
        Some(Outcome::Quarantined(Reason::TooLarge)) => refused(EditError::Full),
        // It was just written, by its own author, on the very record that the store has.
        _ => StoreError::Damaged("a record in which a change of our own can't be merged").into(),
    }
}

/// Edits a group, or begins it in its stream. One that nothing changes is left as it was.
pub(crate) fn edit_group(
    tx: &mut Conn<'_>,
    id: GroupId,
    member: Member,
    work: impl FnOnce(&mut GroupEdit<'_>) -> Result<(), EditError>,
) -> Result<(), Failure<EditRefused>> {
    let original = Original::at(tx, Place { stream: id.into(), document: id.into(), kind: Kind::Group })?;
    edit(tx, original, member, |document, actor| {
        document.edit::<Group>(actor, member.now, work).map_err(EditRefused::from)
    })
}

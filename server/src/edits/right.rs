//! Putting right what was recorded by mistake: an ordinary change by a supervisor or manager, which says why, and can be taken
//! back. What all such acts have in common.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use sync_core::change::Grounds;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DocumentId, SessionId};
use sync_core::record::{Kind, Kinded, Place, Record};
use sync_core::time::Date;

use crate::clock::Clock;
use crate::coverage::warning::Overlapping;
use crate::desk::{self, EditRefused, Member, Original};
use crate::ledger;
use crate::problem::{self, FieldError, Fields, Problem, kind};
use crate::scope::{Permit, Scope, Seen, no_such_record};
use crate::store::{Conn, Failure, Refusal, StoreError};

/// Who puts something right, where they may, when and why.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) scope: Scope,
    pub(super) member: Member,
    pub(super) grounds: Grounds,
}

impl Act {
    /// # Errors
    /// 422 `invalid-fields` with all that is wrong with the body, the reason too.
    pub(super) fn checked(
        permit: Permit,
        clock: &Clock,
        reason: &str,
        mut fields: Fields,
    ) -> Result<Self, Problem> {
        let grounds = fields.parse("reason", Some(reason));
        fields.done()?;
        let grounds = grounds.ok_or_else(Problem::internal)?;
        Ok(Self { scope: permit.scope()?, member: Member::of(permit, clock.now()), grounds })
    }

    /// A record that the caller may see, with what it says.
    pub(super) fn open<R: Kinded>(
        &self,
        tx: &mut Conn<'_>,
        id: impl Into<DocumentId>,
    ) -> Result<(Seen, R), Failure<Refused>> {
        Ok(self.scope.record_of(tx, id)?.ok_or(Refused::NoSuchRecord)?)
    }
}

/// Why something is not put right.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("there is no such record")]
    NoSuchRecord,
    #[error("only a manager may do this")]
    NotAManager,
    #[error("{field}: {detail}")]
    Field { field: &'static str, detail: &'static str },
    /// The record stands otherwise than whoever asks thought.
    #[error("{1}")]
    Otherwise(problem::Kind, &'static str),
    /// What is to be written would take the place of what somebody else wrote: the fields, and what they say.
    #[error("the other record says something else")]
    SaysOtherwise(Vec<FieldError>),
    /// What all partners would read may say who somebody is: the fields, and what it looks like.
    #[error("something in it may say who somebody is")]
    LookAgain(BTreeSet<(&'static str, &'static str)>),
    #[error(transparent)]
    Edit(#[from] EditRefused),
    #[error(transparent)]
    Overlapping(#[from] Overlapping),
}

impl Refusal for Refused {}

impl From<EditError> for Refused {
    fn from(error: EditError) -> Self {
        EditRefused::from(error).into()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchRecord => no_such_record(),
            Refused::NotAManager => Self::of(kind::ROLE_NOT_ALLOWED, "Only a manager may do this."),
            Refused::Field { field, detail } => {
                Self::fields(vec![FieldError { field: field.to_owned(), detail: detail.to_owned() }])
            }
            Refused::Otherwise(kind, detail) => Self::of(kind, detail),
            Refused::SaysOtherwise(fields) => Self::of_fields(
                kind::SAYS_OTHERWISE,
                "Say with `clashes` whether what stands there is kept or replaced. Nothing was carried over yet.",
                fields,
            ),
            Refused::LookAgain(found) => problem::look_again(&found),
            Refused::Edit(refused) => refused.into(),
            Refused::Overlapping(refused) => refused.into(),
        }
    }
}

/// A session of a group as the store has it, also one that was erased: what [`sync_core::moving::Slot`] reads others by.
pub(super) fn session_at(tx: &mut Conn<'_>, id: SessionId) -> Result<Option<Record>, StoreError> {
    let Some(stored) = ledger::load(tx, id.into())?.filter(|stored| stored.kind == Kind::Session) else {
        return Ok(None);
    };
    Ok(Some(stored.read()?.1))
}

/// Writes one change to a record, or begins it, with the reason.
pub(super) fn amend<R: Kinded>(
    tx: &mut Conn<'_>,
    original: impl Into<Original>,
    act: &Act,
    work: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> Result<(), Failure<Refused>> {
    desk::edit(tx, original, act.member, |document, actor| {
        document.edit_because::<R>(actor, act.member.now, &act.grounds, work).map_err(Refused::from)
    })
}

/// The place of a record of the same group.
pub(super) fn beside(place: Place, kind: Kind, id: impl Into<DocumentId>) -> Place {
    Place { stream: place.stream, document: id.into(), kind }
}

/// A field of a body that may be `null`, which takes its value back: absent it is `None`.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A field that is given: its value, or `None` where it is taken back.
pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    fields: &mut Fields,
    field: &str,
    given: Option<&Option<String>>,
) -> Option<Option<T>> {
    match given? {
        Some(text) => fields.parse(field, Some(text)).map(Some),
        None => Some(None),
    }
}

/// As [`parsed`], of a day.
pub(super) fn parsed_day(
    fields: &mut Fields,
    field: &'static str,
    given: Option<&Option<String>>,
) -> Option<Option<Date>> {
    match given? {
        Some(text) => fields.day(field, Some(text)).map(Some),
        None => Some(None),
    }
}

//! What the kinds of sheets have in common.

use sync_core::codes;
use sync_core::form::{Edit, EditError};
use sync_core::id::{Id, OrganisationId};
use sync_core::record::{Kinded, Place};
use sync_core::time::{Date, Moment, day_in_rwanda};
use utoipa::ToSchema;
use uuid::Uuid;

use super::cells::Cells;
use super::report::{FirstCode, LineRemark};
use super::table::Column;
use crate::access::Role;
use crate::audit::{self, ObjectKind, Who};
use crate::coverage::warning::Speaker;
use crate::desk::{self, EditRefused, Member, Original};
use crate::edits::groups::create::GroupRefused;
use crate::ledger::Gain;
use crate::problem::{Fields, Problem};
use crate::register::users::create::UserRefused;
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, StoreError};

codes! {
    /// What stands in a spreadsheet, a line for each.
    #[derive(ToSchema)]
    Sheet {
        /// Facilitators and supervisors.
        People = "people",
        Groups = "groups",
        /// Members of groups, by their codes.
        Participants = "participants",
        /// Meetings that took place.
        Sessions = "sessions",
    }
}

/// Who imports, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Importer {
    permit: Permit,
    pub(super) organisation: OrganisationId,
    pub(super) member: Member,
    pub(super) today: Date,
}

impl Importer {
    /// # Errors
    /// 500 of somebody without an organisation: the policy lets none of them in.
    pub(super) fn of(permit: Permit, moment: &Moment) -> Result<Self, Problem> {
        let member = Member::of(permit, moment.now);
        let (organisation, today) = (permit.organisation()?, day_in_rwanda(moment.now));
        Ok(Self { permit, organisation, member, today })
    }

    /// Whether they may add somebody of this role.
    pub(super) fn adds(self, role: Role) -> bool {
        self.permit.decides_about(role, Some(self.organisation))
    }

    pub(super) fn who(self) -> Who {
        self.permit.who()
    }

    /// As they speak to partners at this moment.
    pub(super) fn speaker(self, moment: Moment) -> Speaker {
        Speaker::of(self.permit, Some(self.organisation), moment)
    }
}

/// What is there already of what a line tells.
#[derive(Debug)]
pub(super) struct There {
    /// `None` where it is not for the importer to know.
    pub(super) id: Option<Uuid>,
    pub(super) remark: LineRemark,
}

/// What making a line came to.
#[derive(Debug)]
pub(super) enum Written {
    Made(Uuid, Option<FirstCode>),
    /// Somebody else was faster.
    There(Option<Uuid>),
}

/// Why a line was not made after all: something changed since it was checked.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMade {
    #[error(transparent)]
    Edit(#[from] EditRefused),
    #[error(transparent)]
    Group(#[from] GroupRefused),
    #[error(transparent)]
    User(#[from] UserRefused),
}

impl Refusal for NotMade {}

impl From<NotMade> for Problem {
    fn from(refused: NotMade) -> Self {
        match refused {
            NotMade::Edit(refused) => refused.into(),
            NotMade::Group(refused) => refused.into(),
            NotMade::User(refused) => refused.into(),
        }
    }
}

/// Begins a record with what a line says, unless it is there by now. What it gains goes to `gains`.
///
/// # Errors
/// [`NotMade`], and those of the store.
pub(super) fn begin<R: Kinded>(
    tx: &mut Conn<'_>,
    place: Place,
    importer: Importer,
    gains: &mut Vec<Gain>,
    write: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> Result<Written, Failure<NotMade>> {
    let original = Original::at(tx, place)?;
    let id = place.document.uuid();
    if original.there().is_some() {
        return Ok(Written::There(Some(id)));
    }
    let gain = desk::planned(tx, original, importer.member, |document, actor| {
        let written = document.edit::<R>(actor, importer.member.now, write);
        written.map_err(|error| NotMade::from(EditRefused::from(error)))
    })?;
    // It is new, so something is written.
    gains.push(gain.ok_or(StoreError::Damaged("a line of a sheet"))?);
    Ok(Written::Made(id, None))
}

/// A line of one kind of sheet, checked by itself.
pub(super) trait Row: Clone + Send + Sync + 'static {
    const COLUMNS: &'static [Column];
    /// Those that say which one a line tells of; one thing may be written there in several ways.
    const KEY: &'static [&'static str];
    /// As what each is noted in the audit log.
    const NOTED: (audit::Action, ObjectKind);
    /// What there is of the organisation that a line may name or double.
    type Known: Send + 'static;

    /// # Errors
    /// Those of the store.
    fn known(tx: &mut Conn<'_>, importer: Importer) -> Result<Self::Known, StoreError>;

    /// Reads a line. What is wrong goes to `fields`; `None` only if something is.
    fn read(cells: Cells<'_>, known: &Self::Known, importer: Importer, fields: &mut Fields) -> Option<Self>;

    /// By what one thing is told from another: two lines with one key tell of the same.
    fn key(&self) -> String;

    /// The record of it that is there already. It stays as it is.
    fn there(&self, known: &Self::Known) -> Option<There>;

    /// What the rooms of others would say against it.
    ///
    /// # Errors
    /// Those of the store.
    fn objection(&self, _: &mut Conn<'_>, _: Importer) -> Result<Option<LineRemark>, StoreError> {
        Ok(None)
    }

    /// What should be looked at again before it is made.
    fn doubts(&self) -> Vec<LineRemark> {
        Vec::new()
    }

    /// Makes it, unless it is there by now. What a record gains goes to `gains`, which the ledger keeps for all lines of a transaction at once.
    ///
    /// # Errors
    /// [`NotMade`], and those of the store.
    fn make(
        &self,
        tx: &mut Conn<'_>,
        importer: Importer,
        moment: &Moment,
        gains: &mut Vec<Gain>,
    ) -> Result<Written, Failure<NotMade>>;
}

//! What the two partners of an overlap, and the secretariat, said of it. Nothing is taken back: the last of a kind counts, and all stays
//! readable. It stays also when the two groups overlap no longer; once one of them is erased, its words go (see
//! [`ledger::erase`](crate::ledger::erase)).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::codes;
use sync_core::id::{Id, OrganisationId, UserId};
use sync_core::record::Note;
use sync_core::time::Moment;
use utoipa::ToSchema;
use uuid::Uuid;

use super::group::Partners;
use super::id::OverlapId;
use super::pair::Pair;
use crate::access::Role;
use crate::clock::timestamp;
use crate::on_each;
use crate::scope::Permit;
use crate::store::schema::overlap_statements;
use crate::store::{At, Code, Conn, Db, StoreError};

codes! {
    /// What somebody says of an overlap.
    #[derive(ToSchema)]
    Statement {
        /// Who begins or moves a group says why it goes on. It settles nothing.
        WentOn = "went_on",
        /// The partners agreed how they work side by side.
        Agreed = "agreed",
        /// One of them goes elsewhere, or to other people.
        Moved = "moved",
        /// The groups become one.
        Merged = "merged",
        /// Both know of it, and it stays as it is.
        Accepted = "accepted",
    }
}

impl Statement {
    /// Whether it says how an overlap was settled.
    pub fn settles(self) -> bool {
        self != Self::WentOn
    }
}

/// Who speaks.
#[derive(Debug, Clone)]
pub(crate) struct Speaker {
    /// None of the secretariat.
    organisation: Option<OrganisationId>,
    role: Role,
    user: UserId,
    moment: Moment,
}

impl Speaker {
    pub(crate) fn of(permit: Permit, organisation: Option<OrganisationId>, moment: Moment) -> Self {
        Self { organisation, role: permit.role(), user: permit.user(), moment }
    }
}

/// One statement, and who made it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatementItem {
    said: Statement,
    /// Why, or how. Absent where nobody wrote any, or a group of the two was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// The code of the organisation for which it was said; absent of the secretariat.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    #[schema(value_type = String, example = "manager")]
    role: Role,
    at: Timestamp,
}

/// What was said of an overlap.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Said {
    /// Why somebody went on. Absent where nobody was asked, as of groups that were there before, or are begun on a tablet.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<StatementItem>,
    /// How it was settled, as was last said.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<StatementItem>,
}

impl Said {
    pub(super) fn of(all: &[StatementItem]) -> Self {
        let last = |settles: bool| all.iter().rfind(|one| one.said.settles() == settles).cloned();
        Self { reason: last(false), resolution: last(true) }
    }
}

/// Writes down what somebody says of an overlap.
///
/// # Errors
/// Those of the store.
pub(super) fn say(
    tx: &mut Conn<'_>,
    pair: &Pair,
    said: Statement,
    words: Option<&Note>,
    speaker: &Speaker,
) -> Result<(), StoreError> {
    let [first, second] = pair.each();
    // One request may speak of several overlaps in one moment.
    let id = Uuid::new_v5(&speaker.moment.uuid(), pair.id().uuid().as_bytes());
    let row = (
        overlap_statements::id.eq(id.as_bytes().to_vec()),
        overlap_statements::overlap_id.eq(Db(pair.id())),
        overlap_statements::first_id.eq(first.id),
        overlap_statements::second_id.eq(second.id),
        overlap_statements::first_organisation_id.eq(first.organisation_id),
        overlap_statements::second_organisation_id.eq(second.organisation_id),
        overlap_statements::said.eq(said.code()),
        overlap_statements::words.eq(words.map(Note::as_str)),
        overlap_statements::organisation_id.eq(speaker.organisation.map(Db)),
        overlap_statements::role.eq(speaker.role.code()),
        overlap_statements::user_id.eq(Db(speaker.user)),
        overlap_statements::said_at.eq(At(speaker.moment.now)),
    );
    on_each!(tx, |c| diesel::insert_into(overlap_statements::table).values(row).execute(c))?;
    Ok(())
}

/// All that was said of some overlaps, the oldest first.
///
/// # Errors
/// Those of the store.
pub(super) fn of(
    tx: &mut Conn<'_>,
    ids: &[OverlapId],
    partners: &Partners,
) -> Result<BTreeMap<OverlapId, Vec<StatementItem>>, StoreError> {
    type Row = (Db<OverlapId>, Code<Statement>, Option<String>, Option<Db<OrganisationId>>, Code<Role>, At);
    let rows: Vec<Row> = on_each!(tx, |c| overlap_statements::table
        .filter(overlap_statements::overlap_id.eq_any(ids.iter().copied().map(Db)))
        .order((overlap_statements::said_at, overlap_statements::id))
        .select((
            overlap_statements::overlap_id,
            overlap_statements::said,
            overlap_statements::words,
            overlap_statements::organisation_id,
            overlap_statements::role,
            overlap_statements::said_at,
        ))
        .load(c))?;
    let mut all: BTreeMap<OverlapId, Vec<StatementItem>> = BTreeMap::new();
    for (Db(id), Code(said), words, by, Code(role), At(at)) in rows {
        let organisation = by.map(|Db(by)| partners.get(by).map(|one| one.code.clone())).transpose()?;
        let item = StatementItem { said, words, organisation, role, at: timestamp(at) };
        all.entry(id).or_default().push(item);
    }
    Ok(all)
}

/// The overlaps of which somebody said how they were settled.
///
/// # Errors
/// Those of the store.
pub(super) fn resolved(tx: &mut Conn<'_>) -> Result<BTreeSet<OverlapId>, StoreError> {
    let rows: Vec<Db<OverlapId>> = on_each!(tx, |c| overlap_statements::table
        .filter(overlap_statements::said.ne(Statement::WentOn.code()))
        .select(overlap_statements::overlap_id)
        .distinct()
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id).collect())
}

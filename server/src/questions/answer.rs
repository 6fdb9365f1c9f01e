//! The answer to a question, as JSON.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sync_core::id::OrganisationId;
use sync_core::time::Millis;
use utoipa::ToSchema;

use super::table::{Column, Named, Reconciled, Table};
use super::{Asked, Asker, Question};
use crate::clock::timestamp;
use crate::on_each;
use crate::store::schema::{devices, users};
use crate::store::{At, Conn, Db, StoreError};
use crate::totals::Doubts;

/// The answer to a question.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answer {
    /// Its name.
    #[schema(example = "silent-groups")]
    pub(super) question: &'static str,
    /// In words.
    #[schema(example = "Groups of which no meeting was heard")]
    pub(super) title: &'static str,
    /// What it was asked about.
    #[schema(value_type = Object, example = json!({"days": 14}))]
    pub(super) asked: Map<String, Value>,
    pub(super) as_of: AsOf,
    pub(super) columns: &'static [Column],
    /// By the names of the columns.
    #[schema(value_type = Vec<Object>)]
    pub(super) rows: Vec<Named>,
    /// The sums of the columns that add up.
    #[schema(value_type = Object)]
    pub(super) totals: Named,
    /// That rows sum to totals: the same, counted on another way.
    pub(super) reconciliation: Vec<Reconciled>,
    /// What should be known of it.
    pub(super) notes: Vec<String>,
    /// What to look at before figures of meetings are relied on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doubts: Option<Doubts>,
}

impl Answer {
    pub(super) fn new(question: &Question, asked: &Asked, as_of: AsOf, table: &Table) -> Self {
        let named = |cells| Named::new(table.columns, cells);
        Self {
            question: question.name(),
            title: question.title,
            asked: asked.words.clone(),
            as_of,
            columns: table.columns,
            rows: table.rows.iter().cloned().map(named).collect(),
            totals: named(table.totals()),
            reconciliation: table.reconciliation.clone(),
            notes: table.notes.clone(),
            doubts: table.doubts,
        }
    }
}

/// Of which moment an answer is, and what had not arrived by then.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AsOf {
    pub(super) at: Timestamp,
    /// What tablets of the caller's organisation had not handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tablets: Option<Unheard>,
}

/// What tablets have not handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Unheard {
    /// Tablets of the organisation that are in use.
    pub(super) tablets: i64,
    /// Those of them that said, when they were last heard, that they held work that was not handed in.
    pub(super) with_unsent: i64,
    /// How many changes that was.
    pub(super) unsent: i64,
    /// Those that were not heard for seven days: what they hold is not known.
    pub(super) unheard: i64,
}

/// In milliseconds: after so long a tablet holds work that nobody knows of, as groups meet weekly.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

impl AsOf {
    /// # Errors
    /// Those of the store.
    pub(super) fn load(tx: &mut Conn<'_>, asker: Asker, now: Millis) -> Result<Self, StoreError> {
        let tablets = asker.organisation().map(|own| Unheard::load(tx, own, now)).transpose()?;
        Ok(Self { at: timestamp(now), tablets })
    }
}

impl Unheard {
    fn load(tx: &mut Conn<'_>, own: OrganisationId, now: Millis) -> Result<Self, StoreError> {
        let rows: Vec<(Option<i64>, Option<At>)> = on_each!(tx, |c| devices::table
            .inner_join(users::table)
            .filter(users::organisation_id.eq(Db(own)))
            .filter(devices::revoked_at.is_null())
            .select((sql::<diesel::sql_types::Nullable<BigInt>>("unsent"), devices::last_seen_at))
            .load(c))?;
        let unsent = rows.iter().filter_map(|(unsent, _)| *unsent).filter(|unsent| *unsent > 0);
        let unheard = |seen: &Option<At>| seen.is_none_or(|At(at)| at.0 < now.0 - WEEK);
        Ok(Self {
            tablets: rows.len() as i64,
            with_unsent: unsent.clone().count() as i64,
            unsent: unsent.sum(),
            unheard: rows.iter().filter(|(_, seen)| unheard(seen)).count() as i64,
        })
    }
}

impl Unheard {
    /// In words.
    pub(super) fn line(&self) -> String {
        let Self { tablets, with_unsent, unsent, unheard } = self;
        format!(
            "{tablets} in use; {with_unsent} said that they hold {unsent} changes that were not handed in; {unheard} not heard for 7 days"
        )
    }
}

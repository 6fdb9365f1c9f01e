//! What an organisation is told of somebody who was sent there.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;
use sync_core::area;
use sync_core::id::{OrganisationId, ReferralId};
use sync_core::time::Date;
use utoipa::ToSchema;

use crate::register::organisations;
use crate::store::schema::received_referrals;
use crate::store::{Conn, Db, StoreError};

/// Somebody who was sent by another member of the partnership.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InboxItem {
    /// The referral: who sent somebody finds it by this id.
    #[schema(value_type = Uuid)]
    pub(super) id: ReferralId,
    from: ReferringOffice,
    /// The kind of service to which they were sent.
    #[schema(example = "specialised")]
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "trauma")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "soon")]
    urgency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_band: Option<String>,
    /// NISR code of the sector from which they come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "5213")]
    area: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Rwimiyaga, Nyagatare, East")]
    area_path: Option<String>,
    /// The last day on which they were sent.
    #[schema(example = "2026-03-05")]
    sent_on: String,
    /// Whether they have not arrived in the time that the urgency gives.
    overdue: bool,
    /// The day from which it is overdue; absent once they arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-12")]
    overdue_from: Option<String>,
    /// The latest step, on either side.
    #[schema(example = "sent")]
    state: String,
    /// The day of the latest step.
    #[schema(example = "2026-03-05")]
    state_on: String,
}

/// The organisation that sent somebody, and how its office is reached.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReferringOffice {
    #[schema(value_type = Uuid)]
    organisation_id: OrganisationId,
    #[schema(example = "Aegis Trust")]
    name: String,
    /// Ask there for whoever wrote the referral, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "programmes@aegis.example")]
    contact: Option<String>,
}

/// A row, but for the group: callers of the database may not read that column.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = received_referrals)]
pub(super) struct Row {
    pub(super) id: Db<ReferralId>,
    from_organisation: Db<OrganisationId>,
    service: String,
    reason: Option<String>,
    urgency: Option<String>,
    sex: Option<String>,
    age_band: Option<String>,
    sector: Option<String>,
    pub(super) sent_on: String,
    pub(super) overdue_from: Option<String>,
    state: String,
    state_on: String,
}

/// The offices that refer somebody, by their ids.
pub(super) struct Offices(BTreeMap<OrganisationId, ReferringOffice>);

impl Offices {
    /// # Errors
    /// Those of the store.
    pub(super) fn load(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        let all = organisations::all(tx)?.into_iter();
        let office = |one: organisations::Organisation| {
            (one.id, ReferringOffice { organisation_id: one.id, name: one.name, contact: one.contact })
        };
        Ok(Self(all.map(office).collect()))
    }

    /// # Errors
    /// [`StoreError::Damaged`] where there is no such organisation.
    pub(super) fn item(&self, row: Row, today: Date) -> Result<InboxItem, StoreError> {
        let from = self.0.get(&row.from_organisation.0).cloned();
        let area = row.sector.as_ref().and_then(|code| area::find(code.parse().ok()?));
        let today = today.to_string();
        Ok(InboxItem {
            id: row.id.0,
            from: from.ok_or(StoreError::Damaged("a referral of an organisation that there is not"))?,
            service: row.service,
            reason: row.reason,
            urgency: row.urgency,
            sex: row.sex,
            age_band: row.age_band,
            area: row.sector,
            area_path: area.map(|area| area.path()),
            sent_on: row.sent_on,
            overdue: row.overdue_from.as_ref().is_some_and(|from| *from <= today),
            overdue_from: row.overdue_from,
            state: row.state,
            state_on: row.state_on,
        })
    }
}

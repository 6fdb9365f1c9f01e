//! A group as others know it, and the organisation whose it is.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde::Serialize;
use sync_core::area::{self, AreaCode, Level};
use sync_core::id::{GroupId, OrganisationId};
use sync_core::record::group::GroupStatus;
use utoipa::ToSchema;

use crate::on_each;
use crate::projection::CoverageId;
use crate::register::organisations;
use crate::store::schema::{coverage, groups};
use crate::store::{Conn, Db, StoreError};

/// The row of a group that exists. Days are texts that sort as days do.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = coverage)]
pub(super) struct Covered {
    pub(super) id: Db<CoverageId>,
    pub(super) organisation_id: Db<OrganisationId>,
    pub(super) kind: String,
    pub(super) modality: String,
    pub(super) pillar: Option<String>,
    pub(super) mhpss_4w: Option<String>,
    pub(super) setting: Option<String>,
    pub(super) cohort: Option<String>,
    /// NISR code of the village.
    pub(super) area: String,
    pub(super) sector: String,
    pub(super) starts_on: Option<String>,
    /// `starts_on`, or the day on which the record was begun.
    pub(super) began_on: Option<String>,
    /// `None` while it goes on.
    pub(super) ended_on: Option<String>,
    pub(super) status: String,
    pub(super) met: bool,
}

impl Covered {
    pub(super) fn organisation(&self) -> OrganisationId {
        self.organisation_id.0
    }

    /// A group that is only thought of: nobody has recorded it.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn thought_of(
        organisation: OrganisationId,
        modality: String,
        pillar: Option<String>,
        cohort: Option<String>,
        area: AreaCode,
        begins_on: String,
    ) -> Self {
        Self {
            id: Db(CoverageId::of(uuid::Uuid::nil().into())),
            organisation_id: Db(organisation),
            kind: String::new(),
            modality,
            pillar,
            mhpss_4w: None,
            setting: None,
            cohort,
            area: area.to_string(),
            sector: area.at(Level::Sector).map(|sector| sector.to_string()).unwrap_or_default(),
            starts_on: Some(begins_on.clone()),
            began_on: Some(begins_on),
            ended_on: None,
            status: GroupStatus::Planned.to_string(),
            met: false,
        }
    }
}

/// The status as people are shown it, of a row of coverage: active as soon as a session counts (see
/// [`GroupStatus::shown`]).
pub(super) const SHOWN_STATUS: &str = "CASE WHEN coverage.met AND coverage.status IN ('planned', 'forming') THEN 'active' ELSE coverage.status END";

/// An organisation, as whoever wants to speak with it needs it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Partner {
    #[schema(value_type = Uuid)]
    id: OrganisationId,
    #[schema(example = "nar")]
    pub(super) code: String,
    #[schema(example = "Never Again Rwanda")]
    pub(super) name: String,
    /// The e-mail address or telephone number of an office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<String>,
}

/// All organisations, by their ids.
#[derive(Debug)]
pub(super) struct Partners(BTreeMap<OrganisationId, Partner>);

impl Partners {
    pub(super) fn load(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        let all = organisations::all(tx)?.into_iter();
        let partner = |one: organisations::Organisation| {
            (one.id, Partner { id: one.id, code: one.code, name: one.name, contact: one.contact })
        };
        Ok(Self(all.map(partner).collect()))
    }

    pub(super) fn get(&self, id: OrganisationId) -> Result<&Partner, StoreError> {
        self.0.get(&id).ok_or(StoreError::Damaged("the organisation of a group"))
    }
}

/// The groups of an organisation in some villages, by what they are called outside it.
///
/// # Errors
/// Those of the store.
pub(super) fn groups_of(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    villages: &BTreeSet<String>,
) -> Result<BTreeMap<CoverageId, GroupId>, StoreError> {
    let ids: Vec<Db<GroupId>> = on_each!(tx, |c| groups::table
        .filter(groups::organisation_id.eq(Db(organisation)))
        .filter(groups::area.eq_any(villages))
        .select(groups::id)
        .load(c))?;
    Ok(ids.into_iter().map(|Db(id)| (CoverageId::of(id), id)).collect())
}

/// A group that exists, as all members of the partnership may know it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CoverageItem {
    /// The same at each question. It opens nothing.
    #[schema(value_type = Uuid)]
    id: CoverageId,
    pub(super) organisation: Partner,
    /// In overlaps, of the caller's own organisation: the group. Of others nobody is told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
    kind: String,
    modality: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pillar: Option<String>,
    /// Activity code of the IASC 4Ws for mental health and psychosocial support.
    #[serde(skip_serializing_if = "Option::is_none")]
    mhpss_4w: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cohort: Option<String>,
    /// NISR code of the village, or of an area around it where `level` asks for that.
    area: String,
    /// The name of the area, and of those around it.
    area_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_on: Option<String>,
    /// The day on which it was said that the group has graduated or is suspended; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    ended_on: Option<String>,
    /// Active as soon as a session of it counts, whatever was recorded.
    status: String,
}

impl CoverageItem {
    /// # Errors
    /// [`StoreError::Damaged`] where nobody knows whose it is.
    pub(super) fn of(row: Covered, level: Level, partners: &Partners) -> Result<Self, StoreError> {
        let village: Option<AreaCode> = row.area.parse().ok();
        let code = village.and_then(|village| village.at(level)).ok_or(StoreError::Damaged("an area"))?;
        let status: GroupStatus = row.status.parse().map_err(|_| StoreError::Damaged("a status"))?;
        Ok(Self {
            id: row.id.0,
            organisation: partners.get(row.organisation())?.clone(),
            group_id: None,
            kind: row.kind,
            modality: row.modality,
            pillar: row.pillar,
            mhpss_4w: row.mhpss_4w,
            setting: row.setting,
            cohort: row.cohort,
            area: code.to_string(),
            area_path: area::find(code).map(|area| area.path()).unwrap_or_default(),
            starts_on: row.starts_on,
            ended_on: row.ended_on,
            status: status.shown(row.met).to_string(),
        })
    }

    /// The same, which is this group of the caller's own organisation.
    pub(super) fn of_group(self, group_id: Option<GroupId>) -> Self {
        Self { group_id, ..self }
    }
}

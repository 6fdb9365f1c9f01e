//! The row of a group that all members of the partnership may read (level I): that it exists, whose it is, where, when and of what kind.
//! Nothing in it leads to the group: neither its name nor its id.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::area::Level;
use sync_core::day::{began_on, ended_on};
use sync_core::document::Document;
use sync_core::id::{GroupId, Id, OrganisationId};
use sync_core::record::Group;
use uuid::{Uuid, uuid};

use super::word;
use crate::store::Db;
use crate::store::schema::coverage;

/// Any constant would do, as long as it stays.
const NAMESPACE: Uuid = uuid!("5d6d0d0f-6f0b-5a7e-9d0c-6c6f2b0c7a11");

/// The name of a group outside its organisation: UUIDv5 of the group's id, from which nobody finds that id again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CoverageId(Uuid);

impl CoverageId {
    pub fn of(group: GroupId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, group.as_bytes()))
    }
}

impl Id for CoverageId {
    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }
    fn uuid(self) -> Uuid {
        self.0
    }
}

/// All columns but `met`, which follows from sessions: [`facts`](crate::facts) writes it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = coverage, treat_none_as_null = true)]
pub(in crate::projection) struct CoverageRow {
    pub(in crate::projection) id: Db<CoverageId>,
    organisation_id: Db<OrganisationId>,
    kind: String,
    modality: String,
    pillar: Option<String>,
    mhpss_4w: Option<String>,
    setting: Option<String>,
    cohort: Option<String>,
    area: String,
    sector: String,
    starts_on: Option<String>,
    began_on: Option<String>,
    ended_on: Option<String>,
    status: String,
}

impl CoverageRow {
    /// `None` where the group was recorded by mistake.
    pub(in crate::projection) fn of(id: GroupId, group: &Group, document: &Document) -> Option<Self> {
        if group.void.is_some() {
            return None;
        }
        Some(Self {
            id: Db(CoverageId::of(id)),
            organisation_id: Db(group.organisation),
            kind: group.kind.to_string(),
            modality: group.modality.to_string(),
            pillar: word(group.pillar),
            mhpss_4w: word(group.mhpss_4w),
            setting: word(group.setting),
            cohort: word(group.cohort),
            area: group.area.to_string(),
            sector: word(group.area.code().at(Level::Sector)).unwrap_or_default(),
            starts_on: word(group.starts_on),
            began_on: word(began_on(document, group).map(|began| began.on)),
            ended_on: word(ended_on(document, group)),
            status: group.status.to_string(),
        })
    }
}

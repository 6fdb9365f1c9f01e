//! The row of a group.

use diesel::prelude::*;
use sync_core::day::{began_on, phased_out_on};
use sync_core::document::Document;
use sync_core::fold::fold;
use sync_core::id::{GroupId, OrganisationId};
use sync_core::record::Group;

use super::{number, word};
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::groups;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = groups, treat_none_as_null = true)]
pub(in crate::projection) struct GroupRow {
    pub(in crate::projection) id: Db<GroupId>,
    organisation_id: Db<OrganisationId>,
    name: String,
    name_folded: String,
    kind: String,
    modality: String,
    pillar: Option<String>,
    setting: Option<String>,
    cohort: Option<String>,
    area: String,
    planned_sessions: Option<i32>,
    starts_on: Option<String>,
    status: String,
    conflicts: i32,
    was_in_conflict: bool,
    began_on: Option<String>,
    void: Option<String>,
    phased_out_on: Option<String>,
}

impl GroupRow {
    pub(in crate::projection) fn of(
        id: GroupId,
        group: &Group,
        document: &Document,
        clashes: &Clashes,
    ) -> Self {
        Self {
            id: Db(id),
            organisation_id: Db(group.organisation),
            name: group.name.to_string(),
            name_folded: fold(group.name.as_str()),
            kind: group.kind.to_string(),
            modality: group.modality.to_string(),
            pillar: word(group.pillar),
            setting: word(group.setting),
            cohort: word(group.cohort),
            area: group.area.to_string(),
            planned_sessions: number(group.planned_sessions.map(Into::into)),
            starts_on: word(group.starts_on),
            status: group.status.to_string(),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            began_on: word(began_on(document, group).map(|began| began.on)),
            void: word(group.void.as_ref()),
            phased_out_on: word(phased_out_on(document, group)),
        }
    }

    pub(in crate::projection) fn area(&self) -> &str {
        &self.area
    }

    /// The columns by which every record of the group counts.
    pub(in crate::projection) fn counts(&self) -> impl PartialEq + use<> {
        let Self { organisation_id, kind, modality, area, began_on, void, .. } = self.clone();
        (organisation_id, kind, modality, area, began_on, void.is_some())
    }
}

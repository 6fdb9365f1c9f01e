//! The row of an entry of the directory of services.

use diesel::prelude::*;
use sync_core::fold::fold;
use sync_core::id::{OrganisationId, ServiceId};
use sync_core::record::Service;

use super::word;
use crate::store::Db;
use crate::store::schema::services;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = services, treat_none_as_null = true)]
pub(in crate::projection) struct ServiceRow {
    pub(in crate::projection) id: Db<ServiceId>,
    name: String,
    folded: String,
    kind: String,
    area: String,
    phone: Option<String>,
    hours: Option<String>,
    note: Option<String>,
    organisation_id: Option<Db<OrganisationId>>,
    ended: Option<String>,
}

impl ServiceRow {
    pub(in crate::projection) fn of(id: ServiceId, service: &Service) -> Self {
        let note = service.note.as_ref().map(|note| note.as_str()).unwrap_or_default();
        Self {
            id: Db(id),
            name: service.name.to_string(),
            folded: fold(&[service.name.as_str(), note].join("\n")),
            kind: service.kind.to_string(),
            area: service.area.to_string(),
            phone: word(service.phone.as_ref()),
            hours: word(service.hours.as_ref()),
            note: word(service.note.as_ref()),
            organisation_id: service.organisation.map(Db),
            ended: word(service.ended),
        }
    }
}

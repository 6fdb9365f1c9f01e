//! The directory of services, as the tablet has it: which there are, and which is nearest.

use sync_core::area::AreaCode;
use sync_core::id::{OrganisationId, ServiceId, StreamId};
use sync_core::record::referral::ServiceKind;
use sync_core::record::{Group, Service};

use super::RecordError;
use crate::device::Device;

/// Where somebody is referred to: a kind of service, or an entry of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    pub kind: ServiceKind,
    /// The member of the partnership that runs it.
    pub organisation: Option<OrganisationId>,
    pub service: Option<ServiceId>,
}

impl From<ServiceKind> for Destination {
    fn from(kind: ServiceKind) -> Self {
        Self { kind, organisation: None, service: None }
    }
}

impl Device {
    /// All entries, those to which nobody is sent any more too, in the order of their ids.
    pub fn services(&self) -> Vec<(ServiceId, Service)> {
        let all = self.tablet().all::<Service>(StreamId::PARTNERSHIP);
        all.into_iter().map(|(id, service)| (id.into(), service)).collect()
    }

    /// Those to which people are sent, the nearest to any of these areas first, then by name.
    pub fn services_near(&self, areas: &[AreaCode]) -> Vec<(ServiceId, Service)> {
        let today = self.clock().today();
        let mut open = self.services();
        open.retain(|(_, service)| service.is_open_on(today));
        open.sort_by_cached_key(|(id, service)| {
            let shares = areas.iter().filter_map(|area| area.shares(service.area.code())).max();
            (std::cmp::Reverse(shares), service.name.to_string(), *id)
        });
        open
    }

    /// Where the groups on the tablet are.
    pub fn areas(&self) -> Vec<AreaCode> {
        let groups = self.tablet().groups().into_iter();
        groups.filter_map(|id| Some(self.tablet().read::<Group>(id).ok()?.area.code())).collect()
    }

    /// An entry of the directory, to refer somebody there.
    ///
    /// # Errors
    /// [`RecordError::ServiceEnded`] where nobody is sent there any more.
    pub fn destination(&self, id: ServiceId) -> Result<Destination, RecordError> {
        let service: Service = self.tablet().read(id)?;
        match service.ended {
            Some(on) if !service.is_open_on(self.clock().today()) => {
                Err(RecordError::ServiceEnded { name: service.name.to_string(), on })
            }
            _ => {
                Ok(Destination { kind: service.kind, organisation: service.organisation, service: Some(id) })
            }
        }
    }
}

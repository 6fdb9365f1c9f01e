//! At the end an inbox tells whom others sent, and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::test::TestRequest;
use sync_core::id::{DocumentId, ParticipantId, StreamId};
use sync_core::person::all_codes_of;
use sync_core::record::referral::ReferralStep;
use sync_core::record::{Kind, Participant, Record};

use super::end::Stored;
use super::{Sound, World, ensure};

impl World {
    /// In the inbox of an organisation is each open referral of another one to it, of somebody who was sent and whose consent stands.
    pub(super) fn inboxes_tell(&mut self, stored: &BTreeMap<DocumentId, Stored>) -> Sound {
        let records: Vec<(DocumentId, StreamId, Record)> = stored
            .iter()
            .map(|(id, one)| (*id, one.stream, one.open().record().expect("a stored record stands")))
            .collect();
        let people: BTreeMap<ParticipantId, &Participant> = records
            .iter()
            .filter_map(|(id, _, record)| match record {
                Record::Participant(one) => Some((ParticipantId::from(*id), one)),
                _ => None,
            })
            .collect();
        let gone = people.iter().filter(|(_, one)| one.consent_withdrawn.is_some() || one.erased.is_some());
        // Who is said, by somebody who had not heard, to be one who was erased is recalled with them.
        let erased =
            records.iter().filter(|(_, _, record)| matches!(record, Record::Erased(Kind::Participant)));
        let erased = erased.map(|(id, ..)| ParticipantId::from(*id));
        let gone = gone.map(|(id, _)| *id).chain(erased);
        let gone = all_codes_of(gone, people.iter().filter_map(|(id, one)| Some((*id, one.same_as?))));
        for organisation in 0..self.organisations.len() {
            let own = self.organisations[organisation].id;
            let is_ours = |stream: StreamId| {
                self.groups.iter().any(|(group, of)| stream == (*group).into() && *of == organisation)
            };
            let due: BTreeSet<String> = records
                .iter()
                .filter(|(_, stream, record)| match record {
                    Record::Referral(one) => {
                        let was_sent = one.events.iter().any(|event| event.step == ReferralStep::Sent);
                        let is_void = people.get(&one.participant).is_some_and(|one| one.void.is_some());
                        let stands = !gone.contains(&one.participant) && !is_void;
                        one.to_organisation == Some(own)
                            && one.is_open()
                            && was_sent
                            && stands
                            && !is_ours(*stream)
                    }
                    _ => false,
                })
                .map(|(id, ..)| id.to_string())
                .collect();
            let reply = self.manager(organisation, TestRequest::get().uri("/v1/inbox?limit=500"))?;
            let (status, page) = reply.unwrap_or_default();
            let items = page["items"].as_array().cloned().unwrap_or_default();
            let told: BTreeSet<String> =
                items.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect();
            ensure(status == 200 && told == due, "an inbox tells whom others sent, and nobody else", || {
                format!("{status}: {told:?}, not {due:?}")
            })?;
            self.coverage.add("referrals in an inbox at the end", due.len() as u64);
        }
        Ok(())
    }
}

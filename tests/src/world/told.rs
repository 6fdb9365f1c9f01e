//! What was put right is told wherever somebody looks, nobody said what they may not say, and nobody who kept to their authority
//! has anything quarantined for it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::test::TestRequest;
use diesel::prelude::*;
use serde_json::{Value, json};
use server::access::Role;
use server::on_each;
use server::store::schema::{devices, quarantine, users};
use server::store::{Code, Conn, Db, StoreError};
use sync_core::change::{ChangeHash, Digest};
use sync_core::document::Document;
use sync_core::history::{since, step};
use sync_core::id::{DeviceId, DocumentId, Id, SessionId, StreamId, UserId};
use sync_core::moving::{is_taken_back, recorded_since};
use sync_core::record::session::SessionState;
use sync_core::record::{Kind, Record, Session};
use sync_core::value::Value as _;

use super::end::Stored;
use super::verbs::organisation_of;
use super::{Sound, World, ensure};
use crate::recount::Records;

type Documents = BTreeMap<DocumentId, Stored>;

/// A change that the store quarantines, or did until somebody let it in.
struct Quarantined {
    document: DocumentId,
    digest: Vec<u8>,
    reason: String,
    field: Option<String>,
    device: DeviceId,
    released: bool,
}

/// What the store knows of authority.
struct Authority {
    quarantined: Vec<Quarantined>,
    holders: BTreeMap<DeviceId, (UserId, Role)>,
}

impl Authority {
    fn read(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        type Row = (Db<DocumentId>, Vec<u8>, String, Option<String>, Db<DeviceId>, bool);
        let quarantined: Vec<Row> = on_each!(tx, |c| quarantine::table
            .select((
                quarantine::document_id,
                quarantine::digest,
                quarantine::reason,
                quarantine::field,
                quarantine::device_id,
                quarantine::released_at.is_not_null(),
            ))
            .load(c))?;
        let holders: Vec<(Db<DeviceId>, Db<UserId>, Code<Role>)> = on_each!(tx, |c| devices::table
            .inner_join(users::table)
            .select((devices::id, users::id, users::role))
            .load(c))?;
        let one = |(Db(document), digest, reason, field, Db(device), released): Row| Quarantined {
            document,
            digest,
            reason,
            field,
            device,
            released,
        };
        let holder = |(Db(device), Db(user), Code(role))| (device, (user, role));
        Ok(Self {
            quarantined: quarantined.into_iter().map(one).collect(),
            holders: holders.into_iter().map(holder).collect(),
        })
    }

    /// Whether a person whom the store knows recorded this on one of their tablets, or at a desk.
    fn recorded(&self, device: DeviceId, document: &Document) -> bool {
        let user = self.holders.get(&device).map(|(user, _)| user);
        let theirs =
            |author: &DeviceId| user.is_some() && self.holders.get(author).map(|(user, _)| user) == user;
        document.begun_by().iter().any(theirs)
    }
}

impl World {
    pub(super) fn tells_what_was_put_right(&mut self, stored: &Documents, records: &Records) -> Sound {
        self.histories_tell(stored)?;
        self.lists_tell(stored, records)?;
        let known = self.ground.store.read_blocking("authority", Authority::read).expect("the store answers");
        self.only_what_lacks_authority_is_quarantined(&known, stored)?;
        nobody_verifies_without_authority(&known, stored)
    }

    /// What somebody put right at a desk stands in its record; whatever of it is there is told with its grounds, beside every
    /// other change of that record.
    fn histories_tell(&mut self, stored: &Documents) -> Sound {
        let mut given: BTreeMap<DocumentId, Vec<(String, bool)>> = BTreeMap::new();
        for one in &self.righting.done {
            given.entry(one.record).or_default().push((one.grounds.to_string(), one.at_desk));
        }
        for (id, given) in given {
            let document = stored.get(&id).map(Stored::open);
            if document.as_ref().is_some_and(Document::is_erased) {
                continue;
            }
            let changes = document.as_ref().map(Document::changes).unwrap_or_default();
            let there: BTreeSet<String> =
                changes.iter().filter_map(|change| Some(change.grounds()?.to_string())).collect();
            for (grounds, at_desk) in &given {
                let stands = there.contains(grounds);
                ensure(stands || !at_desk, "what a desk put right is not lost", || {
                    format!("{id}: {grounds}")
                })?;
            }
            let Some(document) = document.filter(|one| !one.record().is_ok_and(|one| one.is_erased())) else {
                continue;
            };
            let told = self.history(document.kind(), stored[&id].stream, id)?;
            let promise = "a history tells all that was put right, and why";
            ensure(told.len() == changes.len(), promise, || {
                format!("{id} has {} changes, of which {} are told", changes.len(), told.len())
            })?;
            for (grounds, _) in given.iter().filter(|(grounds, _)| there.contains(grounds)) {
                ensure(told.iter().any(|one| one["reason"] == json!(grounds)), promise, || {
                    format!("{id}: {grounds}")
                })?;
                self.coverage.count("put right, and told in a history");
            }
        }
        Ok(())
    }

    fn history(&mut self, kind: Kind, stream: StreamId, id: DocumentId) -> Sound<Vec<Value>> {
        let own = self.organisations.iter().position(|one| StreamId::from(one.id) == stream);
        let organisation = own.unwrap_or_else(|| organisation_of(self, stream.uuid().into()));
        let (mut told, mut after) = (Vec::new(), String::new());
        loop {
            let address = format!("/v1/{kind}s/{id}/history?{after}");
            let reply = self.manager(organisation, TestRequest::get().uri(&address))?;
            let (status, mut page) = reply.unwrap_or_default();
            ensure(status == 200, "a history is told", || format!("{address}: {status} {page}"))?;
            told.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = format!("after={next}"),
                None => return Ok(told),
            }
        }
    }

    /// A list says of every session what became of it, and whether it counts.
    fn lists_tell(&mut self, stored: &Documents, records: &Records) -> Sound {
        let counted = records.counted();
        let mut told: BTreeMap<String, Value> = BTreeMap::new();
        for organisation in 0..self.organisations.len() {
            let reply = self.manager(organisation, TestRequest::get().uri("/v1/sessions?limit=500"))?;
            let items = reply.and_then(|(_, body)| body["items"].as_array().cloned()).unwrap_or_default();
            told.extend(
                items.into_iter().map(|item| (item["id"].as_str().unwrap_or_default().to_owned(), item)),
            );
        }
        for (id, one) in stored.iter().filter(|(_, one)| one.kind == Kind::Session) {
            let document = one.open();
            if document.is_erased() {
                ensure(!told.contains_key(&id.to_string()), "nobody is told of what is erased", || {
                    id.to_string()
                })?;
                continue;
            }
            let session: Session = document.read().expect("a stored record stands");
            let verified = SessionState::Verified.to_scalar();
            let changed = !since(&document, "state", |value| *value == verified).is_empty();
            let source = session.moved_from.and_then(|from| stored.get(&from.into())).map(|one| one.open());
            let source = source.and_then(|source| source.read::<Session>().ok()).map(Record::Session);
            let taken_back = is_taken_back(SessionId::from(*id), &session, source.as_ref());
            let went_on = !recorded_since(&session, &document, taken_back).is_empty();
            let due = json!({
                "void": session.void.as_ref().map(ToString::to_string),
                "moved_to": session.moved_to,
                "moved_from": session.moved_from,
                "double_of": session.double_of,
                "returned": session.returned.as_ref().map(ToString::to_string),
                "state": session.state,
                "changed_since_verified": changed,
                "recorded_since": went_on,
                "counts": counted.contains(&SessionId::from(*id)),
            });
            let item = told.get(&id.to_string()).unwrap_or(&Value::Null);
            let same =
                due.as_object().is_some_and(|due| due.iter().all(|(name, value)| item[name] == *value));
            ensure(same, "a list tells what became of a session", || format!("{id}: {item}, not {due}"))?;
            self.coverage.add("sessions that changed since they were verified", changed.into());
            self.coverage.add("sessions recorded in since they were set aside", went_on.into());
            self.coverage
                .add("sessions recorded in whose move was taken back", (went_on && taken_back).into());
        }
        Ok(())
    }

    /// Quarantined as it stands is what somebody wrote who may not, what was written of a record whose beginning the store knows
    /// of nobody who may, and of two records that were moved to one day at the same time the second.
    fn only_what_lacks_authority_is_quarantined(&self, known: &Authority, stored: &Documents) -> Sound {
        let digest = |name| self.saved.all.get(name).map(|digest| digest.as_bytes().to_vec());
        let beyond = self.righting.beyond.iter().filter_map(|name| Some((name.0, digest(name)?)));
        let beyond: BTreeSet<(DocumentId, Vec<u8>)> = beyond.collect();
        for one in known.quarantined.iter().filter(|one| one.reason == "invalid") {
            let recorded =
                || stored.get(&one.document).is_some_and(|stored| known.recorded(one.device, &stored.open()));
            let due = match one.field.as_deref() {
                Some("moved_from") => true,
                Some("void") if !recorded() => true,
                // Written on after it was published, by who had not heard.
                Some("record") if stored.get(&one.document).is_some_and(|one| one.kind == Kind::Lesson) => {
                    true
                }
                _ => beyond.contains(&(one.document, one.digest.clone())),
            };
            ensure(due, "who keeps to their authority has nothing quarantined", || {
                format!("{} of tablet {}: {:?}", one.document, one.device, one.field)
            })?;
        }
        Ok(())
    }
}

/// That a session is verified comes from somebody who may say it, or was let in by somebody who may.
fn nobody_verifies_without_authority(known: &Authority, stored: &Documents) -> Sound {
    let released = known.quarantined.iter().filter(|one| one.released);
    let released: BTreeSet<(DocumentId, &[u8])> =
        released.map(|one| (one.document, one.digest.as_slice())).collect();
    let facilitates =
        |author: DeviceId| known.holders.get(&author).is_some_and(|(_, role)| *role == Role::Facilitator);
    for (id, one) in stored.iter().filter(|(_, one)| one.kind == Kind::Session) {
        let document = one.open();
        let rekeyed: BTreeSet<ChangeHash> = document.rekeyed().values().map(|change| change.hash()).collect();
        for change in document.changes().iter().filter(|change| facilitates(change.actor().device)) {
            let fields = step(&document, &change.hash()).map(|step| step.fields).unwrap_or_default();
            let verifies = fields.iter().any(|one| one.field == "state" && one.to == ["verified"]);
            let digest = Digest::of(change.bytes());
            let let_in =
                rekeyed.contains(&change.hash()) || released.contains(&(*id, digest.as_bytes().as_slice()));
            ensure(!verifies || let_in, "who has no authority verifies nothing", || {
                format!("{id} by {}", change.actor().device)
            })?;
        }
    }
    Ok(())
}

//! Several tablets that write one record, hear of each other or not, and are brought together in every order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_core::authority::Authority;
use sync_core::change::{Actor, Change, ChangeHash};
use sync_core::conflict::conflicts;
use sync_core::document::Document;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DeviceId, DocumentId, GroupId, Id, ParticipantId, SessionId};
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::Outcome;
use sync_core::record::participant::Participant;
use sync_core::record::referral::{Referral, ServiceKind};
use sync_core::record::session::{PartOfDay, Session};
use sync_core::record::{Kind, Kinded, Place, SCHEMA};
use sync_core::time::{Date, Millis};

pub(crate) const SESSION: Kind = Kind::Session;
pub(crate) const PARTICIPANT: Kind = Kind::Participant;

const DAY: Date = Date::constant(2026, 3, 5);

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

pub(crate) fn person(number: u128) -> ParticipantId {
    ParticipantId::from_uuid(uuid::Uuid::from_u128(1000 + number))
}

fn actor(number: usize) -> Actor {
    Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(number as u128)), incarnation: 0 }
}

fn place(kind: Kind) -> Place {
    let document = match kind {
        Kind::Session => SessionId::of(group(), DAY, PartOfDay::Morning.ordinal(), 0).into(),
        Kind::Participant => ParticipantId::of(group(), "P01").into(),
        _ => DocumentId::from_uuid(uuid::Uuid::from_u128(5)),
    };
    Place { stream: group().into(), document, kind }
}

/// Numbers by which each replica, and the store, puts what it hears into an order of its own.
pub(crate) fn orders() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), 5)
}

/// One record on several tablets; the first began it, the others have that.
pub(crate) struct Replicas {
    kind: Kind,
    all: Vec<Document>,
}

/// What was written of one field, with who had seen it since.
#[derive(Debug)]
pub(crate) struct Wrote<T>(Vec<(ChangeHash, T)>);

impl<T> Default for Wrote<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord + Clone> Wrote<T> {
    /// Notes what a change wrote; an edit that changed nothing wrote nothing.
    pub(crate) fn note(&mut self, change: Option<Change>, value: T) {
        self.0.extend(change.map(|change| (change.hash(), value)));
    }

    /// The values that nobody who knew of them replaced.
    pub(crate) fn standing(&self, replicas: &Replicas) -> BTreeSet<T> {
        let known = replicas.known();
        let replaced = |hash| self.0.iter().any(|(later, _)| later != hash && known[later].contains(hash));
        self.0.iter().filter(|(hash, _)| !replaced(hash)).map(|(_, value)| value.clone()).collect()
    }
}

impl Replicas {
    pub(crate) fn of(kind: Kind, count: usize) -> Self {
        let mut first = Document::genesis(kind);
        match kind {
            Kind::Session => first.edit::<Session>(actor(0), Millis(0), |session| {
                session.group().set(group())?;
                session.date().set(DAY)?;
                session.part().set(PartOfDay::Morning)
            }),
            Kind::Participant => first.edit::<Participant>(actor(0), Millis(0), |participant| {
                participant.group().set(group())?;
                participant.code().set("P01".parse()?)
            }),
            _ => first.edit::<Referral>(actor(0), Millis(0), |referral| {
                referral.participant().set(person(1))?;
                referral.to().set(ServiceKind::HealthCentre)
            }),
        }
        .expect("a sound record");
        Self { kind, all: vec![first; count] }
    }

    /// The change with which a tablet that knows of no other begins a referral.
    pub(crate) fn begin(device: usize, service: ServiceKind) -> Change {
        let mut document = Document::genesis(Kind::Referral);
        let begun = document.edit::<Referral>(actor(device), Millis(0), |referral| {
            referral.participant().set(person(1))?;
            referral.to().set(service)
        });
        begun.expect("a sound record").expect("something new")
    }

    pub(crate) fn number(&self, who: usize) -> usize {
        who % self.all.len()
    }

    /// Lets one take in what another has so far; nobody where there is no such other.
    pub(crate) fn hear(&mut self, who: usize, other: usize) {
        let who = self.number(who);
        if let Some(heard) = self.all.get(other).map(Document::changes) {
            self.all[who].apply(&heard).expect("merges");
        }
    }

    pub(crate) fn edit<R: Kinded>(
        &mut self,
        who: usize,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Option<Change>, EditError> {
        self.all[who].edit(actor(who), Millis(0), edit)
    }

    pub(crate) fn read<R: Kinded>(&self, who: usize) -> R {
        self.all[who].read().expect("a sound record")
    }

    /// Every change, with who wrote it.
    fn changes(&self) -> Vec<Change> {
        let all = self.all.iter().flat_map(Document::changes);
        let all: BTreeMap<ChangeHash, Change> = all.map(|change| (change.hash(), change)).collect();
        all.into_values().collect()
    }

    /// For each change those that its author knew of.
    fn known(&self) -> BTreeMap<ChangeHash, BTreeSet<ChangeHash>> {
        let deps: BTreeMap<ChangeHash, Vec<ChangeHash>> =
            self.changes().iter().map(|change| (change.hash(), change.deps().collect())).collect();
        let behind = |hash: &ChangeHash| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![*hash]);
            while let Some(one) = next.pop() {
                let unseen = deps.get(&one).into_iter().flatten().filter(|dep| seen.insert(**dep));
                next.extend(unseen.copied().collect::<Vec<_>>());
            }
            seen
        };
        deps.keys().map(|hash| (*hash, behind(hash))).collect()
    }

    /// Brings all together, each in another order, and the store too: none refuses anything, and all end with one record.
    pub(crate) fn merge(&self, orders: &[u64]) -> Result<Document, TestCaseError> {
        let mixed = |order: u64| {
            let mut all = self.changes();
            let mut state = order | 1;
            all.sort_by_cached_key(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                state >> 33
            });
            all
        };
        let arriving = mixed(orders[0]);
        let (outcomes, store) = at_the_store(self.kind, None, &arriving.iter().collect::<Vec<_>>());
        prop_assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Accepted), "{:?}", outcomes);
        let store = store.expect("a record was begun");
        for (replica, order) in self.all.iter().zip(&orders[1..]) {
            let snapshot = replica.save();
            let heard = mixed(*order);
            let (_, merged) = at_the_store(self.kind, Some(&snapshot), &heard.iter().collect::<Vec<_>>());
            let merged = merged.as_ref().unwrap_or(replica);
            prop_assert_eq!(merged.heads(), store.heads());
            prop_assert_eq!(merged.record().expect("sound"), store.record().expect("sound"));
            prop_assert_eq!(conflicts(merged), conflicts(&store));
        }
        Ok(store)
    }
}

/// Offers changes to a store that has nothing of a referral yet; gives their outcomes.
pub(crate) fn offer(changes: &[&Change]) -> Vec<Outcome> {
    at_the_store(Kind::Referral, None, changes).0
}

fn at_the_store(kind: Kind, stored: Option<&[u8]>, changes: &[&Change]) -> (Vec<Outcome>, Option<Document>) {
    let incoming: Vec<Incoming<'_>> = changes
        .iter()
        .map(|change| Incoming {
            bytes: change.bytes(),
            schema: SCHEMA,
            device: change.actor().device,
            standing: Standing::Assigned,
            authority: &Authority::Manager,
        })
        .collect();
    let plan = plan(place(kind), stored, &incoming).expect("a sound store");
    (plan.outcomes, plan.after.map(|after| after.document))
}

//! Groups of every relation to the people who ask, each with the same records, and the people.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use server::access::{Gate, NewIdentityProvider, Role, set_provider};
use server::store::{Conn, Store, StoreError};
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DeviceId, DocumentId, GroupId, Id, OrganisationId, ParticipantId, SessionId, UserId};
use sync_core::quarantine::Outcome;
use sync_core::record::incident::IncidentType;
use sync_core::record::referral::{ReferralEvent, ReferralStep, ServiceKind, Urgency};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::{Incident, Kind, Kinded, Participant, Referral, Screening, Session as Meeting};
use tests::app::START;
use tests::village::day;
use tests::{Database, Session, Stranger, TestApp, Village};
use uuid::Uuid;

/// What a group is to the people who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Those who lead groups lead this one.
    Led,
    /// Somebody of the supervisor's team leads it.
    OfTheTeam,
    /// Of the organisation, and led by somebody else.
    Beside,
    /// Of the organisation; those who lead groups led it once.
    Left,
    /// Of another organisation.
    Other,
}

/// Somebody who asks.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) user: UserId,
    pub(crate) role: Role,
    /// The relation of the groups that they lead, or that their teams do.
    pub(crate) leads: Option<Relation>,
    pub(crate) protects: bool,
    pub(crate) session: Session,
}

/// A group with its records, and what else of its organisation is asked for.
pub(crate) struct Place {
    pub(crate) relation: Relation,
    pub(crate) organisation: OrganisationId,
    pub(crate) group: GroupId,
    /// A group that may be closed.
    pub(crate) spare: GroupId,
    pub(crate) leader: UserId,
    pub(crate) device: DeviceId,
    /// A tablet that may be revoked.
    pub(crate) old_device: DeviceId,
    /// Somebody who may be disabled.
    pub(crate) newcomer: UserId,
    pub(crate) team: Uuid,
    /// A lesson that the organisation writes.
    pub(crate) lesson: Uuid,
    pub(crate) records: BTreeMap<Kind, DocumentId>,
    /// The ids of quarantined changes, and the records that they are of.
    pub(crate) waiting: BTreeMap<Kind, (Uuid, DocumentId)>,
}

pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) places: Vec<Place>,
    /// An organisation with an identity provider.
    pub(crate) provided: OrganisationId,
    /// One of a group of the organisation with a group of another.
    pub(crate) overlap: Uuid,
    /// An entry of the directory of services.
    pub(crate) service: Uuid,
    /// A referral of the other organisation to that of those who ask.
    pub(crate) received: DocumentId,
    app: TestApp,
    villages: [Village; 2],
    names: AtomicUsize,
}

impl World {
    pub(crate) fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let (mut ours, mut theirs) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let relations =
            [Relation::Led, Relation::OfTheTeam, Relation::Beside, Relation::Left, Relation::Other];
        let places: Vec<Place> = relations
            .into_iter()
            .map(|relation| {
                let village = if relation == Relation::Other { &mut theirs } else { &mut ours };
                place(&app, village, relation)
            })
            .collect();
        app.run(server::published::publish(app.store(), app.clock.now())).expect("it is published");
        let (provided, names) = (with_provider(&app), AtomicUsize::new(0));
        let overlaps = ours.manager.get("/v1/coverage/overlaps?limit=1").ok();
        let overlap = overlaps["items"][0]["id"].as_str().expect("one").parse().expect("an id");
        let received = sent(&app, &theirs, ours.organisation);
        let villages = [ours, theirs];
        let mut world = Self {
            people: Vec::new(),
            places,
            provided,
            overlap,
            service: Uuid::nil(),
            received,
            app,
            villages,
            names,
        };
        world.people = world.people_of_each_role();
        let secretary =
            world.people.iter().find(|person| person.role == Role::Secretariat).expect("there is one");
        let body = json!({"name": "Isange One Stop Centre", "kind": "isange_one_stop", "area": "52"});
        let entered = secretary.session.post("/v1/services", &body).ok();
        world.service = entered["id"].as_str().expect("an id").parse().expect("an id");
        world
    }

    pub(crate) fn store(&self) -> &Store {
        self.app.store()
    }

    /// Waits for something of the service.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.app.run(work)
    }

    /// A name that nobody has.
    pub(crate) fn fresh_name(&self) -> String {
        format!("somebody{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// A team of the place's organisation, which may be ended.
    pub(crate) fn fresh_team(&self, place: &Place) -> String {
        let village = self.villages.iter().find(|village| village.organisation == place.organisation);
        let manager = &village.expect("the organisation's").manager;
        let team = manager.post("/v1/teams", &json!({"name": self.fresh_name()})).ok();
        team["id"].as_str().expect("an id").to_owned()
    }

    fn of(&self, relation: Relation) -> &Place {
        self.places.iter().find(|place| place.relation == relation).expect("a place of each relation")
    }

    /// Those who may least come first.
    fn people_of_each_role(&self) -> Vec<Person> {
        let (app, [village, _]) = (&self.app, &self.villages);
        let (led, left) = (self.of(Relation::Led), self.of(Relation::Left));
        let mut people = Vec::new();
        let mut add = |name: &'static str, role: Role, leads: Option<Relation>| {
            let user = app.user(name, role, role.in_organisation().then_some(village.organisation));
            people.push((name, role, leads, user));
            user
        };
        add("donor", Role::Donor, None);
        add("secretariat", Role::Secretariat, None);
        add("administrator", Role::Administrator, None);
        let facilitator = add("facilitator", Role::Facilitator, Some(Relation::Led));
        let supervisor = add("supervisor", Role::Supervisor, Some(Relation::OfTheTeam));
        add("manager", Role::Manager, None);
        let leading = add("leading.manager", Role::Manager, Some(Relation::Led));
        let protects = add("protection.officer", Role::Manager, None);

        for user in [facilitator, leading] {
            village.assign(user, led.group);
            village.assign(user, left.group);
            village.unassign(user, left.group);
        }
        let team = self.of(Relation::OfTheTeam).team;
        for member in [supervisor, self.of(Relation::OfTheTeam).leader] {
            let path = format!("/v1/teams/{team}/members/{member}");
            village.manager.request("PUT", &path, None).ok();
        }
        // Somebody who was in the team once, with a group of their own, gives nobody anything to see.
        let once = format!("/v1/teams/{team}/members/{}", self.of(Relation::Beside).leader);
        village.manager.request("PUT", &once, None).ok();
        village.manager.delete(&once).ok();
        let named = format!("/v1/users/{protects}/protection-officer");
        app.login("administrator").request("PUT", &named, None).ok();

        let person = |(name, role, leads, user): (&'static str, Role, Option<Relation>, UserId)| Person {
            name,
            user,
            role,
            leads,
            protects: user == protects,
            session: app.login(name),
        };
        people.into_iter().map(person).collect()
    }
}

fn with_provider(app: &TestApp) -> OrganisationId {
    let organisation = app.organisation("provided");
    let (issuer, client_id) = ("https://login.example.rw".to_owned(), "ihuriro".to_owned());
    let new =
        NewIdentityProvider { issuer, client_id, client_secret: None, hosts: Vec::new(), required: false };
    let set = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
        let gate = Gate::read(tx)?;
        set_provider(tx, &gate, organisation, &new, START)?;
        Ok(())
    };
    app.store().write_blocking("test", set).expect("it is set");
    organisation
}

/// A group of this relation, led by somebody with a tablet, with a record of each kind and a change to each that is quarantined.
fn place(app: &TestApp, village: &mut Village, relation: Relation) -> Place {
    let name = format!("{relation:?}").to_lowercase();
    village.group = village.group(&format!("Itsinda {name}"), "sociotherapy");
    let mut leader = Stranger::enrolled(app, village, &format!("leader.{name}"));
    let mut guest = Stranger::enrolled(app, village, &format!("guest.{name}"));
    let records = hand_in(app, village, &mut leader, &[], 5, &Outcome::Accepted);
    // The guest sees the same meeting and the same referral otherwise, which are conflicts, and then is a stranger: what they hand in waits.
    let clashing = [
        change(&guest, Kind::Session, records[&Kind::Session], |it| meets(it, village.group, 5, 75)),
        change(&guest, Kind::Referral, records[&Kind::Referral], |it| {
            refers(it, village.group, Urgency::Emergency)
        }),
    ];
    let outcomes = guest.hand_in(app, village.group.into(), &clashing);
    assert!(outcomes.iter().all(|one| *one == Outcome::Accepted), "{outcomes:?}");
    village.unassign(guest.user, village.group);
    let waits = hand_in(app, village, &mut guest, &[Kind::Participant], 6, &not_assigned());
    let waiting = waits.into_iter().map(|(kind, record)| (kind, (waiting_id(app, record), record))).collect();

    let newcomer = village.facilitator(app, &format!("newcomer.{name}"));
    let team = village.manager.post("/v1/teams", &json!({"name": name})).ok();
    let lesson = village.manager.post("/v1/lessons", &json!({"title": format!("Learned {name}")})).ok();
    Place {
        relation,
        organisation: village.organisation,
        group: village.group,
        spare: village.group(&format!("Spare {name}"), "sociotherapy"),
        leader: leader.user,
        device: leader.device,
        old_device: guest.device,
        newcomer,
        lesson: lesson["id"].as_str().expect("an id").parse().expect("an id"),
        team: team["id"].as_str().expect("an id").parse().expect("an id"),
        records: records.into_iter().chain([(Kind::Group, village.group.into())]).collect(),
        waiting,
    }
}

fn not_assigned() -> Outcome {
    Outcome::Quarantined(sync_core::quarantine::Reason::NotAssigned)
}

/// Hands in a record of each kind that a group has, but for some.
fn hand_in(
    app: &TestApp,
    village: &Village,
    tablet: &mut Stranger,
    but: &[Kind],
    date: i8,
    outcome: &Outcome,
) -> BTreeMap<Kind, DocumentId> {
    let group = village.group;
    let person = ParticipantId::of(group, "P01");
    let session = SessionId::of(group, day(3, date), 0, 0);
    let new = |kind: Kind| DocumentId::from_uuid(Uuid::from_u128(Uuid::new_v4().as_u128() ^ kind as u128));
    let ids: BTreeMap<Kind, DocumentId> = [
        (Kind::Participant, person.into()),
        (Kind::Session, session.into()),
        (Kind::Referral, new(Kind::Referral)),
        (Kind::Incident, new(Kind::Incident)),
        (Kind::Screening, new(Kind::Screening)),
    ]
    .into_iter()
    .filter(|(kind, _)| !but.contains(kind))
    .collect();
    let one = |(kind, id): (&Kind, &DocumentId)| match kind {
        Kind::Participant => change::<Participant>(tablet, *kind, *id, |it| {
            it.group().set(group)?;
            it.code().set("P01".parse()?)
        }),
        Kind::Session => change::<Meeting>(tablet, *kind, *id, |it| meets(it, group, date, 60)),
        Kind::Referral => change::<Referral>(tablet, *kind, *id, |it| refers(it, group, Urgency::Routine)),
        Kind::Incident => change::<Incident>(tablet, *kind, *id, |it| {
            it.session().set(SessionId::of(group, day(3, 5), 0, 0))?;
            it.kind().set(IncidentType::Threat)
        }),
        _ => change::<Screening>(tablet, *kind, *id, |it| {
            it.participant().set(person)?;
            it.instrument().set(Instrument::Trust)?;
            it.timepoint().set(Timepoint::Baseline)?;
            it.score().set(3.try_into()?)?;
            it.max().set(10.try_into()?)
        }),
    };
    let changes: Vec<_> = ids.iter().map(one).collect();
    let outcomes = tablet.hand_in(app, group.into(), &changes);
    assert!(outcomes.iter().all(|one| one == outcome), "{outcomes:?}");
    ids
}

fn meets(it: &mut Edit<'_, Meeting>, group: GroupId, date: i8, minutes: i64) -> Result<(), EditError> {
    it.group().set(group)?;
    it.date().set(day(3, date))?;
    it.part().set(sync_core::record::session::PartOfDay::Morning)?;
    it.minutes().set(minutes.try_into()?)
}

/// Somebody of a village's group is sent to another organisation.
fn sent(app: &TestApp, village: &Village, to: OrganisationId) -> DocumentId {
    let mut sender = Stranger::enrolled(app, village, "sender");
    let id = DocumentId::from_uuid(Uuid::new_v4());
    let referral = change::<Referral>(&sender, Kind::Referral, id, |it| {
        refers(it, village.group, Urgency::Soon)?;
        it.to_organisation().set(to)?;
        for step in [ReferralStep::Consented, ReferralStep::Sent] {
            it.events().insert(&ReferralEvent { step, on: day(3, 4) })?;
        }
        Ok(())
    });
    let outcomes = sender.hand_in(app, village.group.into(), &[referral]);
    assert_eq!(outcomes, [Outcome::Accepted]);
    id
}

fn refers(it: &mut Edit<'_, Referral>, group: GroupId, urgency: Urgency) -> Result<(), EditError> {
    it.participant().set(ParticipantId::of(group, "P01"))?;
    it.to().set(ServiceKind::HealthCentre)?;
    it.urgency().set(urgency)
}

/// The first change of a record, by this tablet.
fn change<R: Kinded>(
    tablet: &Stranger,
    kind: Kind,
    id: DocumentId,
    work: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> (Kind, DocumentId, Vec<u8>) {
    let actor = Actor { device: tablet.device, incarnation: 0 };
    let change = Document::genesis(kind).edit::<R>(actor, START, work);
    (kind, id, change.expect("a sound edit").expect("something new").bytes().to_vec())
}

/// The id under which a record's change is quarantined, as the store has it: not everybody may read it.
fn waiting_id(app: &TestApp, record: DocumentId) -> Uuid {
    use diesel::prelude::*;
    use server::store::schema::quarantine;
    use server::store::{Conn, Db, StoreError};
    let read = |tx: &mut Conn<'_>| -> Result<Vec<u8>, StoreError> {
        server::on_each!(tx, |c| quarantine::table
            .filter(quarantine::document_id.eq(Db(record)))
            .select(quarantine::id)
            .first(c))
    };
    Uuid::from_slice(&app.store().read_blocking("test", read).expect("it waits")).expect("an id")
}

//! One organisation with a row in each table that stands behind the wall.

use std::fmt::Write;

use diesel::connection::SimpleConnection;
use server::access::Role;
use server::store::{Conn, Store, StoreError};
use sync_core::id::{Id, OrganisationId, UserId};
use sync_core::record::{Home, Kind};
use uuid::Uuid;

/// The tables behind the wall, each after those that it refers to.
pub(crate) const WALLED: [&str; 42] = [
    "streams",
    "documents",
    "assignments",
    "changes",
    "quarantine",
    "readings",
    "purges",
    "groups",
    "lessons",
    "services",
    "coverage",
    "overlap_statements",
    "frameworks",
    "targets",
    "budget_lines",
    "participants",
    "participant_origins",
    "people",
    "sessions",
    "referrals",
    "referral_steps",
    "received_referrals",
    "incidents",
    "screenings",
    "days",
    "possible_doubles",
    "session_themes",
    "attendances",
    "headcounts",
    "conflicts",
    "conflict_claims",
    "facts",
    "person_months",
    "fact_doubts",
    "strata",
    "fact_sums",
    "people_sums",
    "doubt_sums",
    "facts_due",
    "teams",
    "team_members",
    "audit_entries",
];

/// An organisation, its people, and the group that its facilitator leads.
pub(crate) struct Planted {
    pub(crate) organisation: OrganisationId,
    pub(crate) facilitator: UserId,
    pub(crate) supervisor: UserId,
    pub(crate) manager: UserId,
}

impl Planted {
    /// The supervisor is in a team with the facilitator.
    pub(crate) fn of(store: &Store, code: &str) -> Self {
        let planted = Self::people_of(store, code);
        execute(store, &planted.records());
        planted
    }

    /// An organisation and its people, who have recorded nothing.
    pub(crate) fn people_of(store: &Store, code: &str) -> Self {
        let planted = Self {
            organisation: Uuid::now_v7().into(),
            facilitator: Uuid::now_v7().into(),
            supervisor: Uuid::now_v7().into(),
            manager: Uuid::now_v7().into(),
        };
        execute(store, &planted.people(code));
        planted
    }

    fn people(&self, code: &str) -> String {
        let organisation = hex(self.organisation.uuid());
        let mut all = format!("INSERT INTO organisations VALUES ({organisation}, '{code}', '{code}', 1);");
        let people = [
            (self.facilitator, Role::Facilitator),
            (self.supervisor, Role::Supervisor),
            (self.manager, Role::Manager),
        ];
        for (user, role) in people {
            let (id, role) = (hex(user.uuid()), role.code());
            let _ = write!(
                all,
                "INSERT INTO users VALUES ({id}, {organisation}, '{role}.{code}', 'somebody', '{role}', '!', 1);"
            );
        }
        all
    }

    fn records(&self) -> String {
        let new = || hex(Uuid::now_v7());
        let (group, session, participant, other) = (new(), new(), new(), new());
        let (device, batch, team) = (new(), new(), new());
        let [organisation, facilitator, supervisor, manager] =
            [self.organisation.uuid(), self.facilitator.uuid(), self.supervisor.uuid(), self.manager.uuid()]
                .map(hex);
        let mut all = format!(
            "INSERT INTO streams VALUES ({group}, 'group', {organisation}, 1, '\\x00', 1, 0, 1, 'AGE-SECRET-KEY'),
                 ({organisation}, 'organisation', {organisation}, 1, '\\x00', 1, 0, 1, NULL);
             INSERT INTO assignments VALUES ({group}, {group}, {facilitator}, {manager}, 1);
             INSERT INTO teams VALUES ({team}, {organisation}, 'a team', 1);
             INSERT INTO team_members VALUES ({facilitator}, {team}, {facilitator}, 1), ({supervisor}, {team}, {supervisor}, 1);
             INSERT INTO devices VALUES ({device}, {facilitator}, {device}, 'a tablet', 1);
             INSERT INTO batches VALUES ({batch}, {device}, '\\x00', 1, 1);
             INSERT INTO readings VALUES ({device}, {group}, 1, 1);
             INSERT INTO purges VALUES ({device}, {group}, 1);"
        );
        let records = [
            (&group, Kind::Group),
            (&participant, Kind::Participant),
            (&session, Kind::Session),
            (&other, Kind::Session),
        ];
        let planted = records.each_ref().map(|(_, kind)| *kind);
        let others = Kind::ALL
            .iter()
            .filter(|kind| kind.lives_in() != Home::Partnership && !planted.contains(*kind))
            .map(|kind| (new(), *kind));
        let records = records.map(|(id, kind)| (id.clone(), kind)).into_iter().chain(others);
        for (seq, (id, kind)) in records.enumerate() {
            let stream = if kind.lives_in() == Home::Organisation { &organisation } else { &group };
            let kind = kind.code();
            let _ = write!(
                all,
                "INSERT INTO documents VALUES ({id}, '{kind}', {stream}, 1, '\\x00', '\\x00', 1);
                 INSERT INTO changes VALUES ({stream}, {seq}, {id}, {id}, '{kind}', {device}, 1, 1, {batch}, 1, '\\x00');
                 INSERT INTO quarantine VALUES ({id}, {stream}, {id}, '{kind}', {device}, 1, {batch}, 'too-large', NULL, '', 1, NULL, '\\x00', {id});
                 INSERT INTO conflicts VALUES ({id}, {id}, '{kind}', {stream}, NULL, 'void');
                 INSERT INTO conflict_claims VALUES ({id}, 0, 'a value', {device}, 1, '\\x00');
                 INSERT INTO days VALUES ({id}, 'date', '2026-03-05', 1);"
            );
            all += &match kind {
                "referral" => format!(
                    "INSERT INTO referrals (id, group_id, participant_id, service, open, conflicts, was_in_conflict)
                         VALUES ({id}, {group}, {participant}, 'legal', true, 0, false);
                     INSERT INTO referral_steps VALUES ({id}, 'sent', '2026-03-05');"
                ),
                "incident" => format!("INSERT INTO incidents VALUES ({id}, {group}, {session}, 'threat', 'low', '', '', 0, false);"),
                "screening" => format!(
                    "INSERT INTO screenings (id, group_id, participant_id, instrument, timepoint, score, max, conflicts, was_in_conflict)
                         VALUES ({id}, {group}, {participant}, 'trust', 'end', 3, 10, 0, false);"
                ),
                _ => String::new(),
            };
        }
        let counts = |count: usize| vec!["1"; count].join(", ");
        let (six, ten) = (counts(6), counts(10));
        let _ = write!(
            all,
            "INSERT INTO groups (id, organisation_id, name, kind, modality, area, status, conflicts)
                 VALUES ({group}, {organisation}, 'Twiyubake', 'healing_space', 'sociotherapy', '52010101', 'active', 0);
             INSERT INTO lessons VALUES ({group}, {organisation}, false, 'a lesson', 'a lesson', NULL, NULL, NULL, 'draft', NULL, 0, 0, false);
             INSERT INTO received_referrals (id, group_id, organisation_id, from_organisation, service, sent_on, state, state_on)
                 VALUES ({group}, {group}, {organisation}, {group}, 'legal', '2026-03-05', 'sent', '2026-03-05');
             INSERT INTO services (id, name, folded, kind, area) VALUES ({group}, 'a service', 'a service', 'legal', '52');
             INSERT INTO coverage (id, organisation_id, kind, modality, area, sector, status)
                 VALUES ({group}, {organisation}, 'healing_space', 'sociotherapy', '52010101', '5201', 'active');
             INSERT INTO overlap_statements VALUES
                 ({group}, {group}, {group}, {other}, {organisation}, {other}, 'went_on', 'why', {organisation}, 'manager', {manager}, 1);
             INSERT INTO frameworks VALUES ({group}, {organisation}, {group}::text, 1, 'a title', '{{}}', 1, {manager}, NULL, NULL);
             INSERT INTO targets VALUES ({group}, {organisation}, {group}, '1.1', '', '2026-01', '2026-03', 5, 1, {manager});
             INSERT INTO budget_lines VALUES ({group}, {organisation}, NULL, '2026-01', '2026-03', 'RWF', 5, 'a grant', 1, {manager}, NULL, NULL);
             INSERT INTO participants (id, group_id, code, consents, erased, conflicts) VALUES ({participant}, {group}, 'P01', true, false, 0);
             INSERT INTO participant_origins VALUES ({participant}, {device}, true, true);
             INSERT INTO people VALUES ({participant}, {group}, {participant});
             INSERT INTO sessions (id, group_id, date, part, state, commemoration, summary_folded, conflicts)
                 SELECT id, {group}, '2026-03-05', 'morning', 'recorded', false, 'the summary', 0
                 FROM unnest(ARRAY[{session}, {other}]) AS id;
             INSERT INTO possible_doubles VALUES ({session}, {other});
             INSERT INTO session_themes VALUES ({session}, 'forgiveness');
             INSERT INTO attendances VALUES ({session}, {participant}, {device}, 'present', true);
             INSERT INTO headcounts VALUES ({session}, 'female', '16_24', 3);
             INSERT INTO facts VALUES ({group}, '2026-03', '', '', '', '', '', {six});
             INSERT INTO person_months VALUES ({group}, {participant}, '2026-03', '', 'female', '16_24', true);
             INSERT INTO fact_doubts VALUES ({group}, '2026-03', {ten});
             INSERT INTO strata VALUES ({group}, {organisation}, '52010101', 'healing_space', 'sociotherapy');
             INSERT INTO fact_sums VALUES ({organisation}, 0, 0, '', '', '', '', '', '', '', '', '', '', {six});
             INSERT INTO people_sums VALUES ({organisation}, 0, 0, '', '', '', '', '', '', '', true, '', 1);
             INSERT INTO doubt_sums VALUES ({organisation}, 0, '', '', '', '', '', {ten});
             INSERT INTO facts_due VALUES ({group}, '\\x00');
             INSERT INTO audit_entries (id, at, user_id, role, organisation_id, action, outcome, route)
                 VALUES ({group}, 1, {manager}, 'manager', {organisation}, 'record-read', 'allowed', 'GET /v1/groups');"
        );
        all
    }
}

fn execute(store: &Store, statements: &str) {
    let plant = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
        let Conn::Postgres(c) = tx else { panic!("there is a wall on PostgreSQL only") };
        Ok(c.batch_execute(statements)?)
    };
    store.write_blocking("plant", plant).expect("it is planted");
}

fn hex(id: Uuid) -> String {
    format!("'\\x{}'::bytea", id.simple())
}

/// A store that somebody asks.
pub(crate) fn asked_by(store: &Store, asker: server::store::Asker) -> Store {
    let store = store.for_request();
    store.is_asked_by(asker);
    store
}

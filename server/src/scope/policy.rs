//! The policy: who may do what, and how far, in one table.
//!
//! Each address of the service stands in the row of one action; the row says who may call it, how secret the answer may be, and for each
//! role how far it reaches. An address that stands in no row is refused to everybody.

use sync_core::codes;
use sync_core::record::Level;
use utoipa::ToSchema;

use crate::access::{Owed, Role};
use crate::audit;

codes! {
    /// How far a permission reaches.
    #[derive(ToSchema)]
    Reach {
        /// The role may not do it.
        Nothing = "nothing",
        /// What is the caller's own.
        Oneself = "oneself",
        /// The groups to which the caller is assigned; of a supervisor also those to which people of their teams are.
        Groups = "groups",
        /// The organisation of the caller.
        Organisation = "organisation",
        /// The whole partnership.
        Partnership = "partnership",
        /// What was handed in for a group that there is not.
        Strays = "strays",
        /// What was published of it; the address says where that is.
        Published = "published",
        /// What other organisations refer to the caller's, where the caller is a protection officer.
        Received = "received",
    }
}

/// Who is let in at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Anybody who reaches the service: what they send says who they are.
    Anybody,
    /// A tablet, by the signature of what it hands in.
    Tablet,
    /// A person, by their access token.
    Person,
}

/// What somebody may do, or not: one row of the policy.
#[derive(Debug)]
pub struct Action {
    /// In words: somebody may "…".
    pub name: &'static str,
    pub entry: Entry,
    /// The most secret of what is told or written there. Records of level S are told to fewer people than the others at the same address:
    /// see [`Scope::groups_of`](super::Scope::groups_of).
    pub level: Level,
    reach: [Reach; Role::ALL.len()],
    /// Method and pattern of each address.
    pub routes: &'static [&'static str],
    /// What is noted in the audit log when something is read there, where that is neither a record nor a page of a list.
    reads: Option<audit::Action>,
    /// What is noted in the audit log when something is changed there.
    changes: Option<audit::Action>,
}

impl Action {
    const fn noted_when_read(self, reads: audit::Action) -> Self {
        Self { reads: Some(reads), ..self }
    }

    const fn noted_when_changed(self, changes: audit::Action) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// What is noted in the audit log of a request at one of these addresses; `None` where nothing is.
    ///
    /// Every change by a person is, and every read of what is secret to an organisation or to assigned staff (levels O and S). Nobody's
    /// reading of their own account, of who the partners are, or of what they did themselves, is.
    pub fn noted(&self, method: &str, pattern: &str) -> Option<audit::Action> {
        match (method, self.level) {
            ("GET", Level::Public | Level::Internal) => None,
            ("GET", _) if self.reads.is_some() => self.reads,
            ("GET", _) if pattern.contains("/{id}") => Some(audit::Action::ReadRecord),
            ("GET", _) => Some(audit::Action::ListRecords),
            _ => self.changes,
        }
    }

    /// How far somebody of this role reaches.
    pub fn reach(&self, role: Role) -> Reach {
        let place = Role::ALL.iter().position(|one| *one == role);
        place.map_or(Reach::Nothing, |place| self.reach[place])
    }

    /// The roles that may do it.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(|role| self.reach(*role) != Reach::Nothing)
    }

    /// The action for which an address stands.
    pub fn at(method: &str, pattern: &str) -> Option<&'static Self> {
        let is_there = |route: &&str| route.split_once(' ') == Some((method, pattern));
        POLICY.iter().find(|action| action.routes.iter().any(is_there))
    }
}

use Entry::{Anybody, Person, Tablet};
use Level::{Internal as I, Organisation as O, Public as P, Sensitive as S};
use Reach::{Groups, Nothing, Oneself, Organisation, Partnership, Published, Received, Strays};
use audit::Action::{
    AccessChanged, OverlapSettled, QuarantineDecided, ReadAudit, ReadTotals, RecordChanged, Retention,
};

/// Whether an address is one at which people do what their account demands before anything else. Who must choose a password enrols no app
/// yet: whoever gave them the password could.
pub(super) fn settles(owed: Owed, method: &str, pattern: &str) -> bool {
    let routes: &[&str] = match owed {
        Owed::Password => &["POST /v1/me/password"],
        Owed::SecondFactor => &["POST /v1/me/second-factor", "POST /v1/me/second-factor/confirm"],
    };
    routes.iter().any(|route| route.split_once(' ') == Some((method, pattern)))
}

/// Whether an address tells of what only the person themselves is to know: whoever looks as them is not told.
pub(super) fn is_private(pattern: &str) -> bool {
    ["/v1/me/audit", "/v1/me/logins"].contains(&pattern)
}

const fn may(
    name: &'static str,
    entry: Entry,
    level: Level,
    reach: [Reach; Role::ALL.len()],
    routes: &'static [&'static str],
) -> Action {
    Action { name, entry, level, reach, routes, reads: None, changes: None }
}

/// The policy. The columns are those of [`Role`]: facilitator, supervisor, manager, secretariat, donor, administrator.
#[rustfmt::skip]
pub const POLICY: &[Action] = &[
    //                                              facilitator  supervisor    manager       secretariat  donor        administrator
    may("sign in and out, and enrol or unlock a tablet with a code",
                                     Anybody, P,   [Oneself,     Oneself,      Oneself,      Oneself,     Oneself,     Oneself], &[
        "POST /v1/login",
        "POST /v1/login/provider",
        "POST /v1/login/provider/finish",
        "POST /v1/login/refresh",
        "POST /v1/logout",
        "POST /v1/password-resets",
        "GET /.well-known/jwks.json",
        "POST /v1/enrol",
        "POST /v1/tablet-unlocks",
    ]),
    may("record on a tablet and sync it",
                                     Tablet, S,    [Groups,      Groups,       Groups,       Nothing,     Nothing,     Nothing], &[
        "POST /v1/sync",
    ]),
    may("read who they are, what they may do and what they did",
                                     Person, P,    [Oneself,     Oneself,      Oneself,      Oneself,     Oneself,     Oneself], &[
        "GET /v1/me",
        "GET /v1/me/audit",
        "GET /v1/me/permissions",
    ]),
    may("see where they are signed in, and change how",
                                     Person, P,    [Oneself,     Oneself,      Oneself,      Oneself,     Oneself,     Oneself], &[
        "GET /v1/me/logins",
        "DELETE /v1/me/logins/{id}",
        "PUT /v1/me/identity-provider",
        "POST /v1/me/password",
        "POST /v1/me/second-factor",
        "POST /v1/me/second-factor/confirm",
    ]).noted_when_changed(AccessChanged),
    may("read who the partners are, and the areas of Rwanda",
                                     Person, I,    [Partnership, Partnership,  Partnership,  Partnership, Partnership, Partnership], &[
        "GET /v1/areas",
        "GET /v1/organisations",
    ]),
    may("read the records of groups",
                                     Person, O,    [Groups,      Groups,       Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/groups",
        "GET /v1/groups/{id}",
        "GET /v1/groups/{id}/assignments",
        "GET /v1/groups/{id}/history",
        "GET /v1/participants",
        "GET /v1/participants/{id}",
        "GET /v1/participants/{id}/held",
        "GET /v1/participants/{id}/history",
        "GET /v1/sessions",
        "GET /v1/sessions/{id}",
        "GET /v1/sessions/{id}/history",
        "GET /v1/conflicts",
    ]),
    may("read referrals, incidents and screenings",
                                     Person, S,    [Groups,      Groups,       Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/referrals",
        "GET /v1/referrals/{id}",
        "GET /v1/referrals/{id}/history",
        "GET /v1/incidents",
        "GET /v1/incidents/{id}",
        "GET /v1/incidents/{id}/history",
        "GET /v1/screenings",
        "GET /v1/screenings/{id}",
        "GET /v1/screenings/{id}/history",
    ]),
    may("see who was sent to their organisation by others, and note what became of them",
                                     Person, S,    [Nothing,     Nothing,      Received,     Nothing,     Nothing,     Nothing], &[
        "GET /v1/inbox",
        "GET /v1/inbox/{id}",
        "POST /v1/inbox/{id}/steps",
    ]).noted_when_changed(RecordChanged),
    may("ask for exact totals",
                                     Person, O,    [Groups,      Groups,       Organisation, Published,   Published,   Nothing], &[
        "GET /v1/aggregates",
    ]).noted_when_read(ReadTotals),
    may("ask how groups, meetings and people do",
                                     Person, O,    [Groups,      Groups,       Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/questions/absences",
        "GET /v1/questions/attendance",
        "GET /v1/questions/attendance-by-phase",
        "GET /v1/questions/facilitators",
        "GET /v1/questions/graduates",
        "GET /v1/questions/groups-alive",
        "GET /v1/questions/headcount-against-register",
        "GET /v1/questions/sessions-against-plan",
        "GET /v1/questions/silent-groups",
    ]).noted_when_read(ReadTotals),
    may("ask which tablets hold work that was not handed in",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/questions/unsynced-tablets",
    ]).noted_when_read(ReadTotals),
    may("ask how referrals, incidents and screenings go",
                                     Person, S,    [Groups,      Groups,       Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/questions/change",
        "GET /v1/questions/incidents",
        "GET /v1/questions/referrals",
    ]).noted_when_read(ReadTotals),
    may("ask who works where, and where nobody does",
                                     Person, I,    [Partnership, Partnership,  Partnership,  Partnership, Nothing,     Nothing], &[
        "GET /v1/questions/complementary",
        "GET /v1/questions/gaps",
        "GET /v1/questions/who-works-where",
    ]),
    may("ask where groups overlap with those of another partner",
                                     Person, I,    [Nothing,     Organisation, Organisation, Partnership, Nothing,     Nothing], &[
        "GET /v1/questions/overlaps",
    ]),
    may("ask how many people were reached, as it was published, and which lessons are shared",
                                     Person, I,    [Nothing,     Partnership,  Partnership,  Partnership, Partnership, Nothing], &[
        "GET /v1/questions/lessons-adopted",
        "GET /v1/questions/people-by-district",
        "GET /v1/questions/people-by-sex-and-age",
        "GET /v1/questions/people-reached",
    ]),
    may("read what the partners mean to reach",
                                     Person, I,    [Partnership, Partnership,  Partnership,  Partnership, Partnership, Nothing], &[
        "GET /v1/frameworks",
        "GET /v1/frameworks/form",
        "GET /v1/frameworks/{id}",
    ]),
    may("draw up a framework: the common one, or that of their organisation",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Partnership, Nothing,     Nothing], &[
        "POST /v1/frameworks",
        "POST /v1/frameworks/form",
        "POST /v1/frameworks/{id}/in-force",
        "POST /v1/frameworks/{id}/withdraw",
    ]).noted_when_changed(RecordChanged),
    may("read the targets of the partners",
                                     Person, I,    [Nothing,     Partnership,  Partnership,  Partnership, Partnership, Nothing], &[
        "GET /v1/targets",
    ]),
    may("set targets of their organisation",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "PUT /v1/targets",
    ]).noted_when_changed(RecordChanged),
    may("read budgets",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Partnership, Partnership, Nothing], &[
        "GET /v1/budget",
    ]),
    may("keep the budget of their organisation",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/budget",
        "POST /v1/budget/{id}/take-back",
    ]).noted_when_changed(RecordChanged),
    may("ask for the results of indicators, exactly, against targets and budget",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/questions/cost",
        "GET /v1/questions/indicators",
        "GET /v1/questions/published-against-exact",
        "GET /v1/questions/results-against-plan",
    ]).noted_when_read(ReadTotals),
    may("ask for results that were published, against targets and budgets, and compare them",
                                     Person, I,    [Nothing,     Nothing,      Partnership,  Partnership, Partnership, Nothing], &[
        "GET /v1/questions/outcomes-compared",
        "GET /v1/questions/published-cost",
        "GET /v1/questions/published-results",
    ]),
    may("see what can be asked",
                                     Person, P,    [Oneself,     Oneself,      Oneself,      Oneself,     Oneself,     Nothing], &[
        "GET /v1/questions",
    ]),
    may("read all answers as a workbook",
                                     Person, S,    [Groups,      Groups,       Organisation, Published,   Published,   Nothing], &[
        "GET /v1/workbook",
    ]).noted_when_read(ReadTotals),
    may("read published tables",
                                     Person, I,    [Nothing,     Partnership,  Partnership,  Partnership, Partnership, Nothing], &[
        "GET /v1/published",
        "GET /v1/published/{release}",
        "GET /v1/published/{release}/{table}",
    ]),
    may("see who does what, where and when",
                                     Person, I,    [Partnership, Partnership,  Partnership,  Partnership, Nothing,     Nothing], &[
        "GET /v1/coverage",
        "GET /v1/coverage/complementary",
        "GET /v1/coverage/gaps",
        "GET /v1/coverage/sums",
    ]),
    may("see where groups overlap with those of another partner",
                                     Person, I,    [Nothing,     Organisation, Organisation, Partnership, Nothing,     Nothing], &[
        "GET /v1/coverage/overlaps",
        "GET /v1/coverage/overlaps/{id}",
    ]),
    may("ask what a group would overlap with",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/coverage/check",
    ]),
    may("settle overlaps",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Partnership, Nothing,     Nothing], &[
        "POST /v1/coverage/overlaps/{id}/resolve",
    ]).noted_when_changed(OverlapSettled),
    may("say how an organisation is reached",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Partnership], &[
        "PUT /v1/organisations/{id}/contact",
    ]).noted_when_changed(AccessChanged),
    may("put records right",
                                     Person, S,    [Nothing,     Groups,       Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/conflicts/resolve",
        "POST /v1/groups/{id}/participants/confirm",
        "PATCH /v1/participants/{id}",
        "POST /v1/participants/{id}/same",
        "POST /v1/participants/{id}/split",
        "POST /v1/sessions/{id}/double",
        "POST /v1/sessions/{id}/move",
        "POST /v1/sessions/{id}/split",
        "POST /v1/sessions/{id}/state",
        "POST /v1/records/{id}/void",
    ]).noted_when_changed(RecordChanged),
    may("read who asked to be erased, and erase them",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/erasures",
        "POST /v1/participants/{id}/erasure",
    ]).noted_when_changed(RecordChanged),
    may("read lessons: what is published, and what the own organisation writes",
                                     Person, O,    [Organisation, Organisation, Organisation, Published,   Published,   Nothing], &[
        "GET /v1/lessons",
        "GET /v1/lessons/{id}",
        "GET /v1/lessons/{id}/history",
    ]),
    may("read the directory of services that people are sent to",
                                     Person, I,    [Partnership, Partnership,  Partnership,  Partnership, Nothing,     Nothing], &[
        "GET /v1/services",
        "GET /v1/services/{id}",
        "GET /v1/services/{id}/history",
    ]),
    may("keep the directory of services",
                                     Person, I,    [Nothing,     Nothing,      Nothing,      Partnership, Nothing,     Nothing], &[
        "POST /v1/services",
        "PATCH /v1/services/{id}",
    ]).noted_when_changed(RecordChanged),
    may("write lessons, and propose them",
                                     Person, O,    [Organisation, Organisation, Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/lessons",
        "PATCH /v1/lessons/{id}",
        "POST /v1/lessons/{id}/status",
    ]).noted_when_changed(RecordChanged),
    may("adopt lessons of others",
                                     Person, O,    [Nothing,     Organisation, Organisation, Nothing,     Nothing,     Nothing], &[
        "PUT /v1/lessons/{id}/adoption",
        "DELETE /v1/lessons/{id}/adoption",
    ]).noted_when_changed(RecordChanged),
    may("begin, change and close groups",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/groups",
        "PATCH /v1/groups/{id}",
        "POST /v1/groups/{id}/close",
    ]).noted_when_changed(RecordChanged),
    may("read how spreadsheets to be imported must look",
                                     Person, P,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/imports/{sheet}",
    ]),
    may("import people, groups, participants and sessions from spreadsheets",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/imports/{sheet}",
    ]).noted_when_changed(RecordChanged),
    may("say who leads groups",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/groups/{id}/assignments",
        "DELETE /v1/groups/{id}/assignments/{user}",
    ]).noted_when_changed(AccessChanged),
    may("see what is quarantined, and reject it",
                                     Person, S,    [Nothing,     Groups,       Organisation, Nothing,     Nothing,     Strays], &[
        "GET /v1/quarantine",
        "POST /v1/quarantine/reject",
        "POST /v1/quarantine/{id}/reject",
    ]).noted_when_changed(QuarantineDecided),
    may("look into what is quarantined, and release it",
                                     Person, S,    [Nothing,     Groups,       Organisation, Nothing,     Nothing,     Nothing], &[
        "GET /v1/quarantine/{id}",
        "POST /v1/quarantine/release",
        "POST /v1/quarantine/{id}/release",
    ]).noted_when_changed(QuarantineDecided),
    may("read who signs in, and the teams",
                                     Person, O,    [Nothing,     Organisation, Organisation, Nothing,     Nothing,     Partnership], &[
        "GET /v1/users",
        "GET /v1/teams",
    ]),
    may("make up teams",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/teams",
        "DELETE /v1/teams/{id}",
        "PUT /v1/teams/{id}/members/{user}",
        "DELETE /v1/teams/{id}/members/{user}",
    ]).noted_when_changed(AccessChanged),
    may("add people, put their names right, disable them and let them in again",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Partnership], &[
        "POST /v1/users",
        "PATCH /v1/users/{id}",
        "POST /v1/users/{id}/disable",
        "POST /v1/users/{id}/enable",
        "POST /v1/users/{id}/password-resets",
        "DELETE /v1/users/{id}/second-factor",
        "DELETE /v1/users/{id}/logins",
    ]).noted_when_changed(AccessChanged),
    may("hand out codes that enrol a tablet or unlock one",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Nothing], &[
        "POST /v1/users/{id}/enrolment-codes",
        "POST /v1/devices/{id}/unlock",
    ]).noted_when_changed(AccessChanged),
    may("see which tablets there are and what they hold, and revoke them",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Partnership], &[
        "GET /v1/devices",
        "GET /v1/devices/{id}/groups",
        "GET /v1/devices/{id}/incident-report",
        "GET /v1/groups/{id}/devices",
        "POST /v1/devices/{id}/revoke",
    ]).noted_when_changed(AccessChanged),
    may("read the audit log",
                                     Person, O,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Partnership], &[
        "GET /v1/audit",
    ]).noted_when_read(ReadAudit),
    may("read for how long an organisation keeps records",
                                     Person, I,    [Nothing,     Nothing,      Organisation, Nothing,     Nothing,     Partnership], &[
        "GET /v1/organisations/{id}/retention",
    ]),
    may("say for how long records are kept",
                                     Person, I,    [Nothing,     Nothing,      Nothing,      Nothing,     Nothing,     Partnership], &[
        "GET /v1/retention",
        "PUT /v1/retention",
        "PUT /v1/organisations/{id}/retention",
    ]).noted_when_changed(Retention),
    may("add organisations, say with what they sign in, move people between them, and name protection officers",
                                     Person, I,    [Nothing,     Nothing,      Nothing,      Nothing,     Nothing,     Partnership], &[
        "POST /v1/organisations",
        "GET /v1/organisations/{id}/identity-provider",
        "PUT /v1/organisations/{id}/identity-provider",
        "DELETE /v1/organisations/{id}/identity-provider",
        "POST /v1/users/{id}/move",
        "PUT /v1/users/{id}/protection-officer",
        "DELETE /v1/users/{id}/protection-officer",
    ]).noted_when_changed(AccessChanged),
];

//! What is asked at each address.

use serde_json::{Value, json};
use sync_core::id::OrganisationId;
use sync_core::record::{Kind, Level};
use uuid::Uuid;

use crate::policy::world::{Place, World};

/// One request.
pub(crate) struct Ask {
    /// How secret what it is about is; `None` where it is about no group and no organisation.
    pub(crate) level: Option<Level>,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
}

/// What stands in a list of what is of a place, with how secret each is.
type Planted = fn(&Place) -> Vec<(Level, String)>;

/// A list, page by page, and what is in it where that is within reach.
pub(crate) struct Listed {
    pub(crate) paths: &'static [&'static str],
    pub(crate) planted: Planted,
}

const BECAUSE: &str = "Somebody asks.";
const O: Level = Level::Organisation;
const S: Level = Level::Sensitive;

/// The requests that are about one place. Where something is written, it is what is so already, what is refused for another reason than
/// who asks, or what nobody else asks for.
pub(crate) fn asks(route: &str, place: &Place, world: &World) -> Vec<Ask> {
    let (group, spare) = (place.group, place.spare);
    let (person, session) = (place.records[&Kind::Participant], place.records[&Kind::Session]);
    let (leader, newcomer, team) = (place.leader, place.newcomer, place.team);
    let of = |level: Level, path: String, body: Option<Value>| Ask { level: Some(level), path, body };
    let read = |path: String| vec![of(O, path, None)];
    let sensitive = |path: &str, kind: Kind, more: &str| {
        vec![of(kind.level(), format!("/v1/{path}/{}{more}", place.records[&kind]), None)]
    };
    let write = |path: String, body: Value| vec![of(O, path, Some(body))];
    let free = |path: &str, body: Option<Value>| vec![Ask { level: None, path: path.to_owned(), body }];
    let waiting = |path: fn(Uuid) -> String, body: &Value| -> Vec<Ask> {
        let each = place.waiting.iter();
        each.map(|(kind, (id, _))| of(kind.level(), path(*id), Some(body.clone()))).collect()
    };
    match route {
        "GET /v1/me"
        | "GET /v1/me/audit"
        | "GET /v1/me/permissions"
        | "GET /v1/areas"
        | "GET /v1/organisations"
        | "GET /v1/coverage"
        | "GET /v1/coverage/complementary"
        | "GET /v1/coverage/gaps"
        | "GET /v1/coverage/overlaps"
        | "GET /v1/coverage/sums"
        | "GET /v1/questions"
        | "GET /v1/questions/absences"
        | "GET /v1/questions/attendance-by-phase"
        | "GET /v1/questions/change"
        | "GET /v1/questions/complementary"
        | "GET /v1/questions/facilitators"
        | "GET /v1/questions/gaps"
        | "GET /v1/questions/graduates"
        | "GET /v1/questions/groups-alive"
        | "GET /v1/questions/headcount-against-register"
        | "GET /v1/questions/incidents"
        | "GET /v1/questions/lessons-adopted"
        | "GET /v1/questions/overlaps"
        | "GET /v1/questions/people-by-district"
        | "GET /v1/questions/people-by-sex-and-age"
        | "GET /v1/questions/people-reached"
        | "GET /v1/questions/referrals"
        | "GET /v1/questions/sessions-against-plan"
        | "GET /v1/questions/silent-groups"
        | "GET /v1/questions/unsynced-tablets"
        | "GET /v1/questions/who-works-where"
        | "GET /v1/questions/cost"
        | "GET /v1/questions/indicators"
        | "GET /v1/questions/outcomes-compared"
        | "GET /v1/questions/published-against-exact"
        | "GET /v1/questions/published-cost"
        | "GET /v1/questions/published-results"
        | "GET /v1/questions/results-against-plan"
        | "GET /v1/frameworks"
        | "GET /v1/frameworks/form"
        | "GET /v1/targets"
        | "GET /v1/budget"
        | "GET /v1/workbook"
        | "GET /v1/audit" => free(&route[4..], None),
        "GET /v1/frameworks/{id}" => free(&format!("/v1/frameworks/{}", Uuid::nil()), None),
        "POST /v1/frameworks" => {
            free("/v1/frameworks", Some(json!({"code": "own", "title": "", "indicators": []})))
        }
        "POST /v1/frameworks/form" => free("/v1/frameworks/form", Some(json!({}))),
        "POST /v1/frameworks/{id}/in-force" => {
            free(&format!("/v1/frameworks/{}/in-force", Uuid::nil()), None)
        }
        "POST /v1/frameworks/{id}/withdraw" => {
            free(&format!("/v1/frameworks/{}/withdraw", Uuid::nil()), None)
        }
        "PUT /v1/targets" => {
            let target = json!({"framework_id": Uuid::nil(), "indicator": "1.1", "from": "2026-01", "to": "2025", "value": 5});
            free("/v1/targets", Some(target))
        }
        "POST /v1/budget" => {
            let line = json!({"from": "2026-01", "to": "2026-03", "currency": "francs", "amount": 5, "source": "a grant"});
            free("/v1/budget", Some(line))
        }
        "POST /v1/budget/{id}/take-back" => free(&format!("/v1/budget/{}/take-back", Uuid::nil()), None),
        "GET /v1/questions/attendance" => read(format!("/v1/questions/attendance?participant={person}")),
        "GET /v1/coverage/overlaps/{id}" => free(&format!("/v1/coverage/overlaps/{}", world.overlap), None),
        "POST /v1/coverage/overlaps/{id}/resolve" => free(
            &format!("/v1/coverage/overlaps/{}/resolve", world.overlap),
            Some(json!({"resolution": "accepted"})),
        ),
        "POST /v1/coverage/check" => {
            free("/v1/coverage/check", Some(json!({"modality": "sociotherapy", "area": "52010101"})))
        }
        "PUT /v1/organisations/{id}/contact" => write(
            format!("/v1/organisations/{}/contact", place.organisation),
            json!({"contact": "office@partner.example"}),
        ),
        "GET /v1/groups"
        | "GET /v1/erasures"
        | "GET /v1/participants"
        | "GET /v1/sessions"
        | "GET /v1/lessons"
        | "GET /v1/conflicts"
        | "GET /v1/referrals"
        | "GET /v1/incidents"
        | "GET /v1/screenings"
        | "GET /v1/aggregates"
        | "GET /v1/published"
        | "GET /v1/quarantine"
        | "GET /v1/users"
        | "GET /v1/teams"
        | "GET /v1/devices" => free(&route[4..], None),
        "GET /v1/published/{release}" => free("/v1/published/2026-Q1-to-02", None),
        "GET /v1/published/{release}/{table}" => free("/v1/published/2026-Q1-to-02/meetings", None),
        "GET /v1/groups/{id}" => read(format!("/v1/groups/{group}")),
        "GET /v1/groups/{id}/assignments" => read(format!("/v1/groups/{group}/assignments")),
        "GET /v1/groups/{id}/history" => read(format!("/v1/groups/{group}/history")),
        "GET /v1/participants/{id}" => read(format!("/v1/participants/{person}")),
        "GET /v1/participants/{id}/held" => read(format!("/v1/participants/{person}/held")),
        "GET /v1/participants/{id}/history" => read(format!("/v1/participants/{person}/history")),
        "GET /v1/sessions/{id}" => read(format!("/v1/sessions/{session}")),
        "GET /v1/sessions/{id}/history" => read(format!("/v1/sessions/{session}/history")),
        "GET /v1/referrals/{id}" => sensitive("referrals", Kind::Referral, ""),
        "GET /v1/referrals/{id}/history" => sensitive("referrals", Kind::Referral, "/history"),
        "GET /v1/incidents/{id}" => sensitive("incidents", Kind::Incident, ""),
        "GET /v1/incidents/{id}/history" => sensitive("incidents", Kind::Incident, "/history"),
        "GET /v1/screenings/{id}" => sensitive("screenings", Kind::Screening, ""),
        "GET /v1/screenings/{id}/history" => sensitive("screenings", Kind::Screening, "/history"),

        "GET /v1/inbox" => vec![of(S, "/v1/inbox".into(), None)],
        "GET /v1/inbox/{id}" => vec![of(S, format!("/v1/inbox/{}", world.received), None)],
        "POST /v1/inbox/{id}/steps" => {
            let body = json!({"step": "arrived"});
            vec![of(S, format!("/v1/inbox/{}/steps", world.received), Some(body))]
        }

        "GET /v1/services" => free("/v1/services?near=52010101", None),
        "GET /v1/services/{id}" => free(&format!("/v1/services/{}", world.service), None),
        "GET /v1/services/{id}/history" => free(&format!("/v1/services/{}/history", world.service), None),
        "POST /v1/services" => {
            let body = json!({"name": "Nyamata health centre", "kind": "health_centre", "area": "5201"});
            free("/v1/services", Some(body))
        }
        "PATCH /v1/services/{id}" => {
            free(&format!("/v1/services/{}", world.service), Some(json!({"reason": BECAUSE})))
        }

        "GET /v1/lessons/{id}" => read(format!("/v1/lessons/{}", place.lesson)),
        "GET /v1/lessons/{id}/history" => read(format!("/v1/lessons/{}/history", place.lesson)),
        "POST /v1/lessons" => free("/v1/lessons", Some(json!({"title": "Begin with a song"}))),
        "PATCH /v1/lessons/{id}" => write(format!("/v1/lessons/{}", place.lesson), json!({})),
        "POST /v1/lessons/{id}/status" => write(
            format!("/v1/lessons/{}/status", place.lesson),
            json!({"status": "proposed", "reason": BECAUSE}),
        ),
        // It is not published: refused for another reason.
        "PUT /v1/lessons/{id}/adoption" => write(format!("/v1/lessons/{}/adoption", place.lesson), json!({})),
        "DELETE /v1/lessons/{id}/adoption" => {
            read(format!("/v1/lessons/{}/adoption?reason=Because", place.lesson))
        }

        "POST /v1/conflicts/resolve" => {
            let settle = |record: Kind, field: &str| {
                let body = json!({
                    "record": place.records[&record], "field": field, "value": "90", "reason": BECAUSE, "conflict": Uuid::nil(),
                });
                of(record.level(), "/v1/conflicts/resolve".into(), Some(body))
            };
            vec![settle(Kind::Session, "minutes"), settle(Kind::Referral, "urgency")]
        }
        "POST /v1/groups/{id}/participants/confirm" => write(
            format!("/v1/groups/{group}/participants/confirm"),
            json!({"one_person": true, "participants": [person], "reason": BECAUSE}),
        ),
        "PATCH /v1/participants/{id}" => {
            write(format!("/v1/participants/{person}"), json!({"sex": "female", "reason": BECAUSE}))
        }
        "POST /v1/participants/{id}/same" => {
            write(format!("/v1/participants/{person}/same"), json!({"as": null, "reason": BECAUSE}))
        }
        // Another's code: so nobody is erased.
        "POST /v1/participants/{id}/erasure" => {
            write(format!("/v1/participants/{person}/erasure"), json!({"code": "Z9999"}))
        }
        "POST /v1/participants/{id}/split" => write(
            format!("/v1/participants/{person}/split"),
            json!({"device": place.device, "code": null, "reason": BECAUSE}),
        ),
        "POST /v1/sessions/{id}/double" => {
            write(format!("/v1/sessions/{session}/double"), json!({"of": null, "reason": BECAUSE}))
        }
        "POST /v1/sessions/{id}/move" => {
            write(format!("/v1/sessions/{session}/move"), json!({"date": null, "reason": BECAUSE}))
        }
        "POST /v1/sessions/{id}/split" => write(
            format!("/v1/sessions/{session}/split"),
            json!({"device": Uuid::nil(), "date": "2026-03-02", "part": "evening", "reason": BECAUSE}),
        ),
        "POST /v1/sessions/{id}/state" => {
            write(format!("/v1/sessions/{session}/state"), json!({"state": "submitted", "reason": BECAUSE}))
        }
        "POST /v1/records/{id}/void" => {
            let body = json!({"void": false, "reason": BECAUSE});
            // Of a group only managers set it, as sync_core's `authority` says.
            let each = place.records.iter().filter(|(kind, _)| **kind != Kind::Group);
            each.map(|(kind, id)| of(kind.level(), format!("/v1/records/{id}/void"), Some(body.clone())))
                .collect()
        }

        "POST /v1/groups" => free(
            "/v1/groups",
            Some(json!({
                "name": "Abishyizehamwe", "kind": "healing_space", "modality": "sociotherapy", "area": "52010101",
            })),
        ),
        "GET /v1/imports/{sheet}" => free("/v1/imports/groups", None),
        // It is only tried.
        "POST /v1/imports/{sheet}" => {
            free("/v1/imports/people", Some("login,name,role\nimported,Imported Person,facilitator\n".into()))
        }
        "PATCH /v1/groups/{id}" => {
            write(format!("/v1/groups/{spare}"), json!({"planned_sessions": 12, "reason": BECAUSE}))
        }
        "POST /v1/groups/{id}/close" => {
            write(format!("/v1/groups/{spare}/close"), json!({"status": "graduated"}))
        }
        "POST /v1/groups/{id}/assignments" => {
            write(format!("/v1/groups/{spare}/assignments"), json!({"user_id": newcomer}))
        }
        "DELETE /v1/groups/{id}/assignments/{user}" => {
            read(format!("/v1/groups/{spare}/assignments/{newcomer}"))
        }

        "POST /v1/quarantine/{id}/reject" => {
            waiting(|id| format!("/v1/quarantine/{id}/reject"), &json!({"reason": BECAUSE}))
        }
        "GET /v1/quarantine/{id}" => {
            let each = waiting(|id| format!("/v1/quarantine/{id}"), &Value::Null).into_iter();
            each.map(|ask| Ask { body: None, ..ask }).collect()
        }
        "POST /v1/quarantine/{id}/release" => {
            waiting(|id| format!("/v1/quarantine/{id}/release"), &json!({}))
        }
        // Of several what becomes of each is said in the answer: a test of its own looks at that.
        "POST /v1/quarantine/reject" => {
            free("/v1/quarantine/reject", Some(json!({"ids": [Uuid::nil()], "reason": BECAUSE})))
        }
        "POST /v1/quarantine/release" => free("/v1/quarantine/release", Some(json!({"ids": [Uuid::nil()]}))),

        "POST /v1/teams" => free("/v1/teams", Some(json!({"name": world.fresh_name()}))),
        "DELETE /v1/teams/{id}" => read(format!("/v1/teams/{}", world.fresh_team(place))),
        "PUT /v1/teams/{id}/members/{user}" => {
            read(format!("/v1/teams/{}/members/{newcomer}", world.fresh_team(place)))
        }
        "DELETE /v1/teams/{id}/members/{user}" => read(format!("/v1/teams/{team}/members/{newcomer}")),
        "POST /v1/users" => write(
            "/v1/users".into(),
            json!({
                "login": world.fresh_name(), "name": "Somebody", "role": "facilitator",
                "organisation_id": place.organisation,
            }),
        ),
        "PATCH /v1/users/{id}" => write(format!("/v1/users/{newcomer}"), json!({"name": "Somebody else"})),
        "POST /v1/users/{id}/password-resets" => {
            write(format!("/v1/users/{newcomer}/password-resets"), json!({}))
        }
        "GET /v1/retention" => free("/v1/retention", None),
        "PUT /v1/retention" => free("/v1/retention", Some(json!({"months": {}}))),
        "GET /v1/organisations/{id}/retention" => {
            read(format!("/v1/organisations/{}/retention", place.organisation))
        }
        "PUT /v1/organisations/{id}/retention" => {
            free(&format!("/v1/organisations/{}/retention", place.organisation), Some(json!({"months": {}})))
        }
        "GET /v1/organisations/{id}/identity-provider" => free(&provider_of(world.provided), None),
        "PUT /v1/organisations/{id}/identity-provider" => free(
            &provider_of(world.provided),
            Some(json!({"issuer": "https://login.example.rw", "client_id": "ihuriro"})),
        ),
        // Taken from whoever has none: somebody else is to read it.
        "DELETE /v1/organisations/{id}/identity-provider" => free(&provider_of(place.organisation), None),
        // Refused for another reason: half of it is missing.
        "PUT /v1/me/identity-provider" => free(
            "/v1/me/identity-provider",
            Some(json!({"ticket": "AAAA", "state": "A", "authorization_code": "A"})),
        ),
        "GET /v1/me/logins" => free("/v1/me/logins", None),
        "DELETE /v1/me/logins/{id}" => free(&format!("/v1/me/logins/{}", Uuid::nil()), None),
        "DELETE /v1/users/{id}/logins" => read(format!("/v1/users/{newcomer}/logins")),
        "DELETE /v1/users/{id}/second-factor" => read(format!("/v1/users/{newcomer}/second-factor")),
        // Refused for another reason: they show no code of the app that they have, or there is none to be confirmed.
        "POST /v1/me/second-factor" => free("/v1/me/second-factor", Some(json!({}))),
        "POST /v1/me/second-factor/confirm" => {
            free("/v1/me/second-factor/confirm", Some(json!({"code": "000000"})))
        }
        "POST /v1/me/password" => free(
            "/v1/me/password",
            Some(json!({"old_password": "not this one", "new_password": "umuganda wa kabiri"})),
        ),
        "POST /v1/users/{id}/disable" => write(format!("/v1/users/{newcomer}/disable"), json!({})),
        "POST /v1/users/{id}/enable" => write(format!("/v1/users/{newcomer}/enable"), json!({})),
        "POST /v1/users/{id}/enrolment-codes" => {
            write(format!("/v1/users/{newcomer}/enrolment-codes"), json!({}))
        }
        "GET /v1/devices/{id}/groups" => read(format!("/v1/devices/{}/groups", place.device)),
        "GET /v1/devices/{id}/incident-report" => {
            read(format!("/v1/devices/{}/incident-report", place.device))
        }
        "GET /v1/groups/{id}/devices" => read(format!("/v1/groups/{group}/devices")),
        "POST /v1/devices/{id}/unlock" => write(format!("/v1/devices/{}/unlock", place.device), json!({})),
        "POST /v1/devices/{id}/revoke" => {
            write(format!("/v1/devices/{}/revoke", place.old_device), json!({}))
        }
        "POST /v1/organisations" => {
            free("/v1/organisations", Some(json!({"code": world.fresh_name(), "name": "Somebody"})))
        }
        "POST /v1/users/{id}/move" => {
            write(format!("/v1/users/{leader}/move"), json!({"organisation_id": place.organisation}))
        }
        "PUT /v1/users/{id}/protection-officer" | "DELETE /v1/users/{id}/protection-officer" => {
            read(format!("/v1/users/{leader}/protection-officer"))
        }
        _ => panic!("nothing is asked at {route}: say here what"),
    }
}

fn provider_of(organisation: OrganisationId) -> String {
    format!("/v1/organisations/{organisation}/identity-provider")
}

/// What stands in the list at this address, if it is one of records or people.
pub(crate) fn listed(route: &str) -> Option<Listed> {
    let (paths, planted): (&[&str], Planted) = match route {
        "GET /v1/groups" => (&["/v1/groups?limit=500"], |place| vec![(O, place.group.to_string())]),
        "GET /v1/participants" => (&["/v1/participants?limit=500"], |place| {
            vec![(O, place.records[&Kind::Participant].to_string())]
        }),
        "GET /v1/sessions" => {
            (&["/v1/sessions?limit=500"], |place| vec![(O, place.records[&Kind::Session].to_string())])
        }
        "GET /v1/lessons" => (&["/v1/lessons?limit=500"], |place| vec![(O, place.lesson.to_string())]),
        "GET /v1/conflicts" => (&["/v1/conflicts?limit=500"], |place| {
            let clashing = [Kind::Session, Kind::Referral];
            clashing.map(|kind| (kind.level(), place.records[&kind].to_string())).to_vec()
        }),
        "GET /v1/referrals" => {
            (&["/v1/referrals?limit=500"], |place| vec![(S, place.records[&Kind::Referral].to_string())])
        }
        "GET /v1/incidents" => {
            (&["/v1/incidents?limit=500"], |place| vec![(S, place.records[&Kind::Incident].to_string())])
        }
        "GET /v1/screenings" => {
            (&["/v1/screenings?limit=500"], |place| vec![(S, place.records[&Kind::Screening].to_string())])
        }
        "GET /v1/quarantine" => {
            (&["/v1/quarantine?limit=500", "/v1/quarantine?limit=500&state=rejected"], |place| {
                place.waiting.iter().map(|(kind, (_, record))| (kind.level(), record.to_string())).collect()
            })
        }
        "GET /v1/users" => (&["/v1/users?limit=500"], |place| vec![(O, place.leader.to_string())]),
        "GET /v1/teams" => (&["/v1/teams?limit=500"], |place| vec![(O, place.team.to_string())]),
        "GET /v1/devices" => (&["/v1/devices?limit=500"], |place| vec![(O, place.device.to_string())]),
        _ => return None,
    };
    Some(Listed { paths, planted })
}

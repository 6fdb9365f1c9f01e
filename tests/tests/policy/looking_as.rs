//! Looking as somebody else: for all who ask, all as whom they do, and all addresses, the answer is what both may see.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::access::Role;
use server::scope::{Action, Entry, POLICY, Reach};
use sync_core::id::{Id, UserId};
use tests::{Database, Session};

use crate::policy::asks::{Ask, Listed, asks, listed};
use crate::policy::noted::noted;
use crate::policy::reaches;
use crate::policy::world::{Person, Place, Relation, World};

/// Addresses that tell of what only the person themselves is to know.
const PRIVATE: [&str; 2] = ["GET /v1/me/audit", "GET /v1/me/logins"];

/// Somebody as whom others look.
struct Seen<'a> {
    person: Person,
    /// Whether they are in a team of the supervisor who asks.
    of_the_team: bool,
    /// Where they are; `None` beside all organisations.
    place: Option<&'a Place>,
}

/// Everybody who asks, and those who lead the groups: of the team, once of it, and of another organisation.
fn everybody(world: &World) -> Vec<Seen<'_>> {
    let ours = &world.places[0];
    let asks = world.people.iter().map(|it| Seen {
        person: Person { session: it.session.clone(), ..*it },
        of_the_team: it.role == Role::Supervisor,
        place: it.role.in_organisation().then_some(ours),
    });
    let leads = world.places.iter().map(|place| Seen {
        person: Person {
            name: "a leader",
            user: place.leader,
            role: Role::Facilitator,
            leads: Some(place.relation),
            protects: false,
            session: world.people[0].session.clone(),
        },
        of_the_team: place.relation == Relation::OfTheTeam,
        place: Some(place),
    });
    asks.chain(leads).collect()
}

fn may_look(person: &Person, seen: &Seen<'_>) -> bool {
    let ours = seen.place.is_some_and(|place| place.relation != Relation::Other);
    match (person.role, seen.person.role) {
        (Role::Manager, Role::Supervisor | Role::Facilitator) => ours,
        (Role::Supervisor, Role::Facilitator) => seen.of_the_team,
        _ => false,
    }
}

/// Each address at which people read, with its action.
fn reading() -> impl Iterator<Item = (&'static Action, &'static str)> {
    let people = POLICY.iter().filter(|action| action.entry == Entry::Person);
    let of_one = |action: &'static Action| action.routes.iter().map(move |route| (action, *route));
    people.flat_map(of_one).filter(|(_, route)| route.starts_with("GET "))
}

/// Of those who may not look, so many leave an address to the others.
const SOME: usize = 7;

#[test]
fn whoever_looks_as_another_gets_what_both_may_see_and_nobody_else_does() {
    Database::each(|database| {
        let world = World::on(database);
        let (mut cases, mut looked, mut refused) = (0, 0, 0);
        let mut asked = BTreeSet::new();
        for seen in everybody(&world) {
            for person in &world.people {
                // Who may not look at all hears so before it is known about which group they ask.
                let places = if may_look(person, &seen) { &world.places[..] } else { &world.places[..1] };
                for (action, route) in reading() {
                    // They hear so before anything is read: each action is asked of by some of them.
                    refused += usize::from(!may_look(person, &seen));
                    if !may_look(person, &seen) && refused % SOME != 0 {
                        continue;
                    }
                    let by_others = !may_look(person, &seen);
                    asked.extend(by_others.then_some(route));
                    for place in places {
                        for ask in asks(route, place, &world) {
                            looked +=
                                usize::from(is_answered_for_both(person, &seen, action, route, place, &ask));
                            cases += 1;
                        }
                    }
                    if may_look(person, &seen) {
                        lists_what_both_see(&world, person, &seen.person, action, route);
                    }
                }
            }
        }
        assert_eq!(asked.len(), reading().count(), "each address is asked by somebody who may not look");
        println!("{cases} cases, {looked} of them answered");
        assert!(cases > 1_500 && looked > 500, "{cases}, {looked}");
    });
}

/// Asks for one thing; says whether it was shown.
fn is_answered_for_both(
    person: &Person,
    seen: &Seen<'_>,
    action: &Action,
    route: &str,
    place: &Place,
    Ask { level, path, body }: &Ask,
) -> bool {
    let other = &seen.person;
    let answer = person.session.request_as(&other.user.to_string(), "GET", path, body.as_ref());
    let case = format!("{} as {} ({:?}) asks for {path}: {answer:?}", person.name, other.name, other.leads);
    let problem = answer.problem();
    let shown = (200..300).contains(&answer.status);
    if action.reach(person.role) == Reach::Nothing {
        assert_eq!(problem, (403, "role-not-allowed"), "{case}");
    } else if !may_look(person, seen) || PRIVATE.contains(&route) {
        assert_eq!(problem, (403, "view-as-refused"), "{case}");
    } else if action.reach(other.role) == Reach::Nothing {
        assert_eq!(problem, (403, "role-not-allowed"), "{case}");
    } else if let Some(level) = level {
        let both = [person, other].iter().all(|one| reaches(one, action, place.relation, *level));
        assert_eq!(shown, both, "{case}");
        assert!(shown || matches!(problem, (404, _) | (403, "role-not-allowed")), "{case}");
    } else {
        assert!(shown || problem == (404, "no-such-framework"), "{case}");
    }
    shown
}

/// Reads a list, whole. In it is what both see.
fn lists_what_both_see(world: &World, person: &Person, other: &Person, action: &Action, route: &str) {
    let Some(Listed { paths, planted }) = listed(route) else { return };
    if [person, other].iter().any(|one| action.reach(one.role) == Reach::Nothing) {
        return;
    }
    let of_one = |path: &&str| person.session.request_as(&other.user.to_string(), "GET", path, None).ok();
    let text: String = paths.iter().map(|path| of_one(path).to_string()).collect();
    for place in &world.places {
        for (level, word) in planted(place) {
            let both = [person, other].iter().all(|one| reaches(one, action, place.relation, level));
            let (by, as_whom) = (person.name, other.name);
            assert_eq!(text.contains(&word), both, "{by} as {as_whom} reads {paths:?}: {word} in {text}");
        }
    }
}

/// The one of this name.
fn named<'a>(world: &'a World, name: &str) -> &'a Person {
    world.people.iter().find(|person| person.name == name).expect("somebody of this name")
}

fn look(by: &Session, as_whom: UserId, path: &str) -> tests::app::Answer {
    by.request_as(&as_whom.to_string(), "GET", path, None)
}

#[test]
fn who_sees_everything_is_shown_just_what_the_other_is() {
    Database::each(|database| {
        let world = World::on(database);
        let officer = &named(&world, "protection.officer").session;
        for other in ["facilitator", "supervisor"].map(|name| named(&world, name)) {
            for (_, route) in reading().filter(|(_, route)| !PRIVATE.contains(route)) {
                for place in &world.places {
                    for Ask { path, .. } in asks(route, place, &world) {
                        let (theirs, shown) = (other.session.get(&path), look(officer, other.user, &path));
                        // A problem names the request.
                        let same = |answer: &tests::app::Answer| match answer.status {
                            200 => (200, answer.body.to_string()),
                            status => (status, answer.problem().1.to_owned()),
                        };
                        assert_eq!(same(&theirs), same(&shown), "{path}");
                    }
                }
            }
        }
        // Who sees less is shown less: a manager who leads no group is told of no referral.
        let (manager, supervisor) = (named(&world, "manager"), named(&world, "supervisor").user);
        let of_the_team = &world.places[1];
        for (kind, (id, _)) in &of_the_team.waiting {
            let path = format!("/v1/quarantine/{id}");
            let sensitive = kind.level() == sync_core::record::Level::Sensitive;
            assert_eq!(look(officer, supervisor, &path).status, 200, "{kind:?}");
            let status = look(&manager.session, supervisor, &path).status;
            assert_eq!(status, if sensitive { 403 } else { 200 }, "{kind:?}");
        }
        for path in ["/v1/aggregates", "/v1/aggregates?from=2026-03-02&to=2026-03-09"] {
            let facilitator = named(&world, "facilitator").user;
            assert_eq!(look(&manager.session, facilitator, path).ok()["total"]["sessions"], 1, "{path}");
        }
    });
}

#[test]
fn nothing_is_changed_by_whoever_looks_as_another() {
    let world = World::on(&Database::sqlite());
    let (manager, other) = (named(&world, "leading.manager"), named(&world, "facilitator").user.to_string());
    for action in POLICY.iter().filter(|action| action.entry == Entry::Person) {
        let allowed = action.reach(manager.role) != Reach::Nothing;
        for route in action.routes.iter().filter(|route| !route.starts_with("GET ")) {
            let method = route.split(' ').next().unwrap_or_default();
            for Ask { path, body, .. } in asks(route, &world.places[0], &world) {
                let answer = manager.session.request_as(&other, method, &path, body.as_ref());
                let slug = if allowed { "view-as-refused" } else { "role-not-allowed" };
                assert_eq!(answer.problem(), (403, slug), "{route}: {answer:?}");
            }
        }
    }
    for odd in ["", "somebody", "00000000-0000-0000-0000-00000000000"] {
        let answer = manager.session.request_as(odd, "GET", "/v1/groups", None);
        assert_eq!(answer.problem(), (403, "view-as-refused"), "{odd}");
    }
    let disabled = world.places[0].newcomer;
    manager.session.post(&format!("/v1/users/{disabled}/disable"), &json!({})).ok();
    assert_eq!(look(&manager.session, disabled, "/v1/groups").problem(), (403, "view-as-refused"));
}

#[test]
fn every_look_as_another_is_noted_with_both() {
    Database::each(|database| {
        let world = World::on(database);
        let (manager, facilitator) = (named(&world, "manager"), named(&world, "facilitator").user);
        let elsewhere = world.places.last().expect("one of another organisation").leader;
        for (path, other, outcome, action) in [
            ("/v1/groups", facilitator, "allowed", "list-records"),
            ("/v1/me", facilitator, "allowed", "read-record"),
            ("/v1/me", elsewhere, "refused", "read-record"),
            ("/v1/me/audit", facilitator, "refused", "read-record"),
        ] {
            look(&manager.session, other, path);
            let newest = noted(world.store()).remove(0);
            let said = ["user_id", "viewed_as", "outcome", "action"].map(|name| newest[name].clone());
            let ids = [manager.user, other].map(|user| json!(user.uuid()));
            assert_eq!(said, [ids[0].clone(), ids[1].clone(), json!(outcome), json!(action)], "{path}");
        }
        manager.session.get("/v1/groups").ok();
        assert_eq!(noted(world.store())[0]["viewed_as"], Value::Null, "who asks for themselves");
        // Lines with it and lines without stand in one log, which is as it was written.
        world.run(server::audit::sequence(world.store())).expect("each gets its place");
        let checked = server::audit::verify(world.store(), &mut |finding| panic!("{finding}"));
        assert_eq!(checked.expect("it is read").findings, 0);
    });
}

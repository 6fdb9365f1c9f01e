//! For how long records of each kind are kept.

use std::collections::BTreeMap;

use server::ledger;
use server::retention::due;

use super::*;

struct Scene {
    app: TestApp,
    village: Village,
    hers: Device,
}

impl Scene {
    /// Two groups of one organisation, each with two people, a meeting and a referral; the second is closed. Of another organisation as much.
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        app.user("admin", Role::Administrator, None);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        let closed = village.group("Abahuje", "sociotherapy");
        village.assign(hers.tablet().user(), closed);
        hers.sync(&mut ()).expect("a sync");
        for group in [village.group, closed] {
            people_join(&mut hers, group, 2);
            let here = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
            record(&mut hers, group, day(3, 4), here);
            let person = ParticipantId::of(group, "P01");
            hers.edit::<Referral>(group.into(), DocumentId::from(uuid::Uuid::now_v7()), |it| {
                it.participant().set(person)?;
                it.to().set(ServiceKind::HealthCentre)
            })
            .expect("a referral");
        }
        hers.sync(&mut ()).expect("a sync");
        village.manager.post(&format!("/v1/groups/{closed}/close"), &json!({"status": "graduated"})).ok();
        let scene = Self { app, village, hers };
        assert_eq!(scene.live(), counts([("group", 2), ("participant", 4), ("referral", 2), ("session", 2)]));
        scene
    }

    fn says(&self, path: &str, months: &Value) {
        self.app.login("admin").request("PUT", path, Some(&json!({"months": months}))).ok();
    }

    /// How many records there are of each kind.
    fn live(&self) -> BTreeMap<Kind, usize> {
        let groups: Vec<_> = self.village.manager.all("/v1/groups");
        let read = |tx: &mut Conn<'_>| -> Result<BTreeMap<Kind, usize>, StoreError> {
            let mut all = BTreeMap::new();
            for group in &groups {
                let stream = group["id"].as_str().expect("an id").parse().expect("an id");
                for kind in Kind::ALL {
                    *all.entry(*kind).or_default() += ledger::live(tx, stream, *kind)?.len();
                }
            }
            all.retain(|_, n| *n > 0);
            Ok(all)
        };
        self.app.store().read_blocking("test", read).expect("the store answers")
    }

    fn due(&self, now: Millis) -> Vec<(String, BTreeMap<Kind, usize>)> {
        let due = |tx: &mut Conn<'_>| -> Result<Vec<server::retention::Due>, StoreError> { due(tx, now) };
        let all = self.app.store().read_blocking("test", due).expect("the store answers");
        all.into_iter().map(|due| (due.code, due.records)).collect()
    }
}

fn counts<const N: usize>(all: [(&str, usize); N]) -> BTreeMap<Kind, usize> {
    all.into_iter().map(|(kind, n)| (kind.parse().expect("a kind"), n)).collect()
}

#[test]
fn nothing_is_erased_that_nobody_decided_on() {
    Database::each(|database| {
        let scene = Scene::on(database);
        assert_eq!(scene.due(after(36_500)), []);
        assert_eq!(run(&scene.app, after(36_500)), Done::default());
    });
}

#[test]
fn a_closed_group_goes_whole_and_referrals_by_their_own_change() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        scene.says("/v1/retention", &json!({"session": 12, "participant": 12, "group": 12, "referral": 24}));
        assert_eq!(run(&scene.app, after(360)), Done::default());
        // 1. A year after it was closed; its referral keeps the group's own record.
        let year = after(366);
        assert_eq!(scene.due(year), [("aegis".to_owned(), counts([("participant", 2), ("session", 1)]))]);
        assert_eq!(run(&scene.app, year).records, counts([("participant", 2), ("session", 1)]));
        assert_eq!(scene.live(), counts([("group", 2), ("participant", 2), ("referral", 2), ("session", 1)]));
        is_sound(&scene.app);
        // Exact totals lose them.
        let totals = scene.village.aggregates("");
        assert_eq!((&totals["total"]["sessions"], &totals["total"]["people"]), (&json!(1), &json!(2)));
        // 2. After two, referrals of both groups, and then the group itself.
        let later = run(&scene.app, after(732)).records;
        assert_eq!(later, counts([("referral", 2), ("group", 1)]));
        assert_eq!(scene.live(), counts([("group", 1), ("participant", 2), ("session", 1)]));
        is_sound(&scene.app);
        let rebuilt = scene.app.run(ledger::rebuild(scene.app.store())).expect("it is rebuilt");
        assert_eq!((rebuilt.mended, rebuilt.facts), (0, 0));
        let noted = noted(&scene.app);
        let routes: Vec<_> = noted.iter().map(|one| (one["route"].as_str(), one["items"].as_u64())).collect();
        let of = |route, items| (Some(route), Some(items));
        assert_eq!(
            routes.iter().copied().collect::<std::collections::BTreeSet<_>>(),
            [
                of("retention of sessions", 1),
                of("retention of participants", 2),
                of("retention of referrals", 1),
                of("retention of groups", 1),
            ]
            .into()
        );
        // The tablet still holds the group that goes on, and hears that its referral is gone.
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert!(report.repaired.is_empty() && report.unreadable == 0, "{report:?}");
        let people = scene.hers.tablet().all::<Participant>(scene.village.group.into());
        assert_eq!(people.len(), 2);
        assert_eq!(scene.hers.tablet().all::<Referral>(scene.village.group.into()).len(), 0);
    });
}

#[test]
fn an_organisation_decides_otherwise_for_itself() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let own = format!("/v1/organisations/{}/retention", scene.village.organisation);
        scene.says("/v1/retention", &json!({"session": 12, "referral": 12}));
        scene.says(&own, &json!({"session": 36}));
        let read = scene.village.manager.get(&own).ok();
        assert_eq!(read, json!({"months": {"session": 36}, "in_force": {"referral": 12, "session": 36}}));
        assert_eq!(scene.due(after(400)), [("aegis".to_owned(), counts([("referral", 2)]))]);
        // A manager reads their own, and sets none.
        let elsewhere = Village::of(&scene.app, "nar");
        assert_eq!(elsewhere.manager.get(&own).problem(), (404, "no-such-organisation"));
        let set = json!({"months": {}});
        let refused = scene.village.manager.request("PUT", &own, Some(&set));
        assert_eq!(refused.problem(), (403, "role-not-allowed"));
        assert_eq!(scene.village.manager.get("/v1/retention").problem(), (403, "role-not-allowed"));
        // What is wrong is named.
        for (months, problem) in [
            (json!({"lesson": 12}), "unexpected-body"),
            (json!({"session": 0}), "invalid-fields"),
            (json!({"session": 1_201}), "invalid-fields"),
        ] {
            let body = json!({"months": months});
            let answer = scene.app.login("admin").request("PUT", "/v1/retention", Some(&body));
            assert_eq!(answer.problem(), (422, problem), "{body}");
        }
        let read = scene.app.login("admin").get("/v1/retention").ok();
        assert_eq!(read["months"], json!({"referral": 12, "session": 12}));
    });
}

#[test]
fn no_transaction_erases_more_than_fifty() {
    Database::each(|database| {
        let app = TestApp::on(database);
        app.user("admin", Role::Administrator, None);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut hers, village.group, 120);
        hers.sync(&mut ()).expect("a sync");
        let group = village.group;
        village.manager.post(&format!("/v1/groups/{group}/close"), &json!({"status": "suspended"})).ok();
        app.login("admin").request("PUT", "/v1/retention", Some(&json!({"months": {"participant": 1}}))).ok();
        assert_eq!(run(&app, after(40)).records, counts([("participant", 120)]));
        let items: Vec<_> = noted(&app).iter().map(|one| one["items"].as_u64()).collect();
        assert_eq!(items, [Some(50), Some(50), Some(20)]);
        is_sound(&app);
    });
}

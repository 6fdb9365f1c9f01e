//! Entered, changed and ended by the secretariat, listed by nearness, chosen on a tablet.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use diesel::prelude::*;
use server::on_each;
use server::store::schema::services;
use server::store::{Conn, Db, StoreError};
use sync_core::area::{AreaCode, all};
use sync_core::id::ParticipantId;
use sync_core::limits::MAX_SERVICES;
use sync_core::record::referral::{ReferralReason, ServiceKind};
use sync_core::record::{Referral, Service};
use tablet::recording::{NewReferral, RecordError};
use tests::village::{AREA, day, people_join};

use super::*;

#[test]
fn what_the_secretariat_enters_is_chosen_on_a_tablet_without_a_network() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, interpeace) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let secretary = secretary(&app);
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, aegis.group, 1);

        // 1. Entered: all members read it, and who entered it is told to nobody.
        let far = enter(&secretary, "health_centre", "1101");
        let district = enter(&secretary, "isange_one_stop", &AREA[..2]);
        let near = enter(&secretary, "health_centre", &AREA[..4]);
        let body = json!({
            "name": "Ubumuntu, counselling", "kind": "specialised", "area": AREA[..2], "phone": "+250 788 123 456",
            "hours": "Monday to Friday, 8 to 17", "note": "Ring before you send somebody.",
            "organisation_id": interpeace.organisation,
        });
        let partner = id_of(&secretary.post("/v1/services", &body).ok());
        assert_eq!(secretary.post("/v1/services", &body).problem(), (409, "already-entered"));
        let address = format!("/v1/services/{partner}");
        let read = aegis.manager.get(&address).ok();
        assert_eq!((&read["hours"], &read["phone"]), (&body["hours"], &body["phone"]));
        assert_eq!(read["organisation_id"], json!(interpeace.organisation));
        assert_eq!(aegis.manager.get(&format!("{address}/history")).ok()["items"][0]["by"], "the service");

        // 2. On the tablet after one sync, the nearest to its group first.
        sync(&mut jeanne);
        let listed = |tablet: &Device| -> Vec<ServiceId> {
            tablet.services_near(&tablet.areas()).into_iter().map(|(id, _)| id).collect()
        };
        assert_eq!(listed(&jeanne), [near, partner, district, far]);
        let held: Service = jeanne.tablet().read(partner).expect("it is there");
        assert_eq!(held.organisation, Some(interpeace.organisation));

        // 3. Somebody is referred there: the record says the kind, who runs it, and which entry it was.
        let refer = |tablet: &mut Device, id: ServiceId| -> Result<Referral, RecordError> {
            let new = NewReferral {
                participant: ParticipantId::of(aegis.group, "P01"),
                to: tablet.destination(id)?,
                reason: ReferralReason::Trauma,
                urgency: None,
                on: day(3, 5),
                steps: BTreeSet::new(),
            };
            let id = tablet.record_referral(new)?;
            Ok(tablet.tablet().read(id)?)
        };
        let referral = refer(&mut jeanne, partner).expect("referred");
        assert_eq!(
            (referral.to, referral.to_organisation, referral.to_service),
            (ServiceKind::Specialised, Some(interpeace.organisation), Some(partner))
        );
        sync(&mut jeanne);
        let officer = app.user("officer", Role::Manager, Some(aegis.organisation));
        app.user("admin", Role::Administrator, None);
        app.login("admin").request("PUT", &format!("/v1/users/{officer}/protection-officer"), None).ok();
        let told = app.login("officer").get("/v1/referrals").ok();
        assert_eq!(told["items"][0]["to_service_id"], json!(partner));

        // 4. Changed and ended with a reason, which all read; ended, it is chosen no more, and what was chosen stays.
        let change = json!({"phone": null, "ended": "2026-03-05", "reason": "They moved."});
        assert_eq!(secretary.patch(&address, &json!({"phone": null})).problem(), (422, "invalid-fields"));
        assert_eq!(secretary.patch(&address, &change).ok()["ended"], "2026-03-05");
        assert_eq!(aegis.manager.get(&address).ok().get("phone"), None);
        let history = aegis.manager.get(&format!("{address}/history")).ok();
        assert_eq!(history["items"][1]["reason"], "They moved.");
        sync(&mut jeanne);
        assert_eq!(listed(&jeanne), [near, district, far]);
        assert!(matches!(refer(&mut jeanne, partner), Err(RecordError::ServiceEnded { .. })));
        let ids = |query: &str| -> BTreeSet<ServiceId> {
            let listed = aegis.manager.get(&format!("/v1/services?{query}")).ok();
            listed["items"].as_array().expect("items").iter().map(id_of).collect()
        };
        assert_eq!(ids("ended=true"), [partner].into());
        assert_eq!(ids("text=COUNSELLING"), [].into());
        assert_eq!(ids("text=COUNSELLING&ended=true"), [partner].into());
        assert_eq!(ids("kind=health_centre"), [far, near].into());
        assert_eq!(ids(&format!("area={}", &AREA[..2])), [district, near].into());

        is_sound(&app);
    });
}

#[test]
fn nobody_else_keeps_it_and_what_makes_no_sense_is_refused_field_by_field() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, secretary) = (Village::of(&app, "aegis"), secretary(&app));
        let body = json!({"name": "Legal aid", "kind": "legal", "area": "52"});
        assert_eq!(aegis.manager.post("/v1/services", &body).problem(), (403, "role-not-allowed"));
        let entered = id_of(&secretary.post("/v1/services", &body).ok());
        let address = format!("/v1/services/{entered}");
        let mine = json!({"name": "Mine", "reason": "It is mine."});
        assert_eq!(aegis.manager.patch(&address, &mine).problem(), (403, "role-not-allowed"));
        assert_eq!(app.login("manager.aegis").get(&address).ok()["name"], "Legal aid");
        // Another record's id is no entry's: nothing of it is written.
        let group = format!("/v1/services/{}", aegis.group);
        assert_eq!(secretary.patch(&group, &mine).problem(), (404, "no-such-service"));
        assert_eq!(secretary.get(&format!("{group}/history")).problem(), (404, "no-such-service"));

        let refused = |more: Value| {
            let mut body = body.clone();
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let answer = secretary.post("/v1/services", &body);
            assert_eq!(answer.problem(), (422, "invalid-fields"), "{more}");
            answer.body["errors"][0]["field"].as_str().expect("a field").to_owned()
        };
        assert_eq!(refused(json!({"kind": "partner"})), "kind");
        assert_eq!(refused(json!({"phone": "Mukamana, 0788 123 456"})), "phone");
        assert_eq!(refused(json!({"area": "59"})), "area");
        assert_eq!(refused(json!({"name": " "})), "name");
        assert_eq!(refused(json!({"note": "x".repeat(301)})), "note");
        let stranger = uuid::Uuid::from_u128(7);
        assert_eq!(refused(json!({"organisation_id": stranger})), "organisation_id");
        let bare = secretary.post("/v1/services", &json!({"name": "Legal aid"}));
        assert_eq!(bare.body["errors"].as_array().map(Vec::len), Some(2), "kind and area");
        assert_eq!(secretary.all("/v1/services").len(), 1, "nothing of all that was kept");
    });
}

/// The order in which the store lists is that of [`AreaCode::shares`], whatever is asked for, page by page.
#[test]
fn whatever_is_near_the_store_lists_it_as_the_tablet_does() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let secretary = secretary(&app);
        Village::of(&app, "aegis");
        // Areas of every level of the whole country, and many of one district, so that all that two can share is met.
        let of_all = all().iter().step_by(499).map(|area| area.code);
        let of_one = all().iter().map(|area| area.code).filter(|code| code.to_string().starts_with("52"));
        let areas: Vec<AreaCode> = of_all.chain(of_one.step_by(61)).collect();
        let entered: Vec<(ServiceId, AreaCode)> =
            areas.iter().map(|area| (enter(&secretary, "social", &area.to_string()), *area)).collect();
        let mut met = BTreeSet::new();
        for near in areas.iter().step_by(3) {
            let mut expected = entered.clone();
            expected.sort_by_key(|(id, area)| (Reverse(near.shares(*area)), *id));
            let items = secretary.all(&format!("/v1/services?near={near}"));
            let listed: Vec<ServiceId> = items.iter().map(id_of).collect();
            assert_eq!(listed, expected.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "near {near}");
            for (item, (_, area)) in items.iter().zip(&expected) {
                let shares = near.shares(*area);
                met.insert(shares);
                let shares = shares.map(|level| level.to_string());
                assert_eq!(item.get("shares").and_then(Value::as_str), shares.as_deref());
            }
        }
        assert_eq!(met.len(), 6, "every level, and none: {met:?}");
    });
}

/// Every tablet holds all entries: nobody fills them, by mistake or on purpose.
#[test]
fn the_directory_holds_so_many_services_and_no_more() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let secretary = secretary(&app);
        Village::of(&app, "aegis");
        let fill = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            let row = |number: usize| {
                (
                    services::id.eq(Db(ServiceId::from(uuid::Uuid::from_u128(number as u128)))),
                    services::name.eq("a service"),
                    services::folded.eq("a service"),
                    services::kind.eq("legal"),
                    services::area.eq("52"),
                )
            };
            let rows: Vec<_> = (0..MAX_SERVICES - 1).map(row).collect();
            let put = |some: &[_]| {
                on_each!(tx, |c| diesel::insert_into(services::table).values(some.to_vec()).execute(c))
            };
            rows.chunks(500).map(put).sum()
        };
        app.store().write_blocking("test", fill).expect("it is filled");
        enter(&secretary, "legal", "52");
        let body = json!({"name": "One more", "kind": "legal", "area": "52"});
        assert_eq!(secretary.post("/v1/services", &body).problem(), (409, "directory-full"));
    });
}

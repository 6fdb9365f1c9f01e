//! What a tablet hears, and shows without a network, of other partners near to its groups.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use server::on_each;
use server::store::{Conn, StoreError};
use sync_core::id::Id;
use sync_core::neighbour::Neighbour;
use sync_core::time::Millis;
use sync_core::wire::Answer as Down;
use tablet::cli::{TabletCommand, run_on};
use tablet::device::Device;
use tests::process::Service;
use tests::program::ihuriro;
use tests::stranger::sync;
use tests::{Stranger, Village};

use super::*;

fn heard(tablet: &mut Device) -> Vec<Neighbour> {
    tablet.sync(&mut ()).expect("a sync");
    tablet.tablet().neighbours().all.clone()
}

fn says(tablet: &mut Device, command: TabletCommand) -> String {
    let mut out = Vec::new();
    run_on(tablet, command, &mut out).expect("it runs");
    String::from_utf8(out).expect("text")
}

#[test]
fn a_tablet_hears_once_a_day_who_does_the_same_in_its_cell_and_how_they_are_reached() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Village::of(&app, "aegis"));
        let contact = format!("/v1/organisations/{}/contact", nar.organisation);
        nar.manager.request("PUT", &contact, Some(&json!({"contact": "huye@nar.example"}))).ok();
        let same = with(group("Abahuje", NEXT_VILLAGE), "overlap_reason", "Both were asked to.");
        let same = id(nar.begin(&same));
        id(nar.begin(&with(group("Urumuri", OTHER_CELL), "modality", "multifamily_healing")));
        id(nar.begin(&group("Imbuto", OTHER_SECTOR)));

        // A first sync brings them: what overlaps, how near, and how the partner is reached; not what their group is called.
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        let known = jeanne.tablet().neighbours().all.clone();
        let [one] = known.as_slice() else { panic!("{known:?}") };
        assert_eq!((one.group, one.overlaps, one.area.as_str()), (aegis.group, true, NEXT_VILLAGE));
        assert_eq!(one.contact.as_deref(), Some("huye@nar.example"));
        assert_eq!((one.from.as_deref(), one.to.as_deref()), (Some("2026-03-02"), None));
        let told = says(&mut jeanne, TabletCommand::Neighbours { group: None });
        for word in [one.organisation.as_str(), "huye@nar.example", "adult", "cell", "from 2 March 2026"] {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert!(told.contains("In the cell of Twiyubake, the same is done by"), "{told}");
        assert!(!told.contains("Abahuje") && !format!("{known:?}").contains("Abahuje"), "{told}");
        assert!(!format!("{known:?}").contains(&same.to_string()));
        let status = says(&mut jeanne, TabletCommand::Status);
        assert!(status.contains("Near 1 group, another partner does the same"), "{status}");

        // It is kept with all else, and read when the tablet is opened again.
        let folder = aegis.put_away(jeanne);
        let mut jeanne = aegis.take_out(&folder);
        assert_eq!(jeanne.tablet().neighbours().all, known);

        // The same day nothing more is said; of a group that is new to the tablet at once.
        nar.close(same);
        assert_eq!(heard(&mut jeanne), known);
        let second = aegis.group("Inkingi", "sociotherapy");
        aegis.assign(jeanne.tablet().user(), second);
        let until: Vec<Option<String>> = heard(&mut jeanne).into_iter().map(|one| one.to).collect();
        assert_eq!(until, [Some("2026-03-05".to_owned()), Some("2026-03-05".to_owned())]);
        id(nar.begin(&with(group("Isano", VILLAGE), "overlap_reason", "The village asked us.")));
        assert!(heard(&mut jeanne).iter().all(|one| one.area == NEXT_VILLAGE));
        app.clock.advance(20 * 60);
        let near = heard(&mut jeanne);
        assert!(near.iter().all(|one| one.area == VILLAGE), "{near:?}");
        let groups: BTreeSet<GroupId> = near.iter().map(|one| one.group).collect();
        assert_eq!((near.len(), groups), (2, BTreeSet::from([aegis.group, second])));

        // Who no longer leads a group hears nothing of what is near to it.
        aegis
            .manager_again(&app)
            .delete(&format!("/v1/groups/{second}/assignments/{}", jeanne.tablet().user()))
            .ok();
        let near: Vec<GroupId> = heard(&mut jeanne).iter().map(|one| one.group).collect();
        assert_eq!(near, [aegis.group]);
    });
}

#[test]
fn another_pillar_nearby_is_told_after_what_overlaps() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Village::of(&app, "aegis"));
        let pillar = json!({"pillar": "community_healing", "reason": "It was left out."});
        aegis.manager.patch(&format!("/v1/groups/{}", aegis.group), &pillar).ok();
        let livelihood = with(group("Urumuri", VILLAGE), "pillar", "social_reintegration");
        id(nar.begin(&with(livelihood, "modality", "multifamily_healing")));
        id(nar.begin(&with(group("Abahuje", OTHER_CELL), "overlap_reason", "Both were asked to.")));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        let told: Vec<(bool, String)> =
            heard(&mut jeanne).into_iter().map(|one| (one.overlaps, one.area)).collect();
        assert_eq!(told, [(true, OTHER_CELL.to_owned()), (false, VILLAGE.to_owned())]);
        // In one sector nobody is warned, only told.
        let told = says(&mut jeanne, TabletCommand::Neighbours { group: Some("Twi".into()) });
        assert!(told.contains("social reintegration") && !told.contains("Speak with them"), "{told}");
        let status = says(&mut jeanne, TabletCommand::Status);
        assert!(!status.contains("another partner"), "{status}");
    });
}

/// Groups of another partner in one sector.
const THERE: usize = 2_000;
/// Groups that one tablet leads there.
const LED: usize = 20;

/// Writes what `coverage` has of groups of sociotherapy in one sector.
fn write(tx: &mut Conn<'_>, of: OrganisationId) -> Result<(), StoreError> {
    let hex = data_encoding::HEXLOWER.encode(of.uuid().as_bytes());
    let (of, id) = match tx {
        Conn::Sqlite(_) => (format!("x'{hex}'"), "CAST(printf('%016d', i) AS blob)"),
        Conn::Postgres(_) => {
            (format!("'\\x{hex}'::bytea"), "convert_to(lpad(CAST(i AS text), 16, '0'), 'UTF8')")
        }
    };
    let text = format!(
        "INSERT INTO coverage (id, organisation_id, kind, modality, area, sector, began_on, status, met)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {THERE})
         SELECT {id}, {of}, 'healing_space', 'sociotherapy', '{VILLAGE}', '5201', '2026-03-02', 'active', FALSE FROM n"
    );
    on_each!(tx, |c| c.batch_execute(&text))
}

/// A tablet that says each time that it never heard, of a sector in which there are more groups than in any: it is told two hundred of them, and
/// what that costs is bounded.
#[test]
fn who_asks_again_and_again_is_told_so_much_and_costs_so_much() {
    const ASKED: u32 = 20;
    Database::each(|database| {
        let mut app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Village::of(&app, "aegis"));
        let mut tablet = Stranger::enrolled(&app, &aegis, "jeanne");
        for number in 1..LED {
            aegis.assign(tablet.user, aegis.group(&format!("Itsinda {number}"), "sociotherapy"));
        }
        app.store().write_blocking("coverage", |tx| write(tx, nar.organisation)).expect("they are written");
        let service = Service::start(&ihuriro().expect("the service's program"), &database.url);
        let service = service.expect("it starts");
        app.url.clone_from(&service.url);
        let mut ask = |budget| {
            let request = tablet.request(Vec::new());
            let request = sync_core::wire::Request { neighbours: Some(Millis(0)), budget, ..request };
            let (status, problem, body) = sync(&app, &tablet.signed(&request));
            assert_eq!(status, 200, "{problem}");
            let answer: Down = minicbor::decode(&body).expect("an answer");
            answer.neighbours
        };
        assert_eq!(ask(100_000).expect("it asked").len(), 200);
        // A link that carries little carries records first.
        assert_eq!(ask(20_000), None);
        let ((), cost) = service.cost_of(|| {
            for _ in 0..ASKED {
                ask(100_000);
            }
        });
        println!("{ASKED} times: {cost:?}");
        assert!(cost.cpu < ASKED * Duration::from_millis(120), "{cost:?}");
        assert!(cost.memory < 32 << 20, "{cost:?}");
    });
}

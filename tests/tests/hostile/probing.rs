//! Ids of meetings follow from groups and days: whoever knows a group's id can name its meetings. The store does not say which of
//! them took place.

use sync_core::limits::MAX_REQUEST_WORK;
use sync_core::quarantine::Outcome;
use tests::stranger::outcomes;
use tests::{Database, Stranger, Village};

use super::*;

#[test]
fn a_record_of_others_is_not_told_apart_from_one_that_is_not_there() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (victim, attacker) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut jeanne = Stranger::enrolled(&app, &victim, "jeanne");
        let held = [jeanne.session(victim.group, 5)];
        assert_eq!(jeanne.hand_in(&app, victim.group.into(), &held), [Outcome::Accepted]);
        let mut mallory = Stranger::enrolled(&app, &attacker, "mallory");

        // A meeting that took place, and one that did not, each under the attacker's own group.
        let probes = |date: i8| {
            let id = SessionId::of(victim.group, tests::village::day(3, date), 0, 0).into();
            let begins = |group| {
                let mut document = Document::genesis(Kind::Session);
                let first = mallory.edit(&mut document, group, date);
                let actor = Actor { device: mallory.device, incarnation: 0 };
                let next =
                    document.edit::<Session>(actor, NOW, |session| session.summary().append("A song."));
                let next = next.expect("sound").expect("new");
                [first, next].map(|change| (Kind::Session, id, change.bytes().to_vec()))
            };
            let spoilt = (Kind::Session, id, b"not a change".to_vec());
            let other = (Kind::Participant, id, b"not a change either".to_vec());
            let [_, alone] = begins(victim.group);
            // As much work as one request may bring: one operation more, in a record that is there, is too much.
            let most = 100;
            let actor = Actor { device: mallory.device, incarnation: 7 };
            let letters = MAX_REQUEST_WORK as usize / most / most;
            let heavy = (Kind::Session, id, forge::text(&Document::genesis(Kind::Session), actor, letters));
            [
                begins(victim.group).to_vec(),
                begins(attacker.group).to_vec(),
                vec![alone],
                vec![spoilt, other],
                vec![heavy; most],
            ]
        };
        let (there, absent) = (probes(5), probes(6));
        for (number, (there, absent)) in there.iter().zip(&absent).enumerate() {
            let of = |tablet: &mut Stranger, changes: &[(Kind, DocumentId, Vec<u8>)]| {
                let batch = tablet.batch(attacker.group.into(), changes);
                let request = tablet.request(vec![batch]);
                outcomes(&app, &tablet.signed(&request))
            };
            let found = of(&mut mallory, there);
            assert!(found.iter().all(|one| matches!(one, Outcome::Quarantined(_))), "{number}: {found:?}");
            assert_eq!(found, of(&mut mallory, absent), "probe {number}");
        }

        // Nor does it say so to whoever looks inside what was quarantined.
        let look = |id: &str| attacker.manager.get(&format!("/v1/quarantine/{id}")).ok();
        let items = attacker.manager.all("/v1/quarantine");
        let of = |date: i8| -> Vec<serde_json::Value> {
            let id = SessionId::of(victim.group, tests::village::day(3, date), 0, 0).to_string();
            let of_it = items.iter().filter(|item| item["record_id"] == id.as_str());
            of_it.map(|item| look(item["id"].as_str().expect("an id"))).collect()
        };
        let would = |inside: Vec<serde_json::Value>| {
            let text = |value: &serde_json::Value| value.to_string();
            let told = |one: &serde_json::Value| {
                let fields = one["changes"].as_array().map_or(0, Vec::len);
                (text(&one["would_be"]), text(&one["because"]), fields, text(&one["hidden"]))
            };
            let mut all: Vec<_> = inside.iter().map(told).collect();
            all.sort();
            all
        };
        assert!(!of(5).is_empty());
        assert_eq!(would(of(5)), would(of(6)));
    });
}

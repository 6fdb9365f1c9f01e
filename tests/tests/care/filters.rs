//! Every filter, by itself and with every other one, finds what its own words say of each item.

use super::*;

type Says = fn(&Value) -> bool;
type Filter = (String, Says);

/// Asks by each filter and each pair of filters; what is found is what both say of the whole list.
fn by_pairs(person: &Session, list: &str, filters: &[Filter]) {
    let all = person.all(list);
    assert!(all.len() > 7, "more than a page: {}", all.len());
    let mut found_any = 0;
    for (number, (first, says)) in filters.iter().enumerate() {
        for (second, also_says) in &filters[number..] {
            // A word is asked for once.
            let (one, other) = (first.split('=').next(), second.split('=').next());
            let asked = match first == second {
                true => format!("{list}?{first}"),
                false if one == other => continue,
                false => format!("{list}?{first}&{second}"),
            };
            let expected: Vec<Value> =
                all.iter().filter(|item| says(item) && also_says(item)).cloned().collect();
            assert_eq!(ids(&person.all(&asked)), ids(&expected), "{asked}");
            found_any += usize::from(!expected.is_empty());
        }
    }
    assert!(found_any > filters.len(), "most of it finds something: {found_any}");
}

fn word(filter: &str, says: Says) -> Filter {
    (filter.to_owned(), says)
}

#[test]
fn referrals_are_found_by_every_pair_of_filters() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        use ReferralStep::{Arrived, Closed, Consented, Declined, Sent};
        let ways: [&[ReferralStep]; 6] = [
            &[],
            &[Consented],
            &[Consented, Sent],
            &[Consented, Sent, Arrived],
            &[Consented, Sent, Closed],
            &[Declined],
        ];
        for (number, steps) in ways.iter().enumerate() {
            for (at, urgency) in Urgency::ALL.iter().enumerate() {
                scene.refer(1 + (number + at) % 3, *urgency, day(2, 1 + (number * 4 + at) as i8), steps);
            }
        }
        let void = scene.refer(1, Urgency::Soon, day(3, 1), &[Consented, Sent]);
        scene.hers.void_referral(void, false, &"Mistaken.".parse().expect("grounds")).expect("it is hers");
        scene.hers.sync(&mut ()).expect("a sync");
        let group = scene.village.group;
        let filters = [
            (format!("group={group}"), (|_| true) as Says),
            word("area=52", |_| true),
            word("area=51", |_| false),
            word("kind=healing_space", |_| true),
            word("from=2026-02-10", |one| one["begun_on"].as_str() >= Some("2026-02-10")),
            word("to=2026-02-12", |one| one["begun_on"].as_str() <= Some("2026-02-12")),
            word("urgency=emergency", |one| one["urgency"] == "emergency"),
            word("urgency=routine", |one| one["urgency"] == "routine"),
            word("state=sent", |one| one["state"] == "sent"),
            word("state=declined", |one| one["state"] == "declined"),
            word("open=true", |one| one["open"] == true),
            word("open=false", |one| one["open"] == false),
            word("overdue=true", |one| one["overdue"] == true),
            word("overdue=false", |one| one["overdue"] == false),
            word("void=true", |one| one.get("void").is_some()),
            word("void=false", |one| one.get("void").is_none()),
            (format!("participant={}", scene.person(1)), |one| one["code"] == "P01"),
        ];
        by_pairs(&scene.supervisor, "/v1/referrals", &filters);
        // A day later, what was sent that day is overdue, though nothing was written.
        let overdue = |scene: &Scene| scene.app.login("supervisor").all("/v1/referrals?overdue=true").len();
        let before = overdue(&scene);
        scene.app.clock.advance(60 * 24 * 30);
        assert!(overdue(&scene) > before);
        assert_eq!(
            scene.app.login("supervisor").get("/v1/referrals?urgency=soonish").problem(),
            (422, "invalid-fields")
        );
    });
}

#[test]
fn incidents_are_found_by_every_pair_of_filters() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let other = record(&mut scene.hers, scene.village.group, day(3, 2), Details::default());
        for (number, kind) in IncidentType::ALL.iter().enumerate() {
            scene.happens(*kind, Severity::ALL[number % 3]);
            let new = NewIncident {
                session: other,
                kind: *kind,
                severity: Severity::ALL[(number + 1) % 3],
                done: Done::default(),
            };
            scene.hers.record_incident(new).expect("an incident");
        }
        let void = scene.happens(IncidentType::Threat, Severity::Low);
        scene.hers.void_incident(void, false, &"Mistaken.".parse().expect("grounds")).expect("it is hers");
        scene.hers.sync(&mut ()).expect("a sync");
        let filters = [
            (format!("group={}", scene.village.group), (|_| true) as Says),
            word("area=5201", |_| true),
            word("area=1", |_| false),
            word("from=2026-03-03", |one| one["date"].as_str() >= Some("2026-03-03")),
            word("to=2026-03-03", |one| one["date"].as_str() <= Some("2026-03-03")),
            word("kind=suicide_risk", |one| one["kind"] == "suicide_risk"),
            word("kind=threat", |one| one["kind"] == "threat"),
            word("severity=high", |one| one["severity"] == "high"),
            word("severity=low", |one| one["severity"] == "low"),
            word("void=true", |one| one.get("void").is_some()),
            word("void=false", |one| one.get("void").is_none()),
        ];
        by_pairs(&scene.officer, "/v1/incidents", &filters);
        assert_eq!(scene.officer.get("/v1/incidents?kind=healing_space").problem(), (422, "invalid-fields"));
    });
}

#[test]
fn screenings_are_found_by_every_pair_of_filters() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        for (number, timepoint) in Timepoint::ALL.iter().enumerate() {
            let (person, score) = (1 + number % 3, 5 + number as i64);
            scene.screen(person, Instrument::Phq9, *timepoint, score, Some(number % 2 == 0));
            scene.screen(person, Instrument::Gad7, *timepoint, score, None);
            scene.screen(person, Instrument::Pcl5, *timepoint, score * 3, None);
        }
        let wrong = scene.screen(2, Instrument::Srq20, Timepoint::End, 7, Some(false));
        let right = NewScreening {
            participant: scene.person(2),
            instrument: Instrument::Srq20,
            version: None,
            timepoint: Timepoint::End,
            date: day(3, 3),
            score: 6,
            max: None,
            risk: Some(false),
            corrects: Some(wrong),
        };
        scene.hers.record_screening(right).expect("a correction");
        scene.hers.sync(&mut ()).expect("a sync");
        let filters = [
            (format!("group={}", scene.village.group), (|_| true) as Says),
            word("area=52", |_| true),
            word("modality=sociotherapy", |_| true),
            word("from=2026-03-03", |one| one["date"].as_str() >= Some("2026-03-03")),
            word("to=2026-03-02", |one| one["date"].as_str() <= Some("2026-03-02")),
            word("instrument=PHQ-9", |one| one["instrument"] == "PHQ-9"),
            word("instrument=SRQ-20", |one| one["instrument"] == "SRQ-20"),
            word("timepoint=end", |one| one["timepoint"] == "end"),
            word("timepoint=baseline", |one| one["timepoint"] == "baseline"),
            word("risk=true", |one| one["risk"] == true),
            // Where nobody said, nobody said that there is none.
            word("risk=false", |one| one["risk"] == false),
            word("corrected=true", |one| one["corrected"] == true),
            word("corrected=false", |one| one["corrected"] == false),
            word("void=false", |one| one.get("void").is_none()),
            (format!("participant={}", scene.person(2)), |one| one["code"] == "P02"),
        ];
        by_pairs(&scene.supervisor, "/v1/screenings", &filters);
        let corrected = scene.supervisor.all("/v1/screenings?corrected=true");
        assert_eq!(ids(&corrected), [wrong.to_string()].into());
    });
}

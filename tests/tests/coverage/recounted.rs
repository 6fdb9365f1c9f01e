//! Whatever groups there are, the answers are those of a naive recount.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sync_core::area::{self, Level};
use sync_core::time::Millis;

use super::*;

/// Day 0 is that on which all groups are recorded; what is closed is so on the day of its number.
const TODAY: i64 = 9;

/// A group as the test knows it.
#[derive(Debug, Clone)]
struct Known {
    partner: usize,
    modality: &'static str,
    pillar: Option<&'static str>,
    cohort: Option<&'static str>,
    area: &'static str,
    starts_on: Option<String>,
    ended_on: Option<String>,
    void: bool,
}

fn date(day: i64) -> String {
    sync_core::time::day_in_rwanda(Millis(tests::app::START.0 + day * DAY * 60_000)).to_string()
}

impl Known {
    fn drawn(dice: &mut StdRng) -> Self {
        let mut one_of = |words: &[&'static str]| words[dice.random_range(0..words.len())];
        let said = |word: &'static str| Some(word).filter(|word| !word.is_empty());
        let area = one_of(&[VILLAGE, NEXT_VILLAGE, OTHER_CELL, OTHER_SECTOR, "52020102", "11010102"]);
        let modality = one_of(&["sociotherapy", "peace_club"]);
        let pillar = said(one_of(&["community_healing", "social_cohesion", "social_reintegration", ""]));
        let cohort = said(one_of(&["adult", "youth", ""]));
        Self {
            partner: dice.random_range(0..3),
            modality,
            pillar,
            cohort,
            area,
            starts_on: dice.random_bool(0.7).then(|| date(dice.random_range(-3..12))),
            ended_on: dice.random_bool(0.3).then(|| date(dice.random_range(1..=TODAY))),
            void: dice.random_bool(0.1),
        }
    }

    fn body(&self) -> Value {
        json!({
            "name": "Twiyubake", "kind": "healing_space", "modality": self.modality, "pillar": self.pillar, "cohort": self.cohort,
            "area": self.area, "starts_on": self.starts_on, "overlap_reason": "They asked us.",
        })
    }

    fn began_on(&self) -> String {
        self.starts_on.clone().unwrap_or_else(|| date(0))
    }

    /// The days that both have, if there are any that are not over before today.
    fn shares_days_with(&self, other: &Self) -> bool {
        let from = self.began_on().max(other.began_on());
        let to = [&self.ended_on, &other.ended_on].into_iter().flatten().min().cloned();
        to.is_none_or(|to| from <= to && date(TODAY) <= to)
    }

    fn near(&self, other: &Self) -> Option<&'static str> {
        [("A", 8), ("B", 6), ("C", 4)]
            .iter()
            .find(|(_, digits)| self.area[..*digits] == other.area[..*digits])
            .map(|(grade, _)| *grade)
    }
}

/// A pair in words: whose groups, where, and how they meet.
fn words(one: &Known, other: &Known, grade: &str, cohort: &str) -> String {
    let side = |known: &Known| {
        format!(
            "{} {} {:?} {:?} {:?}",
            known.partner, known.area, known.pillar, known.cohort, known.starts_on
        )
    };
    let mut sides = [side(one), side(other)];
    sides.sort();
    format!("{grade} {cohort} {} {}", one.modality.min(other.modality), sides.join(" / "))
}

fn told(pair: &Value, codes: &[String]) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let side = |group: &Value| {
        let code = group["organisation"]["code"].as_str().expect("a code");
        let partner = codes.iter().position(|one| one == code).expect("a partner");
        let area = group["area"].as_str().expect("an area");
        format!(
            "{partner} {area} {:?} {:?} {:?}",
            text(&group["pillar"]),
            text(&group["cohort"]),
            text(&group["starts_on"])
        )
    };
    let groups = pair["groups"].as_array().expect("groups");
    let mut sides = [side(&groups[0]), side(&groups[1])];
    sides.sort();
    let modality = groups.iter().filter_map(|one| one["modality"].as_str()).min().expect("a method");
    let cohort = pair["cohort"].as_str().unwrap_or_default();
    format!("{} {cohort} {modality} {}", pair["grade"].as_str().expect("a grade"), sides.join(" / "))
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

#[test]
fn whatever_groups_there_are_the_answers_are_those_of_a_naive_recount() {
    Database::each(|database| {
        for seed in 0..3 {
            recount(&database.another(), seed);
        }
    });
}

fn recount(database: &Database, seed: u64) {
    let app = TestApp::on(database);
    let codes = ["aegis", "interpeace", "nar"].map(str::to_owned);
    let partners: Vec<Partner> = codes.iter().map(|code| Partner::of(&app, code)).collect();
    app.user("secretariat", Role::Secretariat, None);
    let mut dice = StdRng::seed_from_u64(seed);
    let all: Vec<Known> = (0..45).map(|_| Known::drawn(&mut dice)).collect();
    let ids: Vec<GroupId> =
        all.iter().map(|known| id(partners[known.partner].begin(&known.body()))).collect();
    for (known, id) in all.iter().zip(&ids).filter(|(known, _)| known.void) {
        partners[known.partner].void(*id, true);
    }
    for day in 1..=TODAY {
        app.clock.advance(DAY);
        let due: Vec<_> =
            all.iter().zip(&ids).filter(|(known, _)| known.ended_on == Some(date(day))).collect();
        for (known, id) in due {
            let manager = app.login(&format!("manager.{}", codes[known.partner]));
            Partner { organisation: partners[known.partner].organisation, manager }.close(*id);
        }
    }
    let secretariat = app.login("secretariat");
    let there: Vec<&Known> = all.iter().filter(|known| !known.void).collect();
    check_pairs(&secretariat, &there, &codes);
    check_gaps_and_sums(&secretariat, &there, &codes);
    // Each partner reads of the overlaps those of their own.
    for code in &codes {
        let manager = app.login(&format!("manager.{code}"));
        for grade in ["A", "B", "C"] {
            let query = format!("/v1/coverage/overlaps?grade={grade}");
            let ids = |all: Vec<Value>| -> Vec<Value> { all.iter().map(|one| one["id"].clone()).collect() };
            let all = secretariat.all(&query).into_iter();
            let must = all.filter(|one| {
                one["groups"]
                    .as_array()
                    .is_some_and(|each| each.iter().any(|group| group["organisation"]["code"] == **code))
            });
            assert_eq!(ids(manager.all(&query)), ids(must.collect()), "{code}: {grade}");
        }
    }
    // Computed again from the documents, all is the same.
    let before = secretariat.all("/v1/coverage");
    assert_eq!(before.len(), there.len());
    let rebuilt = app.run(server::ledger::rebuild(app.store())).expect("it is rebuilt");
    assert_eq!((rebuilt.mended, rebuilt.facts), (0, 0));
    assert_eq!(secretariat.all("/v1/coverage"), before);
}

fn check_pairs(secretariat: &Session, there: &[&Known], codes: &[String]) {
    let mut overlaps = Vec::new();
    let mut complementary = Vec::new();
    for (at, one) in there.iter().enumerate() {
        for other in &there[at + 1..] {
            let near =
                one.near(other).filter(|_| one.partner != other.partner && one.shares_days_with(other));
            let Some(grade) = near else { continue };
            let both = one.cohort.zip(other.cohort);
            if one.modality == other.modality && both.is_none_or(|(one, other)| one == other) {
                let cohort = if both.is_some() { "same" } else { "not_known" };
                overlaps.push((one, other, grade, words(one, other, grade, cohort)));
            }
            if one.pillar.zip(other.pillar).is_some_and(|(one, other)| one != other) {
                complementary.push((one, other, grade, words(one, other, grade, "")));
            }
        }
    }
    assert!(overlaps.len() > 10 && complementary.len() > 10, "{} {}", overlaps.len(), complementary.len());
    for (address, must) in [("overlaps", overlaps), ("complementary", complementary)] {
        type Is = fn(&Known) -> bool;
        let asked: [(&str, &str, Is); 8] = [
            ("", "", |_| true),
            ("grade=A", "A", |_| true),
            ("grade=C", "C", |_| true),
            ("modality=peace_club", "", |known| known.modality == "peace_club"),
            ("pillar=social_cohesion", "", |known| known.pillar == Some("social_cohesion")),
            ("cohort=youth", "", |known| known.cohort == Some("youth")),
            ("area=520101", "", |known| known.area.starts_with("520101")),
            ("area=1", "", |known| known.area.starts_with('1')),
        ];
        // Each pair of filters.
        for (first, one_grade, one_is) in &asked {
            for (second, other_grade, other_is) in &asked {
                let same = |a: &str, b: &str| a.split('=').next() == b.split('=').next();
                if !first.is_empty() && same(first, second) {
                    continue;
                }
                let either = |is: &Is, (one, other): (&Known, &Known)| is(one) || is(other);
                let fits = |(one, other, grade, _): &&(&&Known, &&Known, &str, String)| {
                    either(one_is, (one, other))
                        && either(other_is, (one, other))
                        && [one_grade, other_grade].iter().all(|asked| asked.is_empty() || *asked == grade)
                };
                let must = sorted(must.iter().filter(fits).map(|(.., words)| words.clone()).collect());
                let found = secretariat.all(&format!("/v1/coverage/{address}?{first}&{second}"));
                let found = sorted(found.iter().map(|pair| told(pair, codes)).collect());
                assert_eq!(found, must, "{address}?{first}&{second}");
            }
        }
    }
}

fn check_gaps_and_sums(secretariat: &Session, there: &[&Known], codes: &[String]) {
    let going_on = there.iter().filter(|known| known.ended_on.is_none());
    let covered: BTreeSet<(&str, &str)> =
        going_on.filter_map(|known| Some((&known.area[..4], known.pillar?))).collect();
    let sectors = area::all().iter().filter(|area| area.level() == Level::Sector);
    let must: Vec<(String, &str)> = sectors
        .map(|sector| sector.code.to_string())
        .flat_map(|sector| {
            ["community_healing", "social_reintegration", "social_cohesion"]
                .map(|pillar| (sector.clone(), pillar))
        })
        .filter(|(sector, pillar)| !covered.contains(&(sector.as_str(), pillar)))
        .collect();
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = secretariat.get(&format!("/v1/coverage/gaps?limit=500{after}")).ok();
        found.extend(page["items"].as_array().expect("a list").iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let found: BTreeSet<(String, String)> = found
        .iter()
        .map(|gap| {
            (
                gap["area"].as_str().expect("a code").to_owned(),
                gap["pillar"].as_str().expect("one").to_owned(),
            )
        })
        .collect();
    let must: BTreeSet<(String, String)> =
        must.into_iter().map(|(sector, pillar)| (sector, pillar.to_owned())).collect();
    assert_eq!(found, must);
    let of_one = secretariat.all("/v1/coverage/gaps?area=5202&pillar=community_healing");
    assert_eq!(of_one.len(), usize::from(!covered.contains(&("5202", "community_healing"))));

    let sums = secretariat.get("/v1/coverage/sums?by=district,modality,cohort").ok();
    let mut must: BTreeMap<[String; 3], (i64, BTreeSet<usize>)> = BTreeMap::new();
    for known in there {
        let key = [&known.area[..2], known.modality, known.cohort.unwrap_or("not_known")].map(str::to_owned);
        let row = must.entry(key).or_default();
        row.0 += 1;
        row.1.insert(known.partner);
    }
    let rows: Vec<Value> = must
        .iter()
        .map(|([district, modality, cohort], (groups, partners))| {
            json!({
                "of": {"district": district, "modality": modality, "cohort": cohort}, "groups": groups,
                "organisations": partners.len(),
            })
        })
        .collect();
    assert_eq!(sums["rows"], json!(rows));
    let partners: BTreeSet<usize> = there.iter().map(|known| known.partner).collect();
    assert_eq!(sums["total"], json!({"groups": there.len(), "organisations": partners.len()}));
    let by = secretariat.get("/v1/coverage/sums?by=organisation").ok();
    for row in by["rows"].as_array().expect("rows") {
        let partner = codes.iter().position(|code| row["of"]["organisation"] == **code).expect("a partner");
        let theirs = there.iter().filter(|known| known.partner == partner).count();
        assert_eq!(row["groups"], theirs);
    }
}

//! Questions are answered with what a recount of the documents gives, and each proves its sums.

use std::collections::BTreeMap;

use super::*;

/// The answer to a question, of which every total was proved.
fn ask(village: &Village, question: &str) -> Value {
    let answer = village.manager.get(&format!("/v1/questions/{question}")).ok();
    for one in answer["reconciliation"].as_array().expect("a list") {
        assert_eq!(one["agrees"], true, "{question}: {one}");
    }
    for column in answer["columns"].as_array().expect("columns").iter().filter(|one| one["adds_up"] == true) {
        let name = column["name"].as_str().expect("a name");
        let sum: i64 = table(&answer).iter().filter_map(|row| row[name].as_i64()).sum();
        assert_eq!(answer["totals"][name], sum, "{question}: {name}");
    }
    answer
}

fn table(answer: &Value) -> &Vec<Value> {
    answer["rows"].as_array().expect("rows")
}

fn number(row: &Value, column: &str) -> i64 {
    row[column].as_i64().unwrap_or_else(|| panic!("no {column} in {row}"))
}

/// Asks of two groups of a year everything that can be counted again. Gives how much was told of what is rare: people who dropped out after a meeting,
/// meetings with both counts, people who were absent, and silent groups that met.
pub(super) fn are_answered_as_recounted(
    village: &Village,
    groups: &[GroupId; 2],
    records: &Records,
    year: i16,
) -> [i64; 4] {
    let mut rare = [0; 4];
    let day = |month: i8| Date::new(year, month, 1).expect("a day");
    for group in groups {
        let all = records.of_groups(&[*group]);
        let of = format!("group={group}");
        // 1. Meetings of some months.
        let some = all.within(day(3), day(8).last_of_month());
        let months = format!("{of}&from={year}-03&to={year}-08");
        let held = ask(village, &format!("sessions-against-plan?{months}"));
        let held: i64 = table(&held).iter().map(|row| number(row, "held")).sum();
        assert_eq!(held, some.held().values().sum::<i64>(), "{months}");
        let phases = ask(village, &format!("attendance-by-phase?{months}"));
        let by_phase = some.by(&["phase"], "aegis");
        for row in table(&phases) {
            let phase = row["phase"].as_str().expect("a phase").to_owned();
            let expected = by_phase.get(&vec![phase.clone()]).copied().unwrap_or_default();
            let told = (number(row, "sessions"), number(row, "attendances"), number(row, "heads"));
            assert_eq!(told, (expected.sessions, expected.attendances, expected.heads), "{months}: {phase}");
            let gone = all.dropped_out().get(&phase).copied().unwrap_or_default();
            assert_eq!(number(row, "dropped_out"), gone, "{months}: {phase}");
            rare[0] += if phase == "unknown" { 0 } else { gone };
        }
        let both = ask(village, &format!("headcount-against-register?{months}"));
        let both: Vec<_> = table(&both)
            .iter()
            .map(|row| (number(row, "sessions"), number(row, "heads"), number(row, "attendances")))
            .collect();
        assert_eq!(both, some.both_counted().into_values().collect::<Vec<_>>(), "{months}");
        rare[1] += both.iter().map(|(sessions, ..)| sessions).sum::<i64>();
        // 2. People.
        let mut members: BTreeMap<String, i64> = BTreeMap::new();
        for row in table(&ask(village, &format!("graduates?{of}"))) {
            for exit in ["graduated", "dropped_out", "moved", "referred", "still_there"] {
                let of = [&row["sex"], &row["age_band"]].map(|word| word.as_str().expect("a word"));
                members.insert(format!("{}/{exit}", of.join("/")), number(row, exit));
            }
        }
        members.retain(|_, people| *people > 0);
        assert_eq!(members, all.members_by_exit(), "{of}");
        for times in [1, 2] {
            let absent = ask(village, &format!("absences?{of}&times={times}"));
            let code = |row: &Value| row["code"].as_str().expect("a code").to_owned();
            let absent: BTreeMap<_, _> =
                table(&absent).iter().map(|row| (code(row), number(row, "absences"))).collect();
            assert_eq!(absent, all.absent(times), "{of}, {times}");
            rare[2] += absent.len() as i64;
        }
        // 3. Silence: the clock stands in 2026, and groups began in 2024.
        let silent = ask(village, &format!("silent-groups?{of}&days=30"));
        let told: Vec<_> = table(&silent).iter().map(|row| row["last_met_on"].clone()).collect();
        let last = all.last_met().into_values().next().map_or(Value::Null, |day| json!(day.to_string()));
        rare[3] += i64::from(told.iter().any(Value::is_string));
        assert_eq!(told, if all.is_void_group(*group) { vec![] } else { vec![last] }, "{of}");
    }
    rare
}

/// An indicator in people or groups, by quarter and one thing more.
fn indicator(code: &str, unit: &str, measure: &Value, by: &str) -> Value {
    json!({"code": code, "names": {"en": code}, "unit": unit, "measure": measure, "by": [by], "direction": "up"})
}

/// Asks for indicators of each kind, of all that was recorded: graduates, groups that met, and people of two age bands, by quarter. Gives how many graduates
/// there were.
pub(super) fn indicators_are_answered_as_recounted(village: &Village, records: &Records) -> i64 {
    let youth = json!({"count": "people", "age_bands": ["16_24", "25_35"]});
    let framework = json!({"code": "recounted", "title": "Counted again", "indicators": [
        indicator("graduates", "people", &json!({"count": "graduates"}), "sex"),
        indicator("groups", "groups", &json!({"count": "groups"}), "modality"),
        indicator("youth", "people", &youth, "age_band"),
    ]});
    let drawn_up = village.manager.post("/v1/frameworks", &framework);
    let id = drawn_up.body["id"].as_str().unwrap_or_else(|| panic!("{drawn_up:?}"));
    village.manager.post(&format!("/v1/frameworks/{id}/in-force"), &json!({})).ok();
    let answer = ask(village, "indicators");
    let told = |code: &str, apart: bool| -> BTreeMap<(String, String), i64> {
        let of =
            table(&answer).iter().filter(|row| row["indicator"] == code && row["by"].is_string() == apart);
        let word = |row: &Value, column: &str| row[column].as_str().unwrap_or_default().to_owned();
        let whole = |row: &Value| row["result"].as_f64().unwrap_or_default() as i64;
        of.map(|row| ((word(row, "quarter"), word(row, "who")), whole(row))).collect()
    };
    let graduates = records.graduates();
    assert_eq!(told("graduates", true), graduates);
    let groups: BTreeMap<_, _> =
        records.groups_met().into_iter().map(|(quarter, met)| ((quarter, String::new()), met)).collect();
    assert_eq!(told("groups", false), groups);
    let mut people: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (of, count) in records.by(&["quarter", "age_band"], "aegis") {
        if ["16_24", "25_35"].contains(&of[1].as_str()) {
            people.insert((of[0].clone(), of[1].clone()), count.people);
        }
    }
    people.retain(|_, count| *count > 0);
    assert_eq!(told("youth", true), people);
    graduates.values().sum()
}

#[test]
fn a_question_says_what_it_is_asked_about_and_refuses_what_it_does_not_take() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let refused = |question: &str, field: &str| {
            let answer = village.manager.get(&format!("/v1/questions/{question}"));
            assert_eq!(answer.problem(), (422, "invalid-fields"), "{question}");
            assert_eq!(answer.body["errors"][0]["field"], field, "{question}: {answer:?}");
        };
        refused("graduates?from=2026-01", "from");
        refused("silent-groups?times=3", "times");
        refused("silent-groups?days=0", "days");
        refused("sessions-against-plan?from=2026-13", "from");
        refused("sessions-against-plan?to=2026-01-31", "to");
        refused("attendance", "participant");
        let nobody = village.manager.get(&format!("/v1/questions/attendance?participant={}", village.group));
        assert_eq!(nobody.problem(), (404, "no-such-participant"));
        let answer = ask(&village, "sessions-against-plan?from=2026-01&area=52");
        assert_eq!(answer["asked"], json!({"from": "2026-01", "area": "52"}));
    });
}

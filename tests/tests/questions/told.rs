//! `api-spec/questions.md`: each question, how it is asked and what is answered, as the service answers it. `IHURIRO_BLESS=1 cargo test
//! --workspace --test journeys questions::` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use uuid::Uuid;

use super::*;

const BEGINS: &str = "# Questions

The questions that `GET /v1/questions` lists, and what is answered where an organisation has two groups, of which one met twice. Ids are left out (`…`). A test holds
every answer to what the service says, on both stores.

Each takes what its line names: `group`, `kind`, `modality` and `area` choose groups, `from` and `to` are months (`2026-03`). With `Accept: text/csv` or
`Accept: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet` the answer is a table of the same columns. What a column means stands in the answer, under `columns`.
";

/// Without what differs each time.
fn without_ids(value: &mut Value) {
    match value {
        Value::String(text) if Uuid::parse_str(text).is_ok() => *text = "…".to_owned(),
        Value::Array(all) => all.iter_mut().for_each(without_ids),
        Value::Object(all) => all.values_mut().for_each(without_ids),
        _ => {}
    }
}

/// What is told of one question.
fn told(person: &Session, question: &Value, participant: ParticipantId) -> String {
    let text = |field: &str| question[field].as_str().expect("a text");
    let takes: Vec<&str> =
        question["takes"].as_array().expect("words").iter().filter_map(Value::as_str).collect();
    let asked = match text("name") {
        "attendance" => format!("?participant={participant}"),
        "absences" => "?times=1".to_owned(),
        _ => String::new(),
    };
    let mut answer = person.get(&format!("{}{asked}", text("href"))).ok();
    let mut rows = answer["rows"].as_array_mut().map(std::mem::take).unwrap_or_default();
    rows.iter_mut().for_each(without_ids);
    rows.sort_by_key(Value::to_string);
    let more = rows.len().saturating_sub(2);
    let mut told = format!("\n## {}\n\n{}\n\n{}\n\n", text("name"), text("title"), text("says"));
    let takes = if takes.is_empty() { "nothing".to_owned() } else { format!("`{}`", takes.join("`, `")) };
    let shown = asked.replace(&participant.to_string(), "…");
    let _ = write!(told, "Takes {takes}.\n\n```\nGET {}{shown}\n", text("href"));
    for row in rows.iter().take(2) {
        let _ = writeln!(told, "{row}");
    }
    if more > 0 {
        let _ = writeln!(told, "and {more} more rows");
    }
    let _ = writeln!(told, "totals: {}", answer["totals"]);
    for one in answer["reconciliation"].as_array().into_iter().flatten() {
        let _ = writeln!(told, "reconciliation: {one}");
    }
    for note in answer["notes"].as_array().into_iter().flatten() {
        let _ = writeln!(told, "note: {}", note.as_str().unwrap_or_default());
    }
    told + "```\n"
}

#[test]
fn the_questions_are_told_with_what_is_answered() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-spec/questions.md");
    Database::each(|database| {
        let scene = Scene::on(database);
        let participant = ParticipantId::of(scene.aegis.group, "P01");
        let listed = scene.officer.get("/v1/questions").ok();
        let each = listed.as_array().expect("a list").iter();
        let text: String = [BEGINS.to_owned()]
            .into_iter()
            .chain(each.map(|one| told(&scene.officer, one, participant)))
            .collect();
        if std::env::var_os("IHURIRO_BLESS").is_some() {
            fs::write(&file, &text).expect("it is written");
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == text,
            "api-spec/questions.md is not what is answered; run `IHURIRO_BLESS=1 cargo test --workspace --test journeys questions::` and look at the difference:\n{text}"
        );
    });
}

//! The data dictionary, read from the sources of the records: each `record! { .. }` is a table already, and this copies
//! it into `sync.md` and `vectors/fields.json`. The compiled field tables are held against what was read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};
use sync_core::form::Shape;
use sync_core::record::Kind;

use crate::files;

/// One row of a `record!`.
struct Row {
    name: String,
    form: String,
    arguments: Vec<String>,
    note: String,
}

/// The sources of the records, with what they name.
struct Sources {
    records: BTreeMap<String, Vec<Row>>,
    codes: BTreeMap<String, Vec<String>>,
    aliases: BTreeMap<String, String>,
}

fn sources() -> Sources {
    let src = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");
    let mut texts = vec![fs::read_to_string(format!("{src}record.rs")).expect("the source")];
    for kind in Kind::ALL {
        texts.push(fs::read_to_string(format!("{src}record/{kind}.rs")).expect("the source"));
    }
    let mut found = Sources { records: BTreeMap::new(), codes: BTreeMap::new(), aliases: BTreeMap::new() };
    for text in &texts {
        for line in text.lines() {
            if let Some(alias) = line.strip_prefix("pub type ") {
                let (name, meaning) = alias.trim_end_matches(';').split_once(" = ").expect("an alias");
                found.aliases.insert(name.into(), meaning.into());
            }
        }
        for block in blocks(text, "codes! {") {
            codes(block, &mut found.codes);
        }
        for block in blocks(text, "record! {") {
            let (kind, rows) = record(block);
            found.records.insert(kind, rows);
        }
    }
    found
}

/// The insides of each top-level macro call.
fn blocks<'t>(text: &'t str, open: &str) -> Vec<&'t str> {
    let open = format!("\n{open}");
    let starts = text.match_indices(&open).map(|(at, _)| at + open.len());
    starts.map(|start| &text[start..start + text[start..].find("\n}").expect("closed")]).collect()
}

/// `Sex { Female = "female", .. }`, any number of times.
fn codes(block: &str, into: &mut BTreeMap<String, Vec<String>>) {
    let plain: String =
        block.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for one in plain.split('}').filter(|one| one.contains('{')) {
        let (name, variants) = one.split_once('{').expect("was looked for");
        let codes = variants.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        into.insert(name.trim().into(), codes);
    }
}

fn record(block: &str) -> (String, Vec<Row>) {
    let mut lines = block.lines().map(str::trim).skip_while(|line| !line.contains(" edited by "));
    let head = lines.next().expect("a head");
    let name = head.split_whitespace().next().expect("a name");
    // `SharedLesson` is the kind `shared_lesson`.
    let mut kind = String::new();
    for (place, letter) in name.char_indices() {
        if place > 0 && letter.is_uppercase() {
            kind.push('_');
        }
        kind.extend(letter.to_lowercase());
    }
    let (mut rows, mut note) = (Vec::new(), Vec::new());
    for line in lines {
        if let Some(doc) = line.strip_prefix("///") {
            note.push(doc.trim());
        } else if let Some((name, form)) = line.trim_end_matches(',').split_once(": ") {
            let (form, arguments) = form.trim_end_matches('>').split_once('<').expect("a form of something");
            // `Whole<1, 200>` inside a form keeps its own comma; only `Entries` has two arguments.
            let arguments = match form {
                "Entries" => arguments.split(", ").map(str::to_owned).collect(),
                _ => vec![arguments.to_owned()],
            };
            rows.push(Row { name: name.into(), form: form.into(), arguments, note: note.join(" ") });
            note.clear();
        }
    }
    (kind, rows)
}

impl Sources {
    /// What a value may be, for machines.
    fn value(&self, name: &str) -> Value {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        if let Some(codes) = self.codes.get(name) {
            return json!({ "type": "code", "codes": codes });
        }
        let (name, numbers) = name.split_once('<').unwrap_or((name, ""));
        let numbers: Vec<i64> = numbers
            .trim_end_matches('>')
            .split(", ")
            .filter_map(|one| one.replace('_', "").parse().ok())
            .collect();
        match (name, numbers.as_slice()) {
            ("Whole", [min, max]) => json!({ "type": "int", "min": min, "max": max }),
            ("Line", [max]) => json!({ "type": "line", "max": max }),
            ("Date", []) => json!({ "type": "day" }),
            ("bool", []) => json!({ "type": "bool" }),
            ("Pseudonym", []) => json!({ "type": "pseudonym" }),
            ("ActivityCode", []) => json!({ "type": "activity" }),
            ("TimeOfDay", []) => json!({ "type": "time" }),
            ("Village", []) => json!({ "type": "village" }),
            ("KnownArea", []) => json!({ "type": "area" }),
            ("Cell", []) => json!({ "type": "pair", "of": [self.value("Sex"), self.value("AgeBand")] }),
            ("ReferralEvent", []) => {
                json!({ "type": "pair", "of": [self.value("ReferralStep"), { "type": "day" }] })
            }
            (id, []) if id.ends_with("Id") => json!({ "type": "id" }),
            other => panic!("say what this is, here and on the page: {other:?}"),
        }
    }

    fn field(&self, row: &Row) -> Value {
        let mut field = json!({ "name": row.name, "form": row.form.to_lowercase() });
        match (row.form.as_str(), row.arguments.as_slice()) {
            ("Text", [max]) => field["max"] = max.replace('_', "").parse::<i64>().expect("a number").into(),
            ("Set" | "Log", [member]) => field["member"] = self.value(member),
            ("Entries", [key, value]) => {
                field["key"] = self.value(key);
                field["value"] = self.value(value);
            }
            (_, [value]) => field["value"] = self.value(value),
            _ => panic!("{} has a form that is not known here", row.name),
        }
        field
    }
}

/// The same in words.
fn words(value: &Value) -> String {
    match value["type"].as_str().expect("a type") {
        "code" => {
            let codes = value["codes"].as_array().expect("codes");
            let codes: Vec<_> =
                codes.iter().map(|code| format!("`{}`", code.as_str().expect("text"))).collect();
            format!("code: {}", codes.join(", "))
        }
        "int" => format!("int, {} to {}", value["min"], value["max"]),
        "line" => format!("line, 1 to {} characters", value["max"]),
        "pair" => format!("pair of ({}) / ({})", words(&value["of"][0]), words(&value["of"][1])),
        plain => plain.to_owned(),
    }
}

fn table(field: &Value, note: &str) -> String {
    let content = match field["form"].as_str().expect("a form") {
        "text" => format!("at most {} characters", field["max"]),
        "set" | "log" => words(&field["member"]),
        "entries" => format!("{} → {}", words(&field["key"]), words(&field["value"])),
        _ => words(&field["value"]),
    };
    let (name, form) = (field["name"].as_str().expect("a name"), field["form"].as_str().expect("a form"));
    format!("| `{name}` | {form} | {content} | {note} |\n")
}

#[test]
fn fields_of_every_kind() {
    let sources = sources();
    let (mut made, mut all) = (String::new(), serde_json::Map::new());
    for kind in Kind::ALL {
        let rows = &sources.records[kind.code()];
        let read: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        let compiled: Vec<&str> = kind.fields().iter().map(|field| field.name).collect();
        assert_eq!(read, compiled, "the source of {kind} was read as it was compiled");
        write!(made, "#### {kind}\n\n| Field | Form | Values | |\n|---|---|---|---|\n")
            .expect("a String grows");
        let mut fields = Vec::new();
        for (row, compiled) in rows.iter().zip(kind.fields()) {
            let field = sources.field(row);
            let shape = match row.form.as_str() {
                "Set" | "Log" | "Entries" => Shape::Map,
                "Text" => Shape::Text,
                _ => Shape::Register,
            };
            assert_eq!(shape, compiled.shape, "{kind}.{}", row.name);
            made += &table(&field, &row.note);
            fields.push(field);
        }
        made += "\n";
        all.insert(kind.code().into(), fields.into());
    }
    files::hold_json("vectors/fields.json", &all.into());
    files::hold_part("sync.md", "fields", &made);
}

//! An organisation begins with its spreadsheets: a manager tries them, puts them right, and has them made, once.

mod journey;
mod refused;
mod standing;
mod random;
mod budget;

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Value, json};
use server::on_each;
use server::store::schema::{
    assignments, changes, documents, facts, overlap_statements, password_codes, users,
};
use server::store::{Conn, StoreError};
use server::verify::verify;
use tests::app::Answer;
use tests::{Database, Session, TestApp, Village};

/// All that is there: documents by their heads, people, and how much there is of what follows from them.
#[derive(Debug, PartialEq, Eq)]
struct Everything {
    documents: BTreeMap<Vec<u8>, Vec<u8>>,
    people: Vec<(String, String, String)>,
    counts: Vec<i64>,
}

fn everything(app: &TestApp) -> Everything {
    let all = |tx: &mut Conn<'_>| -> Result<Everything, StoreError> {
        let documents: Vec<(Vec<u8>, Vec<u8>)> =
            on_each!(tx, |c| documents::table.select((documents::id, documents::heads)).load(c))?;
        let people = on_each!(tx, |c| users::table
            .order(users::login)
            .select((users::login, users::name, users::role))
            .load(c))?;
        let mut counts = Vec::new();
        macro_rules! count {
            ($($table:ident)*) => {$(
                counts.push(on_each!(tx, |c| $table::table.count().get_result::<i64>(c))?);
            )*};
        }
        count!(changes assignments password_codes facts overlap_statements);
        Ok(Everything { documents: documents.into_iter().collect(), people, counts })
    };
    app.store().read_blocking("test", all).expect("the store answers")
}

/// How many lines there are of each outcome: made, would be made, doubled, refused.
fn counts(body: &Value) -> [u64; 4] {
    let counts = &body["counts"];
    let each =
        ["made", "would_be_made", "doubled", "refused"].map(|name| counts[name].as_u64().expect("a number"));
    let lines = body["lines"].as_array().expect("lines");
    assert_eq!(
        (counts["lines"].as_u64(), each.iter().sum()),
        (Some(lines.len() as u64), lines.len() as u64),
        "{counts}"
    );
    for (name, count) in ["made", "would_be_made", "doubled", "refused"].iter().zip(each) {
        assert_eq!(lines.iter().filter(|line| line["outcome"] == *name).count() as u64, count);
    }
    each
}

/// What is said of a line: its outcome, and of which columns.
fn said(body: &Value, line: u64) -> (String, Vec<(String, String)>) {
    let all = body["lines"].as_array().unwrap_or_else(|| panic!("{body}"));
    let one = all.iter().find(|one| one["line"] == line).unwrap_or_else(|| panic!("no line {line}: {body}"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let remarks = one["remarks"].as_array().cloned().unwrap_or_default();
    let remarks = remarks.iter().map(|remark| (text(&remark["column"]), text(&remark["detail"]))).collect();
    (text(&one["outcome"]), remarks)
}

/// Imports a sheet that is sound.
#[track_caller]
fn made(manager: &Session, sheet: &str, text: &str) -> Value {
    manager.import(sheet, false, text).ok()
}

fn is_sound(app: &TestApp) {
    let mut found = Vec::new();
    verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("it can be read");
    assert_eq!(found, Vec::<String>::new());
}

const PEOPLE: &str = "\
login,name,role
uwase,Uwase Marie,facilitator
eric,Eric Nkusi,Facilitator
odette,Odette K.,supervisor
";

/// As Excel saves it where a comma stands in numbers.
const GROUPS: &str = "\u{feff}name;kind;modality;area;district;sector;cell;village;starts_on;facilitators;status;target_mix\r\n\
    Abahuza;Healing space;sociotherapy;52020101;;;;;5/1/2025;uwase eric;active;survivors, released_prisoners\r\n\
    ;;;;;;;;;;;\r\n\
    Urukundo;dialogue-circle;dialogue_club;;Nyagatare;Gatunda;Cyagaju;hanganyundo;2024-02-01;uwase;graduated;\r\n";

const PARTICIPANTS: &str = "\
group,code,sex,age_band,consent_purpose,consent_method,consent_date,consent_guardian,exit
Abahuza,P01,female,25_35,participation,written,5 March 2025,,
abahuza,p2,male,16-24,participation,oral,05/03/2025,,graduated
Abahuza,P03,Female,under_16,participation,written,2025-03-05,yes,
Urukundo,P01,male,60_plus,,,,,
";

const SESSIONS: &str = "\
group,date,part,minutes,phase,themes,facilitators,present,late,absent,excused,female/16_24,male/36_59,summary,state
Abahuza,12/03/2025,morning,120,safety,grief forgiveness,uwase eric,P01 P02,P03,,,,,We spoke of trust.,verified
Abahuza,19/03/2025,,90,trust,,uwase,P1,,\"P02, P03\",,,,,verified
Abahuza,12/03/2025,afternoon,60,trust,,,,,,,7,5,,verified
Urukundo,06/03/2024,evening,45,,,eric,P01,,,,,,,verified
";

//! What a plan costs, as the operating system counts it, that somebody made to be dear: frameworks, targets, budgets, and the workbooks in which
//! they come; and lists of more people and marks than any group has.

use std::io::{self, Cursor, Write};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use iso_currency::{Currency, IntoEnumIterator};
use server::on_each;
use server::store::{Conn, StoreError};
use sync_core::id::Id;
use sync_core::limits::MAX_ENTRIES;
use tests::process::Service;
use tests::program::ihuriro;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::forms::XLSX;
use super::plan::{in_force, indicator};
use super::*;

/// Some times what the dearest of them takes of a build that is not optimised; PostgreSQL's own process is not counted.
const CPU: Duration = Duration::from_secs(10);
/// Bytes, with those of the answer.
const MEMORY: u64 = 64 * 1024 * 1024;

/// Asks, and holds what it costs the service to what it may cost.
fn within_budget(service: &Service, what: &str, ask: impl FnOnce() -> u16, status: u16) {
    let (answered, cost) = service.cost_of(ask);
    assert_eq!(answered, status, "{what}");
    println!("{what}: {cost:?}");
    assert!(cost.cpu < CPU && cost.memory < MEMORY, "{what}: {cost:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_plan_that_is_made_to_be_dear_costs_so_much_and_no_more() {
    Database::each(|database| {
        let mut app = TestApp::on(database);
        Village::of(&app, "aegis");
        let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        let graduates = |code: usize, by: &Value| {
            let mut one =
                indicator(&format!("{code}"), "percent", &json!({"count": "graduates", "sex": "female"}));
            one["of"] = json!({"count": "graduates"});
            one["by"] = by.clone();
            one
        };
        let all = json!(["sex", "age_band", "district", "modality", "kind"]);
        let framework = |code: &str, each: usize, by: &Value| {
            let indicators: Vec<Value> = (0..each).map(|one| graduates(one, by)).collect();
            json!({"code": code, "title": "Dear", "indicators": indicators})
        };
        let costs =
            |what: &str, ask: &dyn Fn() -> u16, status: u16| within_budget(&service, what, ask, status);
        // 1. As much as may be asked for: 50 indicators, each in six ways and divided.
        let allowed = framework("dear", 50, &all);
        let id = in_force(&manager, &allowed);
        costs("as many counts as there may be", &|| manager.get("/v1/questions/indicators").status, 200);
        // 2. More.
        costs(
            "a framework of a hundred",
            &|| manager.post("/v1/frameworks", &framework("dearer", 100, &all)).status,
            201,
        );
        in_force(&manager, &framework("dearest", 100, &all));
        let refused = manager.get("/v1/questions/indicators");
        assert_eq!(
            (refused.problem(), &refused.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("framework"))
        );
        // 3. As many targets as are counted at once.
        for number in 0..200 {
            let month = format!("2026-{:02}", 1 + number % 12);
            let area = ["1", "2", "3", "4", "5"][number / 12 % 5];
            let indicator = (number % 50).to_string();
            let set = json!({"framework_id": id, "indicator": indicator, "from": month, "to": month, "area": area, "value": 5});
            manager.request("PUT", "/v1/targets", Some(&set)).ok();
        }
        costs("two hundred targets", &|| manager.get("/v1/questions/results-against-plan").status, 200);
        // 4. A budget in as many currencies as there may be lines.
        for currency in Currency::iter().take(100) {
            let currency = currency.code();
            let line = json!({"modality": "sociotherapy", "from": "2026-01", "to": "2026-12", "currency": currency, "amount": 5, "source": "a grant"});
            assert_eq!(manager.post("/v1/budget", &line).status, 201);
        }
        costs("a budget of a hundred currencies", &|| manager.get("/v1/questions/cost").status, 200);
    });
}

/// A form in which one text of the archive is another.
fn with(form: &[u8], name: &str, text: &[u8]) -> Vec<u8> {
    let mut there = ZipArchive::new(Cursor::new(form)).expect("an archive");
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..there.len() {
        let mut entry = there.by_index(at).expect("an entry");
        let its_name = entry.name().expect("a name").into_owned();
        made.start_file(its_name.as_str(), SimpleFileOptions::default()).expect("begun");
        if its_name == name {
            made.write_all(text).expect("written");
        } else {
            io::copy(&mut entry, &mut made).expect("copied");
        }
    }
    made.finish().expect("whole").into_inner()
}

#[test]
#[cfg(target_os = "linux")]
fn a_workbook_that_is_made_to_be_dear_costs_so_much_and_no_more() {
    const SPACE: &str = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main""#;
    const STRINGS: &str = "xl/sharedStrings.xml";
    const INDICATORS: &str = "xl/worksheets/sheet2.xml";
    Database::each(|database| {
        let mut app = TestApp::on(database);
        Village::of(&app, "aegis");
        let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        let form = manager.bytes("/v1/frameworks/form", XLSX);
        let send = |book: Vec<u8>| manager.post_bytes("/v1/frameworks/form", XLSX, &book).status;
        let strings = |each: &str, of: usize| format!("<sst {SPACE}>{}</sst>", each.repeat(of));
        let sheet = |rows: &str| format!("<worksheet {SPACE}><sheetData>{rows}</sheetData></worksheet>");
        let cells = |value: &str, lines: usize, columns: u8| -> String {
            let line = |line: usize| -> String {
                let cell = |column: u8| format!(r#"<c r="{}{line}" {value}</c>"#, char::from(b'A' + column));
                format!(r#"<row r="{line}">{}</row>"#, (0..columns).map(cell).collect::<String>())
            };
            (1..=lines).map(line).collect()
        };

        let spaces = vec![b' '; 100 * 1024 * 1024];
        let long = strings(&format!("<si><t>{}</t></si>", "a".repeat(8_000)), 1);
        for (what, book) in [
            ("a text that expands to a hundred MiB", with(&form, STRINGS, &spaces)),
            ("half a million shared texts", {
                with(&form, STRINGS, strings("<si><t/></si>", 500_000).as_bytes())
            }),
            ("one long text in twenty thousand cells", {
                let form = with(&form, STRINGS, long.as_bytes());
                with(&form, INDICATORS, sheet(&cells(r#"t="s"><v>0</v>"#, 999, 20)).as_bytes())
            }),
            ("a quarter of a million cells", {
                with(
                    &form,
                    INDICATORS,
                    sheet(&format!("<row>{}</row>", "<c><v>1</v></c>".repeat(250_000))).as_bytes(),
                )
            }),
            ("a million elements in each other", {
                with(&form, INDICATORS, sheet(&"<a>".repeat(1_000_000)).as_bytes())
            }),
        ] {
            assert!(book.len() <= 256 * 1024, "{what}: {} bytes", book.len());
            within_budget(&service, what, || send(book), 422);
        }
        assert_eq!(manager.get("/v1/frameworks").ok()["items"], json!([]));
    });
}

/// People of one group, more than may be asked after at once by one.
const PEOPLE: usize = 20_001;

/// Writes so many people of a group, each with this mark at so many meetings.
fn write(
    tx: &mut Conn<'_>,
    group: GroupId,
    (people, meetings): (usize, usize),
    mark: &str,
) -> Result<(), StoreError> {
    let hex = data_encoding::HEXLOWER.encode(group.uuid().as_bytes());
    let sqlite = matches!(tx, Conn::Sqlite(_));
    // An id of sixteen bytes that says a number.
    let id = |letter: char, n: &str| match sqlite {
        true => format!("CAST(printf('{letter}%015d', {n}) AS blob)"),
        false => format!("convert_to('{letter}' || lpad(CAST({n} AS text), 15, '0'), 'UTF8')"),
    };
    let (group, none) = match sqlite {
        true => (format!("x'{hex}'"), "x''"),
        false => (format!("'\\x{hex}'::bytea"), "''::bytea"),
    };
    let numbers = |n: &str, most: usize| {
        format!("WITH RECURSIVE {n}(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM {n} WHERE i < {most})")
    };
    let (person, session) = (id('p', "n.i"), id('s', "m.i"));
    let text = format!(
        "INSERT INTO documents (id, kind, stream_id, version, snapshot, operations, heads, updated_at)
         {n} SELECT {person}, 'participant', {group}, 1, {none}, 0, {none}, 0 FROM n;
         INSERT INTO documents (id, kind, stream_id, version, snapshot, operations, heads, updated_at)
         {m} SELECT {session}, 'session', {group}, 1, {none}, 0, {none}, 0 FROM m;
         INSERT INTO participants (id, group_id, code, consents, erased, conflicts, was_in_conflict, withdrawn)
         {n} SELECT {person}, {group}, 'P' || CAST(n.i AS text), FALSE, FALSE, 0, FALSE, FALSE FROM n;
         INSERT INTO sessions (id, group_id, date, part, state, commemoration, marked, summary_folded, conflicts,
                               was_in_conflict, nth, changed_since_verified, recorded_since)
         {m} SELECT {session}, {group}, '2026-03-02', 'morning', 'draft', FALSE, 0, '', 0, FALSE, m.i, FALSE, FALSE FROM m;
         INSERT INTO attendances (session_id, participant_id, author, mark, shown)
         SELECT s.id, p.id, p.id, '{mark}', TRUE FROM sessions s CROSS JOIN participants p",
        n = numbers("n", people),
        m = numbers("m", meetings),
    );
    on_each!(tx, |c| c.batch_execute(&text))
}

#[test]
#[cfg(target_os = "linux")]
fn absences_of_a_whole_country_are_refused_before_they_are_counted() {
    Database::each(|database| {
        let mut app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        app.store()
            .write_blocking("people", |tx| write(tx, village.group, (PEOPLE, 3), "absent"))
            .expect("they are written");
        let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        let refused = manager.get("/v1/questions/absences");
        assert_eq!(refused.problem(), (422, "invalid-fields"));
        assert!(refused.body["errors"][0]["detail"].as_str().expect("why").contains("20000 people"));
        within_budget(&service, "too many", || manager.get("/v1/questions/absences").status, 422);
        // As many as are looked at, all of whom were absent: more rows than an answer has.
        let one_less = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            let one = "(SELECT id FROM participants ORDER BY id LIMIT 1)";
            let text = format!(
                "DELETE FROM attendances WHERE participant_id = {one}; DELETE FROM participants WHERE id = {one}"
            );
            on_each!(tx, |c| c.batch_execute(&text))
        };
        app.store().write_blocking("one less", one_less).expect("one is taken away");
        within_budget(&service, "as many as may be", || manager.get("/v1/questions/absences").status, 422);
        within_budget(&service, "nobody", || manager.get("/v1/questions/absences?times=4").status, 200);
    });
}

/// Who came is asked of the marks of each meeting of a page.
#[test]
#[cfg(target_os = "linux")]
fn a_page_of_meetings_to_which_thousands_came_costs_so_much_and_no_more() {
    Database::each(|database| {
        let mut app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (people, meetings) = (MAX_ENTRIES, 100);
        app.store()
            .write_blocking("people", |tx| write(tx, village.group, (people, meetings), "present"))
            .expect("they are written");
        let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        within_budget(&service, "a page", || manager.get("/v1/sessions").status, 200);
        let page = manager.get("/v1/sessions").ok();
        let all = page["items"].as_array().expect("sessions");
        assert_eq!(all.len(), meetings);
        assert!(all.iter().all(|one| one["attended"] == people));
    });
}

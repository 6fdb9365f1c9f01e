//! Days that are no whole months are counted meeting by meeting, and so of no more meetings than a moment allows; and no answer has more
//! rows than anybody reads.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use server::on_each;
use server::store::{Conn, StoreError};
use sync_core::id::OrganisationId;
use tests::process::Service;
use tests::program::ihuriro;

use super::*;

/// One more than may be asked for.
const MEETINGS: usize = 20_001;

/// Writes meetings of a group as rows alone, one of them in May and all others in March.
fn write(tx: &mut Conn<'_>, group: GroupId) -> Result<(), StoreError> {
    let hex = data_encoding::HEXLOWER.encode(group.uuid().as_bytes());
    let (group, id, none) = match tx {
        Conn::Sqlite(_) => (format!("x'{hex}'"), "CAST(printf('%016d', i) AS blob)", "x''"),
        Conn::Postgres(_) => {
            (format!("'\\x{hex}'::bytea"), "convert_to(lpad(CAST(i AS text), 16, '0'), 'UTF8')", "''::bytea")
        }
    };
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MEETINGS})");
    let text = format!(
        "INSERT INTO documents (id, kind, stream_id, version, snapshot, operations, heads, updated_at)
         {numbers} SELECT {id}, 'session', {group}, 1, {none}, 0, {none}, 0 FROM n;
         INSERT INTO sessions (id, group_id, date, part, state, commemoration, marked, summary_folded, conflicts,
                               was_in_conflict, nth, changed_since_verified, recorded_since)
         {numbers} SELECT {id}, {group}, CASE WHEN i = 1 THEN '2026-05-02' ELSE '2026-03-02' END, 'morning', 'draft', FALSE, 0, '',
                          0, FALSE, 0, FALSE, FALSE FROM n;"
    );
    on_each!(tx, |c| c.batch_execute(&text))
}

/// Writes sums of so many areas and months, of no groups at all.
fn write_sums(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<(), StoreError> {
    let hex = data_encoding::HEXLOWER.encode(organisation.uuid().as_bytes());
    let (organisation, area, none) = match tx {
        Conn::Sqlite(_) => (format!("x'{hex}'"), "printf('%04d', i % 5001)", "x''"),
        Conn::Postgres(_) => {
            (format!("'\\x{hex}'::bytea"), "lpad(CAST(i % 5001 AS text), 4, '0')", "''::bytea")
        }
    };
    let text = format!(
        "INSERT INTO fact_sums (organisation_id, level, plane, area, kind, modality, sex, age_band, phase, part_of_day, state, month, part,
                                sessions, by_register, by_headcount, attendances, heads, minutes)
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 50009)
         SELECT {organisation}, 34, 0, {area}, '', '', '', '', '', '', '', '202' || CAST(i / 5001 AS text) || '-01', {none}, 1, 0, 0, 0, 0, 0 FROM n"
    );
    on_each!(tx, |c| c.batch_execute(&text))
}

#[test]
fn an_answer_has_so_many_rows_and_says_what_to_ask_instead() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        app.store()
            .write_blocking("sums", |tx| write_sums(tx, village.organisation))
            .expect("they are written");
        let ask = |query: &str| village.manager.get(&format!("/v1/aggregates?{query}"));
        let refused = ask("by=sector,month");
        assert_eq!(refused.problem(), (422, "invalid-fields"));
        assert_eq!(refused.body["errors"][0]["field"], "by", "{refused:?}");
        let fewer = ask("by=sector,month&to=2028-12-31").ok();
        assert_eq!(fewer["rows"].as_array().map(Vec::len), Some(45_009));
    });
}

#[test]
fn days_are_asked_of_so_many_meetings_at_once_and_months_of_any_number() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        app.store().write_blocking("meetings", |tx| write(tx, village.group)).expect("they are written");
        let ask = |query: &str| village.manager.get(&format!("/v1/aggregates?{query}"));
        let refused = ask("from=2026-03-02");
        assert_eq!(refused.problem(), (422, "invalid-fields"));
        assert_eq!(refused.body["errors"][0]["field"], "from", "{refused:?}");
        let fewer = ask("from=2026-03-02&to=2026-04-30").ok();
        assert_eq!(fewer["total"]["sessions"], MEETINGS - 1);
        // One meeting may name as many people as a thousand.
        let marks = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            on_each!(tx, |c| c.batch_execute("UPDATE sessions SET marked = 100001 WHERE date = '2026-05-02'"))
        };
        ask("from=2026-05-02").ok();
        app.store().write_blocking("marks", marks).expect("they are written");
        assert_eq!(ask("from=2026-05-02").problem(), (422, "invalid-fields"));
        // So are people and meetings told apart together, which no fact does.
        assert_eq!(ask("by=sex,phase").problem(), (422, "invalid-fields"));
        assert_eq!(ask("by=sex&state=verified").problem(), (422, "invalid-fields"));
        // Facts know nothing of rows that nobody projected; they are asked all the same.
        ask("from=2026-03-01&by=month").ok();
    });
}

/// Marks in each meeting, so that as many may be asked for as are allowed at once.
const MARKS: usize = 5;

/// Fills the meetings of March: as many marks as may be asked for at once.
fn write_marks(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let person = match tx {
        Conn::Sqlite(_) => "CAST(printf('%016d', m.i) AS blob)",
        Conn::Postgres(_) => "convert_to(lpad(CAST(m.i AS text), 16, '0'), 'UTF8')",
    };
    let text = format!(
        "INSERT INTO attendances (session_id, participant_id, author, mark, shown)
         WITH RECURSIVE m(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM m WHERE i < {MARKS})
         SELECT s.id, {person}, {person}, 'present', TRUE FROM sessions s CROSS JOIN m WHERE s.date < '2026-04-01';
         UPDATE sessions SET marked = {MARKS} WHERE date < '2026-04-01';
         ANALYZE sessions;
         ANALYZE attendances;"
    );
    on_each!(tx, |c| c.batch_execute(&text))
}

/// Three times what it takes of SQLite that is not optimised; PostgreSQL's own process is not counted.
const CPU: Duration = Duration::from_secs(10);
/// Some three times what it takes, in bytes.
const MEMORY: u64 = 32 * 1024 * 1024;

/// Both kinds of question that no facts tell, of as much as is allowed.
#[test]
fn the_dearest_question_that_is_allowed_costs_so_much_and_no_more() {
    Database::each(|database| {
        let mut app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let fill = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            write(tx, village.group)?;
            write_marks(tx)
        };
        app.store().write_blocking("meetings", fill).expect("they are written");
        let service = Service::start(&ihuriro().expect("the service's program"), &database.url);
        let service = service.expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        for asked in
            ["by=sector,part,sex,age_band,state&to=2026-04-30", "by=month,sex&from=2026-03-02&to=2026-04-30"]
        {
            let (answer, cost) = service.cost_of(|| manager.get(&format!("/v1/aggregates?{asked}")).ok());
            assert_eq!(answer["rows"][0]["sessions"], MEETINGS - 1);
            println!("{asked}: {cost:?}");
            assert!(cost.cpu < CPU && cost.memory < MEMORY, "{asked}: {cost:?}");
        }
    });
}

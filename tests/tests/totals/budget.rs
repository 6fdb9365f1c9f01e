//! Days that are no whole months are counted meeting by meeting, and so of no more meetings than a moment allows.

use diesel::connection::SimpleConnection;
use server::on_each;
use server::store::{Conn, StoreError};

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
         INSERT INTO sessions (id, group_id, date, part, state, commemoration, attended, marked, summary_folded, conflicts,
                               was_in_conflict, nth, changed_since_verified, recorded_since)
         {numbers} SELECT {id}, {group}, CASE WHEN i = 1 THEN '2026-05-02' ELSE '2026-03-02' END, 'morning', 'draft', FALSE, 0, 0, '',
                          0, FALSE, 0, FALSE, FALSE FROM n;"
    );
    on_each!(tx, |c| c.batch_execute(&text))
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
        // Facts know nothing of rows that nobody projected; they are asked all the same.
        ask("from=2026-03-01&by=month").ok();
    });
}

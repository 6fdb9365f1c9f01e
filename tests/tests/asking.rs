//! Lists and searches as people ask them: page by page while rows move, and whatever the keyboard.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use server::on_each;
use server::store::{Conn, StoreError};
use sync_core::id::{Id, OrganisationId};
use tablet::recording::Details;
use tests::village::{day, record};
use tests::{Database, TestApp, Village};

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("a list");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

/// Gives a session another day, as a change does that comes between two pages.
fn moves(app: &TestApp, session: &str, date: &str) {
    let id = session.replace('-', "");
    let (sqlite, postgres) = (format!("X'{id}'"), format!("'\\x{id}'::bytea"));
    app.store()
        .write_blocking("test", |tx| -> Result<usize, StoreError> {
            let id = if matches!(tx, Conn::Sqlite(_)) { &sqlite } else { &postgres };
            let text = format!("UPDATE sessions SET date = '{date}' WHERE id = {id}");
            on_each!(tx, |c| diesel::RunQueryDsl::execute(diesel::sql_query(&text), c))
        })
        .expect("the day is another");
}

#[test]
fn a_row_that_moves_between_two_pages_hides_no_other() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        for date in 1..=5 {
            record(&mut jeanne, village.group, day(3, date), Details::default());
            record(&mut jeanne, village.group, day(2, date), Details::default());
        }
        record(&mut jeanne, village.group, day(2, 6), Details::default());
        jeanne.sync(&mut ()).expect("a sync");

        let first = village.manager.get("/v1/sessions?limit=3").ok();
        let mut seen: BTreeSet<String> = ids(&first).into_iter().collect();
        // The last row of the page goes to the end of the list, and to its beginning.
        let last = ids(&first).pop().expect("three rows");
        for date in ["2026-01-01", "2026-03-31"] {
            moves(&app, &last, date);
            let mut next = first["next"].as_str().map(str::to_owned);
            while let Some(after) = next {
                let page = village.manager.get(&format!("/v1/sessions?limit=3&after={after}")).ok();
                seen.extend(ids(&page));
                next = page["next"].as_str().map(str::to_owned);
            }
            assert_eq!(seen.len(), 11, "{date}");
        }
    });
}

#[test]
fn a_cursor_that_is_nobodys_and_a_page_of_no_size_are_refused_by_every_list() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let group = village.group;
        village.group("Icyizere", "space_for_peace");
        let of_groups =
            village.manager.get("/v1/groups?limit=1").ok()["next"].as_str().expect("two").to_owned();
        let lists = [
            "/v1/organisations".to_owned(),
            "/v1/users".to_owned(),
            "/v1/devices".to_owned(),
            "/v1/groups".to_owned(),
            "/v1/participants".to_owned(),
            "/v1/sessions".to_owned(),
            "/v1/conflicts".to_owned(),
            "/v1/quarantine".to_owned(),
            "/v1/areas".to_owned(),
            format!("/v1/groups/{group}/history"),
        ];
        for list in lists {
            let refused = |query: &str| {
                let answer = village.manager.get(&format!("{list}?{query}"));
                assert_eq!(answer.problem(), (422, "invalid-fields"), "{list}?{query}");
                answer.body["errors"][0]["field"].clone()
            };
            assert_eq!(refused("after=018f3f6e-7d2c-7000-8000-0123456789ab"), "after");
            assert_eq!(refused("limit=0"), "limit");
            assert_eq!(refused("limit=501"), "limit");
            if list != "/v1/groups" {
                assert_eq!(refused(&format!("after={of_groups}")), "after");
            }
        }
    });
}

#[test]
fn areas_say_whether_more_follow() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let page = village.manager.get("/v1/areas?text=kabeza").ok();
        assert_eq!((page["items"].as_array().map(Vec::len), page["next"].is_string()), (Some(20), true));
        let all = village.manager.all("/v1/areas?text=kabeza");
        let codes: BTreeSet<&str> = all.iter().filter_map(|area| area["code"].as_str()).collect();
        assert_eq!((all.len(), all.len() > 148), (codes.len(), true));
        let provinces = village.manager.get("/v1/areas").ok();
        assert_eq!((provinces["items"].as_array().map(Vec::len), provinces.get("next")), (Some(5), None));
    });
}

#[test]
fn a_search_finds_the_same_on_both_stores_however_it_is_typed() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        // Typed whole, and as letters with marks of their own.
        village.group("Écoute", "sociotherapy");
        village.group("Ku Gicumbi E\u{301}COUTE N\u{2019}URUKUNDO", "sociotherapy");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let summary = Some("Twavuze ku mubabaro, na Écoute. 100 % bose\0!".to_owned());
        record(&mut jeanne, village.group, day(3, 5), Details { summary, ..Details::default() });
        jeanne.sync(&mut ()).expect("a sync");

        let groups = |text: &str| village.manager.all(&format!("/v1/groups?text={text}")).len();
        for text in ["%C3%89coute", "E%CC%81coute", "ecoute", "ECOUTE", "%20%C3%A9cout"] {
            assert_eq!(groups(text), 2, "{text}");
        }
        assert_eq!(
            (groups("n'urukundo"), groups("n%E2%80%99urukundo"), groups("%25"), groups("x")),
            (1, 1, 0, 0)
        );
        let sessions = |text: &str| village.manager.all(&format!("/v1/sessions?text={text}")).len();
        assert_eq!(
            (sessions("%C3%A9COUTE"), sessions("100%20%25"), sessions("100_%25"), sessions("bose!")),
            (1, 1, 0, 1)
        );
        let areas =
            |text: &str| village.manager.get(&format!("/v1/areas?text={text}")).ok()["items"][0].clone();
        assert_eq!(areas("Kab%C3%AAza%20nyagatare"), areas("kabe%CC%82za%20nyagatare"));
        let long = village.manager.get(&format!("/v1/groups?text={}", "x".repeat(201)));
        assert_eq!(long.problem(), (422, "invalid-fields"));
    });
}

#[test]
fn a_nul_is_refused_wherever_it_stands() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let login = json!({ "login": "a\0b", "password": "umuganda wa mbere" });
        let refused = village.manager.post("/v1/login", &login);
        assert_eq!(
            (refused.problem(), &refused.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("login"))
        );
        for address in
            ["/v1/groups?text=a%00b", "/v1/areas?text=%00", "/v1/sessions?area=%00", "/v1/me?x=%00"]
        {
            assert_eq!(village.manager.get(address).problem(), (422, "unexpected-query"), "{address}");
        }
        let group = json!({ "name": "x", "kind": "healing_space", "modality": "sociotherapy", "area": "52010101", "target_mix": ["\0"] });
        let refused = village.manager.post("/v1/groups", &group);
        assert_eq!(refused.body["errors"][0]["field"], "target_mix/0");
        assert_eq!(village.manager.get("/v1/groups/%00").status, 404);
    });
}

#[test]
fn an_address_says_what_it_answers_to() {
    let app = TestApp::on(&Database::sqlite());
    let manager = Village::of(&app, "aegis").manager;
    assert_eq!(
        (
            manager.request("HEAD", "/v1/groups", None).status,
            manager.request("OPTIONS", "/v1/groups", None).status
        ),
        (200, 204)
    );
    assert_eq!(manager.request("PUT", "/v1/groups", None).problem(), (405, "method-not-allowed"));
    assert_eq!(manager.get("/v1/quarantine/release").problem(), (405, "method-not-allowed"));
    assert_eq!(manager.get("/v1/quarantine/kabeza").problem(), (404, "no-such-thing"));
    let refused = manager.get("/v1/nothing");
    assert_eq!(refused.problem(), (404, "no-such-address"));
    let page = refused.body["type"].as_str().expect("a type");
    assert_eq!((manager.get(page).status, manager.get("/problems").status), (200, 200));
    assert_eq!(manager.get("/problems/none").problem(), (404, "no-such-address"));
}

/// Writes groups of two organisations and their meetings: of `ours` the latest 300 and the earliest 800 of all, of the others all between.
fn write_many(tx: &mut Conn<'_>, ours: OrganisationId, others: OrganisationId) -> Result<(), StoreError> {
    let sqlite = matches!(tx, Conn::Sqlite(_));
    let bytes = |id: OrganisationId| {
        let hex = data_encoding::HEXLOWER.encode(id.uuid().as_bytes());
        if sqlite { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
    };
    // An id of sixteen bytes that says a number.
    let id = |letter: char, n: &str| match sqlite {
        true => format!("CAST(printf('{letter}%015d', {n}) AS blob)"),
        false => format!("convert_to('{letter}' || lpad(CAST({n} AS text), 15, '0'), 'UTF8')"),
    };
    let day = if sqlite {
        "date('2026-01-01', '-' || (i / 10) || ' days')"
    } else {
        "CAST(DATE '2026-01-01' - CAST(i / 10 AS integer) AS text)"
    };
    let none = if sqlite { "x''" } else { "''::bytea" };
    let (ours, others) = (bytes(ours), bytes(others));
    let numbers = |most: usize| {
        format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {most} - 1)")
    };
    let (groups, meetings) = (numbers(1_200), numbers(6_600));
    let organisation = format!("CASE WHEN i < 1100 THEN {ours} ELSE {others} END");
    let of_ours = "(i < 300 OR i >= 5800)";
    let (group, its_group, session) = (
        id('g', "i"),
        id('g', &format!("CASE WHEN {of_ours} THEN i % 1100 ELSE 1100 + i % 100 END")),
        id('s', "(i * 7919) % 6600"),
    );
    let text = format!(
        "INSERT INTO streams (id, kind, organisation_id, last_seq, fingerprint, created_at, compacted_to, key_number, shared_to)
         {groups} SELECT {group}, 'group', {organisation}, 0, {none}, 0, 0, 0, 0 FROM n;
         INSERT INTO documents (id, kind, stream_id, version, snapshot, operations, heads, updated_at)
         {groups} SELECT {group}, 'group', {group}, 1, {none}, 0, {none}, 0 FROM n;
         INSERT INTO groups (id, organisation_id, name, kind, modality, area, status, conflicts, was_in_conflict, name_folded)
         {groups} SELECT {group}, {organisation}, 'Itsinda', 'healing_space', 'sociotherapy', '52010101', 'active', 0, FALSE, 'itsinda' FROM n;
         INSERT INTO documents (id, kind, stream_id, version, snapshot, operations, heads, updated_at)
         {meetings} SELECT {session}, 'session', {its_group}, 1, {none}, 0, {none}, 0 FROM n;
         INSERT INTO sessions (id, group_id, date, part, state, commemoration, marked, summary_folded, conflicts, was_in_conflict, nth,
                               changed_since_verified, recorded_since)
         {meetings} SELECT {session}, {its_group}, {day}, 'morning', 'draft', FALSE, 0, '', 0, FALSE, 0, FALSE, FALSE FROM n"
    );
    on_each!(tx, |c| c.batch_execute(&text))
}

/// Of an organisation of many groups the latest meetings are looked for among the latest of all, and, where they are not there, group by group.
#[test]
fn an_organisation_of_many_groups_pages_through_each_of_its_meetings_once() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let others = app.organisation("interpeace");
        let write = |tx: &mut Conn<'_>| write_many(tx, village.organisation, others);
        app.store().write_blocking("many", write).expect("they are written");
        for (asked, count) in [
            ("", 1_100),
            ("&to=2025-12-20", 980),
            ("&from=2025-12-15&to=2025-12-20", 60),
            ("&state=draft", 1_100),
        ] {
            let (mut found, mut next) = (Vec::new(), Some(String::new()));
            while let Some(after) = next {
                let page = village.manager.get(&format!("/v1/sessions?limit=120{asked}{after}")).ok();
                let of = |item: &Value| {
                    let text = |name: &str| item[name].as_str().expect("a text").to_owned();
                    (text("date"), text("id"))
                };
                found.extend(page["items"].as_array().expect("sessions").iter().map(of));
                next = page["next"].as_str().map(|next| format!("&after={next}"));
            }
            assert_eq!(found.len(), count, "{asked}");
            let sorted: BTreeSet<(String, String)> = found.iter().cloned().collect();
            assert!(sorted.into_iter().rev().eq(found), "{asked}: the latest first, each once");
        }
    });
}

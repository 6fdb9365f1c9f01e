//! What organisations tell each other: lessons, the directory of services, and people who are sent to a partner. On one side the client in Node,
//! on the other people at desks and a second client of another organisation.

use serde_json::json;
use server::access::Role;
use server::sharing::share;
use sync_core::id::LessonId;
use sync_core::record::Lesson;
use sync_core::time::Millis;
use tests::Session;
use tests::app::START;
use tests::recount::check_streams;
use tests::village::people_join;

use super::*;

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value}"))
}

/// Syncs; gives how many changes of its own the store took. Nothing is quarantined, and both sides hold the same.
#[track_caller]
fn sync(node: &Node) -> u64 {
    let report = node.run(&["sync"]);
    assert_eq!((&report["quarantined"], &report["repaired"]), (&json!([]), &json!([])), "{report}");
    report["accepted"].as_u64().expect("a count")
}

/// What the client and REST say of the same record is the same, in fields that are called alike, or `here=there`.
#[track_caller]
fn agree(node: &Value, rest: &Value, fields: &str) {
    for field in fields.split(' ') {
        let (here, there) = field.split_once('=').unwrap_or((field, field));
        assert!(node[here] == rest[there] && !node[here].is_null(), "{field}: {node} {rest}");
    }
}

#[test]
fn what_one_client_writes_a_client_of_a_partner_reads_and_adopts() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, interpeace) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        let paul = Node::enrolled(&app, &aegis, "paul");
        let grace = app.user("grace", Role::Supervisor, Some(interpeace.organisation));
        let grace = Node::of(&app, &interpeace, grace);
        sync(&paul);

        // 1. A draft: colleagues read it, on a tablet of ours too, and the partner does not.
        let what = "Abantu batangiye baririmba.";
        let words =
            ["--title", "Tangirira ku ndirimbo", "--what-happened", what, "--language", "rw", "--area", "52"];
        let lesson = paul.run(&[&["lesson"], &words[..]].concat());
        let id = text(&lesson, "id").to_owned();
        assert_eq!(sync(&paul), 1);
        jeanne.sync(&mut ()).expect("a sync");
        let read: Lesson = jeanne.tablet().read(id.parse::<LessonId>().expect("an id")).expect("hers too");
        assert_eq!(read.what_happened, what);
        sync(&grace);
        assert_eq!((grace.run(&["shared"]), grace.run(&["lessons"])), (json!([]), json!([])));

        // 2. Sent for review, and published by a second person at a desk.
        paul.run(&["lesson", &id, "--recommendation", "Banza uririmbe.", "--status", "proposed"]);
        assert_eq!(sync(&paul), 1);
        let address = format!("/v1/lessons/{id}");
        assert_eq!(aegis.manager.get(&address).ok()["status"], "proposed");
        let step = json!({"status": "published", "reason": "Read and found sound."});
        aegis.manager.post(&format!("{address}/status"), &step).ok();
        sync(&paul);
        assert_eq!(paul.run(&["lessons"])[0]["status"], "published");

        // 3. The partner's client has it, as it stands at the partner's desks.
        sync(&grace);
        let shared = grace.run(&["shared", "--language", "rw"])[0].clone();
        assert_eq!((&shared["lesson"], &shared["what_happened"]), (&json!(id), &json!(what)));
        let at = format!("/v1/lessons/{}", text(&shared, "id"));
        let fields = "title context what_happened why recommendation languages area published_on";
        agree(&shared, &interpeace.manager.get(&at).ok(), fields);

        // 4. It works by it, and says what came of it: all read that.
        let adopted = ["--since", "2026-03-05", "--came-of-it", "Bane muri batanu baragumye."];
        grace.run(&[&["adopt", text(&shared, "id")], &adopted[..]].concat());
        assert_eq!(sync(&grace), 1);
        app.run(share(app.store(), Millis(START.0 + 60_000))).expect("shared");
        sync(&paul);
        let told = paul.run(&["shared"])[0].clone();
        let by = interpeace.organisation.to_string();
        let rest = aegis.manager.get(&at).ok()["adopted_by"].clone();
        assert_eq!(rest.as_array().map(Vec::len), Some(1), "{rest}");
        assert_eq!(
            (&told["adopted_by"][&by], &told["came_of_it"][&by]),
            (&rest[0]["since"], &rest[0]["came_of_it"])
        );
        assert_eq!(rest[0]["came_of_it"], adopted[3]);
        assert_eq!(paul.run(&["show", text(&shared, "id")])["conflicts"], json!([]));
        assert_eq!((sync(&grace), sync(&paul)), (0, 0));
        check_streams(app.store());
    });
}

/// A protection officer of an organisation, signed in.
fn officer(app: &TestApp, of: &Village, login: &str, admin: &Session) -> Session {
    let user = app.user(login, Role::Manager, Some(of.organisation));
    admin.request("PUT", &format!("/v1/users/{user}/protection-officer"), None).ok();
    app.login(login)
}

#[test]
fn whom_a_client_sends_to_a_partner_arrives_there_and_the_client_closes_the_case() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, interpeace) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let group = aegis.group.to_string();
        app.user("admin", Role::Administrator, None);
        app.user("secretary", Role::Secretariat, None);
        let admin = app.login("admin");
        let ours = officer(&app, &aegis, "officer.aegis", &admin);
        let theirs = officer(&app, &interpeace, "officer.interpeace", &admin);
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, aegis.group, 1);
        jeanne.sync(&mut ()).expect("a sync");
        let entry = json!({
            "name": "Ubumuntu, counselling", "kind": "specialised", "area": "52", "phone": "+250 788 123 456",
            "organisation_id": interpeace.organisation,
        });
        let entry = app.login("secretary").post("/v1/services", &entry).ok();

        // 1. Sent to an entry of the directory, which came with the sync; the same at the desk of its protection officer.
        let paul = Node::enrolled(&app, &aegis, "paul");
        sync(&paul);
        let service = paul.run(&["services", "--on", "2026-03-04"])[0].clone();
        agree(&service, &entry, "id name kind area phone");
        let said = format!(
            "refer --group {group} --participant P01 --service {} --reason trauma --urgency soon --on 2026-03-04 --step consented sent",
            text(&service, "id"),
        );
        let said = paul.run(&said.split(' ').collect::<Vec<_>>());
        let id = text(&said, "id").to_owned();
        assert_eq!(sync(&paul), 1);
        let address = format!("/v1/referrals/{id}");
        let rest = || {
            let referral = ours.get(&address).ok();
            let here = paul.run(&["referrals", "--group", &group])[0].clone();
            agree(
                &here,
                &referral,
                "participant=participant_id from=from_organisation_id to to_service=to_service_id \
                 to_organisation=to_organisation_id reason urgency",
            );
            assert_eq!(
                here["latest"],
                format!("{}/{}", text(&referral, "state"), text(&referral, "state_on"))
            );
            assert_eq!(here["events"].as_array().map(Vec::len), referral["steps"].as_array().map(Vec::len));
            assert_eq!(here["conflicts"], json!([]));
            (referral["state"].clone(), referral["open"].clone())
        };
        assert_eq!(rest(), (json!("sent"), json!(true)));

        // 2. The partner answers; the client hears of it.
        let inbox = || theirs.get("/v1/inbox").ok()["items"].clone();
        assert_eq!(inbox()[0]["id"], json!(id));
        let arrived = json!({"step": "arrived", "on": "2026-03-05"});
        theirs.post(&format!("/v1/inbox/{id}/steps"), &arrived).ok();
        sync(&paul);
        assert_eq!(rest(), (json!("arrived"), json!(true)));

        // 3. The client answers; the partner waits for nobody any more.
        paul.run(&["step", &id, "--step", "closed", "--on", "2026-03-05"]);
        assert_eq!(sync(&paul), 1);
        assert_eq!(rest(), (json!("closed"), json!(false)));
        assert_eq!(inbox(), json!([]));
        let history = ours.get(&format!("{address}/history")).ok();
        let by: Vec<&str> =
            history["items"].as_array().expect("items").iter().map(|item| text(item, "by")).collect();
        assert_eq!(by, ["paul.aegis", "the service", "paul.aegis"]);
        check_streams(app.store());
    });
}

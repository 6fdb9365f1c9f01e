//! Requests of real people, and the logins of the database with which a service works.

use actix_web::rt::System;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, middleware::from_fn, web};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use server::access::{Gate, Role};
use server::problem::Problem;
use server::scope::Permit;
use server::store::{Conn, Login, Store, StoreError};
use server::verify::verify;
use server::{audit, on_each};
use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A handler as a careless hand may write it: it asks who calls, and forgets to look only at their groups.
async fn with_a_hole(_: Permit, store: web::Data<Store>) -> Result<String, Problem> {
    let all = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
        let query = "SELECT count(*) AS number FROM groups g JOIN documents d ON d.id = g.id";
        Ok(on_each!(tx, |c| diesel::sql_query(query).get_result::<Number>(c))?.number)
    };
    Ok(store.read("hole", all).await?.to_string())
}

/// What the handler answers whoever has this token.
fn answered(app: &TestApp, token: &str) -> String {
    let gate = app.run(Gate::of(app.store())).expect("the store answers");
    System::new().block_on(async {
        let service = init_service(
            App::new()
                .app_data(web::Data::new(app.store().clone()))
                .app_data(web::Data::new(app.clock.clone()))
                .app_data(web::Data::new(app.tokens().clone()))
                .app_data(web::Data::new(gate))
                .wrap(from_fn(audit::witness))
                .route("/v1/groups", web::get().to(with_a_hole)),
        )
        .await;
        let request = TestRequest::get().uri("/v1/groups");
        let request = request.insert_header(("authorization", format!("Bearer {token}"))).to_request();
        String::from_utf8(call_and_read_body(&service, request).await.to_vec()).expect("a text")
    })
}

#[test]
fn a_handler_with_a_hole_shows_each_manager_their_own_organisation() {
    let app = TestApp::on(&Database::postgres());
    let (aegis, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
    aegis.group("Inkingi", "sociotherapy");
    assert_eq!(answered(&app, aegis.manager.token()), "2");
    assert_eq!(answered(&app, nar.manager.token()), "1");
    app.user("facilitator", Role::Facilitator, Some(nar.organisation));
    assert_eq!(answered(&app, app.login("facilitator").token()), "1");

    // There is one wall on SQLite.
    let app = TestApp::on(&Database::sqlite());
    let (aegis, _) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
    assert_eq!(answered(&app, aegis.manager.token()), "2");
}

#[test]
fn a_login_that_owns_nothing_serves_what_its_owner_migrated() {
    let owned = Database::postgres();
    let login = |database: &Database| -> Result<Login, StoreError> {
        let store = Store::open(&database.url)?;
        store.migrate_blocking()?;
        store.read_blocking("login", Login::of)
    };
    assert!(matches!(login(&owned), Ok(Login::Owner)));
    let database = owned.for_servant();
    assert!(matches!(login(&database), Ok(Login::Servant)));
    assert!(matches!(login(&Database::sqlite()), Ok(Login::None)));

    // Tablets hand in, people ask and put right, and the service works by itself.
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
    people_join(&mut jeanne, village.group, 2);
    let details = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
    let session = record(&mut jeanne, village.group, day(3, 5), details);
    jeanne.sync(&mut ()).expect("a sync");
    for void in [true, false] {
        let said = json!({"void": void, "reason": "recorded twice"});
        village.manager.post(&format!("/v1/records/{session}/void"), &said).ok();
    }
    assert_eq!(village.manager.all("/v1/sessions").len(), 1);
    app.user("administrator", Role::Administrator, None);
    let paul = village.facilitator(&app, "paul");
    village.assign(paul, village.group);
    app.login("administrator").post(&format!("/v1/users/{paul}/disable"), &json!({})).ok();
    app.run(server::facts::add_up(app.store())).expect("facts are added up");
    app.run(server::audit::sequence(app.store())).expect("what was done has its place in the log");
    app.run(server::published::publish(app.store(), app.clock.now())).expect("it is published");
    check_streams(app.store());
    assert_eq!(Count::of_answer(&village.aggregates("")), Count::registered(1, 2, 2));
    let mut found = Vec::new();
    verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("it is verified");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_login_that_owns_nothing_serves_no_database_that_is_not_up_to_date() {
    let owned = Database::postgres();
    Store::open(&owned.url).expect("it opens").migrate_blocking().expect("it is brought up to date");
    let servant = Store::open(&owned.for_servant().url).expect("it opens");
    let forget = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        on_each!(tx, |c| {
            diesel::sql_query(
            "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)"
        )
        .execute(c)
        })
    };
    Store::open(&owned.url).expect("it opens").write_blocking("forget", forget).expect("the owner may");
    assert!(matches!(servant.migrate_blocking(), Err(StoreError::Version)));
}

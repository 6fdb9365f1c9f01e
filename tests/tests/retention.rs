//! Records are erased when their time is over, and people who asked for it within thirty days, by the service itself.

mod asked;
mod kinds;

use diesel::prelude::*;
use serde_json::{Value, json};
use server::access::Role;
use server::audit::{AuditEntry, Row};
use server::on_each;
use server::retention::{self, Done};
use server::store::schema::audit_entries;
use server::store::{Conn, StoreError};
use server::verify::verify;
use sync_core::id::{DocumentId, ParticipantId};
use sync_core::record::referral::ServiceKind;
use sync_core::record::session::Attendance;
use sync_core::record::{Kind, Participant, Record, Referral, Session};
use sync_core::time::{Date, Millis};
use tablet::device::Device;
use tablet::recording::Details;
use tests::app::START;
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

const DAY_MINUTES: i64 = 24 * 60;

/// So many days after the story began.
fn after(days: i64) -> Millis {
    START.plus_minutes(days * DAY_MINUTES)
}

/// The daily job, on some day.
fn run(app: &TestApp, now: Millis) -> Done {
    app.run(retention::run(app.store(), now)).expect("it runs")
}

/// What the service noted that it did by itself.
fn noted(app: &TestApp) -> Vec<Value> {
    let all = |tx: &mut Conn<'_>| -> Result<Vec<Row>, StoreError> {
        on_each!(tx, |c| audit_entries::table
            .filter(audit_entries::role.eq("service"))
            .order(audit_entries::id)
            .select(Row::as_select())
            .load(c))
    };
    let rows = app.store().read_blocking("test", all).expect("it answers");
    rows.into_iter().map(|row| json!(AuditEntry::from(row))).collect()
}

fn is_sound(app: &TestApp) {
    let mut found = Vec::new();
    verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("the store answers");
    assert_eq!(found, Vec::<String>::new());
}

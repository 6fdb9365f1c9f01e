//! Referrals and incidents: what of level S managers, supervisors and protection officers ask after.

use actix_web::get;
use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::asked::{Asked, Asker, OF_MONTHS};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::on_each;
use crate::records::of_nobody_erased;
use crate::scope::Groups;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::store::{Conn, Failure, StoreError};

question!(
    REFERRALS,
    ask_referrals,
    "/v1/questions/referrals",
    "Referrals: how far they came, by service",
    "Of the groups whose referrals the caller may see: those that they lead or supervise, and to a protection officer all of the organisation. Of the \
     months in which a referral was begun.",
    OF_MONTHS,
    answer_referrals
);

const OF_REFERRALS: &[Column] = &[
    Column::says("service", "The service"),
    Column::adds_up("referrals", "Referrals that were opened"),
    Column::adds_up("open", "Those of them that are neither closed nor declined"),
    Column::adds_up("consented", "Those to which the person agreed"),
    Column::adds_up("sent", "Those that were sent"),
    Column::adds_up("arrived", "Those of which it is known that the person arrived"),
    Column::adds_up("closed", "Those that are closed"),
    Column::adds_up("declined", "Those that were declined"),
    Column::adds_up(
        "overdue",
        "Those that were sent, and of which nobody heard in the time that their urgency gives",
    ),
];

/// A count of something, by something.
#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    service: String,
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    referrals: i64,
}

/// The referrals that count, from `FROM` on; with their steps, one row for each, where these are joined.
fn from_referrals(values: &mut Values, of: Groups, asked: &Asked, joined: &str) -> String {
    let groups = groups_asked(values, of, &asked.groups);
    let days = asked.days(values, "referrals.begun_on");
    format!(
        "FROM referrals JOIN groups g ON g.id = referrals.group_id {joined}
         WHERE {groups}{days} AND referrals.void IS NULL AND g.void IS NULL AND {}",
        of_nobody_erased("referrals")
    )
}

fn answer_referrals(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let of = asker.scope()?.sensitive;
    let mut rows: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    // 1. All of them, the open and the overdue ones; and those that came to each step, each once.
    let overdue = format!("referrals.overdue_from <= '{}'", asker.today);
    let which = [("referrals", "1 = 1"), ("open", "referrals.open"), ("overdue", overdue.as_str())];
    for (column, condition) in which {
        let mut values = Values::default();
        let from = from_referrals(&mut values, of, asked, "");
        let text = format!(
            "SELECT referrals.service AS service, '{column}' AS what, count(*) AS referrals {from} AND {condition} GROUP BY referrals.service"
        );
        let counted: Vec<Counted> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
        add(&mut rows, counted);
    }
    let mut values = Values::default();
    let joined = "JOIN referral_steps t ON t.referral_id = referrals.id";
    let from = from_referrals(&mut values, of, asked, joined);
    let text = format!(
        "SELECT referrals.service AS service, t.step AS what, count(DISTINCT referrals.id) AS referrals {from} GROUP BY referrals.service, t.step"
    );
    let steps: Vec<Counted> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    add(&mut rows, steps);
    // 2. A row for each service.
    let row = |(service, of): (String, BTreeMap<String, i64>)| {
        let count = |column: &Column| Cell::Whole(of.get(column.name).copied().unwrap_or_default());
        [Cell::Text(service)].into_iter().chain(OF_REFERRALS[1..].iter().map(count)).collect()
    };
    let rows = rows.into_iter().map(row).collect();
    let mut values = Values::default();
    let from = from_referrals(&mut values, of, asked, "");
    let all = count(tx, &from, &values)?;
    Ok(Table::new(OF_REFERRALS, rows).reconciled("referrals", all, "Referrals by service, and all of them"))
}

fn add(rows: &mut BTreeMap<String, BTreeMap<String, i64>>, counted: Vec<Counted>) {
    for Counted { service, what, referrals } in counted {
        *rows.entry(service).or_default().entry(what).or_default() += referrals;
    }
}

/// How many there are of what is read from there.
fn count(tx: &mut Conn<'_>, from: &str, values: &Values) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct All {
        #[diesel(sql_type = BigInt)]
        counted: i64,
    }
    let text = format!("SELECT count(*) AS counted {from}");
    let All { counted } = on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))?;
    Ok(counted)
}

question!(
    INCIDENTS,
    ask_incidents,
    "/v1/questions/incidents",
    "Incidents by kind, in the commemoration period and outside it",
    "Of the groups whose incidents the caller may see. The commemoration period is from 7 April to 3 July; the day is that of the meeting around which it happened.",
    OF_MONTHS,
    answer_incidents
);

const OF_INCIDENTS: &[Column] = &[
    Column::says("kind", "What happened"),
    Column::adds_up("incidents", "How often"),
    Column::adds_up("during", "In the commemoration period"),
    Column::adds_up("outside", "Outside it"),
    Column::adds_up("day_not_known", "Where the record of the meeting is not there"),
    Column::adds_up("low", "Of low severity"),
    Column::adds_up("medium", "Of medium severity"),
    Column::adds_up("high", "Of high severity"),
    Column::adds_up("severity_not_known", "Where the severity is not recorded"),
];

#[derive(QueryableByName)]
struct Incident {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    severity: String,
    #[diesel(sql_type = Text)]
    at: String,
    #[diesel(sql_type = BigInt)]
    incidents: i64,
}

/// The incidents `i` that count, with their meetings `s`, from `FROM` on.
fn from_incidents(values: &mut Values, of: Groups, asked: &Asked) -> String {
    let groups = groups_asked(values, of, &asked.groups);
    let days = asked.days(values, "s.date");
    format!(
        "FROM incidents i JOIN groups g ON g.id = i.group_id
         LEFT JOIN sessions s ON s.id = i.session_id AND s.group_id = i.group_id
         WHERE {groups}{days} AND i.void IS NULL AND g.void IS NULL"
    )
}

fn answer_incidents(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let of = asker.scope()?.sensitive;
    let mut values = Values::default();
    let from = from_incidents(&mut values, of, asked);
    let text = format!(
        "SELECT i.kind AS kind, coalesce(i.severity, 'severity_not_known') AS severity,
                CASE WHEN s.id IS NULL THEN 'day_not_known' WHEN s.commemoration THEN 'during' ELSE 'outside' END AS at,
                count(*) AS incidents
         {from} GROUP BY 1, 2, 3"
    );
    let counted: Vec<Incident> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    let mut rows: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for Incident { kind, severity, at, incidents } in counted {
        let row = rows.entry(kind).or_default();
        for column in ["incidents".to_owned(), severity, at] {
            *row.entry(column).or_default() += incidents;
        }
    }
    let row = |(kind, of): (String, BTreeMap<String, i64>)| {
        let count = |column: &Column| Cell::Whole(of.get(column.name).copied().unwrap_or_default());
        [Cell::Text(kind)].into_iter().chain(OF_INCIDENTS[1..].iter().map(count)).collect()
    };
    let mut values = Values::default();
    let from = from_incidents(&mut values, of, asked);
    let all = count(tx, &from, &values)?;
    Ok(Table::new(OF_INCIDENTS, rows.into_iter().map(row).collect()).reconciled(
        "incidents",
        all,
        "Incidents by kind, and all of them",
    ))
}

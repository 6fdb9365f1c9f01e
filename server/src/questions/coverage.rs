//! Who works where, and where nobody does.

use actix_web::get;
use std::collections::BTreeMap;

use sync_core::area::{self, Level};
use sync_core::record::Pillar;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::coverage;
use crate::store::{Conn, Failure};

question!(
    WORKING,
    ask_who_works_where,
    "/v1/questions/who-works-where",
    "Who works where: groups by district, partner and status",
    "Of all partners, groups that are over too. A group that was planned is active as soon as it met.",
    &["area"],
    who_works_where
);

const WORKING_COLUMNS: &[Column] = &[
    Column::says("district", "NISR code of the district"),
    Column::says("name", "Its name"),
    Column::says("organisation", "The partner"),
    Column::adds_up("groups", "Groups"),
    Column::adds_up("planned", "Those that are planned"),
    Column::adds_up("forming", "Those that are forming"),
    Column::adds_up("active", "Those that are active"),
    Column::adds_up("phase_out", "Those that are being phased out"),
    Column::adds_up("graduated", "Those that have graduated"),
    Column::adds_up("suspended", "Those that are suspended"),
];

fn who_works_where(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let counted = coverage::by_district(tx, asked.groups.area)?;
    let mut rows: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    for one in counted {
        let row = rows.entry((one.district, one.organisation)).or_default();
        *row.entry("groups".to_owned()).or_default() += one.groups;
        *row.entry(one.status).or_default() += one.groups;
    }
    let row = |((district, organisation), of): ((String, String), BTreeMap<String, i64>)| {
        let name = district.parse().ok().and_then(area::find).map(|area| area.name);
        let count = |column: &Column| Cell::Whole(of.get(column.name).copied().unwrap_or_default());
        let of_whom = [Cell::Text(district), Cell::texts(name), Cell::Text(organisation)];
        of_whom.into_iter().chain(WORKING_COLUMNS[3..].iter().map(count)).collect()
    };
    let rows = few_enough(rows.into_iter().map(row).collect())?;
    let all = coverage::count(tx, asked.groups.area)?;
    Ok(Table::new(WORKING_COLUMNS, rows).reconciled(
        "groups",
        all,
        "Groups, and those of GET /v1/coverage/sums",
    ))
}

question!(
    GAPS,
    ask_gaps,
    "/v1/questions/gaps",
    "Where nobody works: sectors without a pillar, by district",
    "A sector has a pillar where a group of it goes on, or is planned, whichever partner's it is. GET /v1/coverage/gaps lists the sectors.",
    &["area"],
    gaps
);

const GAPS_COLUMNS: &[Column] = &[
    Column::says("district", "NISR code of the district"),
    Column::says("name", "Its name"),
    Column::adds_up("sectors", "Sectors of the district"),
    Column::adds_up("community_healing", "Those without community healing"),
    Column::adds_up("social_reintegration", "Those without social reintegration"),
    Column::adds_up("social_cohesion", "Those without social cohesion"),
];

fn gaps(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let within = asked.groups.area;
    let gaps = coverage::gaps_of(tx, within)?;
    let sectors = || {
        let asked = move |area: &&area::Area| within.is_none_or(|within| within.contains(area.code));
        area::all().iter().filter(|area| area.level() == Level::Sector).filter(asked)
    };
    let mut rows: BTreeMap<String, (i64, BTreeMap<Pillar, i64>)> = BTreeMap::new();
    for sector in sectors() {
        rows.entry(sector.code.to_string()[..2].to_owned()).or_default().0 += 1;
    }
    for (sector, pillar) in &gaps {
        let row = rows.entry(sector.to_string()[..2].to_owned()).or_default();
        *row.1.entry(*pillar).or_default() += 1;
    }
    let row = |(district, (sectors, gaps)): (String, (i64, BTreeMap<Pillar, i64>))| {
        let name = district.parse().ok().and_then(area::find).map(|area| area.name);
        let gap = |pillar: &Pillar| Cell::Whole(gaps.get(pillar).copied().unwrap_or_default());
        let of_where = [Cell::Text(district), Cell::texts(name), Cell::Whole(sectors)];
        let pillars = [Pillar::CommunityHealing, Pillar::SocialReintegration, Pillar::SocialCohesion];
        of_where.into_iter().chain(pillars.iter().map(gap)).collect()
    };
    Ok(Table::new(GAPS_COLUMNS, rows.into_iter().map(row).collect()).reconciled(
        "sectors",
        sectors().count() as i64,
        "Sectors, and those of the area table",
    ))
}

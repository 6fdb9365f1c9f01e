//! Lessons that are published, and who works by them.

use actix_web::get;
use diesel::prelude::*;
use sync_core::id::DocumentId;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::on_each;
use crate::store::schema::{lessons, organisations};
use crate::store::{Conn, Db, Failure};

question!(
    LESSONS,
    ask_lessons_adopted,
    "/v1/questions/lessons-adopted",
    "Lessons that are published, and how many partners work by each",
    "Retired ones too. GET /v1/lessons/{id} says who adopted one, and what came of it.",
    &[],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("lesson", "What it is called"),
    Column::says("organisation", "The partner whose it is"),
    Column::says("pillar", "The pillar that it is about"),
    Column::says("modality", "The method that it is about"),
    Column::says("area", "NISR code of where it was learned"),
    Column::says("status", "published or retired"),
    Column::says("published_on", "The day on which it was published"),
    Column::adds_up("adopted", "Partners that work by it"),
    Column::says("lesson_id", "Its id"),
];

fn answer(tx: &mut Conn<'_>, _: Asker, _: &Asked) -> Result<Table, Failure<Refused>> {
    type Row = (
        Db<DocumentId>,
        String,
        String,
        Option<String>,
        Option<String>,
        Option<String>,
        String,
        Option<String>,
        i32,
    );
    let rows: Vec<Row> = on_each!(tx, |c| lessons::table
        .inner_join(organisations::table.on(organisations::id.eq(lessons::organisation_id)))
        .filter(lessons::shared.eq(true))
        .order((lessons::adopted.desc(), lessons::id))
        .limit(MAX_ROWS as i64 + 1)
        .select((
            lessons::id,
            lessons::title,
            organisations::code,
            lessons::pillar,
            lessons::modality,
            lessons::area,
            lessons::status,
            lessons::published_on,
            lessons::adopted,
        ))
        .load(c))?;
    let row = |(Db(id), title, organisation, pillar, modality, area, status, published_on, adopted): Row| {
        vec![
            Cell::Text(title),
            Cell::Text(organisation),
            Cell::texts(pillar),
            Cell::texts(modality),
            Cell::texts(area),
            Cell::Text(status),
            Cell::day(published_on),
            Cell::Whole(adopted.into()),
            Cell::text(id),
        ]
    };
    Ok(Table::new(COLUMNS, few_enough(rows)?.into_iter().map(row).collect()))
}

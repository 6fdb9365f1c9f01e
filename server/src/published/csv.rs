//! A table as CSV (RFC 4180). Its values are codes and numbers, of which none needs quotes.

use super::tables::{ATTENDANCES_ROUNDED_TO, PublishedTable, Row, Table};
use super::tree::Figure;

pub(super) fn csv(table: &PublishedTable) -> String {
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    let mut columns: Vec<&str> = vec!["release", "rounded_to", "organisation", "of", "districts"];
    columns.extend(match table.table {
        Table::Meetings => ["modality", "groups", "sessions"].as_slice(),
        Table::People => &["people", "attendances", "attendances_rounded_to", "graduates"],
        split => match split {
            Table::SexAndAge => &["sex_and_age", "people"],
            Table::Modality => &["modality", "people"],
            _ => &["novelty", "people"],
        },
    });
    line(&columns.into_iter().map(str::to_owned).collect::<Vec<_>>());
    for row in &table.rows {
        let Row { organisation, of, districts, who, people, graduates, attendances, groups, sessions } = row;
        let mut cells = vec![
            table.release.clone(),
            table.rounded_to.to_string(),
            organisation.clone(),
            of.code().to_owned(),
            districts.join(" "),
        ];
        let word = who.clone().unwrap_or_default();
        let base = attendances.map(|_| Figure::of(ATTENDANCES_ROUNDED_TO));
        cells.extend(match table.table {
            Table::Meetings => vec![word, cell(*groups), cell(*sessions)],
            Table::People => vec![cell(*people), cell(*attendances), cell(base), cell(*graduates)],
            _ => vec![word, cell(*people)],
        });
        line(&cells);
    }
    text
}

fn cell(figure: Option<Figure>) -> String {
    figure.map(|figure| figure.number().to_string()).unwrap_or_default()
}

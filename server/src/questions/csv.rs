//! A table as CSV (RFC 4180).
//!
//! Spreadsheets take a text that begins with `=`, `+`, `-` or `@` for a formula, which may send what stands beside it elsewhere. Such a text is
//! given an apostrophe, as OWASP advises ("CSV Injection"): it is shown as it was written, and nothing is computed.

use super::table::{Cell, Table};

pub(super) fn csv(table: &Table, bom: bool) -> Result<Vec<u8>, csv::Error> {
    let start = if bom { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    writer.write_record(table.columns.iter().map(|column| column.name))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(written))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Cell::Text(text) | Cell::Day(text) => text.clone(),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Column;
    use super::*;

    const COLUMNS: &[Column] = &[Column::says("name", "Its name"), Column::adds_up("held", "Held")];

    #[test]
    fn no_text_becomes_a_formula_and_what_needs_quotes_has_them() {
        let row = |name: &str, held| vec![Cell::text(name), Cell::Whole(held)];
        let rows = vec![row("=1+1", -2), row("Twese, \"hamwe\"", 3), row("@home\nand away", 0)];
        let text = csv(&Table::new(COLUMNS, rows), true).expect("it is written");
        let text = String::from_utf8(text).expect("UTF-8");
        assert_eq!(
            text,
            "\u{feff}name,held\r\n'=1+1,-2\r\n\"Twese, \"\"hamwe\"\"\",3\r\n\"'@home\nand away\",0\r\n"
        );
    }
}

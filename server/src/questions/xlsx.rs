//! Answers as a workbook: a sheet for each question, and one that says what was asked, as of when, and what should be known of it.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::answer::Answer;
use super::table::{Cell, Table};

/// `left_out`: the questions that were not answered, and why.
///
/// # Errors
/// Where a table is more than a sheet can hold.
pub(super) fn xlsx(answers: &[(Answer, Table)], left_out: &[(&str, String)]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    about(book.add_worksheet().set_name("about")?, answers, left_out)?;
    for (answer, table) in answers {
        sheet(book.add_worksheet().set_name(answer.question)?, table)?;
    }
    book.save_to_buffer()
}

/// What was asked, and what should be known of each answer.
fn about(
    sheet: &mut Worksheet,
    answers: &[(Answer, Table)],
    left_out: &[(&str, String)],
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_column_width(0, 28)?.set_column_width(1, 22)?.set_column_width(2, 100)?;
    let mut lines = 0;
    let mut line = |[question, what, says]: [&str; 3], format: Option<&Format>| -> Result<(), XlsxError> {
        for (at, text) in [question, what, says].into_iter().enumerate() {
            match format {
                Some(format) => sheet.write_string_with_format(lines, at as u16, text, format)?,
                None => sheet.write_string(lines, at as u16, text)?,
            };
        }
        lines += 1;
        Ok(())
    };
    line(["question", "what", "says"], Some(&bold))?;
    for (answer, table) in answers {
        let mut says = |what: &str, says: &str| line([answer.question, what, says], None);
        says("title", answer.title)?;
        for (name, value) in &answer.asked {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            says(&format!("asked: {name}"), &value)?;
        }
        says("as of", &answer.as_of.at.to_string())?;
        if let Some(tablets) = &answer.as_of.tablets {
            says("tablets", &tablets.line())?;
        }
        for one in &answer.reconciliation {
            says("reconciliation", &one.line())?;
        }
        for note in &answer.notes {
            says("note", note)?;
        }
        for (name, count) in answer.doubts.iter().flat_map(|doubts| doubts.there_are()) {
            says(&format!("doubt: {name}"), &count.to_string())?;
        }
        for column in table.columns {
            says(&format!("column: {}", column.name), column.title)?;
        }
    }
    for (question, why) in left_out {
        line([question, "left out", why], None)?;
    }
    Ok(())
}

/// The rows, under the names of the columns. A text is written as a text, whatever it begins with.
fn sheet(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let (bold, day) = (Format::new().set_bold(), Format::new().set_num_format("yyyy-mm-dd"));
    for (at, column) in (0..).zip(table.columns) {
        sheet.write_string_with_format(0, at, column.name, &bold)?;
        sheet.set_column_width(at, column.name.len().max(12) as f64)?;
    }
    for (line, row) in (1..).zip(&table.rows) {
        for (at, cell) in (0..).zip(row) {
            match cell {
                Cell::Nothing => {}
                Cell::Text(text) => drop(sheet.write_string(line, at, text)?),
                Cell::Day(text) => match ExcelDateTime::parse_from_str(text) {
                    Ok(date) => drop(sheet.write_datetime_with_format(line, at, &date, &day)?),
                    // A day before 1900 is none in a sheet.
                    Err(_) => drop(sheet.write_string(line, at, text)?),
                },
                Cell::Whole(number) => drop(sheet.write_number(line, at, *number as f64)?),
                Cell::Number(number) => drop(sheet.write_number(line, at, *number)?),
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

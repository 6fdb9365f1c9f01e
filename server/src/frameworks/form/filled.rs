//! Reading a form that somebody filled. A workbook is a ZIP archive of XML texts, and comes from anybody who may draw up a framework: what it expands
//! to is bounded before it is expanded, and a cell that nobody fills so is refused before it is kept.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::panic::catch_unwind;

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use zip::ZipArchive;

use super::cells::Line;
use super::{ABOUT, COLUMNS, INDICATORS};
use crate::frameworks::write::FrameworkBody;
use crate::problem::{Fields, Problem, kind};

/// Bytes of all texts of the archive together. A hundred indicators take a twentieth.
const MAX_EXPANDED: u64 = 8 * 1024 * 1024;

/// Bytes of the text of a cell. The longest that fits in an indicator: ten mappings, of three hundred letters each.
const MAX_CELL: usize = 8 * 1024;

/// Bytes of all cells together.
const MAX_CELLS: usize = 1024 * 1024;

/// Lines that are looked at.
const MAX_LINES: u32 = 1_000;

type Sheet = BTreeMap<(u32, u32), String>;

/// What a form says.
///
/// # Errors
/// 422 `unreadable-sheet` where it is no form, or too large a one; `invalid-fields` where it names the lines and columns that are wrong.
pub(in crate::frameworks) fn filled(bytes: Vec<u8>) -> Result<FrameworkBody, Problem> {
    // A file that breaks the library breaks its sender's request alone.
    let read = catch_unwind(move || sheets(bytes)).unwrap_or(Err(Unread::Damaged));
    let (about, indicators) = read.map_err(Problem::from)?;
    let text = |line: u32| about.get(&(line, 1)).cloned().unwrap_or_default();
    let (code, title) = (text(0), text(1));
    let mut fields = Fields::default();
    let lines = lines(&indicators, &mut fields);
    let indicators = lines.iter().filter_map(|line| line.indicator(&mut fields)).collect();
    fields.done()?;
    Ok(FrameworkBody { code, title, indicators })
}

/// Why a form can't be read.
#[derive(Debug)]
enum Unread {
    Damaged,
    Large,
    /// It has no sheet of this name.
    Without(&'static str),
}

impl From<XlsxError> for Unread {
    fn from(_: XlsxError) -> Self {
        Self::Damaged
    }
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        let detail = match unread {
            Unread::Damaged => {
                "It is no workbook, or a damaged one. Save it as XLSX again, without a password.".to_owned()
            }
            Unread::Large => {
                "It holds more than a framework of 100 indicators. Begin with an empty form.".to_owned()
            }
            Unread::Without(name) => {
                format!(
                    "It has no sheet named {name}. Fill the form that GET /v1/frameworks/form gives, and rename no sheet."
                )
            }
        };
        Self::of(kind::UNREADABLE_SHEET, detail)
    }
}

fn sheets(bytes: Vec<u8>) -> Result<(Sheet, Sheet), Unread> {
    fits(&bytes)?;
    let mut book = Xlsx::new(Cursor::new(bytes))?;
    Ok((sheet(&mut book, ABOUT)?, sheet(&mut book, INDICATORS)?))
}

/// Expands everything to nowhere, and stops where it is too much. What an archive says of its sizes may be wrong.
fn fits(bytes: &[u8]) -> Result<(), Unread> {
    let damaged = |_| Unread::Damaged;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut left = MAX_EXPANDED;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(damaged)?;
        left -= io::copy(&mut entry.take(left), &mut io::sink()).map_err(|_| Unread::Damaged)?;
        if left == 0 {
            return Err(Unread::Large);
        }
    }
    Ok(())
}

/// The texts of a sheet, by line and column from 0. Cells are read one after the other: a sheet whose last cell stands far off takes no more
/// than its cells.
fn sheet(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &'static str) -> Result<Sheet, Unread> {
    if !book.sheet_names().iter().any(|there| there == name) {
        return Err(Unread::Without(name));
    }
    let mut cells = book.worksheet_cells_reader(name)?;
    let (mut sheet, mut bytes) = (Sheet::new(), 0);
    while let Some(cell) = cells.next_cell()? {
        let (line, column) = cell.get_position();
        let text = text(cell.get_value())?;
        if text.is_empty() || column as usize >= COLUMNS.len() {
            continue;
        }
        bytes += text.len();
        if line >= MAX_LINES || bytes > MAX_CELLS {
            return Err(Unread::Large);
        }
        sheet.insert((line, column), text);
    }
    Ok(sheet)
}

fn text(value: &DataRef<'_>) -> Result<String, Unread> {
    let text = match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.as_str(),
        DataRef::SharedString(text) => text,
        DataRef::Int(number) => return Ok(number.to_string()),
        DataRef::Float(number) => return Ok(number.to_string()),
        DataRef::Bool(said) => return Ok(said.to_string()),
        DataRef::DateTime(_) | DataRef::Error(_) | DataRef::Empty => "",
    };
    if text.len() > MAX_CELL { Err(Unread::Large) } else { Ok(text.trim().to_owned()) }
}

/// The lines below the names of the columns, which may stand in any order.
fn lines(sheet: &Sheet, fields: &mut Fields) -> Vec<Line> {
    let known = |text: &String| COLUMNS.iter().find(|column| column.name == text.trim().to_lowercase());
    let mut names = BTreeMap::new();
    for ((_, at), text) in sheet.iter().filter(|((line, _), _)| *line == 0) {
        match known(text) {
            Some(column) => drop(names.insert(*at, column.name)),
            None => {
                fields.refuse("indicators", "has a column that is none of the form: see its sheet of words")
            }
        }
    }
    let mut lines: BTreeMap<u32, BTreeMap<&'static str, String>> = BTreeMap::new();
    for ((line, at), text) in sheet.iter().filter(|((line, _), _)| *line > 0) {
        if let Some(name) = names.get(at) {
            lines.entry(*line).or_default().insert(name, text.clone());
        }
    }
    lines.into_iter().map(|(line, cells)| Line { number: line + 1, cells }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::form;
    use super::*;

    /// An archive with the entries of an empty form, of which one is another.
    fn with(name: &str, text: &[u8]) -> Vec<u8> {
        let mut there = ZipArchive::new(Cursor::new(form(None).expect("a form"))).expect("an archive");
        let mut made = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..there.len() {
            let mut entry = there.by_index(at).expect("an entry");
            let its_name = entry.name().expect("a name").into_owned();
            made.start_file(its_name.as_str(), zip::write::SimpleFileOptions::default()).expect("begun");
            if its_name == name {
                io::Write::write_all(&mut made, text).expect("written");
            } else {
                io::copy(&mut entry, &mut made).expect("copied");
            }
        }
        made.finish().expect("whole").into_inner()
    }

    #[test]
    fn a_cell_far_off_takes_no_more_than_a_cell() {
        let far = br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="str"><v>code</v></c></row><row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData></worksheet>"#;
        let (_, indicators) = sheets(with("xl/worksheets/sheet2.xml", far)).expect("read");
        assert_eq!(indicators.len(), 1);
    }

    #[test]
    fn what_is_no_workbook_is_said_to_be_none() {
        for bytes in [&b""[..], b"PK", b"code,title\n", &form(None).expect("a form")[..900]] {
            assert!(matches!(sheets(bytes.to_vec()), Err(Unread::Damaged)));
        }
    }
}

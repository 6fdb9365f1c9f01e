//! A spreadsheet as Excel and others save it: CSV (RFC 4180) with `,`, `;` or tabs, with or without a byte order mark, whichever line ends.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};

use crate::problem::{Problem, kind};

/// A year of a large partner is some two thousand meetings.
pub(super) const MAX_LINES: usize = 5_000;
/// Bytes of one cell. The longest text is a summary.
pub(super) const MAX_CELL: usize = 20_000;

/// How many columns with unknown names are told.
const NAMED: usize = 20;

/// A column that a sheet may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// What stands in it, for whoever fills it.
    pub(super) says: &'static str,
    pub(super) example: &'static str,
    /// Whether a sheet without it is refused as a whole.
    pub(super) needed: bool,
}

/// A file that is no sheet of the kind that it should be. It quotes nothing of the file: a first line may hold names.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Unreadable {
    #[error(
        "Line {0} is not UTF-8, so that letters with accents would be spoilt. Save the sheet again: in Excel as \"CSV UTF-8 \
         (Comma delimited)\", in LibreOffice as \"Text CSV\" with the character set Unicode (UTF-8)."
    )]
    NotUtf8(u64),
    #[error("The file is empty. Its first line has the names of the columns.")]
    Empty,
    #[error("The first line has names of columns that are not known here: {0}. The columns may be: {1}.")]
    UnknownColumns(String, String),
    #[error("The column {0} is there twice.")]
    Twice(&'static str),
    #[error("The column {0} is missing. The first line has the names of the columns.")]
    Missing(&'static str),
    #[error("The file has more than {MAX_LINES} lines. Divide it, and send one part after the other.")]
    TooLong,
    #[error("The file can't be read as CSV from line {0} on.")]
    Csv(u64),
}

impl Unreadable {
    pub(super) fn problem(&self, columns: &[Column]) -> Problem {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        Problem::of(kind::UNREADABLE_SHEET, self.to_string()).with("columns", names)
    }
}

/// A sheet, read.
#[derive(Debug)]
pub(super) struct Table {
    /// Where in a line each column stands.
    pub(super) places: BTreeMap<&'static str, usize>,
    pub(super) lines: Vec<TableLine>,
}

/// A line of the file that is not blank.
#[derive(Debug)]
pub(super) struct TableLine {
    /// Counted from 1, the line with the names of the columns; of several that a cell takes, the first.
    pub(super) number: u64,
    pub(super) cells: StringRecord,
}

impl Table {
    /// The columns but these in which two lines say something else.
    pub(super) fn differ(&self, one: &TableLine, other: &TableLine, but: &[&str]) -> Vec<&'static str> {
        let says =
            |line: &TableLine, place: usize| line.cells.get(place).unwrap_or_default().trim().to_lowercase();
        let columns = self.places.iter().filter(|(name, _)| !but.contains(name));
        let columns = columns.filter(|(_, place)| says(one, **place) != says(other, **place));
        columns.map(|(name, _)| *name).collect()
    }

    /// Reads a file. Lines that are blank, or whose first cell begins with `#`, are left out.
    pub(super) fn read(bytes: &[u8], columns: &'static [Column]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            Unreadable::NotUtf8(1 + before.iter().filter(|byte| **byte == b'\n').count() as u64)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter(text))
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let (mut places, mut lines) = (None, Vec::new());
        let (mut counted, mut number) = (0, 1);
        let mut cells = StringRecord::new();
        while reader.read_record(&mut cells).map_err(|_| Unreadable::Csv(number))? {
            // The reader counts the end of the line before with this one where that is CR LF, and blank lines, too.
            let at = cells.position().map_or(0, csv::Position::byte) as usize;
            let begins =
                text.len() - text.get(at..).unwrap_or_default().trim_start_matches(['\r', '\n']).len();
            number += line_ends(&text[counted..begins]);
            counted = begins;
            let blank = cells.iter().all(|cell| cell.trim().is_empty());
            if blank || cells.get(0).is_some_and(|cell| cell.trim_start().starts_with('#')) {
                continue;
            }
            if places.is_none() {
                places = Some(places_of(&cells, columns)?);
                continue;
            }
            if lines.len() == MAX_LINES {
                return Err(Unreadable::TooLong);
            }
            lines.push(TableLine { number, cells: std::mem::take(&mut cells) });
        }
        Ok(Self { places: places.ok_or(Unreadable::Empty)?, lines })
    }
}

/// What stands between cells: whatever is most frequent in the first line.
fn delimiter(text: &str) -> u8 {
    let first = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
    let count = |one: u8| first.bytes().filter(|byte| *byte == one).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|one| count(*one)).unwrap_or(b',')
}

/// How many lines end in a text: with LF, CR LF or CR.
fn line_ends(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(|at| ends(*at)).count() as u64
}

fn places_of(
    header: &StringRecord,
    columns: &'static [Column],
) -> Result<BTreeMap<&'static str, usize>, Unreadable> {
    let (mut places, mut unknown) = (BTreeMap::new(), Vec::new());
    for (place, cell) in header.iter().enumerate() {
        let name = cell.trim().to_lowercase().replace([' ', '-'], "_");
        match columns.iter().find(|column| column.name == name) {
            Some(column) if places.insert(column.name, place).is_some() => {
                return Err(Unreadable::Twice(column.name));
            }
            Some(_) => {}
            // A spreadsheet writes cells behind the last column that is in use.
            None if name.is_empty() => {}
            None if unknown.len() <= NAMED => unknown.push(letters(place)),
            None => break,
        }
    }
    if !unknown.is_empty() {
        let known: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let more = if unknown.len() > NAMED { " and more" } else { "" };
        unknown.truncate(NAMED);
        return Err(Unreadable::UnknownColumns(format!("{}{more}", unknown.join(", ")), known.join(", ")));
    }
    let missing = columns.iter().find(|column| column.needed && !places.contains_key(column.name));
    missing.map_or(Ok(places), |column| Err(Unreadable::Missing(column.name)))
}

/// The name of a column in a spreadsheet: A to Z, AA, AB …
pub(super) fn letters(place: usize) -> String {
    let letter = char::from(b'A' + (place % 26) as u8);
    match place / 26 {
        0 => letter.to_string(),
        before => format!("{}{letter}", letters(before - 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: &[Column] = &[
        Column { name: "login", says: "", example: "", needed: true },
        Column { name: "full_name", says: "", example: "", needed: false },
    ];

    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>, Unreadable> {
        let table = Table::read(text.as_bytes(), COLUMNS)?;
        let cells = |line: TableLine| (line.number, line.cells.iter().map(str::to_owned).collect());
        Ok(table.lines.into_iter().map(cells).collect())
    }

    fn line(number: u64, cells: [&str; 2]) -> (u64, Vec<String>) {
        (number, cells.map(str::to_owned).to_vec())
    }

    #[test]
    fn a_sheet_is_read_however_it_was_saved() {
        let sound =
            Ok(vec![line(2, ["uwase", "Uwase; M"]), line(4, ["eric", "\"Eric\"\nN"]), line(6, ["a", "b"])]);
        let text = "login,Full name\nuwase,\"Uwase; M\"\n\neric,\"\"\"Eric\"\"\nN\"\na,b\n";
        assert_eq!(read(text), sound);
        assert_eq!(read(&format!("\u{feff}{text}")), sound);
        assert_eq!(read(text.trim_end()), sound);
        let excel = "login;full name\r\nuwase;\"Uwase; M\"\r\n;;\r\neric;\"\"\"Eric\"\"\nN\"\r\na;b\r\n";
        assert_eq!(read(excel), sound);
        assert_eq!(
            read("full_name\tlogin\tfoo"),
            Err(Unreadable::UnknownColumns("C".into(), "login, full_name".into()))
        );
        assert_eq!(read("login\tfull_name\rx\ty\rz\tv"), Ok(vec![line(2, ["x", "y"]), line(3, ["z", "v"])]));
        assert_eq!(read("# explained\nlogin,full_name\n# so\nx,y"), Ok(vec![line(4, ["x", "y"])]));
    }

    proptest! {
        #[test]
        fn whatever_cells_hold_they_are_read_as_they_were_written(
            cells in prop::collection::vec(("[ -~éß\n]{0,9}", "[^\r\0]{0,9}"), 0..9),
            delimiter in prop::sample::select(vec![b',', b';', b'\t']),
            crlf: bool,
        ) {
            let written: Vec<_> = cells.into_iter().filter(|(one, other)| {
                let comment = one.trim_start().starts_with('#');
                !comment && !format!("{one}{other}").trim().is_empty()
            }).collect();
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
            writer.write_record(["login", "full_name"]).expect("memory");
            let (mut number, mut lines) = (2, Vec::new());
            for (one, other) in &written {
                writer.write_record([one, other]).expect("memory");
                lines.push(line(number, [one, other]));
                number += 1 + line_ends(one) + line_ends(other);
            }
            let text = String::from_utf8(writer.into_inner().expect("memory")).expect("UTF-8");
            prop_assert_eq!(read(&text), Ok(lines));
        }

        #[test]
        fn whatever_bytes_come_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
            let _ = Table::read(&bytes, COLUMNS);
            let _ = Table::read(&[b"login\n".as_slice(), &bytes].concat(), COLUMNS);
        }
    }

    #[test]
    fn what_is_no_sheet_is_refused_in_words() {
        assert_eq!(read(""), Err(Unreadable::Empty));
        assert_eq!(read("login,login\n"), Err(Unreadable::Twice("login")));
        assert_eq!(read("full_name\nx\n"), Err(Unreadable::Missing("login")));
        let latin = Table::read(b"login\nfran\xe7oise\n", COLUMNS).map(|_| ());
        assert_eq!(latin, Err(Unreadable::NotUtf8(2)));
        let long = format!("login\n{}", "x\n".repeat(MAX_LINES + 1));
        assert_eq!(read(&long), Err(Unreadable::TooLong));
        assert_eq!(read(&long[..long.len() - 2]).map(|lines| lines.len()), Ok(MAX_LINES));
    }

    #[test]
    fn columns_are_named_as_a_spreadsheet_does() {
        assert_eq!([0, 25, 26, 51, 52, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "AAA"]);
    }
}

//! An empty sheet: the names of the columns, what stands in each, and an example. Lines that begin with `#` are left out when it is read.

use super::table::Column;

/// # Errors
/// None: it is written to memory.
pub(super) fn template(columns: &[Column]) -> Result<Vec<u8>, csv::Error> {
    // Excel takes a file for UTF-8 only with the mark.
    let start = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    writer.write_record(columns.iter().map(|column| column.name))?;
    let line = |cell: fn(&Column) -> String| {
        let cells = columns.iter().enumerate();
        cells
            .map(|(at, column)| if at == 0 { format!("# {}", cell(column)) } else { cell(column) })
            .collect::<Vec<_>>()
    };
    writer.write_record(line(|column| {
        format!("{}{}", if column.needed { "Needed. " } else { "" }, column.says)
    }))?;
    writer.write_record(line(|column| column.example.to_owned()))?;
    writer.into_inner().map_err(|error| error.into_error().into())
}

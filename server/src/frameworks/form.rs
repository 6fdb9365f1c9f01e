//! Frameworks as a workbook that people fill: a sheet that says whose it is, one with a line for each indicator, and one that lists the words
//! that may stand in its columns. [`filled`] reads what came back.

mod cells;
pub(super) mod filled;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get, web};
use rust_xlsxwriter::{DataValidation, Format, Workbook, Worksheet, XlsxError};
use serde::Deserialize;
use sync_core::record::group::GroupKind;
use sync_core::record::session::Phase;
use sync_core::record::{AgeBand, Modality, Sex};
use utoipa::IntoParams;
use uuid::Uuid;

use super::indicator::{Count, Direction, Fit, Split, Unit};
use super::kept::{self, Framework};
use super::read::{is_told, no_such};
use crate::intake::XLSX;
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::Store;
use cells::cells;

const ABOUT: &str = "framework";
const INDICATORS: &str = "indicators";
const WORDS: &str = "words";

/// A column of the sheet of indicators.
#[derive(Debug)]
struct Column {
    name: &'static str,
    says: &'static str,
    /// The words that may stand in it; any text where there are none.
    words: fn() -> Vec<&'static str>,
    /// Whether several may stand there, with commas between them.
    several: bool,
}

const fn text(name: &'static str, says: &'static str) -> Column {
    Column { name, says, words: Vec::new, several: false }
}

const fn one(name: &'static str, says: &'static str, words: fn() -> Vec<&'static str>) -> Column {
    Column { name, says, words, several: false }
}

const fn some(name: &'static str, says: &'static str, words: fn() -> Vec<&'static str>) -> Column {
    Column { name, says, words, several: true }
}

macro_rules! words {
    ($codes:ty) => {
        || <$codes>::ALL.iter().map(|one| one.code()).collect()
    };
}

const COLUMNS: &[Column] = &[
    text("code", "Of 1 to 16 letters, digits, . and -"),
    text("name_en", "Its name in English"),
    text("name_fr", "In French; may be empty"),
    text("name_rw", "In Kinyarwanda; may be empty"),
    one(
        "unit",
        "In what it is told: that of what is counted; percent or ratio where it is divided",
        words!(Unit),
    ),
    one("direction", "Whether more is better", words!(Direction)),
    one("count", "What is counted", words!(Count)),
    one("kind", "Of groups of this kind alone; all if empty", words!(GroupKind)),
    one("modality", "By this method alone; all if empty", words!(Modality)),
    one("sex", "Of these people alone; all if empty", words!(Sex)),
    some("age_bands", "Of these ages alone, with commas between them; all if empty", words!(AgeBand)),
    one("phase", "In this phase alone; all if empty", words!(Phase)),
    one("of_count", "What it is divided by: of percent and ratio alone", words!(Count)),
    one("of_kind", "As kind, of what it is divided by", words!(GroupKind)),
    one("of_modality", "As modality", words!(Modality)),
    one("of_sex", "As sex", words!(Sex)),
    some("of_age_bands", "As age_bands", words!(AgeBand)),
    one("of_phase", "As phase", words!(Phase)),
    some("by", "By what results are told apart, with commas between them", words!(Split)),
    text("baseline_value", "A value from before, to compare with; may be empty"),
    text("baseline_year", "Of which year it is"),
    text("baseline_source", "Where it comes from"),
    text(
        "maps",
        "Of a partner's: the common ones that it is, or is in, a line in the cell for each, as: rpp 1.1 part_of: what is lost",
    ),
];

/// The words that may stand before the colon of `maps`.
fn fits() -> Vec<&'static str> {
    Fit::ALL.iter().map(|one| one.code()).collect()
}

/// So many lines take a word from a list.
const LINES: u32 = 101;

/// Of which framework.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormQuery {
    /// The version with which it is filled; an empty form if left out.
    of: Option<Uuid>,
}

/// Read a framework as a form
///
/// A workbook to be filled and sent to `POST /v1/frameworks/form`: a sheet for the code and title, one with a line for each indicator, and one that
/// says which words may stand in its columns.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    params(FormQuery),
    responses(
        (status = 200, description = "The form", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-framework`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/frameworks/form")]
pub(crate) async fn read_framework_form(
    permit: Permit,
    query: web::Query<FormQuery>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let of = match query.of {
        Some(id) => {
            let found = store.read("read a framework", move |tx| kept::find(tx, id)).await?;
            let told = |one: &Framework| is_told(permit, one.organisation, one.in_force_since.is_some());
            Some(found.filter(told).ok_or_else(no_such)?)
        }
        None => None,
    };
    let bytes = form(of.as_ref()).map_err(|_| Problem::internal())?;
    let file =
        format!("attachment; filename=\"{}.xlsx\"", of.as_ref().map_or("framework", |of| of.code.as_str()));
    Ok(HttpResponse::Ok().content_type(XLSX).insert_header((CONTENT_DISPOSITION, file)).body(bytes))
}

/// A form to be filled; with what a framework says, where one is given.
///
/// # Errors
/// Where a text is longer than a cell holds.
pub(super) fn form(of: Option<&Framework>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    about(book.add_worksheet().set_name(ABOUT)?, of)?;
    indicators(book.add_worksheet().set_name(INDICATORS)?, of)?;
    words(book.add_worksheet().set_name(WORDS)?)?;
    book.save_to_buffer()
}

fn about(sheet: &mut Worksheet, of: Option<&Framework>) -> Result<(), XlsxError> {
    let (bold, plain) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    sheet.set_column_width(0, 12)?.set_column_width(1, 80)?;
    let of = of.map(|of| (of.code.as_str(), of.content.title.as_str())).unwrap_or_default();
    for (line, (name, text)) in (0..).zip([("code", of.0), ("title", of.1)]) {
        sheet.write_string_with_format(line, 0, name, &bold)?;
        sheet.write_string_with_format(line, 1, text, &plain)?;
    }
    Ok(())
}

/// A text is written as a text, so that no sheet makes a number of the code 1.10.
fn indicators(sheet: &mut Worksheet, of: Option<&Framework>) -> Result<(), XlsxError> {
    let (bold, plain) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    for (at, column) in (0..).zip(COLUMNS) {
        sheet.set_column_format(at, &plain)?;
        sheet.set_column_width(at, column.name.len().max(14) as f64)?;
        sheet.write_string_with_format(0, at, column.name, &bold)?;
        let words = (column.words)();
        if !words.is_empty() && !column.several {
            let list =
                DataValidation::new().allow_list_strings(&words)?.set_error_title("Not one of the list")?;
            sheet.add_data_validation(1, at, LINES, at, &list)?;
        }
    }
    let indicators = of.into_iter().flat_map(|of| &of.content.indicators);
    for (line, indicator) in (1..).zip(indicators) {
        for (name, text) in cells(indicator) {
            let at = COLUMNS.iter().position(|column| column.name == name).unwrap_or_default();
            sheet.write_string_with_format(line, at as u16, &text, &plain)?;
        }
    }
    sheet.set_freeze_panes(1, 2)?;
    Ok(())
}

fn words(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_column_width(0, 18)?.set_column_width(1, 70)?.set_column_width(2, 100)?;
    for (at, name) in (0..).zip(["column", "what stands in it", "words"]) {
        sheet.write_string_with_format(0, at, name, &bold)?;
    }
    for (line, column) in (1..).zip(COLUMNS) {
        let words = if column.name == "maps" { fits() } else { (column.words)() };
        for (at, text) in (0..).zip([column.name, column.says, &words.join(", ")]) {
            sheet.write_string(line, at, text)?;
        }
    }
    Ok(())
}

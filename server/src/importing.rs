//! Organisations begin with years of spreadsheets: a manager saves a sheet as CSV, tries it, reads line by line what would happen, puts it
//! right, and has it made.
//!
//! 1. [`table`] reads the file: its encoding, its columns by name, its lines within their bounds.
//! 2. [`check`] looks at every line before any is made: by itself, against the others, and against what is there. Each kind of sheet says how in
//!    one file ([`people`], [`groups`], [`participants`], [`sessions`]).
//! 3. If no line is refused, [`make`] makes them, a few in each transaction, so that others write in between. Each goes the way of what is
//!    begun at a desk; what is there stays as it is, so that a sheet can be sent again after a break-off.
//! 4. [`report`] says what became of each line.

mod table;
mod cells;
mod report;
mod row;
mod known;
mod areas;
mod people;
mod groups;
mod participants;
mod sessions;
mod check;
mod make;
mod template;
mod handler;

pub use report::LineOutcome;
pub use row::Sheet;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(handler::read_template).service(handler::import_sheet);
}

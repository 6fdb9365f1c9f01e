//! Sessions: listed newest first, and read whole.

mod asked;
mod came;
mod find;
pub mod list;
pub mod read;

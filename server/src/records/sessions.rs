//! Sessions: listed newest first, and read whole.

mod asked;
pub mod list;
pub mod read;

//! Sessions: listed newest first, read whole.

pub mod list;
pub mod read;

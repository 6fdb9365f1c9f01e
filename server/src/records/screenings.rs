//! Screenings: listed and read. Level S.

pub mod list;
pub mod read;

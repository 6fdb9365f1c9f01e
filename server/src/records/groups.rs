//! Groups: listed, and read whole.

pub mod list;
pub mod read;

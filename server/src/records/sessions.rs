//! Sessions: listed newest first, read whole, marked as doubles of one another.

mod asked;
pub mod list;
pub mod read;
pub mod double;
pub mod moving;
pub mod split;
pub mod state;

//! Groups: begun by a manager, listed, read.

pub mod create;
pub mod list;
pub mod read;
mod write;

pub(super) use write::edit;

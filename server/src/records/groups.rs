//! Groups: begun by a manager, listed, read, closed.

pub mod create;
pub mod list;
pub mod read;
pub mod close;
pub mod change;
mod write;

pub(super) use write::edit;

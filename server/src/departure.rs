//! An organisation that leaves the partnership.
//!
//! 1. [`export`] writes all that it recorded into a folder, in open formats that need no program of ours ([`folder`] makes its files,
//!    [`records`] and [`people`] their lines). It is as of one moment, and says in its [`manifest`](folder::Manifest) which.
//! 2. [`remove`] takes all that was exported out of the store, if nothing came since. What it refers to elsewhere stays as ids.

mod refusal;
mod folder;
mod standing;
mod records;
mod people;
mod plans;
mod export;
mod remove;

pub use export::{Exported, export};
pub use refusal::Refused;
pub use remove::{Leaving, forget_late_work};

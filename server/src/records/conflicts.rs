//! Conflicts: what two people set differently, listed over all records, and settled.

pub mod list;
pub mod resolve;

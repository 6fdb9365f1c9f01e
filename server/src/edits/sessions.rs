//! What people say of sessions: verified or returned, moved to another day, marked as doubles of one another.

pub mod double;
pub mod moving;
pub mod split;
pub mod state;

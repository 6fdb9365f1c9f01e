//! How a tablet becomes known: a manager hands a facilitator a code, the tablet makes a key of its own and shows
//! the code with it, once. From then on what the tablet signs counts as its holder's.

pub mod issue;
pub mod enrol;

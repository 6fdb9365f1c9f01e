//! Builders that read like a story, for journeys over real HTTP on both stores: a [`Database`], a [`TestApp`] on it, a
//! [`Village`] in which people lead a group and record on tablets, and a [`Network`] that fails when told.
//!
//! Faults are verbs on the network; what a test expects stands in the test.

pub mod app;
pub mod database;
pub mod network;
pub mod recount;
pub mod village;

pub use app::{Session, TestApp};
pub use database::Database;
pub use network::{Fault, Network};
pub use village::Village;

//! Builders that read like a story, for journeys over real HTTP on both stores: a [`Database`], a [`TestApp`] on it, a
//! [`Village`] in which people lead a group and record on tablets, a [`Network`] that fails when told, and a [`Stranger`],
//! a client that says whatever a test wants.
//!
//! A [`world`] is none of these but all of them at once, made up from a seed; in [`kills`] real processes are killed; [`bench`] measures
//! what the service costs.
//!
//! A [`Service`](process::Service) is the service as a process, of which the operating system tells time and memory.
//!
//! Faults are verbs on the network; what a test expects stands in the test.

pub mod app;
pub mod database;
pub mod network;
pub mod recount;
pub mod kept;
pub mod village;
pub mod stranger;
pub mod program;
pub mod process;
pub mod world;
pub mod kills;
pub mod bench;

pub use app::{Answer, Session, TestApp};
pub use database::Database;
pub use network::{Fault, Narrow, Network};
pub use stranger::Stranger;
pub use village::Village;

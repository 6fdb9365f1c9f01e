//! The service: many tablets in, one store, questions answered.
//!
//! A request comes in over [`http`], is given an id and a line in the log by [`telemetry`], and is read within its bounds
//! by [`intake`]. The room it is
//! meant for asks [`access`] who calls and whether they may, then runs one use case as one transaction of the
//! [`store`]. What went wrong becomes a [`problem`] that a person can act on. Time comes from the [`clock`],
//! so that a test can hold it still.
//!
//! The modules stand in reading order; each imports only from those above it.

// The docs are read beside the code, with private items.
#![allow(rustdoc::private_intra_doc_links)]

pub mod clock;
pub mod store;
pub mod request_id;
pub mod problem;
pub mod page;
pub mod telemetry;
pub mod intake;

pub mod access;
pub mod projection;
pub(crate) mod doubt;
pub mod facts;
pub mod ledger;
pub mod verify;
pub mod backup;
pub mod sync;
pub mod records;
pub mod custody;
pub mod quarantine;
pub mod aggregate;

pub mod http;

//! The service: tablets hand in changes, one store holds them, people ask questions of it.
//!
//! # The words
//!
//! - The **store** ([`store`]) is SQLite or PostgreSQL. A *use case* is one function in one transaction of it: `store.read("name", |tx| ..)`.
//! - The **ledger** ([`ledger`]) is the documents, and their changes in the order of their streams.
//! - The **projection** ([`projection`]) is the rows of each document, computed from it. A *difference* is what changed of them.
//! - **Facts** ([`facts`]) are additive counts of a group and month; *sums* are those of an organisation's groups.
//! - A **scope** ([`scope`]) is what a caller may see.
//! - A **problem** ([`problem`]) is an error that a person can act on (RFC 9457).
//!
//! # The journey of a push
//!
//! 1. [`http`] gives the request an id; [`intake`] takes its body within its bounds of size and time.
//! 2. [`sync`] *prepares* it in a transaction that reads: it checks the tablet's signature, opens each document once, lets
//!    [`sync_core::merge::plan`] decide about each change, and computes the rows.
//! 3. [`sync`] *commits* it: under the lock of each stream, the ledger checks that the documents are as they were read, numbers and
//!    writes the changes; the projection writes what differs of the rows; facts count again the months that this touches.
//! 4. [`sync`] *pulls*: it answers with an outcome for each change, and what the tablet has not read.
//!
//! # The journey of a change at a desk
//!
//! [`edits`] is what people begin, put right and settle there, [`leading`] who leads which group, and [`erasure`] forgets who asked for it. Each writes ordinary changes: [`desk`]
//! has [`sync_core::merge::plan`] decide about them as about those of a tablet, and the ledger keeps them for the next sync of each tablet.
//! [`importing`] begins what stands in spreadsheets, the same way.
//!
//! # The journey of a question
//!
//! [`access`] says who calls, [`scope`] what they may do and see, and [`register`] who there is. [`records`] lists and shows single
//! records; [`totals`] sums facts; [`questions`] are asked by name, each answered by a table that proves its sums; [`published`] protects what others read of them; [`audit`] notes who did what, and [`oversight`] shows it;
//! [`coverage`] tells all members of the partnership who works where; [`frameworks`] what they mean to reach, and [`money`] with what; [`inbox`] tells an organisation whom others refer to it;
//! [`quarantine`] is for the keepers of a group; [`custody`] says who holds what. [`backup`] and [`verify`]
//! are the operator's; so is [`departure`], when an organisation leaves. [`retention`] erases what is over.
//!
//! ```no_run
//! use server::ledger::{Rebuilt, rebuild};
//! use server::store::{Store, StoreError};
//!
//! // `ihuriro rebuild`: computes all rows again from the documents. In a sound store there is nothing to mend.
//! async fn is_sound(address: &str) -> Result<bool, StoreError> {
//!     let store = Store::open(address)?;
//!     let Rebuilt { mended, facts, .. } = rebuild(&store).await?;
//!     Ok(mended == 0 && facts == 0)
//! }
//! ```
//!
//! The modules stand in reading order; each imports only from those above it. Time comes from the [`clock`], so that a test can hold it still.

// The docs are read beside the code, with private items.
#![allow(rustdoc::private_intra_doc_links)]

pub mod clock;
pub mod store;
pub mod request_id;
pub mod problem;
pub mod page;
pub(crate) mod html;
pub mod telemetry;
pub mod intake;

pub mod projection;
pub(crate) mod doubt;
pub mod facts;
pub mod ledger;
pub mod audit;
pub mod verify;
pub mod backup;

pub mod access;
pub mod scope;
pub mod oversight;
pub mod register;
pub mod coverage;
pub mod sync;
pub(crate) mod desk;
pub mod sharing;
pub mod records;
pub mod frameworks;
pub mod money;
pub mod leading;
pub mod edits;
pub mod importing;
pub mod inbox;
pub mod erasure;
pub mod custody;
pub mod quarantine;
pub mod departure;
pub mod retention;
pub mod published;
pub mod totals;
pub mod questions;

pub mod http;

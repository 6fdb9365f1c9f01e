//! The records of healing spaces and dialogue circles: what they are, how they merge, and how they travel.
//!
//! # The words
//!
//! - A **document** ([`document`]) is one record (a session, say) as an Automerge document. All documents of a kind begin with the same
//!   *genesis* change, so that two tablets that create one record offline can merge it.
//! - A **change** ([`change`]) is one Automerge change of a document, named by its hash. Its *actor* is a device in one *incarnation*: one life
//!   of the device between two restores or copies. To **re-key** a change is to write it again under another incarnation, because its
//!   number was taken.
//! - A **form** ([`form`]) says how one field merges; a **conflict** ([`conflict`]) is a field that several people set differently at the same time.
//! - A **stream** is the unit of access and of order: the documents of one group. A **cursor** ([`cursor`]) says how far into a stream a tablet has read.
//! - A **batch** ([`batch`]) is a list of changes that one tablet signed; a **bundle** ([`bundle`]) is a file of batches that a colleague carries.
//! - **Quarantine** ([`quarantine`]) is where a change waits, whole, that can't be merged now; a *keeper* of the group may vouch for it.
//!   **Authority** ([`authority`]) is what the person who vouches for a change may write.
//! - A **tombstone** is what is left of a record that was erased because the person asked for it: the same bytes everywhere.
//! - A **double** ([`double`]) is the second record of one meeting, of which one counts.
//!
//! # The journey of an edit
//!
//! 1. A facilitator edits a [`record`]. Each [`value`] is checked, and the edit becomes one change of a document.
//! 2. The [`tablet`], a state machine, keeps the change in its outbox, signs it in a batch, and sends it over the [`wire`]. Where the tablet or
//!    the store lost its place, both come to an [`agreement`] about what the other lacks.
//! 3. At the store, [`merge::plan`] decides about each change: accepted, a duplicate, or quarantined with a reason.
//! 4. People settle conflicts; they ask after a [`day`] that can hardly be right, mark doubles, [move](moving) a meeting to its right day, and say
//!    which codes are one [`person`]. The [`history`] of a record says who set what, and [`reading`] says any record in words.
//!
//! ```
//! use sync_core::change::Actor;
//! use sync_core::conflict::conflicts;
//! use sync_core::document::Document;
//! use sync_core::id::{DeviceId, GroupId, Id};
//! use sync_core::record::{Kind, Session};
//! use sync_core::time::Millis;
//! use uuid::Uuid;
//!
//! let group = GroupId::from_uuid(Uuid::from_u128(7));
//! // Two facilitators record one meeting, each on their own tablet, without a network.
//! let record = |device: u128, minutes: i64| {
//!     let actor = Actor { device: DeviceId::from_uuid(Uuid::from_u128(device)), incarnation: 0 };
//!     let mut document = Document::genesis(Kind::Session);
//!     let change = document.edit::<Session>(actor, Millis(0), |session| {
//!         session.group().set(group)?;
//!         session.date().set("2026-03-05".parse().expect("a day"))?;
//!         session.part().set("morning".parse().expect("a part of the day"))?;
//!         session.minutes().set(minutes.try_into().expect("not too long"))
//!     });
//!     (document, change.expect("a sound edit").expect("something new"))
//! };
//! let (mut hers, _) = record(1, 90);
//! let (_, his) = record(2, 75);
//!
//! // Her tablet merges his change: it is one meeting, and what they disagree about is shown.
//! hers.apply([&his]).expect("it builds on the genesis, as hers does");
//! let session: Session = hers.read().expect("a session");
//! assert_eq!(session.date.to_string(), "2026-03-05");
//! assert_eq!(conflicts(&hers).len(), 1);
//! assert_eq!(conflicts(&hers)[0].field, "minutes");
//! ```
//!
//! # What is deliberately absent
//!
//! Nothing here reads a clock, a file, a socket or the machine's randomness: time and randomness are arguments, bytes to keep and bytes to
//! send are results. A change that passes one of the [`limits`] is quarantined or refused; it is never dropped.
//!
//! The modules stand in reading order; each imports only from those above it.

pub mod limits;

pub mod fold;
pub mod time;
pub mod id;

pub mod area;
pub mod value;
pub mod form;
pub mod record;
pub mod help;
pub mod identifying;

pub mod boundary;
pub mod change;
pub mod document;
pub mod conflict;
pub mod day;
pub mod double;
pub mod history;
pub mod moving;
pub mod erasing;
pub mod person;
pub mod reading;

pub mod cbor;
pub mod batch;
pub mod cursor;
pub mod quarantine;
pub mod neighbour;
pub mod wire;

pub mod agreement;
pub mod bundle;
pub mod authority;
pub mod merge;
pub mod tablet;

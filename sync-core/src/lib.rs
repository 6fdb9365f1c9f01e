//! The records of healing spaces and dialogue circles: what they are, how they merge, and how they travel.
//!
//! The journey of an edit, in the order of the modules. A facilitator edits a [`record`] (a [`record::Session`], say);
//! its fields have a [`form`] that says how they merge, and [`value`]s that are checked. The edit becomes one [`change`]
//! of a [`document`]. Changes of one tablet are signed together as a [`batch`] and travel over the [`wire`], with
//! [`cursor`]s that say how far the tablet has read; where that is lost, both sides come to an [`agreement`]. Where there
//! is no network, a colleague carries a [`bundle`]. Where changes arrive, [`merge::plan`] decides what becomes of each, by the [`authority`] of
//! whoever vouches for it: an outcome, which may be to wait in [`quarantine`]. Fields that two people set differently are [`conflict`]s, for people to
//! see and settle; a [`day`] that can hardly be right is asked after; of two records of one meeting one is marked as the other's [`double`], one under a wrong day is
//! [`moving`] to the right one, and of two records of one [`person`] one counts; the [`history`] of a record
//! tells who set what, and [`reading`] says any record in words. The [`tablet`] is a state machine of all this.
//!
//! What passes one of the [`limits`] waits or is refused, and is lost nowhere. Nothing here reads a clock, a file, a socket or the machine's randomness: time and randomness are arguments, bytes to
//! keep and bytes to send are results.

pub mod limits;

pub mod fold;
pub mod id;
pub mod time;

pub mod area;
pub mod form;
pub mod record;
pub mod value;

pub mod boundary;
pub mod change;
pub mod conflict;
pub mod document;
pub mod day;
pub mod double;
pub mod history;
pub mod moving;
pub mod person;
pub mod reading;

pub mod cbor;
pub mod batch;
pub mod cursor;
pub mod quarantine;
pub mod wire;

pub mod agreement;
pub mod bundle;
pub mod authority;
pub mod merge;
pub mod tablet;

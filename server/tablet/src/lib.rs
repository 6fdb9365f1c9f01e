//! A real tablet on the command line: what a facilitator carries, around sync-core's state machine.
//!
//! The journey of an edit, in the order of the modules. The [`clock`] says when. What is known stands sealed in a
//! [`folder`] that shows nothing but sizes to whoever takes it; [`people`] who share a tablet have one each. The [`link`] carries one request up and one answer
//! down. A [`device`] ties them together: it persists before it shows, and before it sends. [`recording`] says what
//! facilitators do (a participant joins, a meeting is recorded) in their own terms, and the [`cli`] is how they say it.
//!
//! All of it works offline but enrolling and syncing.

pub mod clock;
pub mod folder;
pub mod people;
pub mod link;
pub mod packing;

pub mod device;
pub mod recording;

pub mod cli;

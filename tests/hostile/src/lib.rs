//! Bytes as no tablet of ours writes them.
//!
//! A [`chunk`] is a change taken apart, so that any number in it can be another; [`forge`] makes changes with it that a
//! hostile program would send, and [`bombs`] those that cost much; [`judge`] holds whatever bytes to what must hold of
//! them, a [`sequence`] of changes among them, within a [`budget`]. It knows nothing of the service: fuzzing builds this crate alone.

pub mod leb;
pub mod chunk;
pub mod forge;
pub mod bombs;
pub mod sequence;
pub mod budget;
pub mod judge;

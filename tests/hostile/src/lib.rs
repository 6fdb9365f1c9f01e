//! Bytes as no tablet of ours writes them.
//!
//! A [`chunk`] is a change taken apart, so that any number in it can be another; [`forge`] makes changes with it that a
//! hostile program would send. It knows nothing of the service: fuzzing builds this crate alone.

pub mod leb;
pub mod chunk;
pub mod forge;

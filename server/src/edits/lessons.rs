//! Lessons at a desk: written, proposed, published by a second person, retired; and adopted where others learned them.

pub mod adopt;
pub mod publish;
pub mod write;

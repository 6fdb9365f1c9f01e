//! What people say of participants: corrected, told apart, or one and the same.

pub mod correct;
pub mod same;
pub mod split;
pub mod confirm;

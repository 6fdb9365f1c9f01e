//! Referrals: listed, by what is still to be done for them, and read. Level S.

mod asked;
pub mod list;
pub mod read;

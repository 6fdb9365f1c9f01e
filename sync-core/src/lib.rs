pub mod area;
pub mod id;
pub mod time;

//! A whole tablet against a store in memory: its journeys over a link that fails, and what its commands say.

mod support;

mod care;
mod commands;
mod journeys;
mod putting_right;
mod unopened;

//! Every journey, in one program: what they share is compiled and linked once, and they share the cores. One of them runs by its name,
//! `cargo test --workspace --test journeys guide::`. What is weighed in a process of its own stands in `weighed.rs`.

// A circle meets, and its record travels.
mod meeting;
mod faults;
mod links;
mod agreement;
mod bundles;
mod node;
mod clocks;
mod versions;
mod twice;
mod simulation;

// People put right what was recorded, and decide.
mod asking;
mod conflicts;
mod doubles;
mod quarantine;
mod righting;
mod care;

// Who may see what, and who did.
mod signin;
mod provider;
mod reaching;
mod operator;
mod scope;
mod policy;
mod wall;
mod audit;
mod rights;
mod erasure;
mod retention;
mod departure;
mod in_clear;

// The partnership at work.
mod importing;
mod services;
mod coverage;
mod lessons;
mod streams;
mod totals;
mod questions;
mod published;
mod attacker;

// The store lives long, and fails.
mod store;
mod sharding;
mod compaction;
mod verify;
mod backup;
mod outage;
mod kills;

// Whoever means harm.
mod bad_input;
mod intake;
mod hostile;

// The house, and what is written of it.
mod rooms;
mod dependencies;
mod security;
mod openapi;
mod guide;

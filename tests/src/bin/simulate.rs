//! Lives as many worlds as asked, each made up from its seed, and says what they came by.
//!
//! `cargo run --release -p tests --bin simulate -- --seeds 10000`
//!
//! PostgreSQL is the one that `IHURIRO_TEST_POSTGRES` names.

use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use server::telemetry::{LevelFilter, start_log};
use tests::world::{Coverage, Simulation};

const USAGE: &str =
    "simulate [--seeds N] [--from N] [--steps N] [--threads N] [--store sqlite|postgres] [--trace]";

/// After so many worlds it says how far it is.
const TOLD_AFTER: u64 = 500;

struct Asked {
    seeds: u64,
    from: u64,
    steps: usize,
    threads: usize,
    postgres: bool,
    trace: bool,
}

fn asked(mut words: impl Iterator<Item = String>) -> Option<Asked> {
    let mut asked = Asked {
        seeds: 100,
        from: 0,
        steps: Simulation::STEPS,
        threads: thread::available_parallelism().map_or(1, usize::from),
        postgres: false,
        trace: false,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seeds" => asked.seeds = words.next()?.parse().ok()?,
            "--from" => asked.from = words.next()?.parse().ok()?,
            "--steps" => asked.steps = words.next()?.parse().ok()?,
            "--threads" => asked.threads = words.next()?.parse().ok()?,
            "--trace" => asked.trace = true,
            "--store" => match words.next()?.as_str() {
                "sqlite" => asked.postgres = false,
                "postgres" => asked.postgres = true,
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(asked)
}

fn main() -> ExitCode {
    let Some(Asked { seeds, from, steps, threads, postgres, trace }) = asked(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if trace {
        // What the service says of an error that it answers with 5xx.
        start_log(LevelFilter::ERROR);
    }
    let simulation = if postgres { Simulation::on_postgres(steps) } else { Simulation::on_sqlite(steps) };
    let simulation = simulation.traced(trace);
    // One after the other where every step is told.
    let threads = if trace { 1 } else { threads.max(1) };
    let started = Instant::now();
    let end = from.saturating_add(seeds);
    let mut coverage = Coverage::default();
    let mut next = from;
    while next < end {
        let some = next..end.min(next.saturating_add(TOLD_AFTER));
        next = some.end;
        match simulation.live_all(some, threads) {
            Ok(lived) => coverage.merge(lived),
            Err(violation) => {
                let (seed, store) = (violation.seed, if postgres { "postgres" } else { "sqlite" });
                println!("{violation}");
                println!(
                    "Live it again: simulate --from {seed} --seeds 1 --steps {steps} --store {store} --trace"
                );
                return ExitCode::FAILURE;
            }
        }
        if next < end {
            eprintln!("{} of {seeds} worlds, {} s", next - from, started.elapsed().as_secs());
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{seeds} worlds of {steps} steps in {seconds:.1} s ({:.1} in a second), no promise broken",
        seeds as f64 / seconds
    );
    print!("{coverage}");
    ExitCode::SUCCESS
}

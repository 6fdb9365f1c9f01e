//! Worlds made up from seeds, each lived to its end: a share of what `simulate` runs, on both stores.

use std::thread;

use tests::world::{Coverage, Simulation};

fn live(simulation: &Simulation, seeds: u64) -> Coverage {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    simulation.live_all(0..seeds, threads).unwrap_or_else(|violation| panic!("{violation}"))
}

#[test]
fn no_world_breaks_a_promise_on_sqlite() {
    let coverage = live(&Simulation::on_sqlite(Simulation::STEPS), 56);
    // Worlds in which nothing happens prove nothing.
    for met in [
        "clash settled at a desk",
        "change rejected",
        "changes brought back after a restore",
        "changes given up",
        "changes received from a colleague",
        "fault: answer lost",
        "fault: request late",
        "fault: request twice",
        "fault: service killed",
        "fault: tablet killed",
        "pages with more to come",
        "many changes decided at once",
        "neighbours heard of",
        "no longer void: at a desk",
        "parcels handed in",
        "person taken off with much to hand in",
        "put right, and told in a history",
        "released: accepted",
        "sessions recorded again for a late name",
        "sessions recorded in since they were set aside",
        "sessions that changed since they were verified",
        "quarantined: invalid",
        "quarantined: not-assigned",
        "quarantined: re-keyed",
        "tablet brought back from a copy",
        "tablets that began a new life",
        "the same no longer: at a desk",
        "transactions broken off",
    ] {
        assert!(coverage.of(met) > 0, "{met} did not happen\n{coverage}");
    }
    let never = coverage.never();
    assert!(never.is_empty(), "{never:?} did not happen\n{coverage}");
}

#[test]
fn no_world_breaks_a_promise_on_postgres() {
    live(&Simulation::on_postgres(Simulation::STEPS), 4);
}

#[test]
fn a_seed_tells_the_same_story_every_time() {
    let simulation = Simulation::on_sqlite(Simulation::STEPS);
    let once = simulation.live(7).expect("no promise is broken");
    assert_eq!(once, simulation.live(7).expect("no promise is broken"));
    assert_ne!(once, simulation.live(8).expect("no promise is broken"));
}

//! Real kills of real processes: a share of what `kills` runs, on both stores.

use std::path::Path;

use tests::Database;
use tests::kills::{Kills, live};
use tests::program::ihuriro;

#[test]
fn whatever_is_killed_while_it_writes_nothing_is_lost() {
    let service = ihuriro().expect("the service's program");
    let this = Path::new(env!("CARGO_BIN_EXE_kills"));
    let kills = Kills { of_the_service: 5, of_tablets: 5, seed: 1 };
    Database::each(|database| {
        let lived = live(kills, database, &service, this).unwrap_or_else(|why| panic!("{kills:?}: {why}"));
        println!("{lived}");
        assert_eq!((lived.of("kills of the service"), lived.of("kills of tablets")), (5, 5));
        // Kills between syncs prove nothing.
        assert!(lived.of("syncs that broke off") > 0, "{lived}");
    });
}

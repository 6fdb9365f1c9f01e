//! Kills the service and tablets while they write, as often as asked, and says whether anything was lost.
//!
//! `cargo run --release -p tests --bin kills -- --server 200 --tablets 200`
//!
//! PostgreSQL is the one that `IHURIRO_TEST_POSTGRES` names, or a throwaway one.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use tests::Database;
use tests::database::OwnPostgres;
use tests::kills::{Kills, live, work};
use tests::program::ihuriro;

const USAGE: &str = "kills [--server N] [--tablets N] [--store sqlite|postgres|both] [--seed N]";

struct Asked {
    kills: Kills,
    sqlite: bool,
    postgres: bool,
}

fn asked(mut words: impl Iterator<Item = String>) -> Option<Asked> {
    let kills = Kills { of_the_service: 200, of_tablets: 200, seed: 0 };
    let mut asked = Asked { kills, sqlite: true, postgres: true };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--server" => asked.kills.of_the_service = words.next()?.parse().ok()?,
            "--tablets" => asked.kills.of_tablets = words.next()?.parse().ok()?,
            "--seed" => asked.kills.seed = words.next()?.parse().ok()?,
            "--store" => {
                (asked.sqlite, asked.postgres) = match words.next()?.as_str() {
                    "sqlite" => (true, false),
                    "postgres" => (false, true),
                    "both" => (true, true),
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    Some(asked)
}

fn run(Asked { kills, sqlite, postgres }: &Asked) -> Result<(), String> {
    let service = ihuriro()?;
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let on = |name: &str, database: &Database| {
        let lived = live(*kills, database, &service, &this).map_err(|why| format!("on {name}: {why}"))?;
        println!("On {name}, seed {}: nothing is lost.", kills.seed);
        print!("{lived}");
        Ok::<_, String>(())
    };
    if *sqlite {
        on("SQLite", &Database::sqlite())?;
    }
    if *postgres {
        if env::var_os("IHURIRO_TEST_POSTGRES").is_some() {
            on("PostgreSQL", &Database::postgres())?;
        } else {
            let own = OwnPostgres::new();
            on("PostgreSQL", &own.database())?;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let ended = if let [tablet, folder, seed] = words.as_slice()
        && tablet == "tablet"
        && let Ok(seed) = seed.parse()
    {
        work(Path::new(folder), seed)
    } else if let Some(asked) = asked(words.into_iter()) {
        run(&asked)
    } else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("kills: {why}");
            ExitCode::FAILURE
        }
    }
}

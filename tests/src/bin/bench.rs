//! Measures what the service costs, and says it as a table, and as JSON where a file is named.
//!
//! `cargo run --release -p tests --bin bench`
//!
//! The service is built with the profile `dist`, as for a server. PostgreSQL is the one that `IHURIRO_TEST_POSTGRES` names, or a
//! throwaway one.

use std::path::PathBuf;
use std::process::ExitCode;

use tests::bench::{Figures, Size, measure, measure_beside};
use tests::program::ihuriro_of;

const USAGE: &str =
    "bench [--quick] [--store sqlite|postgres|both] [--docs SESSIONS] [--facts SESSIONS] [--json FILE]";

struct Asked {
    size: Size,
    stores: Vec<bool>,
    json: Option<PathBuf>,
}

fn asked(mut words: impl Iterator<Item = String>) -> Option<Asked> {
    let mut asked = Asked { size: Size::WHOLE, stores: vec![false, true], json: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => {
                asked.size = Size { grown: asked.size.grown, facts: asked.size.facts, ..Size::QUICK }
            }
            "--docs" => asked.size.grown = Some(words.next()?.parse().ok()?),
            "--facts" => asked.size.facts = Some(words.next()?.parse().ok()?),
            "--json" => asked.json = Some(words.next()?.into()),
            "--store" => {
                asked.stores = match words.next()?.as_str() {
                    "sqlite" => vec![false],
                    "postgres" => vec![true],
                    "both" => vec![false, true],
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    Some(asked)
}

fn run(asked: &Asked) -> Result<(), String> {
    let service = ihuriro_of("dist")?;
    let mut figures = Figures::default();
    if asked.size.grown.is_none() && asked.size.facts.is_none() {
        measure_beside(asked.size, &mut figures)?;
    }
    for postgres in &asked.stores {
        measure(*postgres, asked.size, &service, &mut figures)?;
    }
    print!("{figures}");
    if let Some(file) = &asked.json {
        std::fs::write(file, format!("{:#}\n", figures.to_json()))
            .map_err(|error| format!("{} can't be written: {error}", file.display()))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(asked) = asked(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

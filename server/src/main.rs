//! `ihuriro`: the service and everything around it, in one program.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ihuriro: {error}");
            ExitCode::FAILURE
        }
    }
}

//! `ihuriro`: the service and everything around it, in one program.

mod cli;

use std::process::ExitCode;

/// Gives memory back to the system once it is free. The system's own keeps what a password took to check, 19 MiB each, for
/// each thread that ever did.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if cli::is_unread(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ihuriro: {error}");
            ExitCode::FAILURE
        }
    }
}

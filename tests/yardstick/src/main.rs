//! samod, the Rust port of automerge-repo, as a service and as that service's clients: measured beside ours, on the same documents.
//!
//! `server` is the service; whoever starts it reads its CPU time and its memory from /proc. Each other command is one client: it
//! connects, syncs, prints what that took as a line of JSON, and ends.
//!
//! * `seconds`: from dialling the server until the last document is in sync. Reading files and stored documents comes before.
//! * `bytes_up`, `bytes_down`: what the client sends and receives over TCP, with the websocket's handshake and frames, until
//!   nothing more passes.

mod client;
mod server;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use samod::storage::TokioFilesystemStorage;
use samod::{Repo, ShareConfig};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures the sync engine samod.
#[derive(Debug, Parser)]
enum Command {
    /// Serves documents over websockets at 127.0.0.1, until it is killed.
    Server {
        /// Where the port is written, once it is listened on.
        #[arg(long)]
        port_file: PathBuf,
        /// The folder of the documents; without it, they stay in memory.
        #[arg(long)]
        storage: Option<PathBuf>,
    },
    #[command(flatten)]
    Client(client::Command),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Server { port_file, storage } => server::run(&port_file, storage),
        Command::Client(command) => client::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yardstick: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A repository in a folder, or in memory.
async fn open(storage: Option<PathBuf>, share: ShareConfig) -> Repo {
    let repo = Repo::build_tokio().with_share_policy(share);
    match storage {
        Some(folder) => repo.with_storage(TokioFilesystemStorage::new(folder)).load().await,
        None => repo.load().await,
    }
}

//! The service: a repository that answers whoever connects, as automerge-repo's sync server does.
//!
//! What it costs is the CPU time and the peak memory of its process. It acknowledges a change once that is in memory: files are
//! written after, and not flushed to the disk.

use std::path::{Path, PathBuf};

use samod::{ShareConfig, Url};
use tokio::fs;
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;

use crate::wire::transport;
use crate::{Result, open};

#[tokio::main]
pub(crate) async fn run(port_file: &Path, storage: Option<PathBuf>) -> Result<()> {
    // A client is told of documents that it asks for, not of all that others handed in.
    let repo = open(storage, ShareConfig::read_write().with_announce(false)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let acceptor = repo.make_acceptor(Url::parse(&format!("ws://{address}"))?)?;
    // Renamed into place: who waits for the file never reads half a port.
    let unfinished = port_file.with_extension("unfinished");
    fs::write(&unfinished, address.port().to_string()).await?;
    fs::rename(&unfinished, port_file).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        match accept_async(stream).await {
            Ok(socket) => drop(acceptor.accept(transport(socket))?),
            Err(error) => eprintln!("yardstick: no websocket: {error}"),
        }
    }
}

//! The clients: what each of them syncs, and what that takes.
//!
//! A document is in sync when the server says that it has what the client has (`upload`, `quiet`), or when the client has what the
//! server has (`download`). A client syncs all its documents at once, as samod does by itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::Automerge;
use clap::Subcommand;
use futures::StreamExt;
use futures::future::{join_all, try_join_all};
use samod::{BackoffConfig, ConnectionId, DialerEvent, DocHandle, DocumentId, Repo, ShareConfig, Url};
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio::{fs, select};

use crate::wire::Meter;
use crate::{Result, open};

/// samod waits for good if an answer never comes.
const LIMIT: Duration = Duration::from_secs(1800);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hands in documents that the server has never seen.
    Upload {
        #[arg(long)]
        url: Url,
        /// Saved Automerge documents, each after its length (u32, little-endian).
        #[arg(long)]
        docs: PathBuf,
        /// Where the documents' ids are written, one a line.
        #[arg(long)]
        ids: PathBuf,
    },
    /// Fetches documents of which it has nothing.
    Download {
        #[arg(long)]
        url: Url,
        #[arg(long)]
        ids: PathBuf,
        /// Keeps them, for `quiet`.
        #[arg(long)]
        storage: Option<PathBuf>,
    },
    /// Syncs documents that it has already: nothing is new on either side.
    Quiet {
        #[arg(long)]
        url: Url,
        #[arg(long)]
        ids: PathBuf,
        /// Where `download` kept them.
        #[arg(long)]
        storage: PathBuf,
    },
}

// On one thread: `Repo::dial` of samod 0.16 asks for a connection before it has kept what makes one, and on another thread the
// question may come first. It then counts as a failure to connect.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(command: Command) -> Result<()> {
    let cost = match command {
        Command::Upload { url, docs, ids } => upload(url, &docs, &ids).await?,
        Command::Download { url, ids, storage } => download(url, &ids, storage).await?,
        Command::Quiet { url, ids, storage } => quiet(url, &ids, storage).await?,
    };
    println!("{cost}");
    Ok(())
}

async fn upload(url: Url, docs: &Path, ids: &Path) -> Result<Value> {
    let repo = client(None).await;
    let saved = fs::read(docs).await?;
    let mut handles = Vec::new();
    for document in split(&saved)? {
        handles.push(repo.create(Automerge::load(document)?).await?);
    }
    let lines: String = handles.iter().map(|handle| format!("{}\n", handle.document_id())).collect();
    fs::write(ids, lines).await?;
    measured(&repo, url, async |server| acknowledged(&handles, server).await).await
}

async fn download(url: Url, ids: &Path, storage: Option<PathBuf>) -> Result<Value> {
    let repo = client(storage).await;
    let ids = read_ids(ids).await?;
    measured(&repo, url, async |_| find(&repo, &ids).await.map(drop)).await
}

async fn quiet(url: Url, ids: &Path, storage: PathBuf) -> Result<Value> {
    let repo = client(Some(storage)).await;
    let handles = find(&repo, &read_ids(ids).await?).await?;
    measured(&repo, url, async |server| acknowledged(&handles, server).await).await
}

async fn client(storage: Option<PathBuf>) -> Repo {
    open(storage, ShareConfig::read_write()).await
}

/// What it takes to dial the server and sync as `sync` does. When this returns, all of it is stored.
async fn measured(
    repo: &Repo,
    url: Url,
    sync: impl AsyncFnOnce(ConnectionId) -> Result<()>,
) -> Result<Value> {
    let meter = Arc::new(Meter::new(url));
    let begun = Instant::now();
    let dialled = repo.dial(BackoffConfig { max_retries: Some(0), ..Default::default() }, meter.clone())?;
    dialled.established().await?;
    let server = dialled.connection_id().ok_or("the connection is gone")?;
    let mut events = dialled.events();
    select! {
        done = sync(server) => done?,
        Some(DialerEvent::Disconnected { reason }) = events.next() => return Err(reason.into()),
        () = sleep(LIMIT) => return Err("not in sync within half an hour".into()),
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (bytes_up, bytes_down) = meter.settled().await;
    repo.stop().await;
    Ok(json!({ "seconds": seconds, "bytes_up": bytes_up, "bytes_down": bytes_down }))
}

/// Waits until the server has what we have of each document.
async fn acknowledged(handles: &[DocHandle], server: ConnectionId) -> Result<()> {
    join_all(handles.iter().map(|handle| handle.they_have_our_changes(server))).await;
    Ok(())
}

/// The documents, from storage or from the server.
async fn find(repo: &Repo, ids: &[DocumentId]) -> Result<Vec<DocHandle>> {
    let found = try_join_all(ids.iter().map(|id| repo.find(id.clone()))).await?;
    let here: Vec<DocHandle> = found.into_iter().flatten().collect();
    if here.len() < ids.len() {
        return Err(format!("only {} of {} documents are found", here.len(), ids.len()).into());
    }
    Ok(here)
}

async fn read_ids(file: &Path) -> Result<Vec<DocumentId>> {
    let lines = fs::read_to_string(file).await?;
    lines.lines().map(|line| Ok(line.parse()?)).collect()
}

/// Documents, each after its length.
fn split(mut saved: &[u8]) -> Result<Vec<&[u8]>> {
    let mut documents = Vec::new();
    while !saved.is_empty() {
        let (length, rest) = saved.split_first_chunk().ok_or("half a length")?;
        let (document, rest) =
            rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("half a document")?;
        documents.push(document);
        saved = rest;
    }
    Ok(documents)
}

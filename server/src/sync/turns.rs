//! How many syncs are worked on at once. Each holds the records that it is about in memory, so the others wait with their bodies alone.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Turns to be taken; clones share them.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    /// Two for each core: while one waits for the disk, the other is worked on.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new(2 * cores)))
    }
}

impl Turns {
    /// Waits for a turn, in the order in which they were asked for; it ends when what is given is dropped.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

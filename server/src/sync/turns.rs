//! How many syncs are worked on at once. A sync that is worked on holds its records in memory; one that waits holds its
//! body alone.

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
    /// Waits for a turn, in the order of the calls. The turn ends when the permit is dropped.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

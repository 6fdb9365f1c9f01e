//! What a store knows of the version of its tables while a service runs on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::StoreError;

/// Shared by all clones of a store.
#[derive(Clone, Default)]
pub(super) struct Version {
    /// This program brought the tables up to date: from then on it looks before it writes.
    watched: Arc<AtomicBool>,
    /// The version of newer tables, once they were seen.
    newer: Arc<OnceLock<(String, String)>>,
}

impl Version {
    pub(super) fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Remembers that the tables are newer, if that is what an error says.
    pub(super) fn note(&self, error: &StoreError) {
        if let StoreError::Newer { tables, known } = error
            && self.newer.set((tables.clone(), known.clone())).is_ok()
        {
            tracing::error!(
                tables,
                known,
                "a newer version of the program works with this database: stop this one"
            );
        }
    }

    /// # Errors
    /// [`StoreError::Newer`] once the tables were seen to be newer.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let newer = |(tables, known): &(String, String)| StoreError::Newer {
            tables: tables.clone(),
            known: known.clone(),
        };
        self.newer.get().map_or(Ok(()), |seen| Err(newer(seen)))
    }
}

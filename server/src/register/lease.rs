//! For how long a tablet shows what it holds, from when it last reached the service.

use sync_core::time::Millis;

/// Reading is lent for so many days. A tablet that nobody syncs, as one that was stolen, shows nothing after that; recording goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub days: u32,
}

impl Default for Lease {
    /// A month: facilitators in places without any network sync when they come to town for their pay.
    fn default() -> Self {
        Self { days: 30 }
    }
}

impl Lease {
    /// When reading ends on a tablet that was last seen then.
    pub fn until(self, seen: Millis) -> Millis {
        seen.plus_days(i64::from(self.days))
    }
}

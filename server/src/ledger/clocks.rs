//! How far tablets' clocks are off. Nothing rests on them: this is for people who read what was written when.

use crate::store::At;

/// By how many seconds a tablet's clock was behind the service's when it signed what it handed in, less than none where it
/// was ahead: `batch` has the tablet's clock and the service's. An estimate, as a request takes its time; none where the two
/// can't be compared: what was written at the web interface came in no batch.
pub fn clock_off(batch: Option<(At, At)>) -> Option<i64> {
    batch.map(|(At(claimed), At(received))| received.0.saturating_sub(claimed.0) / 1000)
}

//! How far tablets' clocks are off. Nothing rests on them: this is for people who read what was written when.

use sync_core::id::DeviceId;

use crate::store::{At, Db};

/// When a batch was handed in: the clock of the tablet that signed it, the service's, and the tablet that carried it where
/// that is another one.
pub type HandedIn = (At, At, Option<Db<DeviceId>>);

/// By how many seconds a tablet's clock was behind the service's when it signed what it handed in, less than none where it
/// was ahead. An estimate, as a request takes its time; none where the two can't be compared: what was written at the web
/// interface came in no batch, and what a colleague carried was signed nobody knows how long before.
pub fn clock_off(batch: Option<HandedIn>) -> Option<i64> {
    match batch? {
        (At(claimed), At(received), None) => Some(received.0.saturating_sub(claimed.0) / 1000),
        _ => None,
    }
}

//! A tablet that locked after too many wrong passphrases is opened again with a code that a manager hands out. The tablet gets the key of its
//! folder back, which it handed over sealed; the manager never sees it.

pub mod issue;
pub mod unlock;

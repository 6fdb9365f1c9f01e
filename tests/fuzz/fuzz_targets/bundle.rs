#![no_main]

use hostile_bytes::judge;

// A panic that is contained is no finding; libFuzzer would take every one for a crash.
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| judge::hold(judge::bundle, bytes));

//! The files of `api-spec/`: compared with what the code makes, or rewritten where a person blesses that.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../api-spec").join(name)
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("api-spec/{name}: {error}"))
}

pub(crate) fn read_json(name: &str) -> Value {
    serde_json::from_str(&read(name)).unwrap_or_else(|error| panic!("api-spec/{name}: {error}"))
}

fn blessed() -> bool {
    std::env::var_os("IHURIRO_BLESS").is_some_and(|value| value == "1")
}

const STALE: &str = "is not what the code makes now; if that is meant, run \
    `IHURIRO_BLESS=1 cargo test -p sync-core --test vectors` and look at the difference";

/// Holds a vector file to `made`. JSON is compared by meaning, so its layout is free.
pub(crate) fn hold_json(name: &str, made: &Value) {
    if blessed() {
        let text = serde_json::to_string_pretty(made).expect("JSON") + "\n";
        fs::write(path(name), text).expect("api-spec can be written");
    }
    assert!(read_json(name) == *made, "api-spec/{name} {STALE}");
}

/// Holds the part of a page between `<!-- made: title -->` and `<!-- /made -->` to `made`.
pub(crate) fn hold_part(name: &str, title: &str, made: &str) {
    // Several tests write parts of one page.
    static PAGE: Mutex<()> = Mutex::new(());
    let _alone = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = read(name);
    let (open, close) = (format!("<!-- made: {title} -->\n"), "<!-- /made -->");
    let start = page.find(&open).unwrap_or_else(|| panic!("{name} has no part {open}")) + open.len();
    let end = start + page[start..].find(close).expect("each part is closed");
    if page[start..end] == *made {
        return;
    }
    assert!(blessed(), "api-spec/{name}, {title}: {STALE}");
    let page = format!("{}{made}{}", &page[..start], &page[end..]);
    fs::write(path(name), page).expect("api-spec can be written");
}

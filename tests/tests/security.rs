//! What `.github/SECURITY.md` names is there: each file, each test.

use std::fs;
use std::path::Path;

#[test]
fn every_file_that_the_page_on_security_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project");
    let page = fs::read_to_string(root.join(".github/SECURITY.md")).expect("the page");
    let named = page.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && !word.contains(' '));
    let mut count = 0;
    for file in named {
        assert!(root.join(file).exists(), "{file} is named and is not there");
        count += 1;
    }
    assert!(count > 50, "{count}");
}

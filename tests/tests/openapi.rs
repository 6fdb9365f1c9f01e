//! The OpenAPI document in `api-spec` is what the code says. After a change: `cargo run -- openapi --write`.

use std::path::Path;

#[test]
fn the_openapi_document_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-spec/openapi.json");
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let current = server::http::openapi().to_pretty_json().expect("JSON");
    assert!(
        written.trim_end() == current.trim_end(),
        "api-spec/openapi.json is not what the code says; run `cargo run -- openapi --write` and look at the difference"
    );
}

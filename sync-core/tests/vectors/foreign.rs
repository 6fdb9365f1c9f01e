//! What another implementation wrote (`tests/node/foreign.mjs`, with `@automerge/automerge`), as the store would take it.

use std::collections::BTreeMap;

use serde_json::Value;
use sync_core::authority::Authority;
use sync_core::id::DocumentId;
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::Outcome;
use sync_core::record::{Kind, Place, SCHEMA};

use crate::files;
use crate::scene::{FIDELE, Scene, id, stream};
use crate::shown;

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[test]
fn what_another_implementation_wrote_is_taken_and_read_alike() {
    let scene = Scene::play();
    let foreign = files::read_json("vectors/foreign.json");
    let mut by_document: BTreeMap<DocumentId, (Kind, Vec<Vec<u8>>)> = BTreeMap::new();
    for change in foreign["changes"].as_array().expect("changes") {
        let kind = text(change, "kind").parse().expect("a kind");
        let bytes = data_encoding::HEXLOWER.decode(text(change, "change").as_bytes()).expect("hex");
        let of = by_document.entry(id(text(change, "document"))).or_insert((kind, Vec::new()));
        of.1.push(bytes);
    }
    let views = foreign["documents"].as_array().expect("documents");
    assert_eq!(views.len(), by_document.len());
    for view in views {
        let document: DocumentId = id(text(view, "document"));
        let (kind, changes) = &by_document[&document];
        let stored = scene.document(document).map(|document| document.save());
        let incoming: Vec<Incoming<'_>> = changes
            .iter()
            .map(|bytes| Incoming {
                bytes,
                schema: SCHEMA,
                device: FIDELE.device(),
                standing: Standing::Assigned,
                authority: &Authority::Manager,
            })
            .collect();
        let plan = plan(Place { stream: stream(), document, kind: *kind }, stored.as_deref(), &incoming)
            .expect("a sound store");
        assert!(plan.outcomes.iter().all(|outcome| *outcome == Outcome::Accepted), "{:?}", plan.outcomes);
        let after = plan.after.expect("something was accepted").document;
        assert_eq!(shown::document(&after), view["then"], "{document}");
    }
}

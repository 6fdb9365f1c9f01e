//! A bundle of the story: what Emmanuel's tablet has to hand in and how its group stands, and the store's words about the first.

use serde_json::{Value, json};
use sync_core::batch::{Purpose, Signed};
use sync_core::bundle::{BUNDLE, Bundle, Part, Sealed, Settled, Settlement};
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, Id};
use sync_core::quarantine::Outcome;
use sync_core::wire::Whole;

use crate::page;
use crate::scene::{EMMANUEL, Scene, batch, epoch, store_key, stream};
use crate::view::{self, hex};

pub(crate) fn whole(id: DocumentId, document: &Document) -> Whole {
    Whole { kind: document.kind(), document: id, snapshot: document.save().into() }
}

/// What stands inside the two parts, before it is compressed and sealed.
pub(crate) fn sealed(scene: &Scene) -> [(&'static str, Sealed); 2] {
    let (_, _, envelope) = scene.batch(EMMANUEL, batch(3), &[4]);
    let work = Sealed { stream: stream(), batch: Some(envelope), documents: Vec::new() };
    let documents = scene.documents.iter().map(|(id, document)| whole(*id, document)).collect();
    let state = Sealed { stream: stream(), batch: None, documents };
    [("work to hand in, for the store", work), ("how the group stands, for colleagues", state)]
}

/// What became of the work.
pub(crate) fn settlement(scene: &Scene) -> Settlement {
    let item = scene.steps[4].item();
    let settled = Settled { document: item.document, digest: item.digest, outcome: Outcome::Accepted };
    Settlement { device: EMMANUEL.device(), epoch: epoch(), settled: vec![settled] }
}

/// The same, signed by the store with its epoch in the place of a device.
pub(crate) fn receipt(scene: &Scene) -> Signed {
    let payload = minicbor::to_vec(settlement(scene)).expect("CBOR");
    Signed::sign(Purpose::Receipt, DeviceId::from_uuid(epoch().uuid()), &store_key(), payload)
}

/// The file. Sealing is random, so its parts hold a word in the place of what is sealed.
pub(crate) fn bundle(scene: &Scene) -> Bundle {
    let parts = [(true, "work, sealed"), (false, "the group, sealed")];
    let parts =
        parts.map(|(for_store, sealed)| Part { for_store, sealed: sealed.as_bytes().to_vec().into() });
    Bundle { version: BUNDLE, parts: parts.into(), receipts: vec![receipt(scene).to_bytes().into()] }
}

pub(crate) fn vector(scene: &Scene) -> Value {
    let sealed = sealed(scene).map(|(what, sealed)| {
        let bytes = minicbor::to_vec(&sealed).expect("CBOR");
        json!({ "what": what, "view": view::sealed(&sealed), "bytes": hex(&bytes) })
    });
    let signed = receipt(scene);
    let bundle = bundle(scene);
    json!({
        "sealed": sealed,
        "receipt": {
            "view": view::settlement(&settlement(scene)),
            "payload": hex(&signed.payload),
            "to_be_signed": hex(&page::to_be_signed("ihuriro receipt 1", &signed.payload)),
            "signed": hex(&signed.to_bytes()),
        },
        "bundle": { "view": view::bundle(&bundle), "bytes": hex(&bundle.to_bytes()) },
    })
}

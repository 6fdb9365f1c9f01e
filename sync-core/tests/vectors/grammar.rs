//! Real bytes held to `sync.cddl`.

use sync_core::batch::Purpose;
use sync_core::record::Kind;
use sync_core::wire::{PROTOCOL, Request};

use crate::carried;
use crate::exchange;
use crate::files;
use crate::scene::{CLAUDINE, Scene, batch, epoch};

/// Whether `bytes` are what the grammar's `rule` says.
fn fits(rule: &str, bytes: &[u8]) -> Result<(), String> {
    // Validation starts from the first rule.
    let grammar = format!("start = {rule}\n{}", files::read("sync.cddl"));
    cddl::validate_cbor_from_slice(&grammar, bytes, None).map_err(|error| error.to_string())
}

#[test]
fn all_that_travels_fits_the_grammar() {
    let scene = Scene::play();
    for (what, request) in exchange::requests(&scene) {
        let payload = minicbor::to_vec(&request).expect("CBOR");
        assert_eq!(fits("request", &payload), Ok(()), "{what}");
        let body = CLAUDINE.sign(Purpose::Request, payload).to_bytes();
        assert_eq!(fits("signed-request", &body), Ok(()), "{what}");
    }
    for (what, answer) in exchange::answers(&scene) {
        assert_eq!(fits("answer", &minicbor::to_vec(&answer).expect("CBOR")), Ok(()), "{what}");
    }
    let (statement, signed, envelope) = scene.batch(CLAUDINE, batch(1), &[3, 5]);
    assert_eq!(fits("statement", &minicbor::to_vec(&statement).expect("CBOR")), Ok(()));
    assert_eq!(fits("signed-statement", &signed.to_bytes()), Ok(()));
    assert_eq!(fits("envelope", &minicbor::to_vec(&envelope).expect("CBOR")), Ok(()));
    for (what, sealed) in carried::sealed(&scene) {
        assert_eq!(fits("sealed", &minicbor::to_vec(&sealed).expect("CBOR")), Ok(()), "{what}");
    }
    let receipt = carried::receipt(&scene);
    assert_eq!(fits("settlement", &receipt.payload), Ok(()));
    assert_eq!(fits("signed-receipt", &receipt.to_bytes()), Ok(()));
    assert_eq!(fits("bundle", &carried::bundle(&scene).to_bytes()), Ok(()));
}

#[test]
fn each_kind_of_record_has_its_number() {
    let fits = |number: usize| fits("kind", &minicbor::to_vec(number as u64).expect("CBOR")).is_ok();
    assert!((0..Kind::ALL.len()).all(fits));
    assert!(!fits(Kind::ALL.len()));
}

/// A grammar that takes everything would prove nothing.
#[test]
fn what_is_not_the_protocol_does_not_fit() {
    let request = Request {
        protocol: PROTOCOL,
        epoch: epoch(),
        number: 1,
        incarnation: 0,
        cursors: Vec::new(),
        batches: Vec::new(),
        purged: Vec::new(),
        budget: 0,
        carried: Vec::new(),
        waiting: Vec::new(),
        about: None,
        kinds: None,
        neighbours: None,
    };
    let sound = minicbor::to_vec(&request).expect("CBOR");
    assert_eq!(fits("request", &sound), Ok(()));
    let later = minicbor::to_vec(Request { protocol: 2, ..request }).expect("CBOR");
    assert!(fits("request", &later).is_err(), "another protocol");
    assert!(fits("answer", &sound).is_err(), "a request is no answer");
    assert!(fits("request", &sound[..sound.len() - 1]).is_err(), "cut off");
    assert!(fits("outcome", &[0x82, 0x02, 0x81, 0x82, 0x09, 0x80]).is_err(), "an unknown reason");
    assert_eq!(fits("outcome", &[0x82, 0x02, 0x81, 0x82, 0x08, 0x80]), Ok(()));
    let empty = CLAUDINE.sign(Purpose::Request, vec![0x80]).to_bytes();
    assert!(fits("signed-request", &empty).is_err(), "what is signed is held to the grammar too");
    let receipt = carried::receipt(&Scene::play());
    assert!(fits("settlement", &receipt.payload[..receipt.payload.len() - 1]).is_err(), "cut off");
    assert!(fits("bundle", &receipt.to_bytes()).is_err(), "a receipt is no bundle");
    let mut signed = CLAUDINE.sign(Purpose::Request, sound).to_bytes();
    signed[4] = 0x02;
    assert!(fits("signed-request", &signed).is_err(), "another protected header");
}

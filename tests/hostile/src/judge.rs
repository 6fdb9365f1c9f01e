//! What must hold whatever the bytes are, a function for each way in. Each takes any bytes; what it panics over is a finding, and
//! so is what costs more than its [`crate::budget`]. Fuzzing calls them with bytes that it makes up, and the replay test with all
//! that are kept.

use minicbor::{Decode, Encode};
use sync_core::agreement;
use sync_core::authority::Authority;
use sync_core::batch::{Envelope, Signed};
use sync_core::bundle::{Bundle, Sealed, Settlement};
use sync_core::cbor;
use sync_core::change::Change;
use sync_core::cursor::Mark;
use sync_core::document::Document;
use sync_core::limits::{MAX_EXPANDED, MAX_OPERATIONS, PAGE};
use sync_core::merge::{Incoming, Plan, Standing, plan};
use sync_core::quarantine::Outcome;
use sync_core::record::{Kind, SCHEMA};
use sync_core::wire::{Answer, Coding, Request, open};

use crate::budget::Cost;
use crate::chunk::{framed, framed_document};
use crate::sequence::Sequence;

/// The way in of one kind of bytes; gives how many operations in them are valid, by which they may cost more.
pub type Judge = fn(&[u8]) -> u64;

/// Judges bytes within the budget.
///
/// # Panics
/// Over a finding.
pub fn hold(judge: Judge, bytes: &[u8]) {
    let (operations, cost) = Cost::of(|| judge(bytes));
    assert!(cost.within(operations), "{cost:?} for {} bytes with {operations} valid operations", bytes.len());
}

/// All of them, under the names of the fuzz targets.
pub const ALL: [(&str, Judge); 6] = [
    ("change", change),
    ("envelope", envelope),
    ("wire", wire),
    ("bundle", bundle),
    ("merge", merge),
    ("snapshot", snapshot),
];

/// The body of a change; it gets a frame whose checksum holds. What parses says no more operations than are allowed, and
/// is the same change when it is parsed again.
pub fn change(body: &[u8]) -> u64 {
    let mut operations = 0;
    for bytes in [framed(body), body.to_vec()] {
        let Ok(change) = Change::parse(&bytes) else { continue };
        assert_eq!(change.bytes(), bytes, "a change is its bytes");
        let again = Change::parse(change.bytes()).expect("what parses does so again");
        assert_eq!((again.hash(), again.seq(), again.at()), (change.hash(), change.seq(), change.at()));
        let parsed = automerge::Change::from_bytes(bytes).expect("it parsed");
        assert!(parsed.len() as u64 <= MAX_OPERATIONS, "{} operations", parsed.len());
        let _words = change.grounds();
        operations += parsed.len() as u64;
    }
    operations
}

/// A batch as it travels: what opens lists just the changes that came.
pub fn envelope(bytes: &[u8]) -> u64 {
    whole::<Envelope>(bytes);
    let Ok(envelope) = cbor::from_bytes::<Envelope>(bytes) else { return 0 };
    if let Ok((signed, statement)) = envelope.open() {
        assert_eq!(statement.items.len(), envelope.changes.len());
        assert_eq!(Signed::from_bytes(&signed.to_bytes()), Ok(signed));
    }
    0
}

/// A body: first which coding, then its bytes. No coding expands past the limit, and no message reads as two.
pub fn wire(bytes: &[u8]) -> u64 {
    let Some((coding, body)) = bytes.split_first() else { return 0 };
    let coding = [Coding::Identity, Coding::Gzip, Coding::Zstd][usize::from(coding % 3)];
    let Ok(plain) = open(coding, body, MAX_EXPANDED) else { return 0 };
    assert!(plain.len() <= MAX_EXPANDED);
    whole::<Request>(&plain);
    whole::<Answer>(&plain);
    if let Ok(signed) = Signed::from_bytes(&plain) {
        assert_eq!(Signed::from_bytes(&signed.to_bytes()).as_ref(), Ok(&signed));
        whole::<Request>(&signed.payload);
    }
    0
}

/// What a colleague carries, and what both sides say to find out what differs.
pub fn bundle(bytes: &[u8]) -> u64 {
    whole::<Bundle>(bytes);
    whole::<Sealed>(bytes);
    whole::<Settlement>(bytes);
    let _refused_or_read = (Bundle::from_bytes(bytes), Sealed::from_bytes(bytes));
    let marks: Vec<Mark> = (0..40).map(|number| Mark::from_bytes([number; 32])).collect();
    for marks in [&[], &marks[..]] {
        if let Ok(answer) = agreement::answer(marks, bytes, PAGE) {
            agreement::go_on(marks, &answer, PAGE).expect("what we answer can be read");
        }
        if let Ok(found) = agreement::go_on(marks, bytes, PAGE) {
            assert!(found.have.iter().all(|mark| marks.contains(mark)), "one has only what one has");
        }
    }
    0
}

/// Changes for one document, see [`Sequence`]: what is accepted is there, opens again, and is a duplicate the next time.
pub fn merge(bytes: &[u8]) -> u64 {
    let Some(sequence) = Sequence::unpack(bytes) else { return 0 };
    let first = planned(&sequence, None);
    assert_eq!(first.outcomes.len(), sequence.changes.len(), "one outcome for each");
    let accepted = first.outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count();
    assert_eq!(first.fresh.len(), accepted, "what is accepted is what is new");
    assert_eq!(first.after.is_some(), accepted > 0);
    let Some(after) = first.after else { return 0 };
    let opened = Document::load(sequence.place.kind, &after.snapshot).expect("what is kept opens again");
    assert_eq!(opened.heads(), after.document.heads());
    assert_eq!(opened.record().as_ref(), Ok(&after.record), "and reads the same");
    assert!(first.fresh.iter().all(|(_, change)| opened.contains(&change.hash())));
    let second = planned(&sequence, Some(&after.snapshot));
    for (index, _) in &first.fresh {
        assert_eq!(second.outcomes[*index], Outcome::Duplicate, "what was taken is there");
    }
    let count =
        |bytes: &[u8]| automerge::Change::from_bytes(bytes.to_vec()).map_or(0, |change| change.len() as u64);
    first.fresh.iter().map(|(_, change)| count(change.bytes())).sum()
}

fn planned(sequence: &Sequence, stored: Option<&[u8]>) -> Plan {
    let one = |bytes| Incoming {
        bytes,
        schema: SCHEMA,
        device: sequence.device(),
        standing: Standing::Waived,
        authority: &Authority::Manager,
    };
    let incoming: Vec<Incoming<'_>> = sequence.changes.iter().map(|bytes| one(bytes.as_slice())).collect();
    plan(sequence.place, stored, &incoming).expect("what is stored opens")
}

/// A whole document as a colleague or the store sends it: first its kind, then the body of a document chunk. What opens can
/// be read, or says in words why not.
pub fn snapshot(bytes: &[u8]) -> u64 {
    let Some((kind, body)) = bytes.split_first() else { return 0 };
    let kind = Kind::ALL[usize::from(*kind) % Kind::ALL.len()];
    let Ok(document) = Document::received(kind, &framed_document(body)) else { return 0 };
    let _record_or_why_not = document.record();
    0
}

/// A message that is read says the same when it is written and read again.
fn whole<T>(bytes: &[u8])
where
    T: for<'b> Decode<'b, ()> + Encode<()> + PartialEq + std::fmt::Debug,
{
    let Ok(message) = cbor::from_bytes::<T>(bytes) else { return };
    let written = cbor::to_bytes(&message);
    assert_eq!(cbor::from_bytes::<T>(&written).as_ref(), Ok(&message));
}

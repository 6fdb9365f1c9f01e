//! Work on its way through others' hands: files, and what is sealed in them.

use std::rc::Rc;

use sync_core::bundle::{Bundle, Part, Sealed};
use sync_core::change::Change;
use sync_core::limits::MAX_EXPANDED;
use sync_core::tablet::{Output, Report};
use tablet::packing;

use super::slate::Parcel;
use super::{Sound, World, ensure};
use crate::kept::Kept;

impl World {
    /// A file with all that a tablet would hand to a colleague, as bytes.
    pub(super) fn pack(&mut self, at: usize) -> Vec<u8> {
        let moment = self.moment_of(at);
        let tablet = &self.slates[at].tablet;
        let mut turn = 0;
        let exported = tablet.export(|| {
            let mut moment = moment;
            turn += 1;
            moment.random[0] ^= turn;
            moment
        });
        let bundle =
            packing::pack(exported, tablet.store_recipient()).expect("a tablet knows the store's key");
        for Part { sealed, .. } in bundle.parts.iter().filter(|part| part.for_store) {
            if !self.parcels.contains_key(sealed.as_slice()) {
                let parcel = self.open(sealed);
                self.parcels.insert(sealed.to_vec(), Rc::new(parcel));
            }
        }
        bundle.to_bytes()
    }

    /// What the store finds in a part.
    fn open(&self, sealed: &[u8]) -> Parcel {
        let plain = sealing::open(sealed, std::slice::from_ref(&self.ground.seal), MAX_EXPANDED);
        let inside =
            Sealed::from_bytes(&plain.expect("it is sealed for the store")).expect("it was sealed whole");
        let batch = inside.batch.expect("what is for the store is work");
        let (signed, statement) = batch.open().expect("a tablet says what it signs");
        let changes = statement.items.iter().zip(&batch.changes).map(|(item, bytes)| {
            let change = Change::parse(bytes).expect("a tablet hands in changes");
            ((item.document, change.hash()), item.digest)
        });
        Parcel { by: signed.device, changes: changes.collect() }
    }

    /// A tablet takes a file in, and may be killed right before it has kept that.
    pub(super) fn unpack(&mut self, at: usize, file: &[u8]) -> Sound<Report> {
        let moment = self.moment_of(at);
        let killed = self.dice.percent(5);
        let tablet = &mut self.slates[at].tablet;
        let bundle = Bundle::from_bytes(file).expect("a file that is whole");
        let came = packing::unpack(bundle, tablet);
        let (outputs, report) = tablet.import(&moment, came);
        if killed {
            self.coverage.count("fault: tablet killed over a file");
            self.slates[at].reopen();
            return Ok(Report::default());
        }
        for output in outputs {
            if let Output::Persist(writes) = output {
                self.slates[at].persist(writes);
            }
        }
        self.disturbed = true;
        self.note(|| format!("    tablet {at} takes it in: {report:?}"));
        self.coverage.add("parcels taken along", report.carried.into());
        self.coverage.add("changes received from a colleague", report.received.into());
        // A change that builds on one which the store keeps in quarantine can't be merged by whoever lacks that.
        self.coverage.add("changes of a colleague that wait for others", report.unreadable.into());
        let settled = report.accepted + report.duplicate + report.quarantined.len() as u32;
        self.coverage.add("changes settled by a receipt", settled.into());
        Ok(report)
    }

    /// What was carried and is carried no more is in the store, once. A restored store may not know whose it is: such
    /// work is lost with its tablet. So is what the store refused, as too much of that tablet waits for keepers already: it has all of it still.
    pub(super) fn parcels_arrive(&mut self, at: usize) -> Sound {
        let carries = self.slates[at].parcels(&self.parcels);
        let before = std::mem::replace(&mut self.slates[at].carries, carries);
        let gone = before.iter().filter(|(serial, _)| !self.slates[at].carries.contains_key(serial));
        let gone: Vec<Rc<Parcel>> = gone.map(|(_, parcel)| Rc::clone(parcel)).collect();
        let refused = std::mem::take(&mut self.slates[at].refused);
        for parcel in gone {
            if self.strangers.contains(&parcel.by) {
                self.coverage.count("parcels of a tablet that the store does not know");
                self.excuse(parcel.changes.clone());
                continue;
            }
            let kept = Kept::of(&self.ground.store);
            let arrived =
                parcel.changes.iter().any(|(name, digest)| kept.places(name, digest.as_bytes()) > 0);
            if refused && !arrived {
                self.coverage.count("parcels that the store refused");
                self.excuse(parcel.changes.clone());
                continue;
            }
            for (name, digest) in &parcel.changes {
                let places = kept.places(name, digest.as_bytes());
                ensure(places == 1, "what a carrier lets go of is in the store, once", || {
                    format!("tablet {at} let go of {name:?}, which the store has {places} times")
                })?;
            }
        }
        Ok(())
    }
}

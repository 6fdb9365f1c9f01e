//! The way down: from an answer to the documents. All of one answer is persisted in one write, or none of it.

use super::Output;
use super::blob::{Key, Write};
use super::course::StreamState;
use super::state::Tablet;
use crate::cbor::{from_bytes, to_bytes};
use crate::neighbour::Neighbours;
use crate::quarantine::{Outcome, Reason};
use crate::time::Moment;
use crate::wire::{Answer, PROTOCOL, Receipt};

/// Bytes that are not an answer to the tablet's request. Nothing of them is kept, and the outbox is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAnswer {
    #[error("the answer could not be read, perhaps it was cut off; everything is kept, sync again")]
    Unreadable,
    #[error("the server speaks another version of the protocol; update the tablet, everything is kept")]
    Protocol,
    #[error("an answer came that was not asked for")]
    Unasked,
}

impl Tablet {
    /// Takes in the answer to the request under way. The outputs end with the next request where there is more to send
    /// or to read, otherwise with the report.
    ///
    /// # Errors
    /// [`NotAnAnswer`]; the tablet is then as it was.
    pub fn answered(&mut self, moment: &Moment, body: &[u8]) -> Result<Vec<Output>, NotAnAnswer> {
        let answer: Answer = from_bytes(body).map_err(|_| NotAnAnswer::Unreadable)?;
        if answer.protocol != PROTOCOL {
            return Err(NotAnAnswer::Protocol);
        }
        let flight = self.flight.take().ok_or(NotAnAnswer::Unasked)?;
        if let Some(standing) = answer.standing {
            self.report.revoked = standing.revoked;
            self.report.lease = Some(standing.lease);
            self.identity.store_has_key = Some(standing.has_key);
            self.folder_key.take_if(|_| standing.has_key);
        }
        let mut writes = Vec::new();
        // 1. The link carried this much, and the store has read of the purged streams.
        self.failures = 0;
        let down_full = answer.pages.iter().any(|page| page.fingerprint.is_none());
        self.identity.pace_mut().went_well(flight.full, down_full);
        self.identity.purged.clear();
        self.identity.last_sync = answer.now;
        // 2. A new epoch comes before the outcomes: it puts quarantined changes of the old store into the outbox again,
        //    and must not do so with changes that this very answer says are quarantined.
        if self.identity.epoch != answer.epoch {
            self.new_epoch(&answer, &mut writes);
        }
        // 3. Outcomes and rejections. Changes that lost their place leave the records before pages are merged.
        for outcomes in answer.outcomes.iter().filter(|outcomes| outcomes.batch == flight.batch) {
            for (serial, outcome) in flight.serials.iter().zip(&outcomes.outcomes) {
                self.take_outcome(*serial, outcome, moment, &mut writes);
            }
        }
        let rejected = self.hear_rejections(answer.rejected, moment, &mut writes);
        self.hear_of_released(&answer.released, &mut writes);
        self.withdraw(&flight.serials, &mut writes);
        self.withdraw(&rejected, &mut writes);
        self.forget_erased(&rejected, &mut writes);
        // 4. Carried work: the store has answered for it, and its receipt is carried back.
        for (serial, receipt) in flight.carried.into_iter().zip(answer.receipts) {
            self.carried.remove(&serial);
            writes.push(Write::Delete(Key::Carried(serial)));
            match receipt {
                Receipt::Taken(words) => {
                    self.report.carried += 1;
                    self.keep_receipt(words, &mut writes);
                }
                Receipt::Refused => self.report.refused += 1,
            }
        }
        if !answer.people.is_empty() {
            self.people.extend(answer.people.into_iter().map(|person| (person.device, person.name)));
            writes.push(Write::Put(Key::People, to_bytes(&self.people)));
        }
        if let Some(all) = answer.neighbours {
            self.neighbours = Neighbours { heard: answer.now, all };
            writes.push(self.neighbours_write());
        }
        // 5. Pages are merged, and cursors move.
        let mut more = false;
        for page in answer.pages {
            more |= self.turn(page, &flight.agreeing, &mut writes);
        }
        for key in answer.keys {
            let stream = key.stream;
            self.streams.entry(stream).or_insert(StreamState::begun()).key = Some(key);
            writes.push(self.stream_write(stream));
        }
        // 6. Streams that the tablet may no longer hold go once the outbox holds nothing for them: after the outcomes.
        for stream in answer.dropped {
            self.told_to_drop(stream, &mut writes);
        }
        self.purge(moment, &mut writes);
        // 7. All of it is persisted in one write, and the sync goes on or ends.
        if more || self.has_more_to_send() {
            return Ok(self.request(moment, writes));
        }
        self.report.too_large.clone_from(&self.stuck);
        self.report.too_large_carried = self.stuck_carried.len() as u32;
        writes.push(self.identity_write());
        Ok(vec![Output::Persist(writes), Output::Finished(std::mem::take(&mut self.report))])
    }

    /// The store refused the number of the request (409), and names `last`, the last number that it took. Either it has
    /// seen the number before: the folder was copied or brought back from a backup. Or the tablet's count is damaged
    /// and too far ahead. The tablet starts a new incarnation, so that its next changes do not take numbers of the
    /// other copy, and asks again after `last`.
    pub fn outrun(&mut self, moment: &Moment, last: u64) -> Vec<Output> {
        self.flight = None;
        self.identity.number = last;
        self.new_life(moment);
        self.request(moment, Vec::new())
    }

    /// Starts a new incarnation, drawn at random, so that two copies of one tablet do not start the same. 0 is the
    /// incarnation in which a tablet is enrolled.
    pub(super) fn new_life(&mut self, moment: &Moment) {
        let [a, b, c, d] = [12, 13, 14, 15].map(|at| moment.random[at]);
        self.identity.incarnation = u32::from_be_bytes([a, b, c, d]).max(1);
    }

    /// Takes a change out of the outbox, as the store has answered for it. A quarantined one is kept, with the reason.
    pub(super) fn take_outcome(
        &mut self,
        serial: u64,
        outcome: &Outcome,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) {
        let Some(mut waiting) = self.outbox.remove(&serial) else { return };
        writes.push(Write::Delete(Key::Outbox(serial)));
        if let (Outcome::Accepted | Outcome::Duplicate, Some(agreement)) =
            (outcome, self.agreements.get_mut(&waiting.stream))
        {
            // Only this change: the store may lack others of the same document.
            agreement.taken.insert(waiting.hash);
        }
        match outcome {
            Outcome::Accepted => self.report.accepted += 1,
            Outcome::Duplicate => self.report.duplicate += 1,
            Outcome::Quarantined(reason) => {
                // A copy of this tablet wrote under the same numbers: later edits need an incarnation of their own.
                if *reason == Reason::Rekeyed {
                    self.new_life(moment);
                }
                self.report.quarantined.push((waiting.document, reason.clone()));
                waiting.reason = Some(reason.clone());
                writes.push(Write::Put(Key::Quarantined(serial), to_bytes(&waiting)));
                self.quarantined.insert(serial, waiting);
            }
        }
    }
}

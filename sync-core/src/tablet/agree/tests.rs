//! An agreement while the tablet hands in at the same time.

use uuid::Uuid;

use super::*;
use crate::batch::SigningKey;
use crate::change::Actor;
use crate::document::Document;
use crate::form::EditError;
use crate::id::{DeviceId, EpochId, GroupId, Id, OrganisationId, UserId};
use crate::quarantine::Outcome;
use crate::record::Kind;
use crate::record::session::{PartOfDay, Session, SessionEdit};
use crate::tablet::{Enrolment, StoreKeys};
use crate::time::{Date, Millis};

const MOMENT: Moment = Moment { now: Millis(1_772_700_000_000), random: [7; 16] };

fn id<T: Id>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(number))
}

fn tablet() -> Tablet {
    let key = SigningKey::from_bytes(&[1; 32]);
    let store = StoreKeys { receipts: key.verifying_key(), seal: String::new() };
    let (device, user, epoch): (DeviceId, UserId, EpochId) = (id(1), id(2), id(3));
    let organisation: OrganisationId = id(4);
    Tablet::enrol(Enrolment { device, user, name: String::new(), organisation, epoch, key, store }).0
}

fn begin(session: &mut SessionEdit<'_>) -> Result<(), EditError> {
    session.group().set(id(77))?;
    session.date().set(Date::constant(2026, 3, 5))?;
    session.part().set(PartOfDay::Morning)
}

/// A facilitator and her colleague recorded one meeting, and a restored store knows of neither. Between two rounds of the agreement it
/// takes what she recorded, which still stood in the outbox.
#[test]
fn the_store_is_offered_the_rest_of_a_document_of_which_it_took_a_change_meanwhile() {
    let mut tablet = tablet();
    let (group, session): (GroupId, DocumentId) = (id(77), id(88));
    let stream = StreamId::from(group);
    tablet.streams.insert(stream, StreamState::of(Course::Agreeing));
    tablet.edit::<Session>(&MOMENT, stream, session, begin).expect("sound");
    let colleague = Actor { device: id(9), incarnation: 0 };
    let theirs = Document::genesis(Kind::Session).edit::<Session>(colleague, MOMENT.now, begin);
    let theirs = theirs.expect("sound").expect("new");
    let hers = tablet.opened(session, Kind::Session);
    tablet.merge(stream, session, hers, std::slice::from_ref(&theirs), &mut Vec::new());
    // The first round found that only the tablet has the session; a document of the store was still to come.
    let have = tablet.marks(stream).into_keys().collect();
    tablet.agreements.insert(stream, Agreement { at: Some(5), have, ..Agreement::default() });
    let serial = *tablet.outbox.keys().next().expect("hers waits");
    tablet.take_outcome(serial, &Outcome::Accepted, &MOMENT, &mut Vec::new());
    let said = Differences { at: 6, more: false, message: &[], sent: 0, came: Vec::new() };
    assert_eq!(tablet.agreed(stream, said, &mut Vec::new()), Some(5));
    let offered: Vec<ChangeHash> = tablet.outbox.values().map(|waiting| waiting.hash).collect();
    assert_eq!(offered, [theirs.hash()]);
}

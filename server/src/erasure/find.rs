//! What is to be erased with somebody, found among all records of their group.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::document::Document;
use sync_core::erasing::ever_names;
use sync_core::id::{DocumentId, ParticipantId, SessionId, StreamId};
use sync_core::record::{Kind, Participant, Place, Record, Session};
use sync_core::value::Pseudonym;

use crate::ledger;
use crate::store::{Conn, StoreError};

/// The records of a group that are about a person.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) stream: StreamId,
    /// The number of the stream's last change when they were looked for.
    pub(super) as_of: u64,
    /// All codes that the person has in the group.
    pub(super) codes: BTreeSet<Pseudonym>,
    /// The participants, referrals and screenings.
    pub(super) about: Vec<Place>,
    /// The sessions that name a code, or once did.
    pub(super) sessions: BTreeSet<SessionId>,
    /// Other records that do, in the grounds of a change or as a code that was split off: they stay as they are.
    pub(super) left: Vec<DocumentId>,
}

/// Looks through the records of a group. Opens each, and reads each change of each: it is done before anything is locked.
///
/// # Errors
/// [`StoreError::Damaged`] where a record can't be opened: what it holds of the person could not be found.
pub(super) fn find(tx: &mut Conn<'_>, stream: StreamId, id: ParticipantId) -> Result<Found, StoreError> {
    let as_of = ledger::stream(tx, stream)?.map_or(0, |row| row.last_seq);
    let mut records: BTreeMap<DocumentId, (Place, Document, Record)> = BTreeMap::new();
    for (id, stored) in ledger::load_stream(tx, stream)? {
        let (document, record) = stored.read()?;
        records.insert(id, (stored.home(id), document, record));
    }
    let participants = records.iter().filter_map(|(id, (.., record))| match record {
        Record::Participant(one) => Some((ParticipantId::from(*id), one)),
        _ => None,
    });
    let participants: BTreeMap<ParticipantId, &Participant> = participants.collect();
    let people = all_codes_of(id, &participants);
    let codes: BTreeSet<Pseudonym> =
        people.iter().filter_map(|id| participants.get(id)).map(|one| one.code.clone()).collect();
    let of_person = |id: ParticipantId| people.contains(&id);
    let mut found =
        Found { stream, as_of, codes, about: Vec::new(), sessions: BTreeSet::new(), left: Vec::new() };
    for (id, (place, document, record)) in &records {
        let about = match record {
            Record::Participant(_) => of_person((*id).into()),
            Record::Referral(one) => of_person(one.participant),
            Record::Screening(one) => of_person(one.participant),
            _ => false,
        };
        if about {
            found.about.push(*place);
        } else if ever_names(document, &found.codes) {
            match place.kind {
                Kind::Session => drop(found.sessions.insert((*id).into())),
                _ => found.left.push(*id),
            }
        }
    }
    Ok(found)
}

/// Everybody who is said to be the same person, directly or through others, in whichever direction.
fn all_codes_of(
    id: ParticipantId,
    participants: &BTreeMap<ParticipantId, &Participant>,
) -> BTreeSet<ParticipantId> {
    let mut all = BTreeSet::from([id]);
    loop {
        let before = all.len();
        for (id, one) in participants {
            let Some(other) = one.same_as.filter(|other| participants.contains_key(other)) else { continue };
            if all.contains(id) || all.contains(&other) {
                all.extend([*id, other]);
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

/// The sessions of a group, as they read now.
pub(super) fn sessions(
    tx: &mut Conn<'_>,
    stream: StreamId,
) -> Result<BTreeMap<SessionId, Session>, StoreError> {
    let mut found = BTreeMap::new();
    for (id, stored) in ledger::load_stream(tx, stream)? {
        if stored.kind == Kind::Session
            && let (_, Record::Session(session)) = stored.read()?
        {
            found.insert(id.into(), session);
        }
    }
    Ok(found)
}

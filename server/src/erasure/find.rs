//! What is to be erased with somebody, found among all records of their group.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::document::Document;
use sync_core::erasing::ever_names;
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId, SessionId, StreamId};
use sync_core::moving::recorded_since;
use sync_core::person::{all_codes_of, marked, marks};
use sync_core::record::session::Attendance;
use sync_core::record::{Kind, Participant, Place, Record, Session};
use sync_core::value::Pseudonym;

use crate::ledger::{self, Stored};
use crate::store::{Conn, StoreError};

/// What is about a person among the records of their group, and what follows from erasing it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) stream: StreamId,
    /// The number of the stream's last change when it was looked for.
    pub(super) as_of: u64,
    /// All codes that the person has in the group.
    pub(super) codes: BTreeSet<Pseudonym>,
    /// The participants, referrals and screenings.
    pub(super) about: Vec<Place>,
    /// The sessions that name a code, or once did.
    pub(super) naming: BTreeMap<SessionId, Naming>,
    /// Other sessions that say they are doubles of these, or were moved there.
    pub(super) pointing: Vec<(SessionId, Session)>,
    /// Marks in other sessions, made under a code of the person by a tablet that had given it to somebody else (`split`), and whose they are.
    pub(super) of_others: Vec<(SessionId, ParticipantId, Attendance)>,
    /// Other records that name a code, in the grounds of a change or as a code that was split off: they stay as they are.
    pub(super) left: Vec<DocumentId>,
}

/// A session that names a code.
#[derive(Debug, Clone)]
pub(super) struct Naming {
    pub(super) record: Session,
    /// Its marks, each under whose it is.
    pub(super) marks: BTreeMap<ParticipantId, Attendance>,
    /// The session to which it was moved, where that has all that it says.
    pub(super) stands_in: Option<SessionId>,
}

impl Found {
    /// Whether these sessions go.
    pub(super) fn goes(&self, session: SessionId) -> bool {
        self.naming.contains_key(&session)
    }

    /// Whether nothing was recorded in the group since.
    pub(super) fn stands(&self, tx: &mut Conn<'_>) -> Result<bool, StoreError> {
        Ok(as_of(tx, self.stream)? == self.as_of)
    }
}

/// The number of a stream's last change.
fn as_of(tx: &mut Conn<'_>, stream: StreamId) -> Result<u64, StoreError> {
    Ok(ledger::stream(tx, stream)?.map_or(0, |row| row.last_seq))
}

/// Looks through the records of a group for what is about somebody. Costs as much as opening each and reading each of its changes: it is done
/// before anything is locked.
///
/// # Errors
/// [`StoreError::Damaged`] where a record can't be opened: what it holds of the person could not be found.
pub(super) fn find(tx: &mut Conn<'_>, stream: StreamId, id: ParticipantId) -> Result<Found, StoreError> {
    let group = Group::read(tx, stream)?;
    let participants = &group.participants;
    // The person: all codes that are said to be theirs.
    let same_as = participants.iter().filter_map(|(id, one)| Some((*id, one.same_as?)));
    let people = all_codes_of([id], same_as.filter(|(_, other)| participants.contains_key(other)));
    let codes = people.iter().filter_map(|id| participants.get(id)).map(|one| one.code.clone()).collect();
    group.look_through(tx, &people, codes)
}

/// The same of people who were erased before, by their codes: what of them came since.
///
/// # Errors
/// As [`find`].
pub(super) fn find_again(
    tx: &mut Conn<'_>,
    stream: StreamId,
    codes: BTreeSet<Pseudonym>,
) -> Result<Found, StoreError> {
    let code_of = GroupId::from_uuid(stream.uuid());
    let people = codes.iter().map(|code| ParticipantId::of(code_of, code)).collect();
    Group::read(tx, stream)?.look_through(tx, &people, codes)
}

/// A group that is looked through.
struct Group {
    stream: StreamId,
    /// The number of the stream's last change before anything was read.
    as_of: u64,
    /// Those of whom anything is left.
    participants: BTreeMap<ParticipantId, Participant>,
}

impl Group {
    fn read(tx: &mut Conn<'_>, stream: StreamId) -> Result<Self, StoreError> {
        let (as_of, mut participants) = (as_of(tx, stream)?, BTreeMap::new());
        let mut read = |_: &mut Conn<'_>, id: DocumentId, stored: Stored| -> Result<(), StoreError> {
            if let (_, Record::Participant(one)) = stored.read()? {
                participants.insert(id.into(), one);
            }
            Ok(())
        };
        ledger::each_in_stream(tx, stream, |kind| kind == Kind::Participant, &mut read)?;
        Ok(Self { stream, as_of, participants })
    }

    /// Finds what is about some people, what names them by these codes, and what either leaves behind.
    fn look_through(
        self,
        tx: &mut Conn<'_>,
        people: &BTreeSet<ParticipantId>,
        codes: BTreeSet<Pseudonym>,
    ) -> Result<Found, StoreError> {
        let Self { stream, as_of, participants } = self;
        // 1. Record by record.
        let mut found = Found {
            stream,
            as_of,
            codes,
            about: Vec::new(),
            naming: BTreeMap::new(),
            pointing: Vec::new(),
            of_others: Vec::new(),
            left: Vec::new(),
        };
        let mut sessions: BTreeSet<SessionId> = BTreeSet::new();
        let mut look = |_: &mut Conn<'_>, id: DocumentId, stored: Stored| -> Result<(), StoreError> {
            let (document, record) = stored.read()?;
            if stored.kind == Kind::Session {
                sessions.insert(id.into());
            }
            if is_about(id, &record, people) {
                found.about.push(stored.home(id));
                return Ok(());
            }
            let names = ever_names(&document, &found.codes);
            match record {
                Record::Session(record) if names => {
                    let marks = theirs(&document, &participants);
                    let stands_in =
                        record.moved_to.filter(|_| recorded_since(&record, &document, false).is_empty());
                    found.naming.insert(id.into(), Naming { record, marks, stands_in });
                }
                Record::Session(record) => {
                    // What a session says that was set aside counts for nobody.
                    let marks =
                        if record.is_set_aside() { Vec::new() } else { owned(&document, &participants) };
                    let given = marks.into_iter().filter(|(under, whose, _)| {
                        let has_own = record.attendance.contains_key(whose);
                        people.contains(under) && !people.contains(whose) && !has_own
                    });
                    found.of_others.extend(given.map(|(_, whose, mark)| (id.into(), whose, mark)));
                    if record.double_of.is_some() || record.moved_to.is_some() {
                        found.pointing.push((id.into(), record));
                    }
                }
                _ if names => found.left.push(id),
                _ => {}
            }
            Ok(())
        };
        ledger::each_in_stream(tx, stream, |_| true, &mut look)?;
        // 2. Of a session to which one was moved the record may never have come; and most sessions name no other that goes.
        for one in found.naming.values_mut() {
            one.stands_in = one.stands_in.filter(|to| sessions.contains(to));
        }
        let (naming, mut pointing) = (&found.naming, std::mem::take(&mut found.pointing));
        pointing.retain(|(_, session)| {
            [session.double_of, session.moved_to].into_iter().flatten().any(|to| naming.contains_key(&to))
        });
        found.pointing = pointing;
        Ok(found)
    }
}

/// Whether a record is about one of these people.
fn is_about(id: DocumentId, record: &Record, people: &BTreeSet<ParticipantId>) -> bool {
    match record {
        Record::Participant(_) => people.contains(&id.into()),
        Record::Referral(one) => people.contains(&one.participant),
        Record::Screening(one) => people.contains(&one.participant),
        _ => false,
    }
}

/// The marks of a session: under which code each stands, whose it is (a tablet may have given the code to somebody else), and what it says.
fn owned(
    session: &Document,
    participants: &BTreeMap<ParticipantId, Participant>,
) -> Vec<(ParticipantId, ParticipantId, Attendance)> {
    let all = marks(session).into_iter();
    let whose = |under, device| marked(under, participants.get(&under), device);
    all.map(|one| (one.participant, whose(one.participant, one.device), one.mark)).collect()
}

/// As [`owned`], one for each person: of several at the same time the last is the one that is shown.
fn theirs(
    session: &Document,
    participants: &BTreeMap<ParticipantId, Participant>,
) -> BTreeMap<ParticipantId, Attendance> {
    owned(session, participants).into_iter().map(|(_, whose, mark)| (whose, mark)).collect()
}

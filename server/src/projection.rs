//! The projection: rows for queries, computed from the documents.
//!
//! The rows of a document are a pure function of it ([`Rows::of`]). They are written in the transaction that stores the
//! document, and can be computed again at any time. Two kinds of rows follow from several documents of one stream, and
//! are written under its lock with any of these: which sessions look alike ([`doubles`]), and which participant counts
//! in whose place ([`people`]). Referrals, incidents, screenings and lessons have no rows: they are in their documents
//! alone.

mod clashes;
mod doubles;
mod people;
mod rows;
mod write;

pub(crate) use clashes::id_of;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::{DocumentId, ParticipantId, SessionId};
use sync_core::record::Record;

use clashes::{ClaimRow, Clashes, ConflictRow};
use rows::{
    AttendanceRow, DayRow, GroupRow, HeadcountRow, OriginRow, ParticipantRow, SessionRow, ThemeRow, days_of,
    origins, parts,
};

use crate::on_each;
use crate::store::schema::{
    attendances, conflict_claims, conflicts, days, groups, headcounts, participant_origins, participants,
    session_themes, sessions,
};
use crate::store::{Conn, Db, StoreError};

/// The version of the rows. It counts upwards whenever this program computes other rows of the same document; a service
/// that starts on rows of an earlier version computes all of them again.
pub const VERSION: u32 = 8;

/// All rows of one document. Invariant: each list is sorted, so that two `Rows` are equal if they hold the same rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    group: Option<GroupRow>,
    participant: Option<ParticipantRow>,
    origins: Vec<OriginRow>,
    session: Option<SessionRow>,
    days: Vec<DayRow>,
    attendances: Vec<AttendanceRow>,
    themes: Vec<ThemeRow>,
    headcounts: Vec<HeadcountRow>,
    conflicts: Vec<ConflictRow>,
    claims: Vec<ClaimRow>,
}

impl Rows {
    /// The rows that a document must have. Costs a look at its history; needs no database and no lock.
    pub fn of(id: DocumentId, document: &Document, record: &Record) -> Self {
        let clashes = Clashes::of(id, document, record);
        let (conflicts, claims) = clashes.rows(id);
        let days = days_of(id, document, record);
        let mut rows = Self { days, conflicts, claims, ..Self::default() };
        match record {
            Record::Group(group) => rows.group = Some(GroupRow::of(id.into(), group, document, &clashes)),
            Record::Participant(participant) => {
                rows.participant = Some(ParticipantRow::of(id.into(), participant, &clashes));
                rows.origins = origins(id.into(), participant, document);
            }
            Record::Session(session) => {
                rows.session = Some(SessionRow::of(id.into(), session, document, &clashes));
                (rows.attendances, rows.themes, rows.headcounts) = parts(id.into(), session, document);
            }
            Record::Referral(_) | Record::Incident(_) | Record::Screening(_) | Record::Lesson(_) => {}
        }
        rows.sorted()
    }

    /// The rows that these documents have in the store; a document without rows is left out. One query for each table,
    /// some hundred documents at a time.
    ///
    /// # Errors
    /// Those of the store.
    pub fn load(tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<BTreeMap<DocumentId, Self>, StoreError> {
        let mut found: BTreeMap<DocumentId, Self> = BTreeMap::new();
        for some in ids.chunks(write::ROWS) {
            Self::load_some(tx, some, &mut found)?;
        }
        Ok(found.into_iter().map(|(id, rows)| (id, rows.sorted())).collect())
    }

    fn load_some(
        tx: &mut Conn<'_>,
        ids: &[DocumentId],
        found: &mut BTreeMap<DocumentId, Self>,
    ) -> Result<(), StoreError> {
        let ids: Vec<Db<DocumentId>> = ids.iter().copied().map(Db).collect();
        macro_rules! each {
            ($table:ident by $key:ident, |$rows:ident, $row:ident: $Row:ty| $put:expr) => {
                let these = $table::table.filter($table::$key.eq_any(&ids));
                let loaded: Vec<$Row> = on_each!(tx, |c| these.select(<$Row>::as_select()).load(c))?;
                for $row in loaded {
                    let $rows = found.entry($row.$key.0.into()).or_default();
                    $put;
                }
            };
        }
        each!(groups by id, |rows, row: GroupRow| rows.group = Some(row));
        each!(participants by id, |rows, row: ParticipantRow| rows.participant = Some(row));
        each!(participant_origins by participant_id, |rows, row: OriginRow| rows.origins.push(row));
        each!(sessions by id, |rows, row: SessionRow| rows.session = Some(row));
        each!(days by document_id, |rows, row: DayRow| rows.days.push(row));
        each!(attendances by session_id, |rows, row: AttendanceRow| rows.attendances.push(row));
        each!(session_themes by session_id, |rows, row: ThemeRow| rows.themes.push(row));
        each!(headcounts by session_id, |rows, row: HeadcountRow| rows.headcounts.push(row));
        each!(conflicts by document_id, |rows, row: ConflictRow| rows.conflicts.push(row));
        let claims: Vec<(Db<DocumentId>, ClaimRow)> = on_each!(tx, |c| conflict_claims::table
            .inner_join(conflicts::table)
            .filter(conflicts::document_id.eq_any(&ids))
            .select((conflicts::document_id, ClaimRow::as_select()))
            .load(c))?;
        for (Db(id), row) in claims {
            found.entry(id).or_default().claims.push(row);
        }
        Ok(())
    }

    fn sorted(mut self) -> Self {
        self.origins.sort_unstable();
        self.days.sort_unstable();
        self.attendances.sort_unstable();
        self.themes.sort_unstable();
        self.headcounts.sort_unstable();
        self.conflicts.sort_unstable();
        self.claims.sort_unstable();
        self
    }
}

/// A document with the rows that it must have, by [`Rows::of`].
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub id: DocumentId,
    pub record: &'a Record,
    pub rows: &'a Rows,
}

/// The rows of one document before and after.
#[derive(Debug)]
pub struct Difference {
    pub id: DocumentId,
    old: Rows,
    new: Rows,
}

/// What changed of the rows of one stream. From this the facts that must be counted again are found.
#[derive(Debug, Default)]
pub struct Differences {
    /// The documents of which a row changed.
    pub documents: Vec<Difference>,
    /// Sessions that look like other sessions than before.
    pub alike: BTreeSet<SessionId>,
    /// Participants in whose place another participant counts than before.
    pub people: BTreeSet<ParticipantId>,
}

/// The change of a session by which it, or others, may count otherwise.
#[derive(Debug)]
pub struct SessionChange<'a> {
    pub id: SessionId,
    pub date: &'a str,
    /// `None` where the session had no row; so, too, `new`.
    pub old: Option<Standing>,
    pub new: Option<Standing>,
}

/// What a session's row says about whether it, or another session, counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub void: bool,
    /// The sessions that it refers to.
    pub others: Vec<SessionId>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.alike.is_empty() && self.people.is_empty()
    }

    /// Whether everything in a group may count otherwise.
    pub fn group_counts_otherwise(&self) -> bool {
        let row = |rows: &Rows| rows.group.as_ref().map(GroupRow::counts);
        self.documents.iter().any(|one| row(&one.old) != row(&one.new))
    }

    /// The sessions of which a row changed.
    pub fn sessions(&self) -> impl Iterator<Item = SessionChange<'_>> {
        let standing = |rows: &Rows| rows.session.as_ref().map(SessionRow::standing);
        self.documents.iter().filter_map(move |Difference { id, old, new }| {
            let date = new.session.as_ref().or(old.session.as_ref())?.date();
            Some(SessionChange { id: (*id).into(), date, old: standing(old), new: standing(new) })
        })
    }

    /// Whether a row of a participant, or who counts in whose place, changed.
    pub fn of_participants(&self) -> bool {
        !self.people.is_empty()
            || self.documents.iter().any(|one| one.new.participant.is_some() || one.old.participant.is_some())
    }

    /// The participants who may count otherwise.
    pub fn participants(&self) -> impl Iterator<Item = ParticipantId> {
        let row = |rows: &Rows| rows.participant.as_ref().map(ParticipantRow::counts);
        let changed =
            move |one: &&Difference| row(&one.old) != row(&one.new) || one.old.origins != one.new.origins;
        self.documents.iter().filter(changed).map(|one| one.id.into())
    }
}

/// Brings the rows of some documents of one stream up to date, and the rows that follow from several documents; gives
/// what changed. `there` are the rows that the store has of these documents ([`Rows::load`]).
///
/// The caller holds the lock of the stream: which sessions look alike, and who counts in whose place, follows from
/// documents that others may write. Costs statements for the rows that differ, and queries for the sessions and groups
/// whose comparison may differ.
///
/// # Errors
/// Those of the store.
pub fn project(
    tx: &mut Conn<'_>,
    subjects: &[Subject<'_>],
    mut there: BTreeMap<DocumentId, Rows>,
) -> Result<Differences, StoreError> {
    // 1. The rows of each document by itself.
    let difference = |Subject { id, rows, .. }: &Subject<'_>| {
        let old = there.remove(id).unwrap_or_default();
        (old != **rows).then(|| Difference { id: *id, old, new: (*rows).clone() })
    };
    let documents: Vec<Difference> = subjects.iter().filter_map(difference).collect();
    write::write(tx, &documents)?;

    // 2. Rows that follow from several documents. They are read from the rows that step 1 has written, and only where a
    //    value changed by which sessions are compared, or by which participants stand for each other.
    let records: BTreeMap<DocumentId, &Record> = subjects.iter().map(|one| (one.id, one.record)).collect();
    let (mut sessions, mut groups) = (Vec::new(), BTreeSet::new());
    for difference in &documents {
        let Some(record) = records.get(&difference.id) else { continue };
        match record {
            Record::Session(session) if difference.looks_otherwise() => {
                sessions.push((SessionId::from(difference.id), session));
            }
            Record::Participant(participant) if difference.stands_otherwise() => {
                groups.insert(participant.group);
            }
            _ => {}
        }
    }
    let alike = doubles::write(tx, &sessions)?;
    let mut people = BTreeSet::new();
    for group in groups {
        people.append(&mut people::write(tx, group)?);
    }
    Ok(Differences { documents, alike, people })
}

/// Brings the rows of one document up to date, whatever rows it has; gives what changed, `None` where nothing did. The
/// caller holds the lock of the stream.
///
/// # Errors
/// Those of the store.
pub fn mend(
    tx: &mut Conn<'_>,
    subject: Subject<'_>,
    there: Option<Rows>,
) -> Result<Option<Differences>, StoreError> {
    let there = there.unwrap_or_default();
    if !differs(tx, subject, &there)? {
        return Ok(None);
    }
    // `project` compares with other documents only where a row of this one changed; here these rows may be wrong by
    // themselves.
    let mut differences = project(tx, &[subject], BTreeMap::from([(subject.id, there)]))?;
    match subject.record {
        Record::Session(session) => {
            differences.alike.append(&mut doubles::write(tx, &[(subject.id.into(), session)])?);
        }
        Record::Participant(one) => differences.people.append(&mut people::write(tx, one.group)?),
        _ => {}
    }
    Ok(Some(differences))
}

/// Whether the rows of a document, `there` and those that follow from several documents, are not those that it must
/// have.
///
/// # Errors
/// Those of the store.
pub fn differs(tx: &mut Conn<'_>, subject: Subject<'_>, there: &Rows) -> Result<bool, StoreError> {
    let Subject { id, record, rows } = subject;
    if there != rows {
        return Ok(true);
    }
    match record {
        Record::Session(session) => doubles::differ(tx, id.into(), session),
        Record::Participant(participant) => people::differ(tx, id.into(), participant.group),
        _ => Ok(false),
    }
}

impl Difference {
    /// Whether a value changed by which sessions are compared.
    fn looks_otherwise(&self) -> bool {
        let row = |rows: &Rows| rows.session.as_ref().map(SessionRow::compared);
        row(&self.old) != row(&self.new)
            || self.old.attendances != self.new.attendances
            || self.old.themes != self.new.themes
            || self.old.headcounts != self.new.headcounts
    }

    /// Whether a value changed by which participants count in each other's place.
    fn stands_otherwise(&self) -> bool {
        let row = |rows: &Rows| rows.participant.as_ref().map(ParticipantRow::stands);
        row(&self.old) != row(&self.new)
    }
}

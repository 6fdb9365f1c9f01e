//! Rows to ask questions of, computed from the documents.
//!
//! The projection is a pure function of the document ([`Rows::of`]): it is written in the transaction that stores the
//! document, and can be computed again at any time. Only which sessions look alike follows from two documents, and is
//! written with either ([`doubles`]); and who counts in whose place from those of a group ([`people`]). What has no row here (referrals, incidents, screenings, lessons) is kept in its
//! document alone.

mod clashes;
mod doubles;
mod people;
mod rows;

pub(crate) use clashes::id_of;

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::{DocumentId, GroupId};
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

/// Counts upwards whenever a document gets other rows than before; a service that starts on rows of an earlier version
/// computes them again.
pub const VERSION: u32 = 7;

/// How many rows one statement writes: a database takes only so many values at once.
const ROWS: usize = 500;

/// All rows of one document, those it has many of in the order of their values.
#[derive(Debug, Default, PartialEq, Eq)]
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
    /// What the document must have.
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

    /// What these documents have; one without rows is left out.
    ///
    /// # Errors
    /// Those of the store.
    pub fn load(tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<BTreeMap<DocumentId, Self>, StoreError> {
        let mut found: BTreeMap<DocumentId, Self> = BTreeMap::new();
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
        Ok(found.into_iter().map(|(id, rows)| (id, rows.sorted())).collect())
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

    /// Writes them in the place of those that the document had.
    fn write(&self, tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
        macro_rules! put {
            ($row:expr => $table:ident) => {
                if let Some(row) = $row {
                    on_each!(tx, |c| diesel::insert_into($table::table)
                        .values(row)
                        .on_conflict($table::id)
                        .do_update()
                        .set(row)
                        .execute(c))?;
                }
            };
        }
        macro_rules! put_all {
            ($rows:expr => $table:ident) => {
                for some in $rows.chunks(ROWS) {
                    on_each!(tx, |c| diesel::insert_into($table::table).values(some).execute(c))?;
                }
            };
        }
        put!(&self.group => groups);
        if self.participant.is_some() {
            put!(&self.participant => participants);
            clear_origins(tx, id)?;
            put_all!(self.origins => participant_origins);
        }
        if self.session.is_some() {
            put!(&self.session => sessions);
            clear_parts(tx, id)?;
            put_all!(self.attendances => attendances);
            put_all!(self.themes => session_themes);
            put_all!(self.headcounts => headcounts);
        }
        clear_days(tx, id)?;
        put_all!(self.days => days);
        clear_conflicts(tx, id)?;
        put_all!(self.conflicts => conflicts);
        put_all!(self.claims => conflict_claims);
        Ok(())
    }
}

/// Writes the rows of one document in the place of those it had. Of a participant, [`project_people`] belongs to it.
///
/// # Errors
/// Those of the store.
pub fn project(
    tx: &mut Conn<'_>,
    id: DocumentId,
    document: &Document,
    record: &Record,
) -> Result<(), StoreError> {
    Rows::of(id, document, record).write(tx, id)?;
    match record {
        Record::Session(session) => doubles::write(tx, id.into(), session),
        _ => Ok(()),
    }
}

/// Writes who counts in whose place in a group, once the rows of its participants are written.
///
/// # Errors
/// Those of the store.
pub fn project_people(tx: &mut Conn<'_>, group: GroupId) -> Result<(), StoreError> {
    people::write(tx, group)
}

/// Writes the rows of one document where `there`, or what else it has, are not what it must have; says whether so.
///
/// # Errors
/// Those of the store.
pub fn mend(
    tx: &mut Conn<'_>,
    id: DocumentId,
    document: &Document,
    record: &Record,
    there: Option<Rows>,
) -> Result<bool, StoreError> {
    if !differs(tx, id, document, record, there)? {
        return Ok(false);
    }
    // It can't be said what the document had.
    clear_parts(tx, id)?;
    clear_origins(tx, id)?;
    clear_days(tx, id)?;
    doubles::clear(tx, id.into())?;
    people::clear(tx, id.into())?;
    on_each!(tx, |c| {
        diesel::delete(groups::table.find(Db(id))).execute(c)?;
        diesel::delete(participants::table.find(Db(id))).execute(c)?;
        diesel::delete(sessions::table.find(Db(id))).execute(c)
    })?;
    project(tx, id, document, record)?;
    if let Record::Participant(participant) = record {
        project_people(tx, participant.group)?;
    }
    Ok(true)
}

/// Whether a document, which has the rows `there`, must have others.
///
/// # Errors
/// Those of the store.
pub fn differs(
    tx: &mut Conn<'_>,
    id: DocumentId,
    document: &Document,
    record: &Record,
    there: Option<Rows>,
) -> Result<bool, StoreError> {
    if there.unwrap_or_default() != Rows::of(id, document, record) {
        return Ok(true);
    }
    match record {
        Record::Session(session) => doubles::differ(tx, id.into(), session),
        Record::Participant(participant) => people::differ(tx, id.into(), participant.group),
        _ => Ok(false),
    }
}

fn clear_parts(tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
    on_each!(tx, |c| {
        diesel::delete(attendances::table.filter(attendances::session_id.eq(Db(id)))).execute(c)?;
        diesel::delete(session_themes::table.filter(session_themes::session_id.eq(Db(id)))).execute(c)?;
        diesel::delete(headcounts::table.filter(headcounts::session_id.eq(Db(id)))).execute(c)
    })?;
    Ok(())
}

fn clear_origins(tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
    let old = participant_origins::table.filter(participant_origins::participant_id.eq(Db(id)));
    on_each!(tx, |c| diesel::delete(old).execute(c))?;
    Ok(())
}

fn clear_days(tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::delete(days::table.filter(days::document_id.eq(Db(id)))).execute(c))?;
    Ok(())
}

fn clear_conflicts(tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
    let old = conflicts::table.filter(conflicts::document_id.eq(Db(id)));
    on_each!(tx, |c| {
        let of_old = conflict_claims::conflict_id.eq_any(old.select(conflicts::id));
        diesel::delete(conflict_claims::table.filter(of_old)).execute(c)?;
        diesel::delete(old).execute(c)
    })?;
    Ok(())
}

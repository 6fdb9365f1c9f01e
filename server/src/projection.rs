//! Rows to ask questions of, computed from the documents.
//!
//! The projection is a pure function of the document: it is written in the transaction that stores the document, and can
//! be computed again at any time. Only which sessions look alike follows from two documents, and is written with either. What has no row here (referrals, incidents, screenings, lessons) is kept in its document
//! alone.

mod clashes;
mod doubles;
mod rows;

pub(crate) use clashes::id_of;

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::{DocumentId, SessionId};
use sync_core::record::{Record, Session};

use clashes::Clashes;

use crate::on_each;
use crate::store::schema::{attendances, groups, headcounts, participants, session_themes, sessions};
use crate::store::{Code, Conn, Db, StoreError};

/// Counts upwards whenever a document gets other rows than before; a service that starts on rows of an earlier version
/// computes them again.
pub const VERSION: u32 = 3;

/// Writes the rows of one document in the place of those it had.
///
/// # Errors
/// Those of the store.
pub fn project(
    tx: &mut Conn<'_>,
    id: DocumentId,
    document: &Document,
    record: &Record,
) -> Result<(), StoreError> {
    let clashes = Clashes::of(id, document, record);
    match record {
        Record::Group(group) => {
            let row = rows::GroupRow::of(id.into(), group, &clashes);
            on_each!(tx, |c| diesel::insert_into(groups::table)
                .values(&row)
                .on_conflict(groups::id)
                .do_update()
                .set(&row)
                .execute(c))?;
        }
        Record::Participant(participant) => {
            let row = rows::ParticipantRow::of(id.into(), participant, &clashes);
            on_each!(tx, |c| diesel::insert_into(participants::table)
                .values(&row)
                .on_conflict(participants::id)
                .do_update()
                .set(&row)
                .execute(c))?;
        }
        Record::Session(session) => {
            let row = rows::SessionRow::of(id.into(), session, document, &clashes);
            on_each!(tx, |c| diesel::insert_into(sessions::table)
                .values(&row)
                .on_conflict(sessions::id)
                .do_update()
                .set(&row)
                .execute(c))?;
            project_parts(tx, id.into(), session)?;
            doubles::write(tx, id.into(), session)?;
        }
        Record::Referral(_) | Record::Incident(_) | Record::Screening(_) | Record::Lesson(_) => return Ok(()),
    }
    clashes.write(tx, id)
}

/// How many rows one statement writes.
const ROWS: usize = 500;

/// The rows that a session has many of.
fn project_parts(tx: &mut Conn<'_>, id: SessionId, session: &Session) -> Result<(), StoreError> {
    let id = Db(id);
    on_each!(tx, |c| {
        diesel::delete(attendances::table.filter(attendances::session_id.eq(id))).execute(c)?;
        diesel::delete(session_themes::table.filter(session_themes::session_id.eq(id))).execute(c)?;
        diesel::delete(headcounts::table.filter(headcounts::session_id.eq(id))).execute(c)
    })?;
    let marks: Vec<_> = session
        .attendance
        .iter()
        .map(|(participant, mark)| {
            (
                attendances::session_id.eq(id),
                attendances::participant_id.eq(Db(*participant)),
                attendances::mark.eq(Code(*mark)),
            )
        })
        .collect();
    let themes: Vec<_> = session
        .themes
        .iter()
        .map(|theme| (session_themes::session_id.eq(id), session_themes::theme.eq(Code(*theme))))
        .collect();
    let heads: Vec<_> = session
        .headcount
        .iter()
        .map(|(cell, heads)| {
            (
                headcounts::session_id.eq(id),
                headcounts::sex.eq(Code(cell.sex)),
                headcounts::age_band.eq(Code(cell.age_band)),
                headcounts::heads.eq(heads.get() as i32),
            )
        })
        .collect();
    // In pieces: a database takes only so many values in one statement.
    for some in marks.chunks(ROWS) {
        on_each!(tx, |c| diesel::insert_into(attendances::table).values(some).execute(c))?;
    }
    for some in themes.chunks(ROWS) {
        on_each!(tx, |c| diesel::insert_into(session_themes::table).values(some).execute(c))?;
    }
    for some in heads.chunks(ROWS) {
        on_each!(tx, |c| diesel::insert_into(headcounts::table).values(some).execute(c))?;
    }
    Ok(())
}

//! What a session has several of: marks, themes and cells of its headcount.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::{DeviceId, ParticipantId, SessionId};
use sync_core::person::marks;
use sync_core::record::Session;

use crate::store::Db;
use crate::store::schema::{attendances, headcounts, session_themes};

/// One mark of a participant in a session; concurrent marks are rows of their own, of which one is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = attendances, primary_key(session_id, participant_id, author, mark))]
pub(in crate::projection) struct AttendanceRow {
    pub(in crate::projection) session_id: Db<SessionId>,
    participant_id: Db<ParticipantId>,
    author: Db<DeviceId>,
    mark: String,
    shown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = session_themes, primary_key(session_id, theme))]
pub(in crate::projection) struct ThemeRow {
    pub(in crate::projection) session_id: Db<SessionId>,
    theme: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = headcounts, primary_key(session_id, sex, age_band))]
pub(in crate::projection) struct HeadcountRow {
    pub(in crate::projection) session_id: Db<SessionId>,
    sex: String,
    age_band: String,
    heads: i32,
}

/// The rows of a session's attendance, themes and headcount.
pub(in crate::projection) fn parts(
    id: SessionId,
    session: &Session,
    document: &Document,
) -> (Vec<AttendanceRow>, Vec<ThemeRow>, Vec<HeadcountRow>) {
    let session_id = Db(id);
    // A device can have made the same mark in two incarnations: the key has room for one of them.
    let mut each: BTreeMap<(ParticipantId, DeviceId, String), bool> = BTreeMap::new();
    for one in marks(document) {
        *each.entry((one.participant, one.device, one.mark.to_string())).or_default() |= one.shown;
    }
    let marks = each.into_iter().map(|((participant, device, mark), shown)| AttendanceRow {
        session_id,
        participant_id: Db(participant),
        author: Db(device),
        mark,
        shown,
    });
    let themes = session.themes.iter().map(|theme| ThemeRow { session_id, theme: theme.to_string() });
    let heads = session.headcount.iter().map(|(cell, heads)| HeadcountRow {
        session_id,
        sex: cell.sex.to_string(),
        age_band: cell.age_band.to_string(),
        heads: heads.get() as i32,
    });
    (marks.collect(), themes.collect(), heads.collect())
}

//! The days of a record, which may be doubted.

use diesel::prelude::*;
use sync_core::conflict::standing;
use sync_core::document::Document;
use sync_core::id::DocumentId;
use sync_core::record::Record;
use sync_core::time::Date;

use crate::clock::day_begins;
use crate::store::schema::days;
use crate::store::{At, Db};

/// A day of a record, with the change that put it: the day may be doubted by that author's clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = days, primary_key(document_id, field))]
pub(in crate::projection) struct DayRow {
    pub(in crate::projection) document_id: Db<DocumentId>,
    field: String,
    day: String,
    begins_at: At,
    written_by: Option<Vec<u8>>,
    written_at: Option<At>,
}

/// The days of a record that may be doubted. Of a participant who was erased none is kept.
pub(in crate::projection) fn days_of(id: DocumentId, document: &Document, record: &Record) -> Vec<DayRow> {
    let all = match record {
        Record::Session(session) => vec![("date", Some(session.date))],
        Record::Participant(one) if one.erased.is_none() => {
            vec![("consent_date", one.consent_date), ("consent_withdrawn", one.consent_withdrawn)]
        }
        _ => Vec::new(),
    };
    let row = |(field, day): (&str, Option<Date>)| {
        let day = day?;
        let written = standing(document, field);
        Some(DayRow {
            document_id: Db(id),
            field: field.to_owned(),
            day: day.to_string(),
            begins_at: At(day_begins(day)),
            written_by: written.as_ref().map(|claim| claim.change.as_bytes().to_vec()),
            written_at: written.map(|claim| At(claim.at)),
        })
    };
    all.into_iter().filter_map(row).collect()
}

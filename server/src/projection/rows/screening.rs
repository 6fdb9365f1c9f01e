//! The row of a screening.

use diesel::prelude::*;
use sync_core::id::{ParticipantId, ScreeningId, StreamId};
use sync_core::record::screening::Score;
use sync_core::record::{Place, Screening};

use super::word;
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::screenings;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = screenings, treat_none_as_null = true)]
pub(in crate::projection) struct ScreeningRow {
    pub(in crate::projection) id: Db<ScreeningId>,
    group_id: Db<StreamId>,
    participant_id: Db<ParticipantId>,
    instrument: String,
    version: Option<String>,
    timepoint: String,
    date: Option<String>,
    score: i32,
    max: i32,
    risk: Option<bool>,
    corrects: Option<Db<ScreeningId>>,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
}

impl ScreeningRow {
    pub(in crate::projection) fn of(place: Place, screening: &Screening, clashes: &Clashes) -> Self {
        let number = |score: Score| i32::try_from(score.get()).unwrap_or(i32::MAX);
        Self {
            id: Db(place.document.into()),
            group_id: Db(place.stream),
            participant_id: Db(screening.participant),
            instrument: screening.instrument.to_string(),
            version: word(screening.version.as_ref()),
            timepoint: screening.timepoint.to_string(),
            date: word(screening.date),
            score: number(screening.score),
            max: number(screening.max),
            risk: screening.risk,
            corrects: screening.corrects.map(Db),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            void: word(screening.void.as_ref()),
        }
    }
}

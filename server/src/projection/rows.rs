//! Records as rows: the fields by which queries filter, sort and count. A reader of the whole record opens its
//! document.

mod coverage;
mod day;
mod group;
mod incident;
mod lesson;
mod participant;
mod parts;
mod referral;
mod screening;
mod service;
mod session;

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::document::Document;
use sync_core::id::DocumentId;
use sync_core::record::{Kind, Place, Record};

use super::clashes::{ClaimRow, Clashes, ConflictRow};
use super::write;
use crate::on_each;
use crate::store::schema::{
    self, attendances, conflict_claims, conflicts, days, groups, headcounts, incidents, lessons,
    participant_origins, participants, referral_steps, referrals, screenings, services, session_themes,
    sessions,
};
use crate::store::{Conn, Db, StoreError};
pub use coverage::CoverageId;
use coverage::CoverageRow;
use day::{DayRow, days_of};
pub(super) use group::GroupRow;
use incident::IncidentRow;
use lesson::LessonRow;
pub(super) use participant::ParticipantRow;
use participant::{OriginRow, origins};
use parts::{AttendanceRow, HeadcountRow, ThemeRow, parts};
use referral::{ReferralRow, StepRow, steps};
use screening::ScreeningRow;
use service::ServiceRow;
pub(super) use session::SessionRow;

/// All rows of one document. Invariant: each list is sorted, so that two `Rows` are equal if they hold the same rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub(super) group: Option<GroupRow>,
    pub(super) coverage: Option<CoverageRow>,
    pub(super) participant: Option<ParticipantRow>,
    pub(super) origins: Vec<OriginRow>,
    pub(super) session: Option<SessionRow>,
    pub(super) lesson: Option<LessonRow>,
    pub(super) service: Option<ServiceRow>,
    pub(super) days: Vec<DayRow>,
    pub(super) attendances: Vec<AttendanceRow>,
    pub(super) themes: Vec<ThemeRow>,
    pub(super) headcounts: Vec<HeadcountRow>,
    pub(super) referral: Option<ReferralRow>,
    pub(super) steps: Vec<StepRow>,
    pub(super) incident: Option<IncidentRow>,
    pub(super) screening: Option<ScreeningRow>,
    pub(super) conflicts: Vec<ConflictRow>,
    pub(super) claims: Vec<ClaimRow>,
}

impl Rows {
    /// The rows that a document must have. Costs a look at its history; needs no database and no lock.
    pub fn of(place: Place, document: &Document, record: &Record) -> Self {
        let id = place.document;
        let clashes = Clashes::of(place, document, record);
        let (conflicts, claims) = clashes.rows(id);
        let days = days_of(id, document, record);
        let mut rows = Self { days, conflicts, claims, ..Self::default() };
        match record {
            Record::Group(group) => {
                rows.group = Some(GroupRow::of(id.into(), group, document, &clashes));
                rows.coverage = CoverageRow::of(id.into(), group, document);
            }
            Record::Participant(participant) => {
                rows.participant = Some(ParticipantRow::of(id.into(), participant, &clashes));
                rows.origins = origins(id.into(), participant, document);
            }
            Record::Session(session) => {
                rows.session = Some(SessionRow::of(id.into(), session, document, &clashes));
                (rows.attendances, rows.themes, rows.headcounts) = parts(id.into(), session, document);
            }
            // Marks name an erased participant: the row says that they count for nobody.
            Record::Erased(Kind::Participant) => {
                rows.participant = Some(ParticipantRow::erased(place));
            }
            Record::Lesson(lesson) => rows.lesson = Some(LessonRow::of(id, lesson, &clashes)),
            Record::SharedLesson(lesson) => rows.lesson = Some(LessonRow::of_shared(id, lesson, &clashes)),
            Record::Service(service) => rows.service = Some(ServiceRow::of(id.into(), service)),
            // The shared lesson tells of it.
            Record::Adoption(_) => {}
            Record::Referral(referral) => {
                rows.referral = Some(ReferralRow::of(place, referral, &clashes));
                rows.steps = steps(id.into(), referral);
            }
            Record::Incident(incident) => rows.incident = Some(IncidentRow::of(place, incident, &clashes)),
            Record::Screening(screening) => {
                rows.screening = Some(ScreeningRow::of(place, screening, &clashes));
            }
            Record::Erased(_) => {}
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

    /// Whether a row says that the document is something other than a group.
    fn is_of_no_group(&self) -> bool {
        self.session.is_some()
            || self.participant.is_some()
            || self.lesson.is_some()
            || self.service.is_some()
            || self.referral.is_some()
            || self.incident.is_some()
            || self.screening.is_some()
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
        each!(lessons by id, |rows, row: LessonRow| rows.lesson = Some(row));
        each!(services by id, |rows, row: ServiceRow| rows.service = Some(row));
        each!(days by document_id, |rows, row: DayRow| rows.days.push(row));
        each!(attendances by session_id, |rows, row: AttendanceRow| rows.attendances.push(row));
        each!(session_themes by session_id, |rows, row: ThemeRow| rows.themes.push(row));
        each!(headcounts by session_id, |rows, row: HeadcountRow| rows.headcounts.push(row));
        each!(referrals by id, |rows, row: ReferralRow| rows.referral = Some(row));
        each!(referral_steps by referral_id, |rows, row: StepRow| rows.steps.push(row));
        each!(incidents by id, |rows, row: IncidentRow| rows.incident = Some(row));
        each!(screenings by id, |rows, row: ScreeningRow| rows.screening = Some(row));
        each!(conflicts by document_id, |rows, row: ConflictRow| rows.conflicts.push(row));
        // The id of a row of coverage is made of the group's, and whoever looks for it may have lost the row of the group itself: all are
        // asked after that have no row of another kind.
        let covered: BTreeMap<CoverageId, DocumentId> = ids
            .iter()
            .filter(|Db(id)| !found.get(id).is_some_and(Self::is_of_no_group))
            .map(|Db(id)| (CoverageId::of((*id).into()), *id))
            .collect();
        if !covered.is_empty() {
            let these =
                schema::coverage::table.filter(schema::coverage::id.eq_any(covered.keys().copied().map(Db)));
            let loaded: Vec<CoverageRow> = on_each!(tx, |c| these.select(CoverageRow::as_select()).load(c))?;
            for row in loaded {
                let Some(id) = covered.get(&row.id.0) else { continue };
                found.entry(*id).or_default().coverage = Some(row);
            }
        }
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
        self.steps.sort_unstable();
        self.conflicts.sort_unstable();
        self.claims.sort_unstable();
        self
    }
}

fn word(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn number(value: Option<i64>) -> Option<i32> {
    value.and_then(|value| value.try_into().ok())
}

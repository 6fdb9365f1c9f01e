//! Which screenings there were, and which of them stand.

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};
use sync_core::id::{GroupId, ParticipantId, ScreeningId};
use sync_core::record::instrument;
use sync_core::record::screening::{Instrument, Timepoint};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::doubt::wanted;
use crate::on_each;
use crate::page::{Page, Window};
use crate::problem::{Fields, Problem};
use crate::records::care::{codes, of_nobody_erased};
use crate::scope::{Asked, AskedQuery, Permit, Scope, groups_in};
use crate::store::schema::screenings;
use crate::store::{Conn, Db, Store, StoreError};

/// That another screening of the group, which is not void, corrects this one; in SQL.
const CORRECTED: &str = "EXISTS (SELECT 1 FROM screenings AS later WHERE later.corrects = screenings.id \
                         AND later.group_id = screenings.group_id AND later.void IS NULL)";

/// A question as it stands in an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScreeningQuery {
    /// One group.
    group: Option<Uuid>,
    /// The groups of one organisation.
    organisation: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    kind: Option<String>,
    /// `sociotherapy`, `space_for_peace` and so on.
    modality: Option<String>,
    /// NISR code of a province, district, sector, cell or village (1, 2, 4, 6 or 8 digits): it and all below it.
    #[param(example = "52")]
    area: Option<String>,
    /// The first day, `2026-03-01`.
    from: Option<String>,
    /// The last day, `2026-03-31`.
    to: Option<String>,
    /// Of one participant.
    participant: Option<Uuid>,
    /// `PCL-5`, `PHQ-9` and so on.
    #[param(example = "PHQ-9")]
    instrument: Option<String>,
    /// `baseline`, `mid`, `end` or `follow_up`.
    #[param(example = "baseline")]
    timepoint: Option<String>,
    /// `true`: those in which an answer points at a risk to life; `false`: those of which somebody said that none does.
    risk: Option<bool>,
    /// `true`: those that another one corrects; `false`: the others.
    corrected: Option<bool>,
    /// `true`: those that were recorded by mistake; `false`: the others.
    void: Option<bool>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl ScreeningQuery {
    /// What is asked of the groups and days, and which page.
    pub(super) fn asked(&self) -> AskedQuery {
        AskedQuery {
            group: self.group,
            organisation: self.organisation,
            kind: self.kind.clone(),
            modality: self.modality.clone(),
            area: self.area.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            text: None,
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// Conditions on `screenings`, in SQL.
    ///
    /// # Errors
    /// 422 `invalid-fields`.
    fn conditions(&self) -> Result<Vec<String>, Problem> {
        let mut fields = Fields::default();
        let instrument: Option<Instrument> = fields.parse("instrument", self.instrument.as_deref());
        let timepoint: Option<Timepoint> = fields.parse("timepoint", self.timepoint.as_deref());
        fields.done()?;
        let said = [
            instrument.map(|instrument| format!("(screenings.instrument = '{instrument}')")),
            timepoint.map(|timepoint| format!("(screenings.timepoint = '{timepoint}')")),
        ];
        let doubts = wanted([
            (self.risk, "screenings.risk".to_owned()),
            (self.corrected, CORRECTED.to_owned()),
            (self.void, "(screenings.void IS NOT NULL)".to_owned()),
        ]);
        Ok(said.into_iter().flatten().chain(doubts).chain([of_nobody_erased("screenings")]).collect())
    }
}

/// A screening in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScreeningItem {
    #[schema(value_type = Uuid)]
    id: ScreeningId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(value_type = Uuid)]
    participant_id: ParticipantId,
    /// The participant's pseudonym, where they are known in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "P07")]
    code: Option<String>,
    #[schema(example = "PHQ-9")]
    instrument: String,
    /// Which version of the questionnaire.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[schema(example = "baseline")]
    timepoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-05")]
    date: Option<String>,
    score: i32,
    /// The greatest score that there is.
    max: i32,
    /// Why the score can hardly be right, in words: it is out of the range that the instrument has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "PHQ-9 goes from 0 to 27, and this score is out of 30.")]
    score_doubt: Option<String>,
    /// Whether an answer points at a risk to life, whatever the score; absent where nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<bool>,
    /// The screening that this one corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    corrects: Option<ScreeningId>,
    /// Whether another one corrects it.
    corrected: bool,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
    /// Why it was recorded by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = screenings)]
pub(super) struct Row {
    id: Db<ScreeningId>,
    group_id: Db<GroupId>,
    participant_id: Db<ParticipantId>,
    instrument: String,
    version: Option<String>,
    timepoint: String,
    date: Option<String>,
    score: i32,
    max: i32,
    risk: Option<bool>,
    corrects: Option<Db<ScreeningId>>,
    #[diesel(select_expression = diesel::dsl::sql::<Bool>(CORRECTED))]
    #[diesel(select_expression_type = diesel::expression::SqlLiteral<Bool>)]
    corrected: bool,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
}

/// What a list tells of some screenings, in their order.
///
/// # Errors
/// Those of the store.
pub(super) fn items(tx: &mut Conn<'_>, rows: Vec<Row>) -> Result<Vec<ScreeningItem>, StoreError> {
    let codes = codes(tx, rows.iter().map(|row| row.participant_id.0))?;
    let item = |row: Row| ScreeningItem {
        id: row.id.0,
        group_id: row.group_id.0,
        participant_id: row.participant_id.0,
        code: codes.get(&(row.group_id.0, row.participant_id.0)).cloned(),
        score_doubt: doubt(&row),
        instrument: row.instrument,
        version: row.version,
        timepoint: row.timepoint,
        date: row.date,
        score: row.score,
        max: row.max,
        risk: row.risk,
        corrects: row.corrects.map(|Db(id)| id),
        corrected: row.corrected,
        conflicts: row.conflicts,
        was_in_conflict: row.was_in_conflict,
        void: row.void,
    };
    Ok(rows.into_iter().map(item).collect())
}

fn doubt(row: &Row) -> Option<String> {
    instrument::doubt(row.instrument.parse().ok()?, row.score.into(), row.max.into())
}

/// List screenings
///
/// Of groups that the caller leads or whose facilitators they supervise; to a protection officer, of all groups of the organisation. The
/// latest recorded first. A screening is never edited: a wrong one is corrected by another.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(ScreeningQuery),
    responses(
        (status = 200, description = "Screenings, the latest first", body = Page<ScreeningItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/screenings")]
pub(crate) async fn list_screenings(
    permit: Permit,
    query: web::Query<ScreeningQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<ScreeningItem>>, Problem> {
    let scope = permit.scope()?;
    let (asked, window) = (query.asked().checked()?, query.asked().page().of("screenings")?);
    let (conditions, page) = (query.conditions()?, window.clone());
    let participant = query.participant.map(ParticipantId::from);
    let items = store.read("list screenings", move |tx| {
        let rows = list(tx, scope, &asked, participant, &conditions, &page)?;
        items(tx, rows)
    });
    Ok(web::Json(Page::of(items.await?, &window, |item: &ScreeningItem| item.id)))
}

fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    participant: Option<ParticipantId>,
    conditions: &[String],
    page: &Window<ScreeningId>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = screenings::table
            .filter(screenings::group_id.eq_any(groups_in!(Backend, scope.sensitive, asked)))
            .order(screenings::id.desc())
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(after) = page.after {
            rows = rows.filter(screenings::id.lt(Db(after)));
        }
        if let Some(from) = asked.from {
            rows = rows.filter(screenings::date.ge(from.to_string()));
        }
        if let Some(to) = asked.to {
            rows = rows.filter(screenings::date.le(to.to_string()));
        }
        if let Some(participant) = participant {
            rows = rows.filter(screenings::participant_id.eq(Db(participant)));
        }
        for condition in conditions {
            rows = rows.filter(diesel::dsl::sql::<Bool>(condition));
        }
        rows.load(c)
    })
}

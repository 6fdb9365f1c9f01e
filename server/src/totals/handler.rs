//! `GET /v1/aggregates`.

use std::collections::BTreeMap;

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::MOST_DIMENSIONS;
use super::dimension::Dimension;
use super::doubts::Doubts;
use super::from_facts;
use super::from_rows;
use super::months::Months;
use super::question::{Question, RawTotals, Total};
use super::refusal::{MAX_ROWS, Refused};
use crate::problem::{Fields, Problem};
use crate::published::only_published;
use crate::scope::{Asked, AskedQuery, Permit, Scope};
use crate::store::{Conn, Failure, Store};

/// What totals are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AggregatesQuery {
    /// What to tell the totals apart by, with commas between: `organisation`, `province`, `district`, `sector`, `cell`,
    /// `village`, `month`, `quarter`, `year`, `kind`, `modality`, `sex`, `age_band`, `phase`, `part`, `state`. Left out: only the total.
    #[param(
        example = "district,month",
        pattern = r"^((organisation|province|district|sector|cell|village|month|quarter|year|kind|modality|sex|age_band|phase|part|state)(,(organisation|province|district|sector|cell|village|month|quarter|year|kind|modality|sex|age_band|phase|part|state)){0,5})?$"
    )]
    by: Option<String>,
    /// One group.
    group: Option<Uuid>,
    /// One organisation.
    organisation: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    kind: Option<String>,
    modality: Option<String>,
    /// NISR code of an area of any level: it and all below it.
    area: Option<String>,
    /// The first day, `2026-03-01`.
    from: Option<String>,
    /// The last day, `2026-03-31`.
    to: Option<String>,
    /// `female` or `male`: only people who say so of themselves.
    sex: Option<String>,
    /// `under_16`, `16_24`, `25_35`, `36_59` or `60_plus`.
    age_band: Option<String>,
    /// `safety`, `trust`, `care`, `respect`, `new_orientation` or `memory`: only meetings of this phase.
    phase: Option<String>,
    /// `morning`, `afternoon` or `evening`: only meetings of this part of the day.
    part: Option<String>,
    /// `draft`, `submitted` or `verified`: only meetings in this state.
    state: Option<String>,
}

/// Totals, told apart as asked, and over all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Aggregates {
    /// What the rows are told apart by.
    #[schema(example = json!(["district", "month"]))]
    by: Vec<String>,
    rows: Vec<AggregateRow>,
    total: Totals,
    /// What to look at before the totals are relied on, over all sessions of these groups and days.
    doubts: Doubts,
}

/// One row of totals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AggregateRow {
    /// The value of each dimension; areas by their NISR code, an organisation by its code.
    #[schema(example = json!({"district": "52", "month": "2026-03"}))]
    of: BTreeMap<String, String>,
    #[serde(flatten)]
    totals: Totals,
}

// The one way out of the service for exact figures: `answer` makes it of the groups in the caller's scope.
/// What is counted. `attendances` and `people` come from registers, `heads` from the headcounts of open circles, where people
/// are not known one by one; the two are never added up.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Meetings, each once however many facilitators recorded it.
    pub(crate) sessions: i64,
    /// Those of the meetings whose register says that somebody came: what `attendances` and `people` count.
    pub(crate) sessions_by_register: i64,
    /// Those of the meetings at which heads were counted: what `heads` counts. A meeting may have both.
    pub(crate) sessions_by_headcount: i64,
    /// Marks of people who came, also late.
    pub(crate) attendances: i64,
    /// People who came at least once, each once; of those only who have a record in the group. Left out where meetings are told apart by phase,
    /// part of the day or state: somebody comes to meetings of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) people: Option<i64>,
    /// Heads counted, meeting by meeting: somebody who comes to two meetings is two.
    pub(crate) heads: i64,
    /// How long the meetings took, of those that say it.
    pub(crate) minutes: i64,
}

impl Totals {
    pub(super) fn of(counts: RawTotals, question: &Question) -> Self {
        Self {
            sessions: counts.sessions,
            sessions_by_register: counts.by_register,
            sessions_by_headcount: counts.by_headcount,
            attendances: counts.attendances,
            people: (!question.of_meetings()).then_some(counts.people),
            heads: counts.heads,
            minutes: counts.minutes,
        }
    }
}

/// Ask for totals
///
/// Over the sessions of the groups that the caller may see, exact; each meeting once: doubles are left out. Where people are
/// told apart (`sex`, `age_band`), a session stands in the row of everybody who came, be it by its register or by its
/// headcount, and one to which nobody came in none. Whole months may be asked of any number of meetings; other days, and people and meetings
/// told apart together (`sex,phase`), of 20,000 meetings with 100,000 marks at once; an answer has at most 50,000 rows.
/// Secretariat and donor are told which published tables there are (422 `only-published`).
#[utoipa::path(
    tag = "Aggregates",
    security(("bearer" = [])),
    params(AggregatesQuery),
    responses(
        (status = 200, description = "The totals", body = Aggregates),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`, `only-published`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/aggregates")]
pub(crate) async fn aggregates(
    permit: Permit,
    query: web::Query<AggregatesQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Aggregates>, Problem> {
    if permit.is_of_published() {
        return Err(store.read("published tables", only_published).await?);
    }
    let scope = permit.scope()?;
    let question = query.into_inner().checked()?;
    let by: Vec<String> = question.by.iter().map(ToString::to_string).collect();
    let (rows, total, doubts) = store.read("aggregates", move |tx| answer(tx, scope, &question)).await?;
    let row = |(values, totals): (Vec<String>, Totals)| AggregateRow {
        of: by.iter().cloned().zip(values).collect(),
        totals,
    };
    let rows = rows.into_iter().map(row).collect();
    Ok(web::Json(Aggregates { by, rows, total, doubts }))
}

/// What rows say, what all of them together say, and what should be known of it.
type Answered = (Vec<(Vec<String>, Totals)>, Totals, Doubts);

fn answer(tx: &mut Conn<'_>, scope: Scope, question: &Question) -> Result<Answered, Failure<Refused>> {
    // The total counts every session that fits, also where the rows tell people apart.
    let all = Question { by: Vec::new(), ..question.clone() };
    let rows = if question.by.is_empty() { Vec::new() } else { ask(tx, scope, question)? };
    if rows.len() > MAX_ROWS {
        return Err(Refused::Rows.into());
    }
    let total = ask(tx, scope, &all)?.first().map_or_else(RawTotals::default, |total| total.counts);
    let doubts = match Months::of(&question.asked) {
        Some(months) => from_facts::doubts(tx, question, &months, scope)?,
        None => question.doubts(tx, scope)?,
    };
    let rows = rows.into_iter().map(|row| (row.by, Totals::of(row.counts, question))).collect();
    Ok((rows, Totals::of(total, &all), doubts))
}

/// From facts, where they tell it; otherwise from the rows, if those are not too many.
fn ask(tx: &mut Conn<'_>, scope: Scope, question: &Question) -> Result<Vec<Total>, Failure<Refused>> {
    match Months::of(&question.asked).filter(|_| question.is_told_by_facts()) {
        Some(months) => Ok(from_facts::answer(tx, question, &months, scope)?),
        None => {
            from_rows::within_budget(tx, question, scope)?;
            Ok(from_rows::answer(tx, question, scope)?)
        }
    }
}

impl AggregatesQuery {
    fn checked(self) -> Result<Question, Problem> {
        let asked: Asked = AskedQuery {
            group: self.group,
            organisation: self.organisation,
            kind: self.kind,
            modality: self.modality,
            area: self.area,
            from: self.from,
            to: self.to,
            ..AskedQuery::default()
        }
        .checked()?;
        let mut fields = Fields::default();
        let words: Vec<&str> =
            self.by.iter().filter(|by| !by.is_empty()).flat_map(|by| by.split(',')).collect();
        if words.len() > MOST_DIMENSIONS {
            fields.refuse("by", format!("has at most {MOST_DIMENSIONS} words"));
        }
        let mut by: Vec<Dimension> = Vec::new();
        for word in words {
            by.extend(fields.parse("by", Some(word)).filter(|dimension| !by.contains(dimension)));
        }
        let question = Question {
            by,
            asked,
            sex: fields.parse("sex", self.sex.as_deref()),
            age_band: fields.parse("age_band", self.age_band.as_deref()),
            phase: fields.parse("phase", self.phase.as_deref()),
            part: fields.parse("part", self.part.as_deref()),
            state: fields.parse("state", self.state.as_deref()),
        };
        fields.done().map(|()| question)
    }
}

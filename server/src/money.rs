//! Budgets: what an organisation has for its work, by method and months. Managers enter lines; results are divided by them in
//! [`questions`](crate::questions). A line is not changed: it is taken back with a new one in its place.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_core::id::{Id, OrganisationId};
use sync_core::record::Modality;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::audit::{self, ObjectKind};
use crate::clock::{Clock, timestamp};
use crate::frameworks::targets::{first_day, months};
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::schema::{budget_lines, organisations};
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_budget).service(enter_budget_line).service(take_back_budget_line);
}

/// A line to enter.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    /// The method that it pays for; left out: all methods together, as rent or salaries.
    #[schema(example = "sociotherapy")]
    modality: Option<String>,
    /// The first month that it pays for.
    #[schema(example = "2026-01")]
    from: String,
    /// The last month.
    #[schema(example = "2026-03")]
    to: String,
    /// ISO 4217.
    #[schema(example = "RWF", pattern = "^[A-Z]{3}$")]
    currency: String,
    /// In whole units of the currency.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    amount: i64,
    /// Who gives it, in one line: an institution, never a person.
    #[schema(example = "Core grant", max_length = 120)]
    source: String,
}

/// A line of a budget.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Line {
    id: Uuid,
    #[schema(value_type = Uuid)]
    organisation_id: OrganisationId,
    /// The organisation's code.
    #[schema(example = "aegis")]
    pub(crate) organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sociotherapy")]
    pub(crate) modality: Option<String>,
    #[schema(example = "2026-01")]
    from: String,
    #[schema(example = "2026-03")]
    to: String,
    #[schema(example = "RWF")]
    pub(crate) currency: String,
    amount: i64,
    source: String,
    entered_at: Timestamp,
    /// Since when it does not count any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_back_at: Option<Timestamp>,
}

/// Which lines.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetQuery {
    /// Those of one organisation.
    organisation: Option<Uuid>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl Line {
    /// How much of it is for the months of a span, all months alike.
    pub(crate) fn within(&self, from: &str, to: &str) -> i64 {
        let all = count_months(&self.from, &self.to).max(1);
        let inside = count_months(from.max(&self.from), to.min(&self.to)).max(0);
        // A budget is at most 10^12 of anything, and a span at most some thousand months.
        (self.amount * inside + all / 2) / all
    }
}

/// How many months lie from the first to the last, both counted.
fn count_months(from: &str, to: &str) -> i64 {
    let number =
        |month: &str| first_day(month).map(|day| i64::from(day.year()) * 12 + i64::from(day.month()));
    number(to).zip(number(from)).map_or(0, |(to, from)| to - from + 1)
}

/// What lines give for the months of a span, by method (`None`: all together) and currency.
pub(crate) fn amounts(lines: &[Line], from: &str, to: &str) -> BTreeMap<(Option<String>, String), i64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        *sums.entry((line.modality.clone(), line.currency.clone())).or_default() += line.within(from, to);
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

/// Enter a line of the budget
#[utoipa::path(
    tag = "Money",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Entered", body = Line),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/budget")]
pub(crate) async fn enter_budget_line(
    permit: Permit,
    body: web::Json<LineBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let LineBody { modality, from, to, currency, amount, source } = body.into_inner();
    let mut fields = Fields::default();
    let modality: Option<Modality> = fields.parse("modality", modality.as_deref());
    let (from, to) = months(&mut fields, &from, &to);
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        fields.refuse("currency", "is a code of three capital letters, as RWF or EUR");
    }
    if !(1..=1_000_000_000_000).contains(&amount) {
        fields.refuse("amount", "is a whole number from 1 to 1000000000000");
    }
    if count_months(&from, &to) > 120 {
        fields.refuse("to", "is at most ten years after `from`");
    }
    let source = fields.name("source", &source);
    fields.done()?;
    let (own, now, user, id) = (permit.organisation()?, clock.now(), permit.user(), Uuid::now_v7());
    audit::concerns(ObjectKind::BudgetLine, id, None);
    let entered = store.write("enter a budget line", move |tx| {
        let row = (
            budget_lines::id.eq(id.as_bytes().to_vec()),
            budget_lines::organisation_id.eq(Db(own)),
            budget_lines::modality.eq(modality.map(|one| one.code())),
            budget_lines::from_month.eq(&from),
            budget_lines::to_month.eq(&to),
            budget_lines::currency.eq(&currency),
            budget_lines::amount.eq(amount),
            budget_lines::source.eq(&source),
            budget_lines::entered_at.eq(At(now)),
            budget_lines::entered_by.eq(Db(user)),
        );
        on_each!(tx, |c| diesel::insert_into(budget_lines::table).values(row).execute(c))?;
        find(tx, id)
    });
    let entered = entered.await?.ok_or_else(Problem::internal)?;
    Ok(HttpResponse::Created().json(entered))
}

/// Take a line of the budget back
///
/// It stays in the list, and does not count any more. Enter what is right as a new line.
#[utoipa::path(
    tag = "Money",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The line")),
    responses(
        (status = 200, description = "Taken back, also where it was already", body = Line),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-budget-line`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/budget/{id}/take-back")]
pub(crate) async fn take_back_budget_line(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Line>, Problem> {
    let (own, now, user, id) = (permit.organisation()?, clock.now(), permit.user(), *id);
    let taken = store.write("take a budget line back", move |tx| {
        let line = budget_lines::table
            .find(id.as_bytes().to_vec())
            .filter(budget_lines::organisation_id.eq(Db(own)).and(budget_lines::taken_back_at.is_null()));
        let gone = (budget_lines::taken_back_at.eq(At(now)), budget_lines::taken_back_by.eq(Db(user)));
        on_each!(tx, |c| diesel::update(line).set(gone).execute(c))?;
        let line = find(tx, id)?.filter(|line| line.organisation_id == own);
        Ok::<_, Failure<NoSuchLine>>(line.ok_or(NoSuchLine)?)
    });
    Ok(web::Json(taken.await?))
}

#[derive(Debug, thiserror::Error)]
#[error("there is no such line")]
struct NoSuchLine;

impl Refusal for NoSuchLine {}

impl From<NoSuchLine> for Problem {
    fn from(_: NoSuchLine) -> Self {
        Self::of(kind::NO_SUCH_BUDGET_LINE, "No line of your organisation's budget has this id.")
    }
}

/// List the lines of budgets
///
/// A manager reads those of their organisation; the secretariat and the donor those of all.
#[utoipa::path(
    tag = "Money",
    security(("bearer" = [])),
    params(BudgetQuery),
    responses(
        (status = 200, description = "Lines, in the order in which they were entered", body = Page<Line>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/budget")]
pub(crate) async fn list_budget(
    permit: Permit,
    query: web::Query<BudgetQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<Line>>, Problem> {
    let BudgetQuery { organisation, after, limit } = query.into_inner();
    let window: Window<Uuid> = PageQuery::new(after, limit).of("budget")?;
    let within = permit.organisations()?;
    let asked = organisation.map(OrganisationId::from_uuid);
    let (after, most) = (window.after, window.rows());
    let found = store.read("list budget", move |tx| rows(tx, [within, asked], true, after, most)).await?;
    Ok(web::Json(Page::of(found, &window, |one: &Line| one.id)))
}

/// The lines that count, of one organisation or of all.
///
/// # Errors
/// Those of the store.
pub(crate) fn lines(tx: &mut Conn<'_>, of: Option<OrganisationId>) -> Result<Vec<Line>, StoreError> {
    rows(tx, [of, None], false, None, MOST)
}

/// All lines of an organisation, those that were taken back, too.
///
/// # Errors
/// Those of the store.
pub(crate) fn all_of(tx: &mut Conn<'_>, of: OrganisationId) -> Result<Vec<Line>, StoreError> {
    rows(tx, [Some(of), None], true, None, MOST)
}

/// More lines than all partners enter in years.
const MOST: i64 = 20_000;

fn find(tx: &mut Conn<'_>, id: Uuid) -> Result<Option<Line>, StoreError> {
    let before = Uuid::from_u128(id.as_u128().saturating_sub(1));
    Ok(rows(tx, [None, None], true, Some(before), 1)?.pop().filter(|line| line.id == id))
}

type Row = (
    (Vec<u8>, Db<OrganisationId>, String, Option<String>, String, String),
    (String, i64, String, At, Option<At>),
);

fn rows(
    tx: &mut Conn<'_>,
    of: [Option<OrganisationId>; 2],
    also_taken_back: bool,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Line>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = budget_lines::table
            .inner_join(organisations::table)
            .order(budget_lines::id)
            .limit(most)
            .select((
                (
                    budget_lines::id,
                    budget_lines::organisation_id,
                    organisations::code,
                    budget_lines::modality,
                    budget_lines::from_month,
                    budget_lines::to_month,
                ),
                (
                    budget_lines::currency,
                    budget_lines::amount,
                    budget_lines::source,
                    budget_lines::entered_at,
                    budget_lines::taken_back_at,
                ),
            ))
            .into_boxed::<Backend>();
        for of in of.into_iter().flatten() {
            rows = rows.filter(budget_lines::organisation_id.eq(Db(of)));
        }
        if !also_taken_back {
            rows = rows.filter(budget_lines::taken_back_at.is_null());
        }
        if let Some(after) = after {
            rows = rows.filter(budget_lines::id.gt(after.as_bytes().to_vec()));
        }
        rows.load(c)
    })?;
    rows.into_iter().map(line).collect()
}

fn line(row: Row) -> Result<Line, StoreError> {
    let ((id, Db(organisation_id), organisation, modality, from, to), (currency, amount, source, at, gone)) =
        row;
    Ok(Line {
        id: Uuid::from_slice(&id).map_err(|_| StoreError::Damaged("a budget line"))?,
        organisation_id,
        organisation,
        modality,
        from,
        to,
        currency,
        amount,
        source,
        entered_at: timestamp(at.0),
        taken_back_at: gone.map(|At(at)| timestamp(at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_spread_over_its_months() {
        let line = Line {
            id: Uuid::nil(),
            organisation_id: Uuid::nil().into(),
            organisation: "aegis".to_owned(),
            modality: None,
            from: "2025-11".to_owned(),
            to: "2026-04".to_owned(),
            currency: "RWF".to_owned(),
            amount: 600,
            source: "Core grant".to_owned(),
            entered_at: timestamp(sync_core::time::Millis(0)),
            taken_back_at: None,
        };
        assert_eq!(line.within("2026-01", "2026-03"), 300);
        assert_eq!(line.within("2025-01", "2026-12"), 600);
        assert_eq!(line.within("2026-05", "2026-12"), 0);
        // The parts of a line add up, whatever months it has.
        let odd = Line { amount: 1_000, to: "2026-01".to_owned(), ..line };
        assert_eq!(odd.within("2025-11", "2025-12") + odd.within("2026-01", "2026-01"), 1_000);
    }
}

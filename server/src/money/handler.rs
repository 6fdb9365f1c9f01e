//! Entering lines, taking them back, and listing them.

use actix_web::{HttpResponse, get, post, web};
use diesel::prelude::*;
use iso_currency::Currency;
use serde::Deserialize;
use sync_core::id::{Id, OrganisationId};
use sync_core::record::Modality;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::kept::{MOST, Which, count, find, lines, rows};
use super::line::{Line, count_months};
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::frameworks::targets::months;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::schema::budget_lines;
use crate::store::{At, Db, Failure, Refusal, Store};

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

/// Enter a line of the budget
#[utoipa::path(
    tag = "Money",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Entered", body = Line),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-entered`", body = Problem, content_type = "application/problem+json"),
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
    if Currency::from_code(&currency).is_none() {
        fields.refuse("currency", "is a code of ISO 4217 in capital letters, as RWF or EUR");
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
        if count(tx, own)? >= MOST {
            return Err(Refused::Full.into());
        }
        if lines(tx, Some(own))?
            .iter()
            .any(|line| line.says(modality, (&from, &to), (&currency, amount), &source))
        {
            return Err(Refused::Entered.into());
        }
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
        Ok::<_, Failure<Refused>>(find(tx, id)?)
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
    let which = Which { of: [within, asked], also_taken_back: true, after: window.after, id: None };
    let most = window.rows();
    let found = store.read("list budget", move |tx| rows(tx, &which, most)).await?;
    Ok(web::Json(Page::of(found, &window, |one: &Line| one.id)))
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("a budget has so many lines")]
    Full,
    #[error("a line says the same")]
    Entered,
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => {
                let mut fields = Fields::default();
                fields.refuse("amount", format!("can't be entered: a budget has at most {MOST} lines"));
                fields.done().err().unwrap_or_else(Self::internal)
            }
            Refused::Entered => Self::of(
                kind::ALREADY_ENTERED,
                "A line of your budget says just this, and it would count twice. Where it is another grant, say so in source.",
            ),
        }
    }
}

//! `GET /v1/questions`: what can be asked.

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{QUESTIONS, Question};
use crate::access::Role;
use crate::problem::Problem;
use crate::scope::{Action, Permit, Reach};

/// A question that the caller may ask.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionItem {
    #[schema(example = "silent-groups")]
    name: &'static str,
    /// In words.
    title: &'static str,
    /// What the answer tells, and what not.
    says: &'static str,
    /// Where it is asked.
    #[schema(example = "/v1/questions/silent-groups")]
    href: &'static str,
    /// What may be said of it in the address.
    #[schema(example = json!(["area", "days"]))]
    takes: &'static [&'static str],
}

/// The questions that somebody of this role may ask.
pub(super) fn asked_by(role: Role) -> impl Iterator<Item = &'static Question> {
    let may = move |path| Action::at("GET", path).is_some_and(|action| action.reach(role) != Reach::Nothing);
    QUESTIONS.iter().copied().filter(move |question| may(question.path))
}

/// List the questions
///
/// Those that the caller may ask, each with its address. Every answer is told as JSON, as CSV (`Accept: text/csv`) or as a workbook
/// (`Accept: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet`).
#[utoipa::path(
    tag = "Questions",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The questions", body = [QuestionItem]),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/questions")]
pub(crate) async fn list_questions(permit: Permit) -> Result<web::Json<Vec<QuestionItem>>, Problem> {
    let item = |question: &'static Question| QuestionItem {
        name: question.name(),
        title: question.title,
        says: question.says,
        href: question.path,
        takes: question.takes,
    };
    Ok(web::Json(asked_by(permit.role()).map(item).collect()))
}

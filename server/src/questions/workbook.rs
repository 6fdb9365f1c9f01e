//! `GET /v1/workbook`: every question that the caller may ask, in one workbook.

use actix_web::{HttpResponse, get, web};

use super::answer::AsOf;
use super::asked::{Asker, QuestionQuery};
use super::list::asked_by;
use super::question::workbook;
use crate::clock::Clock;
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::{Failure, Store};

/// Read all answers as a workbook
///
/// A sheet for each question that the caller may ask and that needs nothing said, and one that says what was asked, as of when, and what should be known
/// of each answer. What can't be answered, as more than 5,000 rows would be told, is left out, and the first sheet says so.
#[utoipa::path(
    tag = "Questions",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The workbook", content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/workbook")]
pub(crate) async fn read_workbook(
    permit: Permit,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (asker, now, role) = (Asker::new(permit, &clock), clock.now(), permit.role());
    let answers = store.read("workbook", move |tx| {
        let as_of = AsOf::load(tx, asker, now)?;
        let (mut answers, mut left_out) = (Vec::new(), Vec::new());
        for question in asked_by(role) {
            // Whose attendance, nobody said.
            let Ok(asked) = QuestionQuery::default().checked(question.takes) else { continue };
            match question.answered(tx, asker, &asked, as_of.clone()) {
                Ok(answer) => answers.push(answer),
                Err(Failure::Refused(why)) => left_out.push((question.name(), why.to_string())),
                Err(Failure::Store(error)) => return Err(error),
            }
        }
        Ok((answers, left_out))
    });
    let (answers, left_out) = answers.await?;
    workbook(&mut HttpResponse::Ok(), "workbook", &answers, &left_out)
}

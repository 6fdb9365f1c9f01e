//! What a question is, and the handler that each one has at its address.

use actix_web::http::header::{self, Accept, Header};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Answer, AsOf};
use super::asked::{Asked, Asker, QuestionQuery};
use super::csv::csv;
use super::refusal::Refused;
use super::table::Table;
use super::xlsx::xlsx;
use crate::clock::Clock;
use crate::intake::XLSX;
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store};

/// A question that people ask of records.
#[derive(Debug)]
pub(crate) struct Question {
    /// Its address.
    pub(crate) path: &'static str,
    pub(super) title: &'static str,
    pub(super) says: &'static str,
    /// What of [`QuestionQuery`] it takes.
    pub(crate) takes: &'static [&'static str],
    pub(super) answer: fn(&mut Conn<'_>, Asker, &Asked) -> Result<Table, Failure<Refused>>,
}

impl Question {
    /// The last part of its address.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// # Errors
    /// Those of the question.
    pub(super) fn answered(
        &self,
        tx: &mut Conn<'_>,
        asker: Asker,
        asked: &Asked,
        as_of: AsOf,
    ) -> Result<(Answer, Table), Failure<Refused>> {
        let table = (self.answer)(tx, asker, asked)?;
        Ok((Answer::new(self, asked, as_of, &table), table))
    }
}

/// Answers a question in the form that the caller likes best.
pub(super) async fn answer(
    question: &'static Question,
    permit: Permit,
    query: QuestionQuery,
    request: &HttpRequest,
    store: &Store,
    clock: &Clock,
) -> Result<HttpResponse, Problem> {
    let asked = query.checked(question.takes)?;
    let (asker, now) = (Asker::new(permit, clock), clock.now());
    let answered = store.read("question", move |tx| {
        let as_of = AsOf::load(tx, asker, now)?;
        question.answered(tx, asker, &asked, as_of)
    });
    let (answer, table) = answered.await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::VARY, "Accept"));
    match Form::liked(request) {
        Form::Json => Ok(response.json(answer)),
        Form::Csv => {
            let text = csv(&table, query.bom == Some(true)).map_err(|_| Problem::internal())?;
            Ok(response.content_type("text/csv; charset=utf-8; header=present").body(text))
        }
        Form::Xlsx => Ok(workbook(&mut response, question.name(), &[(answer, table)], &[])?),
    }
}

/// Answers as a file that browsers keep.
pub(super) fn workbook(
    response: &mut actix_web::HttpResponseBuilder,
    name: &str,
    answers: &[(Answer, Table)],
    left_out: &[(&str, String)],
) -> Result<HttpResponse, Problem> {
    let bytes = xlsx(answers, left_out).map_err(|_| Problem::internal())?;
    let file = format!("attachment; filename=\"{name}.xlsx\"");
    Ok(response.content_type(XLSX).insert_header((header::CONTENT_DISPOSITION, file)).body(bytes))
}

/// In what an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Xlsx,
}

impl Form {
    /// The one that stands first in `Accept`; JSON where none does.
    fn liked(request: &HttpRequest) -> Self {
        let Ok(accept) = Accept::parse(request) else { return Self::Json };
        let known = accept.ranked().into_iter().find_map(|kind| match kind.essence_str() {
            "application/json" => Some(Self::Json),
            "text/csv" => Some(Self::Csv),
            XLSX => Some(Self::Xlsx),
            _ => None,
        });
        known.unwrap_or(Self::Json)
    }
}

/// A question, and its handler.
macro_rules! question {
    ($question:ident, $handler:ident, $path:tt, $title:tt, $says:tt, $takes:expr, $answer:path) => {
        pub(super) const $question: $crate::questions::Question = $crate::questions::Question {
            path: $path,
            title: $title,
            says: $says,
            takes: $takes,
            answer: $answer,
        };

        #[doc = $title]
        #[doc = ""]
        #[doc = $says]
        #[utoipa::path(
            tag = "Questions",
            security(("bearer" = [])),
            params($crate::questions::asked::QuestionQuery),
            responses(
                (status = 200, description = "The answer", content(
                    ($crate::questions::answer::Answer = "application/json"),
                    (String = "text/csv"),
                    (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
                )),
                (status = 403, description = "`role-not-allowed`", body = $crate::problem::Problem, content_type = "application/problem+json"),
                (status = 404, description = "`no-such-participant`, `no-such-release`", body = $crate::problem::Problem, content_type = "application/problem+json"),
                (status = 422, description = "`invalid-fields`", body = $crate::problem::Problem, content_type = "application/problem+json"),
            )
        )]
        #[get($path)]
        pub(crate) async fn $handler(
            permit: $crate::scope::Permit,
            query: actix_web::web::Query<$crate::questions::asked::QuestionQuery>,
            request: actix_web::HttpRequest,
            store: actix_web::web::Data<$crate::store::Store>,
            clock: actix_web::web::Data<$crate::clock::Clock>,
        ) -> Result<actix_web::HttpResponse, $crate::problem::Problem> {
            let query = query.into_inner();
            $crate::questions::question::answer(&$question, permit, query, &request, &store, &clock).await
        }
    };
}
pub(super) use question;

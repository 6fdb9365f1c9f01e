//! A page for each kind of problem: where the `type` of an answer leads.

use std::fmt::Write;

use actix_web::{HttpResponse, Responder, get, web};

use crate::html::{answer, page, text};
use crate::problem::{Kind, Problem, kind};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(all).service(one);
}

/// All kinds, by status.
#[get("/problems")]
async fn all() -> impl Responder {
    let mut list = String::from("<h1>What can go wrong</h1>\n<ul>\n");
    for Kind { slug, status, title, .. } in kind::ALL {
        let status = status.as_u16();
        let title = text(title);
        let _ =
            writeln!(list, "<li>{status} <a href=\"/problems/{slug}\"><code>{slug}</code></a>: {title}</li>");
    }
    answer(page("What can go wrong", &(list + "</ul>\n")))
}

#[get("/problems/{slug}")]
async fn one(slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let none = || {
        Problem::of(kind::NO_SUCH_ADDRESS, "There is no such kind of problem. /problems lists all of them.")
    };
    let Kind { slug, status, title, about } = kind::find(&slug).ok_or_else(none)?;
    let (title, about) = (text(title), text(about));
    let body = format!(
        "<h1>{title}</h1>\n<p>{about}</p>\n<p>An answer of this kind has the status {status} and the type \
         <code>/problems/{slug}</code>. Its <code>detail</code> says what happened that time, and its <code>instance</code> \
         is the id by which the service's log knows the request.</p>\n<p><a href=\"/problems\">All kinds of problem</a></p>\n",
        status = status.as_u16(),
    );
    Ok(answer(page(&title, &body)))
}

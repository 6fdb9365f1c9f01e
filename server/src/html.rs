//! Pages for people who look with a browser: text in one style, which runs nothing.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 1.05rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; }
nav { border-bottom: 1px solid #8888; padding-bottom: .6rem; }
nav a { margin-right: 1rem; white-space: nowrap; }
pre { background: #8881; padding: .7rem; overflow-x: auto; font-size: .85rem; line-height: 1.4; }
code { font-size: .9em; } pre code { font-size: 1em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border-bottom: 1px solid #8885; padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; }";

/// What a browser may do with such a page: show it in its style.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64.encode(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// A page with this title and body, both HTML already.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Ihuriro</title>\n<style>{STYLE}</style>\n{body}</html>\n"
    )
}

/// Answers with a [`page`].
pub(crate) fn answer(page: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(page.into())
}

/// Plain text as HTML.
pub(crate) fn text(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! The guide, a page for each role, as HTML. Its text lies in `server/guide`, is part of the program, and reads as well where
//! the project is browsed: links there end in `.md`.

use std::fmt::Write;
use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html as markdown};

use crate::html;

macro_rules! pages {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../guide/", $name, ".md")))),*]
    };
}

/// In the order in which they are offered.
const PAGES: [(&str, &str); 9] = pages!(
    "index"
    "facilitator"
    "supervisor"
    "manager"
    "administrator"
    "deployment"
    "reference"
    "developer"
    "partners"
);

struct Page {
    name: &'static str,
    title: String,
    body: String,
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::redirect("/guide", "/guide/"));
    for (name, _) in PAGES {
        let at = if name == "index" { "/guide/".to_owned() } else { format!("/guide/{name}") };
        config.route(&at, web::get().to(move || async move { found(name) }));
    }
}

fn found(name: &str) -> HttpResponse {
    static WRITTEN: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
        let pages: Vec<Page> = PAGES.iter().map(|(name, text)| Page::of(name, text)).collect();
        pages.iter().map(|page| (page.name, page.written(&pages))).collect()
    });
    let page = WRITTEN.iter().find(|(page, _)| *page == name).map(|(_, page)| page.as_str());
    html::answer(page.unwrap_or_default())
}

impl Page {
    fn of(name: &'static str, text: &'static str) -> Self {
        let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
        let mut title = None;
        for at in 0..events.len() {
            match &mut events[at] {
                // Headings are named as browsers of projects name them, so that `manager.md#totals` leads there too.
                Event::Start(Tag::Heading { .. }) => {
                    let words = words(&events[at + 1..]);
                    let name = anchor(&words);
                    title.get_or_insert(words);
                    if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
                        *id = Some(CowStr::from(name));
                    }
                }
                Event::Start(Tag::Link { dest_url, .. }) => *dest_url = served(dest_url).into(),
                _ => {}
            }
        }
        // What lies beside the guide in the project is named here, and no link leads to it: the service does not serve it.
        let mut outside = false;
        events.retain(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                outside = dest_url.starts_with("../");
                !outside
            }
            Event::End(TagEnd::Link) => !std::mem::take(&mut outside),
            _ => true,
        });
        let mut body = String::new();
        markdown::push_html(&mut body, events.into_iter());
        Self { name, title: title.unwrap_or_default(), body }
    }

    fn written(&self, pages: &[Self]) -> String {
        let mut links = String::new();
        for page in pages {
            let here = if page.name == self.name { " aria-current=\"page\"" } else { "" };
            let at = if page.name == "index" { "./" } else { page.name };
            let _ = write!(links, "<a href=\"{at}\"{here}>{}</a> ", page.title);
        }
        html::page(&self.title, &format!("<nav>{links}</nav>\n<main>\n{}</main>\n", self.body))
    }
}

/// The text of a heading that has just begun.
fn words(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    text.collect()
}

fn anchor(words: &str) -> String {
    let kept = words.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

/// Where a link of the text leads here: to a page of the guide, or to what the service itself serves.
fn served(link: &str) -> String {
    match link {
        "../../api-spec/openapi.json" => "/v1/openapi.json".to_owned(),
        _ if link.starts_with("index.md") => link.replacen("index.md", "./", 1),
        _ => link.replacen(".md", "", usize::from(!link.contains('/'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_page_or_a_heading_that_is_there() {
        let pages: Vec<Page> = PAGES.iter().map(|(name, text)| Page::of(name, text)).collect();
        for page in &pages {
            assert!(!page.title.is_empty(), "{} has no title", page.name);
            for link in page.body.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                if link.starts_with("http") || link.starts_with('/') {
                    continue;
                }
                let (to, heading) = link.split_once('#').unwrap_or((link, ""));
                let to = match to {
                    "" => Some(page),
                    "./" => pages.iter().find(|page| page.name == "index"),
                    name => pages.iter().find(|page| page.name == name),
                };
                let to = to.unwrap_or_else(|| panic!("{link} in {} leads nowhere", page.name));
                let id = format!("id=\"{heading}\"");
                assert!(heading.is_empty() || to.body.contains(&id), "{link} in {} leads nowhere", page.name);
            }
        }
    }

    #[test]
    fn a_page_is_plain_html() {
        let page =
            Page::of("index", "# The *guide*\n\nFor [you](manager.md#see-it-work).\n\n## See `it` work!\n");
        assert_eq!(page.title, "The guide");
        assert!(page.body.contains("<a href=\"manager#see-it-work\">you</a>"), "{}", page.body);
        assert!(page.body.contains("<h2 id=\"see-it-work\">See <code>it</code> work!</h2>"), "{}", page.body);
        let whole = page.written(&[]);
        assert!(whole.starts_with("<!doctype html>") && whole.contains("<title>The guide · Ihuriro</title>"));
    }
}

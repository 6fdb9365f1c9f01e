//! What is held on a participant, as a page to print.

use std::fmt::Write;

use sync_core::reading::Reading;

use super::held::{Held, Meeting, Mention, Sensitive};
use crate::html::{page, text};

pub(super) fn written(held: &Held) -> String {
    let Held { code, group, area_path, record, meetings, mentions, sensitive, left_out, withheld } = held;
    let mut body = format!("<h1>{}</h1>\n<p>{}, {}</p>\n", text(code), text(group), text(area_path));
    body += "<h2>What is recorded</h2>\n";
    fields(&mut body, record);
    body += "<h2>Meetings</h2>\n<table>\n";
    for Meeting { date, mark, counts, .. } in meetings {
        let counts = if *counts { "" } else { " (this record of the meeting does not count)" };
        let _ = writeln!(body, "<tr><th>{}</th><td>{}{counts}</td></tr>", text(date), text(mark));
    }
    body += "</table>\n<h2>Named in summaries</h2>\n<table>\n";
    for Mention { date, line, .. } in mentions {
        let _ = writeln!(body, "<tr><th>{}</th><td>{}</td></tr>", text(date), text(line));
    }
    body += "</table>\n<h2>Referrals and screenings</h2>\n";
    for Sensitive { kind, record, .. } in sensitive {
        let _ = writeln!(body, "<h3>{}</h3>", text(kind.code()));
        fields(&mut body, record);
    }
    if *left_out > 0 {
        let _ = writeln!(body, "<p>{left_out} records were too large to be looked through at once.</p>");
    }
    if let Some(withheld) = withheld {
        let _ = writeln!(body, "<p>{}</p>", text(withheld));
    }
    page(&text(code), &body)
}

fn fields(body: &mut String, record: &Reading) {
    *body += "<table>\n";
    for (field, said) in record {
        let _ = writeln!(body, "<tr><th>{}</th><td>{}</td></tr>", text(field), text(said));
    }
    *body += "</table>\n";
}

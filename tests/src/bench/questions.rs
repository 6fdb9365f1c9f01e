//! Every question with a name, and the lists that people look through, by one who asks again and again.

use std::time::Instant;

use super::Size;
use super::figure::{Figures, percentile};
use super::stage::Stage;
use crate::app::Session;

/// A question that took so many milliseconds all in all is not asked again.
const ENOUGH: f64 = 2_000.0;

/// Lists, with filters by which few or no records are found.
const LISTS: [&str; 16] = [
    "/v1/groups",
    "/v1/groups?text=inkingi",
    "/v1/sessions",
    "/v1/sessions?area=52",
    "/v1/sessions?from=2026-01-01",
    "/v1/sessions?text=ubwiyunge",
    "/v1/sessions?double=true",
    "/v1/sessions?possible_double=true",
    "/v1/sessions?date_doubt=true",
    "/v1/sessions?recorded_since=true",
    "/v1/participants",
    "/v1/participants?one_or_two=true",
    "/v1/participants?date_doubt=true",
    "/v1/conflicts",
    "/v1/erasures",
    "/v1/coverage",
];

/// Questions of the whole organisation, and of one district; then the lists.
pub(super) fn measure(of: &str, size: Size, stage: &Stage, figures: &mut Figures) {
    let manager = stage.app.login("manager.aegis");
    let listed = manager.get("/v1/questions").ok();
    for question in listed.as_array().expect("a list") {
        let href = question["href"].as_str().expect("an address");
        let takes = |word: &str| question["takes"].as_array().expect("words").iter().any(|one| one == word);
        if takes("participant") {
            continue;
        }
        for asked in ["", "?area=52"].into_iter().filter(|asked| asked.is_empty() || takes("area")) {
            ask(of, &manager, &format!("{href}{asked}"), "rows", size, figures);
        }
    }
    let manager = stage.app.login("manager.aegis");
    for list in LISTS {
        ask(of, &manager, list, "items", size, figures);
    }
}

/// Asks one thing; whoever asks for too much hears what to ask instead, and how long that takes is told, too.
fn ask(of: &str, manager: &Session, path: &str, part: &str, size: Size, figures: &mut Figures) {
    let (mut times, mut rows, mut status): (Vec<f64>, _, _) = (Vec::new(), 0, 200);
    while times.len() < size.asked && times.iter().sum::<f64>() < ENOUGH && status == 200 {
        let begun = Instant::now();
        let answer = manager.get(path);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        (rows, status) = (answer.body[part].as_array().map_or(0, Vec::len), answer.status);
    }
    let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 99));
    figures.put(of, format!("{path}: half within ({status}, {rows} {part})"), half, "ms");
    figures.put(of, format!("{path}: 99 in 100 within"), most, "ms");
}

//! Every question with a name, by one who asks again and again: of the whole organisation, and of one district.

use std::time::Instant;

use super::Size;
use super::figure::{Figures, percentile};
use super::stage::Stage;

/// A question that took so many milliseconds all in all is not asked again.
const ENOUGH: f64 = 2_000.0;

pub(super) fn measure(of: &str, size: Size, stage: &Stage, figures: &mut Figures) {
    let manager = stage.app.login("manager.aegis");
    let listed = manager.get("/v1/questions").ok();
    for question in listed.as_array().expect("a list") {
        let (name, href) =
            (question["name"].as_str().expect("a name"), question["href"].as_str().expect("an address"));
        let takes = |word: &str| question["takes"].as_array().expect("words").iter().any(|one| one == word);
        if takes("participant") {
            continue;
        }
        for asked in ["", "?area=52"].into_iter().filter(|asked| asked.is_empty() || takes("area")) {
            let mut times: Vec<f64> = Vec::new();
            let mut rows = 0;
            while times.len() < size.asked && times.iter().sum::<f64>() < ENOUGH {
                let begun = Instant::now();
                let answer = manager.get(&format!("{href}{asked}"));
                times.push(begun.elapsed().as_secs_f64() * 1e3);
                rows = answer.body["rows"].as_array().map_or(0, Vec::len);
                if answer.status == 422 {
                    break;
                }
            }
            let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 99));
            figures.put(of, format!("{name}{asked}: half within ({rows} rows)"), half, "ms");
            figures.put(of, format!("{name}{asked}: 99 in 100 within"), most, "ms");
        }
    }
}

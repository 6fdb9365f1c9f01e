//! Every question of totals, by one who asks again and again.

use std::time::Instant;

use super::Size;
use super::figure::{Figures, percentile};
use super::stage::Stage;
use crate::recount::DIMENSIONS;

const BY: [&str; 8] = [
    "",
    "organisation",
    "district,month",
    "sector,quarter",
    "sex,age_band",
    "month,sex",
    "kind,modality,year",
    "village,month,sex",
];

/// Of what, and of when.
const ASKED: [&str; 6] = [
    "",
    "&from=2026-01-01",
    "&from=2025-07-01&to=2026-06-30",
    "&area=52",
    "&sex=female",
    "&modality=sociotherapy",
];

/// How many milliseconds are long for an answer.
const LONG: f64 = 50.0;
/// A question that took so many milliseconds all in all is not asked again.
const ENOUGH: f64 = 2_000.0;

/// Every choice of up to two dimensions, of all and of some; which of them take longest.
pub(super) fn measure_all(of: &str, size: Size, stage: &Stage, figures: &mut Figures) {
    let mut choices = vec![String::new()];
    for (place, one) in DIMENSIONS.iter().enumerate() {
        choices.push((*one).to_owned());
        choices.extend(DIMENSIONS[place + 1..].iter().map(|two| format!("{one},{two}")));
    }
    let (mut by_sector, mut by_group) = (Vec::new(), Vec::new());
    let mut slowest: Vec<(f64, String)> = Vec::new();
    let mut refused = 0;
    for by in choices {
        // All of them may take longer than an access token is good for.
        let manager = stage.app.login("manager.aegis");
        for asked in ASKED {
            let path = format!("by={by}{asked}");
            let mut times: Vec<f64> = Vec::new();
            while times.len() < size.asked && times.iter().sum::<f64>() < ENOUGH {
                let begun = Instant::now();
                let answer = manager.get(&format!("/v1/aggregates?{path}"));
                times.push(begun.elapsed().as_secs_f64() * 1e3);
                // Whoever asks for more rows than an answer may have hears what to ask instead.
                if answer.status == 422 {
                    refused += 1;
                    break;
                }
                answer.ok();
            }
            slowest.push((percentile(&mut times, 50), path.clone()));
            if finer(&by) { &mut by_group } else { &mut by_sector }.extend(times);
        }
    }
    for (which, mut times) in [("", by_sector), (", by cell or village", by_group)] {
        for part in [50, 99, 100] {
            let name = format!("each pair of dimensions{which}: {part} in 100 within");
            figures.put(of, name, percentile(&mut times, part), "ms");
        }
    }
    figures.put(of, "questions refused, for too many rows", f64::from(refused), "");
    let asked = slowest.iter().filter(|(_, path)| !finer(path));
    let over = asked.clone().filter(|(time, _)| *time > LONG).count();
    figures.put(
        of,
        format!("of {} questions, half of the answers take over {LONG} ms", asked.count()),
        over as f64,
        "",
    );
    slowest.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (fine, coarse): (Vec<_>, Vec<_>) = slowest.into_iter().partition(|(_, path)| finer(path));
    for (time, path) in coarse.into_iter().take(5).chain(fine.into_iter().take(10)) {
        figures.put(of, format!("slowest: {path}"), time, "ms");
    }
}

/// Whether a question tells cells or villages apart, which no sums do.
fn finer(path: &str) -> bool {
    path.contains("cell") || path.contains("village")
}

pub(super) fn measure(size: Size, stage: &Stage, figures: &mut Figures) {
    let total = stage.village.aggregates("")["total"]["sessions"].as_i64().unwrap_or_default();
    let of = format!("totals of {total}");
    for by in BY {
        let ask = |_| {
            let begun = Instant::now();
            stage.village.aggregates(&format!("by={by}"));
            begun.elapsed().as_secs_f64() * 1e3
        };
        let mut times: Vec<f64> = (0..size.asked).map(ask).collect();
        let name = if by.is_empty() { "the total alone" } else { by };
        figures.put(&of, format!("{name}, 99 in 100 within"), percentile(&mut times, 99), "ms");
    }
}

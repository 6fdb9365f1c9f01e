//! Every question of totals, by one who asks again and again.

use std::time::Instant;

use super::Size;
use super::figure::{Figures, percentile};
use super::stage::Stage;

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

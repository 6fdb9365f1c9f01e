//! What is near: areas by the smallest one that both lie in.

use sync_core::area::{AreaCode, Level};

use crate::problem::Fields;
use crate::scope::below;

/// The area that somebody asks what is near to.
pub(super) fn area(fields: &mut Fields, text: Option<&str>) -> Option<AreaCode> {
    let area: Option<sync_core::value::KnownArea> = fields.parse("near", text);
    area.map(|area| area.code())
}

/// How far the area in a column is from another one, in SQL: 0 where both share an area of the level of that one, 1 where the next bigger one, and so on.
/// [`AreaCode::shares`] in another spelling, as a test holds.
pub(super) fn distance(column: &str, near: Option<AreaCode>) -> String {
    let chain = near.iter().flat_map(|near| Level::ALL.into_iter().rev().filter_map(|level| near.at(level)));
    let (mut cases, mut far) = (String::new(), 0);
    for area in chain {
        cases += &format!("WHEN {column} LIKE '{}' THEN {far} ", below(area));
        far += 1;
    }
    format!("CASE {cases}WHEN TRUE THEN {far} END")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_areas_are_tried_first() {
        let near = Some("5201".parse().expect("a code"));
        assert_eq!(
            distance("services.area", near),
            "CASE WHEN services.area LIKE '5201%' THEN 0 WHEN services.area LIKE '52%' THEN 1 \
             WHEN services.area LIKE '5%' THEN 2 WHEN TRUE THEN 3 END"
        );
        assert_eq!(distance("services.area", None), "CASE WHEN TRUE THEN 0 END");
    }
}

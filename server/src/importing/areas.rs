//! The village of a group, by its code or by names.

use std::collections::HashMap;
use std::sync::LazyLock;

use sync_core::area::{self, Area, AreaCode, Level};
use sync_core::fold::fold;

use super::cells::Cells;
use crate::problem::Fields;

/// The columns of areas by name, and their levels.
const NAMED: [(&str, Level); 4] = [
    ("district", Level::District),
    ("sector", Level::Sector),
    ("cell", Level::Cell),
    ("village", Level::Village),
];

/// The village of a line: by its code, or by its name where those of the areas around it leave no doubt.
pub(super) fn village(cells: Cells<'_>, fields: &mut Fields) -> Option<Area> {
    let named: Vec<(Level, String)> =
        NAMED.iter().filter_map(|(column, level)| Some((*level, fold(cells.text(column)?)))).collect();
    let lies_there = |village: &Area| {
        let mut chain = village.chain();
        let has = |(level, name): &(Level, String)| {
            chain.any(|area| area.level() == *level && folded(area) == name)
        };
        named.iter().all(has)
    };
    if let Some(text) = cells.text("area") {
        let code: Option<AreaCode> = text.parse().ok();
        let village = code.and_then(area::find).filter(|area| area.level() == Level::Village);
        match village {
            None => fields.refuse("area", "must be the eight-digit code of a village"),
            Some(village) if !lies_there(&village) => {
                fields.refuse("area", format!("is {}, and the names say another place", village.path()));
            }
            Some(village) => return Some(village),
        }
        return None;
    }
    let Some((Level::Village, name)) = named.last() else {
        fields.refuse("area", "is missing: the code of the village, or its name in village and those around it in cell, sector and district");
        return None;
    };
    let found: Vec<&Area> = villages_called(name).iter().filter(|village| lies_there(village)).collect();
    match found.as_slice() {
        [one] => return Some(**one),
        [] => fields.refuse("village", "there is no village of this name in the areas that are named; look at the spelling"),
        several => fields.refuse(
            "village",
            format!(
                "{} villages are called so there; name the cell, sector and district, too, or write the code in area",
                several.len()
            ),
        ),
    }
    None
}

/// The villages of a name, folded.
fn villages_called(name: &str) -> &'static [Area] {
    static VILLAGES: LazyLock<HashMap<&str, Vec<Area>>> = LazyLock::new(|| {
        let mut by_name: HashMap<&str, Vec<Area>> = HashMap::new();
        for area in area::all().iter().filter(|area| area.level() == Level::Village) {
            by_name.entry(folded(*area)).or_default().push(*area);
        }
        by_name
    });
    VILLAGES.get(name).map_or(&[], Vec::as_slice)
}

/// The name of an area, folded once: a sheet may name the same villages thousands of times.
fn folded(area: Area) -> &'static str {
    static NAMES: LazyLock<HashMap<AreaCode, String>> =
        LazyLock::new(|| area::all().iter().map(|area| (area.code, fold(area.name))).collect());
    NAMES.get(&area.code).map_or("", String::as_str)
}

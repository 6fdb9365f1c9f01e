//! The table itself: embedded, read once, sorted by code, so that what lies in an area is a slice of it.

use std::sync::LazyLock;

use super::{AreaCode, Level};

/// `code,name,parent`, one line an area: how it is made stands in `data/README.md`.
const COMPACT: &[u8] = include_bytes!("../../data/rwanda-areas.csv.zst");

/// Two bytes of UTF-8, each replaced on its own.
const LOST_E_ACUTE: &str = "\u{fffd}\u{fffd}";

static AREAS: LazyLock<Vec<Area>> = LazyLock::new(|| {
    let mut areas: Vec<Area> = csv().leak().lines().skip(1).map(area).collect();
    areas.sort_unstable_by_key(|area| area.code);
    areas
});

fn csv() -> String {
    let bytes = zstd::decode_all(COMPACT).expect("the embedded areas are whole: a test decompresses them");
    String::from_utf8(bytes).expect("the embedded areas are UTF-8: a test compares them")
}

fn area(line: &'static str) -> Area {
    let mut fields = line.split(',');
    let (Some(code), Some(name)) = (fields.next(), fields.next()) else {
        unreachable!("each embedded line has a code and a name: a test reads them all");
    };
    Area {
        code: code.parse().expect("each embedded code has the shape of one: a test reads them all"),
        name: legible(name),
    }
}

/// The source writes the sectors of three districts in capitals (RWIMIYAGA) and has lost one letter, the é of
/// Cité: `data/README.md`. We show such names like all others and leave the file as it came.
fn legible(name: &'static str) -> &'static str {
    if name.contains(LOST_E_ACUTE) {
        return name.replace(LOST_E_ACUTE, "é").leak();
    }
    if name.chars().any(char::is_lowercase) {
        return name;
    }
    let (first, rest) = name.split_at(1);
    format!("{first}{}", rest.to_lowercase()).leak()
}

/// A province, district, sector, cell or village of Rwanda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Area {
    pub code: AreaCode,
    /// As the source spells it, without spaces (`MunaniraIi`). Names repeat: show [`Area::path`] where a person chooses.
    pub name: &'static str,
}

impl Area {
    pub fn level(&self) -> Level {
        self.code.level()
    }

    /// The area this one lies directly in; none above a province.
    pub fn parent(&self) -> Option<Self> {
        self.code.parent().and_then(find)
    }

    /// From the province down to this area.
    pub fn chain(&self) -> impl DoubleEndedIterator<Item = Self> + use<> {
        let code = self.code;
        Level::ALL.into_iter().filter_map(move |level| code.at(level).and_then(find))
    }

    /// The areas directly in this one, by code; none in a village.
    pub fn children(&self) -> &'static [Self] {
        let Some(below) = self.level().below() else {
            return &[];
        };
        let width = 10_u32.pow(below.digits() - self.level().digits());
        let first = self.code.number() * width;
        let from = |number| AREAS.partition_point(|area| area.code.number() < number);
        &AREAS[from(first)..from(first + width)]
    }

    /// The name with the areas it lies in, `Kabeza, Rwimiyaga, Nyagatare, East`. No two areas have the same.
    pub fn path(&self) -> String {
        self.chain().rev().map(|area| area.name).collect::<Vec<_>>().join(", ")
    }
}

/// The area with this code, if Rwanda has one.
pub fn find(code: AreaCode) -> Option<Area> {
    position(code).map(|at| AREAS[at])
}

/// All 17,441 areas by code: provinces first, villages last.
pub fn all() -> &'static [Area] {
    &AREAS
}

/// Where the area stands in [`all`].
pub(super) fn position(code: AreaCode) -> Option<usize> {
    AREAS.binary_search_by_key(&code, |area| area.code).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = include_str!("../../data/rwanda-areas.csv");

    #[test]
    fn the_compact_form_is_the_csv() {
        assert!(
            csv() == CSV,
            "data/rwanda-areas.csv changed: make its compact form again, as data/README.md says"
        );
    }

    #[test]
    #[ignore = "writes data/rwanda-areas.csv.zst: run it after a change of the csv"]
    fn make_the_compact_form() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/rwanda-areas.csv.zst");
        let level = *zstd::compression_level_range().end();
        std::fs::write(path, zstd::encode_all(CSV.as_bytes(), level).expect("zstd"))
            .expect("a writable checkout");
    }

    #[test]
    fn each_line_of_the_csv_is_an_area_with_the_parent_it_names() {
        for line in CSV.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let area = find(fields[0].parse().expect("a code")).expect("an area");
            assert_eq!(area.code.to_string(), fields[0]);
            assert_eq!(area.parent().map(|parent| parent.code.to_string()).unwrap_or_default(), fields[2]);
            let same = area.name.eq_ignore_ascii_case(fields[1])
                || (area.name, fields[1]) == ("Cité", "Cit\u{fffd}\u{fffd}");
            assert!(same, "{} {line}", area.name);
        }
        assert_eq!(CSV.lines().count() - 1, all().len());
    }
}

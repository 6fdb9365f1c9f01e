//! The areas of Rwanda: 5 provinces, 30 districts, 416 sectors, 2,148 cells and 14,842 villages.
//!
//! A record says where it belongs by [`AreaCode`], never by name: 148 villages are called Kabeza. What a code's
//! digits tell ([`AreaCode::level`], [`AreaCode::parent`], [`AreaCode::contains`]) needs no table; the name does, by
//! [`find`]. A person who looks for an area types words into [`search`] and is shown [`Area::path`].
//!
//! Source: NISR's codes by way of the PyPI package rwalocation 0.1.2 (MIT), embedded; `data/README.md` tells what is
//! doubtful in it.

mod code;
mod search;
mod table;

pub use code::{AreaCode, Level, NotALevel, NotAnAreaCode};
pub use search::search;
pub use table::{Area, all, find};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn area(text: &str) -> Area {
        find(text.parse().expect("a code")).expect("an area")
    }

    #[test]
    fn each_level_has_as_many_areas_as_the_source_says() {
        let counts = Level::ALL.map(|level| all().iter().filter(|area| area.level() == level).count());
        assert_eq!(counts, [5, 30, 416, 2148, 14_842]);
        assert!(all().is_sorted_by(|a, b| a.code < b.code), "by code, each once");
    }

    #[test]
    fn each_area_lies_in_one_that_lists_it_and_all_are_reached_from_the_provinces() {
        for area in all() {
            match area.parent() {
                Some(parent) => assert!(parent.children().contains(area)),
                None => assert_eq!(area.level(), Level::Province),
            }
            assert!(area.children().iter().all(|child| child.parent() == Some(*area)));
        }
        let below: usize = all().iter().map(|area| area.children().len()).sum();
        assert_eq!(below, all().len() - 5);
    }

    #[test]
    fn a_chain_goes_from_the_province_down_and_a_path_back_up() {
        let cell = area("521303");
        assert!(cell.chain().map(|area| area.level()).eq(Level::ALL.into_iter().take(4)));
        assert_eq!(cell.chain().last(), Some(cell));
        assert_eq!(area("5").path(), "East");
    }

    #[test]
    fn names_repeat_and_paths_do_not() {
        let kabeza = |level| all().iter().filter(move |area| area.name == "Kabeza" && area.level() == level);
        assert_eq!(kabeza(Level::Village).count(), 148);
        assert_eq!(kabeza(Level::Cell).count(), 10);
        let paths: HashSet<String> = all().iter().map(Area::path).collect();
        assert_eq!(paths.len(), all().len());
    }

    #[test]
    fn a_code_that_no_area_has_finds_none() {
        for text in ["6", "58", "5799", "110199", "11010101"] {
            assert_eq!(find(text.parse().expect("the shape of a code")), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_code_is_read_as_it_is_written(area in prop::sample::select(all())) {
            let code = area.code;
            prop_assert_eq!(code.to_string().parse(), Ok(code));
            let json = serde_json::to_string(&code).expect("JSON");
            prop_assert_eq!(&json, &format!("\"{code}\""));
            prop_assert_eq!(serde_json::from_str::<AreaCode>(&json).expect("JSON"), code);
            let cbor = minicbor::to_vec(code).expect("CBOR");
            prop_assert_eq!(&cbor, &minicbor::to_vec(code.number()).expect("CBOR"));
            prop_assert_eq!(minicbor::decode::<AreaCode>(&cbor).expect("CBOR"), code);
        }
    }
}

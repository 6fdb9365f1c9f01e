//! Which districts are told of together. It follows from how many groups met in each, which is public.

use std::collections::{BTreeMap, BTreeSet};

/// So many groups must be told of together in a place: whoever leads the only one would know whom its figure is about. A split by method may still be
/// about one of them.
const GROUPS: i64 = 3;

/// The districts by place; none where there are too few groups in all.
pub fn places(groups: &BTreeMap<String, i64>) -> Vec<BTreeSet<String>> {
    let mut places: Vec<(i64, BTreeSet<String>)> = groups
        .iter()
        .filter(|(_, groups)| **groups > 0)
        .map(|(district, groups)| (*groups, BTreeSet::from([district.clone()])))
        .collect();
    loop {
        // Fewest groups first, and of equals the least code.
        places.sort();
        match places.as_slice() {
            [] => return Vec::new(),
            [(few, _), ..] if *few >= GROUPS => break,
            [_] => return Vec::new(),
            _ => {
                let (few, districts) = places.remove(0);
                places[0].0 += few;
                places[0].1.extend(districts);
            }
        }
    }
    let mut places: Vec<BTreeSet<String>> = places.into_iter().map(|(_, districts)| districts).collect();
    places.sort();
    places
}

/// The name of a place: its districts, `11+52`.
pub fn name(districts: &BTreeSet<String>) -> String {
    districts.iter().cloned().collect::<Vec<_>>().join("+")
}

/// Puts districts in which groups met only later to the place that has the fewest: what is told apart stays what it was.
pub fn join(places: &mut BTreeMap<String, BTreeSet<String>>, groups: &BTreeMap<String, i64>) {
    let known: BTreeSet<String> = places.values().flatten().cloned().collect();
    for (district, _) in groups.iter().filter(|(district, groups)| **groups > 0 && !known.contains(*district))
    {
        let met = |districts: &BTreeSet<String>| -> i64 {
            districts.iter().filter_map(|district| groups.get(district)).sum()
        };
        let fewest = places.iter().min_by_key(|(name, districts)| (met(districts), (*name).clone()));
        let Some(name) = fewest.map(|(name, _)| name.clone()) else { return };
        places.entry(name).or_default().insert(district.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(groups: &[(&str, i64)]) -> Vec<String> {
        let groups = groups.iter().map(|(district, groups)| ((*district).to_owned(), *groups)).collect();
        places(&groups).iter().map(name).collect()
    }

    #[test]
    fn districts_with_few_groups_stand_together_until_there_are_three() {
        assert_eq!(merged(&[("11", 3), ("52", 4)]), ["11", "52"]);
        assert_eq!(merged(&[("11", 1), ("21", 1), ("31", 1), ("52", 4)]), ["11+21+31", "52"]);
        assert_eq!(merged(&[("11", 2), ("21", 3), ("52", 9)]), ["11+21", "52"]);
        assert_eq!(merged(&[("11", 1), ("21", 5), ("52", 9), ("57", 0)]), ["11+21", "52"]);
        assert_eq!(merged(&[("11", 1), ("21", 1)]), Vec::<String>::new());
        assert_eq!(merged(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_district_that_comes_later_joins_the_place_with_the_fewest_groups() {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let mut places = BTreeMap::from([("11".to_owned(), of(&["11"])), ("52".to_owned(), of(&["52"]))]);
        let groups = [("11", 4), ("21", 1), ("52", 3)].map(|(name, groups)| (name.to_owned(), groups));
        join(&mut places, &groups.into());
        assert_eq!(places["52"], of(&["21", "52"]));
        assert_eq!(places["11"], of(&["11"]));
    }
}

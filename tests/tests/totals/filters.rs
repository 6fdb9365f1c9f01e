//! Whatever is asked at once: two filters together list what each of them lists, and the totals count what the lists show.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// What groups can be told apart by, of all lists and totals.
fn of_groups(village: &Village, group: GroupId) -> Vec<String> {
    let organisation = village.organisation;
    let mut filters = vec![format!("group={group}"), format!("organisation={organisation}")];
    filters.extend(["kind=healing_space", "modality=peace_club", "area=11"].map(str::to_owned));
    filters
}

fn days() -> [String; 2] {
    ["from=2010-04-02", "to=2025-04-01"].map(str::to_owned)
}

/// Each of these flags, set and not set.
fn flags(names: &[&str]) -> Vec<String> {
    names.iter().flat_map(|name| [format!("{name}=true"), format!("{name}=false")]).collect()
}

fn pairs(filters: &[String]) -> impl Iterator<Item = (&String, &String)> {
    let name = |filter: &str| filter.split('=').next().map(str::to_owned);
    let behind = |(place, one)| filters[place + 1..].iter().map(move |other| (one, other));
    filters.iter().enumerate().flat_map(behind).filter(move |(one, other)| name(one) != name(other))
}

fn listed(village: &Village, list: &str, query: &str) -> BTreeSet<String> {
    let page = village.manager.get(&format!("/v1/{list}?limit=500&{query}")).ok();
    assert!(page["next"].is_null(), "{list}?{query} has more than a page");
    page["items"].as_array().expect("a list").iter().map(Value::to_string).collect()
}

fn check_list(village: &Village, list: &str, filters: &[String]) {
    let alone: BTreeMap<&String, BTreeSet<String>> =
        filters.iter().map(|filter| (filter, listed(village, list, filter))).collect();
    let nothing: Vec<_> =
        alone.iter().filter(|(_, found)| found.is_empty()).map(|(filter, _)| filter).collect();
    assert!(nothing.is_empty(), "that finds nothing of {list} shows nothing: {nothing:?}");
    for (one, other) in pairs(filters) {
        let both: BTreeSet<String> = alone[one].intersection(&alone[other]).cloned().collect();
        assert_eq!(listed(village, list, &format!("{one}&{other}")), both, "{list}?{one}&{other}");
    }
}

fn check_totals(village: &Village, filters: &[String]) {
    for (one, other) in pairs(filters) {
        let query = format!("{one}&{other}");
        let count =
            listed(village, "sessions", &query).iter().filter(|one| one.contains(r#""counts":true"#)).count();
        let total = Count::of_answer(&village.aggregates(&query));
        assert_eq!(total.sessions, count as i64, "{query}");
    }
    let of_people = ["sex=female", "sex=male", "age_band=16_24", "age_band=60_plus"].map(str::to_owned);
    let all = [filters, &of_people[..]].concat();
    for (one, other) in pairs(&all) {
        let asked: Vec<(&str, &str)> = [one, other]
            .into_iter()
            .filter(|filter| of_people.contains(filter))
            .map(|filter| filter.split_once('=').expect("a name and a value"))
            .collect();
        let rest = [one, other].into_iter().filter(|filter| !of_people.contains(filter));
        let rest: String = rest.map(|filter| format!("&{filter}")).collect();
        let (by, of): (Vec<&str>, Vec<&str>) = asked.into_iter().unzip();
        if by.is_empty() {
            continue;
        }
        let row = rows(&village.aggregates(&format!("by={}{rest}", by.join(","))), &by)
            .into_iter()
            .find(|(values, _)| *values == of)
            .map(|(_, count)| count)
            .unwrap_or_default();
        let total = Count::of_answer(&village.aggregates(&format!("{one}&{other}")));
        // What nobody came to is of no sex and age.
        assert_eq!(total, row, "{one}&{other}");
    }
}

/// Asks a village in which everything happened for everything two by two.
pub(super) fn check_every_pair(village: &Village, group: GroupId) {
    let (of_groups, days) = (of_groups(village, group), days());
    let texts = |text: &str| vec![format!("text={text}")];
    let flags_of_sessions = [
        "double",
        "possible_double",
        "date_doubt",
        "void",
        "moved",
        "returned",
        "changed_since_verified",
        "recorded_since",
    ];
    let states = ["draft", "submitted", "verified"].map(|state| format!("state={state}"));
    let of_sessions =
        [&of_groups[..], &days, &texts("umuganda"), &states, &flags(&flags_of_sessions)].concat();
    check_list(village, "sessions", &of_sessions);
    check_list(village, "groups", &[&of_groups[..], &days, &texts("ubumwe")].concat());
    check_list(village, "participants", &[&of_groups[..], &flags(&["one_or_two", "date_doubt"])].concat());
    let records = ["group", "participant", "session"].map(|record| format!("record={record}"));
    let shared = of_groups.iter().filter(|one| !one.starts_with("kind") && !one.starts_with("modality"));
    let shared: Vec<String> = shared.cloned().collect();
    check_list(village, "conflicts", &[&shared[..], &days, &records].concat());
    check_totals(village, &[&of_groups[..], &days].concat());
}

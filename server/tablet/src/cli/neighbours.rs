//! `neighbours`: what other partners do near to the groups of this tablet. It comes with the first sync of a day, and is read without a network.

use std::collections::BTreeSet;
use std::io::Write;

use sync_core::area::Level;
use sync_core::id::GroupId;
use sync_core::neighbour::Neighbour;
use sync_core::record::Group;
use sync_core::tablet::Tablet;
use sync_core::time::{Date, Millis};

use super::list::table;
use super::{CommandError, find, words};
use crate::device::Device;

pub(super) fn run(device: &Device, group: Option<&str>, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let groups = match group {
        Some(said) => vec![find::group(tablet, said)?],
        None => find::groups(tablet),
    };
    let neighbours = tablet.neighbours();
    if neighbours.heard == Millis(0) {
        return Ok(writeln!(
            out,
            "This tablet has not heard yet what other partners do near to its groups; sync first."
        )?);
    }
    for (id, group) in &groups {
        let near: Vec<&Neighbour> = near_to(tablet, *id).collect();
        if near.is_empty() {
            writeln!(out, "{}: no other partner works in its sector, as far as is recorded.", group.name)?;
            continue;
        }
        let mut table = table(["Partner", "Method", "Pillar", "For", "Where", "Same", "Days", "Reach them"]);
        for one in near {
            table.add_row(vec![
                one.organisation.clone(),
                words::plain(&one.modality),
                one.pillar.as_ref().map(words::plain).unwrap_or_default(),
                one.cohort.as_ref().map_or_else(|| "not said".into(), words::plain),
                place(&one.area),
                shared(group, one).map(|level| level.to_string()).unwrap_or_default(),
                days(one),
                one.contact.clone().unwrap_or_default(),
            ]);
        }
        writeln!(out, "Near to {}:", group.name)?;
        writeln!(out, "{table}")?;
        overlaps(tablet, (*id, group), out)?;
    }
    Ok(writeln!(out, "As of {}.", words::time(neighbours.heard))?)
}

fn near_to(tablet: &Tablet, group: GroupId) -> impl Iterator<Item = &Neighbour> {
    tablet.neighbours().all.iter().filter(move |one| one.group == group)
}

/// The partners who do the same for the same people, or may do so, in the village or cell of a group; `None` for one that the sector shares
/// alone.
fn same_as<'a>(tablet: &'a Tablet, id: GroupId, group: &Group) -> Option<(Level, BTreeSet<&'a str>)> {
    let near = near_to(tablet, id).filter(|one| one.overlaps);
    let in_one = near.filter_map(|one| Some((shared(group, one)?, one.organisation.as_str())));
    let near: Vec<(Level, &str)> = in_one.filter(|(level, _)| *level > Level::Sector).collect();
    let nearest = near.iter().map(|(level, _)| *level).max()?;
    Some((nearest, near.into_iter().map(|(_, partner)| partner).collect()))
}

/// Says of a group, where it is so, that another partner does the same in its village or cell.
pub(super) fn overlaps(
    tablet: &Tablet,
    (id, group): (GroupId, &Group),
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let Some((level, partners)) = same_as(tablet, id, group) else { return Ok(()) };
    Ok(writeln!(
        out,
        "In the {level} of {}, the same is done by {}, for the same people or for people not said. Speak with them before you go on; what you settle, your manager \
         notes.",
        group.name,
        words::listed(partners.into_iter().map(str::to_owned)),
    )?)
}

/// Of how many groups another partner does the same in the village or cell.
pub(super) fn overlapping(tablet: &Tablet) -> usize {
    find::groups(tablet).iter().filter(|(id, group)| same_as(tablet, *id, group).is_some()).count()
}

/// The groups that overlap, and with whom: to be held against the same after a sync.
pub(super) fn known(tablet: &Tablet) -> BTreeSet<(GroupId, String)> {
    let groups = find::groups(tablet);
    let each = groups.iter().filter_map(|(id, group)| Some((*id, same_as(tablet, *id, group)?.1)));
    each.flat_map(|(id, partners)| partners.into_iter().map(move |partner| (id, partner.to_owned())))
        .collect()
}

fn shared(group: &Group, one: &Neighbour) -> Option<Level> {
    one.shares(group.area.code())
}

fn place(code: &str) -> String {
    code.parse().map_or_else(|_| code.to_owned(), words::place)
}

/// `from 5 March 2026`, `5 March 2026 to 30 September 2026`: while both groups go on.
fn days(one: &Neighbour) -> String {
    let day = |text: &String| text.parse::<Date>().map_or_else(|_| text.clone(), words::day);
    match (&one.from, &one.to) {
        (Some(from), Some(to)) => format!("{} to {}", day(from), day(to)),
        (Some(from), None) => format!("from {}", day(from)),
        (None, Some(to)) => format!("to {}", day(to)),
        (None, None) => String::new(),
    }
}

//! What colleagues do for each other where there is no network.

use super::tablets::some;
use crate::world::{Sound, World};

/// Files that lie about, at most.
const CARDS: usize = 6;

/// A file goes from one tablet to another, of the same group or not, or to the one that it is from; sometimes twice.
/// Sometimes it stays in a drawer, for later.
pub(super) fn hand_over(world: &mut World) -> Sound<bool> {
    let (Some(from), Some(to)) = (some(world), some(world)) else { return Ok(false) };
    let file = world.pack(from);
    world.note(|| format!("    a file from tablet {from}"));
    if world.dice.percent(30) && world.cards.len() < CARDS {
        world.cards.push(file.clone());
    }
    world.unpack(to, &file)?;
    if world.dice.percent(20) {
        let again = world.unpack(to, &file)?;
        world.coverage.add("parcels taken along twice", again.carried.into());
    }
    Ok(true)
}

/// A file is found in a drawer. Much may have been since.
pub(super) fn find_card(world: &mut World) -> Sound<bool> {
    let Some(to) = some(world) else { return Ok(false) };
    let Some(file) = world.dice.pick(&world.cards) else { return Ok(false) };
    world.unpack(to, &file).map(|_| true)
}

//! What those do who look after the servers.

use server::ledger::Policy;

use crate::world::ground::Shelf;
use crate::world::{Sound, World, ensure};

pub(super) fn restart(world: &mut World) -> Sound<bool> {
    let server = world.dice.below(world.ground.servers());
    world.ground.restart(server);
    Ok(true)
}

/// The log is bounded, more eagerly than anybody would.
pub(super) fn compact(world: &mut World) -> Sound<bool> {
    let days = |most: i64, world: &mut World| world.dice.between(0, most) as u32;
    let policy = Policy { past: days(1, world), anyway: days(2, world) };
    let server = world.dice.below(world.ground.servers());
    let compacted = world.ground.compact(server, policy);
    ensure(compacted.held == 0, "documents hold their changes", || format!("{compacted:?}"))?;
    world.coverage.add("changes given up", compacted.changes);
    Ok(compacted.changes > 0)
}

pub(super) fn back_up(world: &mut World) -> Sound<bool> {
    world.backup = Some(Shelf::with_backup_of(&world.ground));
    Ok(true)
}

/// The database is lost. The backup stays, and may be needed again.
pub(super) fn restore(world: &mut World) -> Sound<bool> {
    let Some(shelf) = world.backup.take() else { return Ok(false) };
    world.restore(&shelf);
    world.backup = Some(shelf);
    Ok(true)
}

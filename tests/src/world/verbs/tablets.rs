//! What happens to tablets.

use crate::world::slate::Slate;
use crate::world::syncing::Trouble;
use crate::world::{Sound, World};

/// More tablets than this only make a world slower.
const MOST: usize = 10;

pub(super) fn sync(world: &mut World) -> Sound<bool> {
    let Some(at) = some(world) else { return Ok(false) };
    world.sync_calmly(at).map(|report| report.is_some())
}

/// Trouble finds first those who have something to hand in.
pub(super) fn sync_with_trouble(world: &mut World) -> Sound<bool> {
    let anybody = world.dice.percent(20);
    let found = one_that(world, |slate| anybody || slate.tablet.outbox().len() > 0);
    let Some(at) = found else { return Ok(false) };
    let mut trouble = Trouble::default();
    if world.dice.percent(75) {
        trouble.mishap = Some((usize::from(world.dice.percent(20)), world.mishap()));
    }
    if world.dice.percent(30) {
        trouble.kill = Some(world.dice.below(5));
    }
    if world.dice.percent(20) {
        trouble.narrow = Some(300 << world.dice.below(5));
    }
    world.sync(at, trouble).map(|_| true)
}

/// By minutes or by years, forth or back.
pub(super) fn clock_jumps(world: &mut World) -> Sound<bool> {
    let Some(at) = some(world) else { return Ok(false) };
    let minutes = if world.dice.percent(50) { 24 * 60 } else { 5 * 365 * 24 * 60 };
    let jump = world.dice.between(-minutes, minutes);
    let clock = &mut world.slates[at].clock;
    *clock = clock.plus_minutes(jump);
    Ok(true)
}

/// Somebody copies the folder to a second tablet, and both go on.
pub(super) fn copy(world: &mut World) -> Sound<bool> {
    let Some(at) = some(world).filter(|_| world.slates.len() < MOST) else { return Ok(false) };
    let slate = &world.slates[at];
    let mut copy = Slate::from_folder(slate.folder(), slate.clock);
    (copy.barred, copy.owed) = (slate.barred, slate.owed.clone());
    world.slates.push(copy);
    world.disturbed = true;
    Ok(true)
}

/// Somebody copies the folder, in case.
pub(super) fn lay_aside(world: &mut World) -> Sound<bool> {
    let Some(at) = some(world) else { return Ok(false) };
    let folder = world.slates[at].folder();
    world.slates[at].older = Some(folder);
    Ok(true)
}

/// What was recorded since, and not handed in, is lost by that.
pub(super) fn bring_back(world: &mut World) -> Sound<bool> {
    let Some(at) = one_that(world, |slate| slate.older.is_some()) else { return Ok(false) };
    let Some(folder) = world.slates[at].older.take() else { return Ok(false) };
    let slate = &mut world.slates[at];
    let lost = slate.waiting();
    slate.bring_back(folder);
    slate.shown = slate.outbox().into_keys().collect();
    slate.carries = slate.parcels(&world.parcels);
    slate.owe_no_more_than_it_holds();
    world.disturbed = true;
    world.excuse(lost);
    Ok(true)
}

pub(super) fn destroy(world: &mut World) -> Sound<bool> {
    let Some(at) = some(world) else { return Ok(false) };
    let lost = world.slates.remove(at).waiting();
    world.excuse(lost);
    Ok(true)
}

pub(super) fn some(world: &mut World) -> Option<usize> {
    one_that(world, |_| true)
}

fn one_that(world: &mut World, fits: impl Fn(&Slate) -> bool) -> Option<usize> {
    let all: Vec<usize> = (0..world.slates.len()).filter(|at| fits(&world.slates[*at])).collect();
    world.dice.pick(&all)
}

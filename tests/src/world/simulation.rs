//! Worlds, one after the other, each lived to its end.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use actix_web::rt::{System, SystemRunner};

use super::soil::Soil;
use super::{Breach, Coverage, Sound, World};

/// Where and how a world came to break a promise.
#[derive(Debug)]
pub struct Violation {
    pub seed: u64,
    /// From 1; one more than there are for what showed only at the end.
    pub step: usize,
    pub promise: &'static str,
    pub how: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, promise, how } = self;
        write!(f, "seed {seed}, step {step}: broken: {promise}\n{how}")
    }
}

/// Lets worlds run, one after the other, on one thread.
pub struct Simulation {
    soil: Soil,
    runner: Rc<SystemRunner>,
    steps: usize,
    trace: bool,
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Simulation {
    /// A world of so many steps has met most things, and ends in a moment.
    pub const STEPS: usize = 80;

    pub fn on_sqlite(steps: usize) -> Self {
        Self { soil: Soil::sqlite(), runner: Rc::new(System::new()), steps, trace: false }
    }

    /// On the PostgreSQL that `tests/run` starts; every world gets a schema of its own.
    pub fn on_postgres(steps: usize) -> Self {
        Self { soil: Soil::Postgres, runner: Rc::new(System::new()), steps, trace: false }
    }

    /// Tells every step.
    #[must_use]
    pub fn traced(self, trace: bool) -> Self {
        Self { trace, ..self }
    }

    /// Lives the world of a seed to its end.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn live(&self, seed: u64) -> Result<Coverage, Violation> {
        let mut step = 0;
        let lived = catch_unwind(AssertUnwindSafe(|| self.steps_of(seed, &mut step)));
        let lived =
            lived.unwrap_or_else(|panic| Err(Breach { promise: "nothing panics", how: words_of(&*panic) }));
        lived.map_err(|Breach { promise, how }| Violation { seed, step, promise, how })
    }

    fn steps_of(&self, seed: u64, step: &mut usize) -> Sound<Coverage> {
        let mut world = World::of(&self.soil, &self.runner, seed, self.trace);
        world.begin()?;
        for number in 1..=self.steps {
            *step = number;
            world.note(|| format!("step {number}"));
            world.step()?;
        }
        *step = self.steps + 1;
        world.note(|| "the end: all faults cease".to_owned());
        world.end()?;
        Ok(world.coverage)
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

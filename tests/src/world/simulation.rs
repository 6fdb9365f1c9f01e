//! Worlds, several at once, each lived to its end.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};
use std::thread;

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

/// Lets worlds run. A world has one thread; what happens in it follows from its seed.
pub struct Simulation {
    soil: Soil,
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
        Self { soil: Soil::sqlite(), steps, trace: false }
    }

    /// On the PostgreSQL that `tests/run` starts; every world gets a schema of its own.
    pub fn on_postgres(steps: usize) -> Self {
        Self { soil: Soil::Postgres, steps, trace: false }
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

    /// Lives the worlds of all these seeds, on so many threads. Gives what they came by together.
    ///
    /// # Errors
    /// The [`Violation`] of the least seed that has one.
    pub fn live_all(&self, seeds: Range<u64>, threads: usize) -> Result<Coverage, Violation> {
        // Seeds are taken in their order, so that all before one that fails are lived, too.
        let all = Mutex::new(Ok::<_, Violation>(Coverage::default()));
        let seeds = Mutex::new(seeds);
        let next = || lock(&all).is_ok().then(|| lock(&seeds).next()).flatten();
        let work = || {
            while let Some(seed) = next() {
                let lived = self.live(seed);
                let mut all = lock(&all);
                match (&mut *all, lived) {
                    (Ok(coverage), Ok(lived)) => coverage.merge(lived),
                    (Err(earlier), Err(violation)) if violation.seed < earlier.seed => *earlier = violation,
                    (Ok(_), Err(violation)) => *all = Err(violation),
                    (Err(_), _) => {}
                }
            }
        };
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
        all.into_inner().expect("a world that panics is a violation")
    }

    fn steps_of(&self, seed: u64, step: &mut usize) -> Sound<Coverage> {
        let mut world = World::of(&self.soil, seed, self.trace);
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a world that panics is a violation")
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

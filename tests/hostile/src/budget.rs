//! What work costs, as the operating system counts it, and what it may cost. Elsewhere than on Linux nothing is counted.

use std::fs;
use std::time::Duration;

/// The CPU time of anything that is refused, and of the rest what comes on top of [`PER_OPERATION`].
pub const CPU: Duration = Duration::from_millis(200);
/// Twice what a valid operation takes to be parsed, merged, read, written and opened again, in a build with optimisations.
pub const PER_OPERATION: Duration = Duration::from_micros(20);
/// The most memory on top of what was there before.
pub const MEMORY: u64 = 64 * 1024 * 1024;
/// How much longer a build without optimisations takes.
pub const SLOWER: u32 = if cfg!(debug_assertions) { 8 } else { 1 };

/// What some work cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Of one thread here, of all threads of another process.
    pub cpu: Duration,
    /// The most that was resident, in bytes, on top of what was resident before.
    pub memory: u64,
}

impl Cost {
    /// Runs work on this thread and gives what it cost.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (cpu, memory) = (thread_cpu(), forget_peak("self"));
        let done = work();
        let peak = peak_memory("self").unwrap_or_default();
        let memory = peak.saturating_sub(memory.unwrap_or(peak));
        (done, Self { cpu: thread_cpu().saturating_sub(cpu), memory })
    }

    /// Whether it is within the budget of so many valid operations.
    pub fn within(&self, operations: u64) -> bool {
        let operations = u32::try_from(operations).unwrap_or(u32::MAX);
        self.memory <= MEMORY && self.cpu <= (CPU + PER_OPERATION.saturating_mul(operations)) * SLOWER
    }
}

/// The CPU time of this thread.
fn thread_cpu() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|spent| spent.parse().ok()).unwrap_or_default())
}

/// The CPU time of all threads of a process, to a hundredth of a second.
pub fn process_cpu(process: u32) -> Option<Duration> {
    let told = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold anything, a bracket too.
    let (_, after) = told.rsplit_once(')')?;
    let field = |at: usize| after.split_whitespace().nth(at)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (field(11)? + field(12)?)))
}

/// The most that was resident of a process, in bytes, since [`forget_peak`].
pub fn peak_memory(process: &str) -> Option<u64> {
    status(process, "VmHWM:")
}

/// Lets a process's peak be what is resident now; gives that.
pub fn forget_peak(process: &str) -> Option<u64> {
    fs::write(format!("/proc/{process}/clear_refs"), "5").ok()?;
    status(process, "VmRSS:")
}

fn status(process: &str, what: &str) -> Option<u64> {
    let told = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

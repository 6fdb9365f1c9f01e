//! What this process takes from the machine, as Linux says it in `/proc`, under the names that all programs with Prometheus
//! numbers use. Elsewhere there are no such numbers.

use std::fs;

/// `/proc` counts CPU in hundredths of a second on every Linux: `USER_HZ` is part of its interface to programs.
const TICKS: f64 = 100.0;

/// Reads the numbers again. What can't be read keeps the value that it had.
pub(super) fn read() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kib) = after(&status, "VmRSS:") {
        metrics::gauge!("process_resident_memory_bytes").set(kib * 1024.0);
    }
    if let Some(threads) = after(&status, "Threads:") {
        metrics::gauge!("process_threads").set(threads);
    }
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    if let Some((cpu, started)) = times(&stat) {
        metrics::gauge!("process_cpu_seconds_total").set(cpu);
        let machine = fs::read_to_string("/proc/stat").unwrap_or_default();
        if let Some(booted) = after(&machine, "btime") {
            metrics::gauge!("process_start_time_seconds").set(booted + started);
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them reads this folder.
        metrics::gauge!("process_open_fds").set(open.count().saturating_sub(1) as f64);
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(most) = after(&limits, "Max open files") {
        metrics::gauge!("process_max_fds").set(most);
    }
}

pub(super) fn describe() {
    metrics::describe_gauge!(
        "process_cpu_seconds_total",
        "CPU time of this process, user and system, in seconds."
    );
    metrics::describe_gauge!("process_resident_memory_bytes", "Memory of this process that is in RAM.");
    metrics::describe_gauge!("process_threads", "Threads of this process.");
    metrics::describe_gauge!("process_open_fds", "Files and sockets that this process has open.");
    metrics::describe_gauge!("process_max_fds", "How many it may have open.");
    metrics::describe_gauge!(
        "process_start_time_seconds",
        "When this process started, in seconds since 1970."
    );
}

/// The number that follows a word at the beginning of a line.
fn after(text: &str, word: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// CPU time, and when the process started after the machine did, in seconds. Fields 14, 15 and 22 of proc_pid_stat(5); the
/// second one, the program's name in brackets, may hold anything.
fn times(stat: &str) -> Option<(f64, f64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().map(|field| field.parse::<f64>().unwrap_or_default());
    // `rest` begins with field 3.
    let user = fields.nth(11)?;
    let system = fields.next()?;
    let started = fields.nth(6)?;
    Some(((user + system) / TICKS, started / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_whatever_the_program_is_called() {
        let stat = "42 (odd) name) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 5 0 9000 1000 200 18446744073709551615";
        assert_eq!(times(stat), Some((2.0, 90.0)));
        assert_eq!(times(""), None);
    }

    #[test]
    fn a_number_is_found_by_its_line() {
        let limits = "Max processes    95 95 processes\nMax open files            1024   524288   files\n";
        assert_eq!(after(limits, "Max open files"), Some(1024.0));
        assert_eq!(after("VmRSS:\t   12345 kB\n", "VmRSS:"), Some(12345.0));
        assert_eq!(after(limits, "btime"), None);
    }
}

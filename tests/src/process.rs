//! The service as a process: `ihuriro serve`, and what the operating system says of it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use hostile_bytes::budget::{self, Cost};

/// A running service; killed when it is dropped.
#[derive(Debug)]
pub struct Service {
    /// `http://127.0.0.1:40123`, another in each life.
    pub url: String,
    /// The address that is for its operator, where there is one.
    pub operator_url: Option<String>,
    /// When it began to listen.
    pub since: Instant,
    process: Child,
    /// What it has logged since.
    log: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// Bytes that a service may take more while it refuses wrong passwords, however many come: half of the cores, one to four, hash at once
/// (19 MiB each); what one hash took may be on its way back to the system while the next takes its own; the rest is threads and answers.
pub fn budget_of_passwords() -> u64 {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let hashes = (cores / 2).clamp(1, 4) + 1;
    (19 * hashes as u64 + 24) << 20
}

impl Service {
    /// Starts it, and waits until it says that it listens.
    ///
    /// # Errors
    /// What it said where it does not start.
    pub fn start(program: &Path, database_url: &str) -> Result<Self, String> {
        Self::listening(program, database_url, &["--no-second-factor"])
    }

    /// As [`Service::start`], with an address of its own for its operator.
    ///
    /// # Errors
    /// What it said where it does not start.
    pub fn start_with_operator(program: &Path, database_url: &str) -> Result<Self, String> {
        Self::listening(program, database_url, &["--no-second-factor", "--operator-listen", "127.0.0.1:0"])
    }

    /// As [`Service::start`], with further words on its command line.
    ///
    /// # Errors
    /// What it said where it does not start.
    pub fn start_with(program: &Path, database_url: &str, words: &[&str]) -> Result<Self, String> {
        Self::listening(program, database_url, words)
    }

    fn listening(program: &Path, database_url: &str, words: &[&str]) -> Result<Self, String> {
        Self::run(program, database_url, words, None)
    }

    fn run(program: &Path, database_url: &str, words: &[&str], level: Option<&str>) -> Result<Self, String> {
        let has_operator = words.contains(&"--operator-listen");
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(words)
            .env("DATABASE_URL", database_url)
            .env_remove("IHURIRO_OPERATOR_LISTEN")
            .env_remove("IHURIRO_TRUST_PROXY")
            .env_remove("RUST_LOG")
            .env_remove("IHURIRO_LOG_FORMAT")
            .envs(level.map(|level| ("RUST_LOG", level)))
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let mut log = BufReader::new(process.stderr.take().expect("its log is ours to read"));
        let (mut lines, mut line, mut urls) = (String::new(), String::new(), Vec::new());
        while log.read_line(&mut line).is_ok_and(|read| read > 0) {
            let place = line.split_whitespace().find_map(|word| word.strip_prefix("addr="));
            urls.extend(place.filter(|_| line.contains("listening")).map(|place| format!("http://{place}")));
            let (url, operator_url) = match (urls.as_slice(), has_operator) {
                ([url], false) => (url.clone(), None),
                ([url, operator_url], _) => (url.clone(), Some(operator_url.clone())),
                _ => {
                    lines.push_str(&line);
                    line.clear();
                    continue;
                }
            };
            // A log that nobody reads would stop the service once the pipe is full.
            let (kept, tracing) = (Arc::new(Mutex::new(Vec::new())), level.is_some());
            let keeper = Arc::clone(&kept);
            let reader = thread::spawn(move || {
                let mut some = [0; 8192];
                while let Ok(read @ 1..) = log.read(&mut some) {
                    if tracing {
                        keeper.lock().unwrap_or_else(PoisonError::into_inner).extend(&some[..read]);
                    }
                }
            });
            let (since, reader) = (Instant::now(), Some(reader));
            return Ok(Self { url, operator_url, since, process, log: kept, reader });
        }
        process.wait().ok();
        Err(format!("the service does not start:\n{lines}"))
    }

    /// As [`Service::start`], and it logs all that it can.
    ///
    /// # Errors
    /// What it said where it does not start.
    pub fn start_tracing(program: &Path, database_url: &str) -> Result<Self, String> {
        Self::run(program, database_url, &["--no-second-factor"], Some("trace"))
    }

    /// Ends it; gives all that it has logged since it listened.
    pub fn log(mut self) -> Vec<u8> {
        self.process.kill().ok();
        self.process.wait().ok();
        if let Some(reader) = self.reader.take() {
            reader.join().ok();
        }
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Its number among processes.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Mebibytes of memory, as `/proc` calls them: `VmRSS` now, `VmHWM` at its peak.
    ///
    /// # Panics
    /// Where there is no `/proc`.
    pub fn mebibytes(&self, name: &str) -> u64 {
        mebibytes(self.id(), name)
    }

    /// What it costs the service, all its threads together, to answer this.
    ///
    /// # Panics
    /// Where there is no `/proc`.
    pub fn cost_of<T>(&self, ask: impl FnOnce() -> T) -> (T, Cost) {
        let memory = budget::forget_peak(&self.id().to_string()).expect("it runs");
        let cpu = budget::process_cpu(self.id()).expect("it runs");
        let answer = ask();
        let cpu = budget::process_cpu(self.id()).expect("it runs").saturating_sub(cpu);
        let peak = budget::peak_memory(&self.id().to_string()).expect("it runs");
        (answer, Cost { cpu, memory: peak.saturating_sub(memory) })
    }

    /// Whether it still runs; one that ended by itself is a failure.
    pub fn lives(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }
}

/// Mebibytes of memory of a process, as `/proc` calls them.
///
/// # Panics
/// Where there is no `/proc`.
pub fn mebibytes(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process of Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number =
        line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    number.expect("a number of kilobytes") / 1024
}

impl Drop for Service {
    /// SIGKILL: it gets to do nothing more.
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

//! Tablets at work, each a process of its own, and what they say, in one queue.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::said::Said;

/// Longer than anything here takes, even on a slow machine: then something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one tablet said in one of its lives; nothing when that life was over.
pub(super) struct News {
    pub(super) tablet: usize,
    life: u64,
    pub(super) at: Instant,
    pub(super) said: Option<Said>,
}

#[derive(Debug)]
struct Worker {
    folder: PathBuf,
    /// Which life of it this is, from 1.
    life: u64,
    process: Child,
    tasks: ChildStdin,
}

#[derive(Debug)]
pub(super) struct Crew<'a> {
    program: &'a Path,
    workers: Vec<Worker>,
    said: Sender<News>,
    news: Receiver<News>,
    /// How many lives have not yet been heard to their end.
    open: usize,
}

impl<'a> Crew<'a> {
    /// `program` is `kills`; `seed` is drawn for each life.
    pub(super) fn start(
        program: &'a Path,
        folders: Vec<PathBuf>,
        mut seed: impl FnMut() -> u64,
    ) -> Result<Self, String> {
        let (said, news) = channel();
        let mut crew = Self { program, workers: Vec::new(), said, news, open: 0 };
        for folder in folders {
            let worker = crew.begin(folder, crew.workers.len(), 1, seed())?;
            crew.workers.push(worker);
        }
        Ok(crew)
    }

    fn begin(&mut self, folder: PathBuf, tablet: usize, life: u64, seed: u64) -> Result<Worker, String> {
        let mut process = Command::new(self.program)
            .arg("tablet")
            .arg(&folder)
            .arg(seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", self.program.display()))?;
        let tasks = process.stdin.take().expect("its input is ours to write");
        let lines = BufReader::new(process.stdout.take().expect("its output is ours to read")).lines();
        let queue = self.said.clone();
        thread::spawn(move || {
            let said = lines.map_while(Result::ok).filter_map(|line| Said::hear(&line));
            for said in said.map(Some).chain([None]) {
                // Where nobody listens any more, all is over.
                queue.send(News { tablet, life, at: Instant::now(), said }).ok();
            }
        });
        self.open += 1;
        Ok(Worker { folder, life, process, tasks })
    }

    /// The next thing that anybody says.
    pub(super) fn news(&mut self) -> Result<News, String> {
        let news =
            self.news.recv_timeout(PATIENCE).map_err(|_| "nobody says anything any more".to_owned())?;
        if news.said.is_none() {
            self.open -= 1;
            if self.is_current(&news) {
                return Err(format!("tablet {} stopped by itself", news.tablet));
            }
        }
        Ok(news)
    }

    /// Whether who said it still lives.
    pub(super) fn is_current(&self, news: &News) -> bool {
        self.workers.get(news.tablet).is_some_and(|worker| worker.life == news.life)
    }

    /// Lets a tablet record a little and sync with the service at `url`.
    pub(super) fn go_on(&mut self, tablet: usize, url: &str) -> Result<(), String> {
        let tasks = &mut self.workers[tablet].tasks;
        writeln!(tasks, "{url}").map_err(|error| format!("tablet {tablet} does not listen: {error}"))
    }

    /// SIGKILL, and the next life.
    pub(super) fn kill(&mut self, tablet: usize, seed: u64) -> Result<(), String> {
        let worker = &mut self.workers[tablet];
        end(worker);
        let (folder, life) = (worker.folder.clone(), worker.life + 1);
        self.workers[tablet] = self.begin(folder, tablet, life, seed)?;
        Ok(())
    }

    /// Kills all of them; gives what they had still said.
    pub(super) fn kill_all(mut self) -> Result<Vec<Said>, String> {
        self.workers.drain(..).for_each(|mut worker| end(&mut worker));
        let mut last = Vec::new();
        while self.open > 0 {
            last.extend(self.news()?.said);
        }
        Ok(last)
    }
}

impl Drop for Crew<'_> {
    fn drop(&mut self) {
        self.workers.iter_mut().for_each(end);
    }
}

fn end(worker: &mut Worker) {
    worker.process.kill().ok();
    worker.process.wait().ok();
}

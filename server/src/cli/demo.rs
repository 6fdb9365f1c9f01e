//! `ihuriro demo`: three months of three organisations, on the real parts. Twelve tablets record offline and sync over
//! loopback HTTP with the real service on the embedded store; then both sides count.

mod ask;
mod cast;
mod chance;
mod count;
mod data;
mod desk;
mod found;
mod line;
mod live;
mod plan;
mod record;
mod sync;
mod tally;
mod tell;

use std::error::Error;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use server::http::{Running, ServeError, Settings, serve};
use server::telemetry::{self, LevelFilter};
use tokio::runtime::Runtime;

use super::Ended;
use cast::{ORGANISATIONS, PAIRS};
use count::{Count, Totals};
use data::Data;
use live::{Life, Stage};
use plan::{Plan, WEEKS};
use tally::{Clashes, Tally};

/// What goes wrong in the demo: one sentence.
type Failed = Box<dyn Error + Send + Sync>;

/// What `--sessions` is where nobody says.
const SESSIONS: u32 = 120;
const USUAL_PORT: u16 = 8080;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Remove the data of an earlier demo and begin anew.
    #[arg(long)]
    fresh: bool,
    /// End after the tables; the exit status is 0 only if both totals are equal.
    #[arg(long)]
    once: bool,
    /// How many distinct sessions there are in the three months, about; at least 96, usually 120.
    #[arg(long, value_name = "N")]
    sessions: Option<u32>,
    /// The folder of the demo's data.
    #[arg(long, value_name = "DIR", default_value = "./demo-data")]
    data: PathBuf,
    /// Where the service listens: 127.0.0.1:8080, or on a free port if that is taken.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Demo {
    pub(super) fn run(self) -> Ended {
        telemetry::start_log(LevelFilter::WARN);
        self.play().map_err(|failed| -> Box<dyn Error> { failed })
    }

    fn play(self) -> Result<(), Failed> {
        if self.fresh {
            Data::remove(&self.data)?;
        }
        let data = Data::open(&self.data, self.sessions, SESSIONS)?;
        if data.half_made() {
            let shown = self.data.display();
            return Err(format!("the demo in {shown} was ended while it was set up: add --fresh").into());
        }
        let runtime = Runtime::new()?;
        let running = runtime.block_on(self.serve(&data))?;
        let equal = story(&running, &data)?;
        if self.once {
            runtime.block_on(running.stop())?;
            return if equal { Ok(()) } else { Err("the two totals are not equal".into()) };
        }
        tell::addresses(&running.url(), &data.password);
        Ok(runtime.block_on(running.until_asked())?)
    }

    async fn serve(&self, data: &Data) -> Result<Running, Failed> {
        let url = format!("sqlite:{}", data.database().display());
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT));
        match serve(Settings::new(self.listen.unwrap_or(usual), &url)).await {
            Err(ServeError::Listen { cause, .. })
                if self.listen.is_none() && cause.kind() == ErrorKind::AddrInUse =>
            {
                let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                Ok(serve(Settings::new(free, url)).await?)
            }
            served => Ok(served?),
        }
    }
}

/// Puts everybody in where that is to do, lives some weeks, and tells; says whether both totals are equal.
fn story(running: &Running, data: &Data) -> Result<bool, Failed> {
    let (server, began) = (running.url(), Instant::now());
    let mut progress = data.progress();
    let plan = Plan::of(progress.sessions);
    let lived = progress.weeks.iter().copied().min().unwrap_or_default();
    let weeks = if lived < WEEKS { WEEKS } else { lived + 1 };
    tell::opening(&plan, weeks, lived);

    let bar = bar();
    if progress.groups.is_empty() {
        data.note(|progress| progress.begun = true)?;
        let groups = found::found(&server, &running.state.store, data, &plan, &bar)?;
        data.note(|progress| progress.groups = groups)?;
        progress = data.progress();
    }
    let stage = Stage { plan: &plan, data, groups: &progress.groups, server: running.addr, bar: &bar };
    let (life, tablets) = lives(&stage, weeks)?;
    bar.finish_and_clear();

    let answers = ORGANISATIONS.iter().map(|organisation| ask::ask(&server, organisation, &data.password));
    let answers: Vec<ask::Answer> = answers.collect::<Result<_, Failed>>()?;
    tell::what_merged(&life);
    tell::what_clashed(&life, &answers);
    tell::aggregates(&answers);
    let equal = tell::totals(&tablets, &answers);
    tell::traffic(&life);
    println!("All of it took {:.1} seconds.", began.elapsed().as_secs_f32());
    Ok(equal)
}

/// All pairs live at the same time, each in a thread; gives what came of all of them, and each organisation's totals as
/// its tablets count them.
fn lives(stage: &Stage<'_>, weeks: u32) -> Result<(Life, Vec<Totals>), Failed> {
    let planned = |pair| (stage.data.progress().weeks[pair]..weeks).map(move |week| (pair, week));
    let meetings =
        (0..PAIRS.len()).flat_map(planned).map(|(pair, week)| stage.plan.meetings(pair, week).len());
    stage.bar.set_length(meetings.sum::<usize>() as u64);
    stage.bar.reset();
    stage.bar.set_message("meetings recorded");
    let lives: Vec<Result<Life, Failed>> = std::thread::scope(|scope| {
        let pairs: Vec<_> =
            (0..PAIRS.len()).map(|pair| scope.spawn(move || stage.live(pair, weeks))).collect();
        pairs
            .into_iter()
            .map(|pair| pair.join().unwrap_or_else(|_| Err("a pair of tablets broke off".into())))
            .collect()
    });
    let mut whole = Life { tally: Tally::default(), count: Count::default(), open: Clashes::new() };
    let mut counts: Vec<Count> = ORGANISATIONS.iter().map(|_| Count::default()).collect();
    for (pair, life) in PAIRS.iter().zip(lives) {
        let life = life?;
        whole.tally.add(life.tally);
        whole.open.extend(life.open);
        counts[pair.organisation].unite(life.count);
    }
    let totals = counts.iter().map(Count::totals).collect();
    counts.into_iter().for_each(|count| whole.count.unite(count));
    Ok((whole, totals))
}

/// On the standard error, and only where that is a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:40} {pos} of {len} {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

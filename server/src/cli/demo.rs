//! `ihuriro demo`: three months of three organisations, on the real parts. Twelve tablets record offline and sync over
//! loopback HTTP with the real service on the embedded store; then both sides count.

mod ask;
mod cast;
mod chance;
mod count;
mod coverage;
mod data;
mod desk;
mod found;
mod line;
mod live;
mod mishap;
mod paint;
mod partnership;
mod plan;
mod published;
mod record;
mod sync;
mod tables;
mod tally;
mod tell;

use std::error::Error;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use server::clock::Clock;
use server::http::{Running, SecondFactor, ServeError, Settings, serve};
use server::telemetry::{self, LevelFilter};
use tablet::clock::in_rwanda;
use tokio::runtime::Runtime;

use super::Ended;
use cast::{ORGANISATIONS, PAIRS};
use count::{Count, Totals};
use data::Data;
use live::{Life, PairLife, Stage, ahead, together};
use plan::{Calendar, Plan, WEEKS, evening};
use tally::{Clashes, Tally};
use tell::Teller;

/// What goes wrong in the demo: one sentence.
type Failed = Box<dyn Error + Send + Sync>;

/// What `--sessions` is where nobody says.
const SESSIONS: u32 = 120;
const USUAL_PORT: u16 = 8080;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Remove the data of an earlier demo and begin again.
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
        self.play().map_err(|failed| -> Box<dyn Error> { format!("the demo broke off: {failed}").into() })
    }

    fn play(self) -> Result<(), Failed> {
        if self.fresh {
            Data::remove(&self.data)?;
        }
        let data = Data::open(&self.data, self.sessions, SESSIONS)?;
        if data.half_made() {
            let shown = self.data.display();
            return Err(
                format!("an earlier demo in {shown} was ended while it was set up: add --fresh").into()
            );
        }
        let clock = Clock::moved();
        let plan = self.plan(&data, &clock)?;
        if data.progress().groups.is_empty() {
            // Before the service starts: what it notes of its own start is then of the story too.
            clock.set(Some(evening(plan.calendar.on_day(0, 0), -9 * 60)));
        }
        let runtime = Runtime::new()?;
        let running = runtime.block_on(self.serve(&data, &clock))?;
        let teller = Teller::new();
        let told = story(&runtime, &running, &data, &plan, &teller);
        clock.set(None);
        let equal = told?;
        if self.once {
            runtime.block_on(running.stop())?;
            return if equal { Ok(()) } else { Err("the two totals are not equal".into()) };
        }
        teller.addresses(&running.url(), &data.password, &self.data);
        Ok(runtime.block_on(running.until_asked())?)
    }

    /// The plan of this data, whose days were chosen when it was begun.
    fn plan(&self, data: &Data, clock: &Clock) -> Result<Plan, Failed> {
        let progress = data.progress();
        let calendar = match progress.calendar {
            Some(calendar) => calendar,
            None => Calendar::before(in_rwanda(clock.now()).date()),
        };
        data.note(|progress| progress.calendar = Some(calendar))?;
        Ok(Plan::of(progress.sessions, calendar))
    }

    async fn serve(&self, data: &Data, clock: &Clock) -> Result<Running, Failed> {
        let url = format!("sqlite:{}", data.database().display());
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT));
        // A newcomer shall be in with one password. Nobody in the demo is real, and nothing else is in its store.
        let second_factor = SecondFactor::NotAnywhere;
        let at = |listen| Settings { clock: clock.clone(), second_factor, ..Settings::new(listen, &url) };
        match serve(at(self.listen.unwrap_or(usual))).await {
            Err(ServeError::Listen { cause, .. })
                if self.listen.is_none() && cause.kind() == ErrorKind::AddrInUse =>
            {
                Ok(serve(at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).await?)
            }
            served => Ok(served?),
        }
    }
}

/// Puts everybody in where that is to do, lives the weeks that nobody has lived yet, and tells; says whether both totals are
/// equal.
fn story(
    runtime: &Runtime,
    running: &Running,
    data: &Data,
    plan: &Plan,
    teller: &Teller,
) -> Result<bool, Failed> {
    let (server, clock, began) = (running.url(), &running.state.clock, Instant::now());
    let mut progress = data.progress();
    let lived = progress.weeks.iter().copied().min().unwrap_or_default();
    let today = in_rwanda(Clock::system().now()).date();
    let weeks = plan.calendar.weeks_before(today).max(WEEKS);
    teller.opening(plan, weeks, lived, data.folder());

    let bar = bar();
    if progress.groups.is_empty() {
        data.note(|progress| progress.begun = true)?;
        let groups = found::found(&server, &running.state.store, clock, data, plan, &bar)?;
        data.note(|progress| progress.groups = groups)?;
        progress = data.progress();
    }
    let stage = Stage { plan, data, groups: &progress.groups, server: running.addr, clock, bar: &bar };
    let (life, tablets) = lives(&stage, lived, weeks)?;
    bar.finish_and_clear();

    clock.set(None);
    let answers =
        ORGANISATIONS.iter().map(|organisation| ask::ask(&server, organisation, &data.password, today));
    let answers: Vec<ask::Answer> = answers.collect::<Result<_, Failed>>()?;
    if life.tally.meetings > 0 {
        teller.what_merged(&life);
        teller.what_went_wrong(&life);
        teller.what_clashed(&life, &answers);
    }
    teller.planned(&answers);
    teller.people(&answers);
    teller.months(&answers);
    // The service does so by itself once a day; this demo's days are short.
    runtime.block_on(server::published::publish(&running.state.store, clock.now()))?;
    if let Some(published) = published::read(&server, &data.password)? {
        teller.published(&published);
    }
    let coverage = coverage::told(&server, &data.password, plan, today)?;
    let page = partnership::told(&server, data, plan, &progress.groups, today)?;
    teller.partnership(&coverage, &page);
    let equal = teller.totals(&tablets, &answers);
    teller.traffic(&life, began.elapsed());
    Ok(equal)
}

/// All pairs live at the same time, week by week; gives what came of all of them, and each organisation's totals as its
/// tablets count them.
fn lives(stage: &Stage<'_>, lived: u32, weeks: u32) -> Result<(Life, Vec<Totals>), Failed> {
    stage.bar.set_length(ahead(stage.plan, stage.data, weeks));
    stage.bar.reset();
    stage.bar.set_message("meetings recorded");
    let pairs: Result<Vec<PairLife<'_>>, Failed> =
        (0..PAIRS.len()).map(|pair| PairLife::of(stage, pair)).collect();
    let mut pairs = pairs?;
    together(&mut pairs, PairLife::begin)?;
    for week in lived..weeks {
        // A tablet's clock shows some hour of this week when it syncs: the service's shows the same day.
        stage.clock.set(Some(evening(stage.plan.calendar.on_day(week, 6), 0)));
        together(&mut pairs, |pair| pair.week(week))?;
    }
    together(&mut pairs, PairLife::last_syncs)?;

    let mut whole = Life { tally: Tally::default(), count: Count::default(), open: Clashes::new() };
    let mut counts: Vec<Count> = ORGANISATIONS.iter().map(|_| Count::default()).collect();
    for (pair, life) in PAIRS.iter().zip(pairs.into_iter().map(PairLife::end)) {
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

//! Starting the service, and stopping it without cutting anybody off.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use ipnet::IpNet;
use tokio::task::JoinHandle;

use super::{Certificate, Face, State, TlsError, app, beside};
use crate::access::Providers;
use crate::backup::{self, erasures};
use crate::clock::Clock;
use crate::intake::{Bounds, Intake};
use crate::ledger::{self, CaughtUp};
use crate::register::lease::Lease;
use crate::store::{Store, StoreError};
use crate::telemetry;

/// How long a stopping service waits for the requests it is answering.
const LAST_REQUESTS_SECONDS: u64 = 30;
/// A tablet on EDGE takes its time.
const REQUEST_HEAD: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Connections that are open at once, idle ones too; whoever comes later waits until one of them ends. Each takes some tens of
/// kilobytes.
const CONNECTIONS: usize = 1024;

/// How to run a service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Port 0 picks a free one; [`Running::addr`] tells which.
    pub listen: SocketAddr,
    /// A second address for the operator, if `/metrics` and `/docs` are not to be on the first.
    pub operator_listen: Option<SocketAddr>,
    /// See [`Store::open`].
    pub database_url: String,
    /// Threads that answer; one per core if `None`.
    pub workers: Option<usize>,
    pub clock: Clock,
    /// What bodies are taken in.
    pub intake: Bounds,
    /// How many connections may be open at once.
    pub connections: usize,
    /// What TLS is done with at the first address; `None` where a proxy does it, or nobody.
    pub certificate: Option<Certificate>,
    /// The proxies that say from where a request comes.
    pub proxies: Vec<IpNet>,
    pub second_factor: SecondFactor,
    /// Where the list of what was erased is kept, if anywhere.
    pub erasures: Option<PathBuf>,
    /// Whether an identity provider may be on this machine, without TLS: for tests.
    pub loopback_providers: bool,
    /// For how long tablets show what they hold.
    pub lease: Lease,
}

/// Whether people of the roles that need an authenticator app must enrol one before anything else. Whoever has one is always asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    Demanded,
    /// Not from those who are at this machine: for trying the service. It starts only where nobody else can reach it.
    NotHere,
    /// Not at all. A password that was seen or guessed then opens an organisation's records to anybody in the world.
    NotAnywhere,
}

impl SecondFactor {
    /// Whether a service may listen there. A proxy hands on what others send.
    fn allows(self, settings: &Settings) -> bool {
        let at = [Some(settings.listen), settings.operator_listen];
        let here = at.into_iter().flatten().all(|at| at.ip().is_loopback()) && settings.proxies.is_empty();
        self != Self::NotHere || here
    }
}

impl Settings {
    pub fn new(listen: SocketAddr, database_url: impl Into<String>) -> Self {
        Self {
            listen,
            operator_listen: None,
            database_url: database_url.into(),
            workers: None,
            clock: Clock::system(),
            intake: Bounds::default(),
            connections: CONNECTIONS,
            certificate: None,
            proxies: Vec::new(),
            second_factor: SecondFactor::Demanded,
            erasures: None,
            loopback_providers: false,
            lease: Lease::default(),
        }
    }
}

/// Why a service did not start, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("without a second factor, others than those at this machine must not reach it")]
    SecondFactor,
    #[error("the list of erasures can't be kept, and whoever is erased would be back after a restore: {0}")]
    Erasures(backup::Refused),
    #[error("it can't listen on {addr}: {cause}")]
    Listen { addr: SocketAddr, cause: io::Error },
    #[error("the service broke off: {0}")]
    BrokeOff(io::Error),
}

/// A running service. It runs on when this is dropped; [`Running::stop`] it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where it listens for its operator, if that is another address.
    pub operator_addr: Option<SocketAddr>,
    /// Whether it is reached by TLS.
    pub by_tls: bool,
    /// What it works with.
    pub state: State,
    handles: Vec<ServerHandle>,
    server: JoinHandle<io::Result<()>>,
    /// What goes on beside answering.
    beside: Vec<JoinHandle<()>>,
}

/// Opens and migrates the store and starts answering. Several may run in one process.
///
/// # Errors
/// The store does not open, the address is taken, or it is public and no second factor is demanded.
pub async fn serve(settings: Settings) -> Result<Running, ServeError> {
    if !settings.second_factor.allows(&settings) {
        return Err(ServeError::SecondFactor);
    }
    let url = settings.database_url.clone();
    let open = move || Store::open(&url);
    let store = tokio::task::spawn_blocking(open).await.unwrap_or(Err(StoreError::Stopped("open")))?;
    store.migrate().await?;
    tracing::info!(store = store.kind(), "{}", store.login().await?.words());
    // A small store has all rows of this version before anybody asks; a large one gets them in the background.
    let behind = ledger::catch_up(&store).await? == CaughtUp::Partly;
    let intake = Intake::within(settings.intake);
    let mut state = State { intake, lease: settings.lease, ..State::of(store, settings.clock).await? };
    state.providers = Providers::new(settings.loopback_providers);
    state.gate.proxies = settings.proxies.into();
    state.gate.demands_second_factor = settings.second_factor == SecondFactor::Demanded;
    if !state.gate.demands_second_factor {
        tracing::warn!("managers and administrators sign in with a password alone");
    }

    if let Some(list) = settings.erasures.clone() {
        let kept = state.store.clone();
        let keep = move || erasures::keep(&kept, &list);
        let kept = tokio::task::spawn_blocking(keep).await;
        kept.map_err(|_| StoreError::Stopped("erasures"))?.map_err(ServeError::Erasures)?;
    }

    let workers = settings
        .workers
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
    let face = if settings.operator_listen.is_some() { Face::Public } else { Face::Whole };
    let numbers = telemetry::numbers();
    let by_tls = settings.certificate.is_some();
    let first = (settings.listen, settings.certificate);
    let (server, addr) = listen(&state, face, first, workers, settings.connections)?;
    // One thread is enough for somebody who looks now and then.
    let operator = settings
        .operator_listen
        .map(|addr| listen(&state, Face::Whole, (addr, None), 1, settings.connections))
        .transpose()?;
    let mut handles = vec![server.handle()];
    tracing::info!(%addr, store = state.store.kind(), "listening");
    let mut operator_addr = None;
    if let Some((operator, addr)) = operator {
        tracing::info!(%addr, "listening for the operator: /metrics and /docs");
        handles.push(operator.handle());
        operator_addr = Some(addr);
        tokio::spawn(operator);
    }
    let mut beside = beside::begin(&state, numbers, behind);
    beside.extend(settings.erasures.map(|list| beside::list_erasures(&state, list)));
    Ok(Running { addr, operator_addr, by_tls, state, handles, server: tokio::spawn(server), beside })
}

/// Binds an address; gives what answers there, once it is polled, and the address that it got.
fn listen(
    state: &State,
    face: Face,
    (at, certificate): (SocketAddr, Option<Certificate>),
    workers: usize,
    connections: usize,
) -> Result<(Server, SocketAddr), ServeError> {
    let state = state.clone();
    let server = HttpServer::new(move || app(state.clone(), face))
        .client_request_timeout(REQUEST_HEAD)
        .keep_alive(KEEP_ALIVE)
        .workers(workers)
        .max_connections(connections.div_ceil(workers))
        .shutdown_timeout(LAST_REQUESTS_SECONDS)
        .disable_signals();
    let bound = match certificate {
        Some(certificate) => server.bind_rustls_0_23(at, certificate.config()?),
        None => server.bind(at),
    };
    let server = bound.map_err(|cause| ServeError::Listen { addr: at, cause })?;
    let addr = server.addrs().first().copied().unwrap_or(at);
    Ok((server.run(), addr))
}

impl Running {
    /// `http://127.0.0.1:8080`
    pub fn url(&self) -> String {
        format!("{}://{}", if self.by_tls { "https" } else { "http" }, self.addr)
    }

    /// Takes no more requests, and waits until those being answered are done, at most thirty seconds.
    ///
    /// # Errors
    /// The service had broken off before.
    pub async fn stop(self) -> Result<(), ServeError> {
        for handle in &self.handles {
            handle.stop(true).await;
        }
        self.beside.iter().for_each(JoinHandle::abort);
        self.server.await.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(ServeError::BrokeOff)
    }

    /// Serves until the process is asked to end (SIGTERM or SIGINT), then [stops](Running::stop).
    ///
    /// # Errors
    /// The service broke off.
    pub async fn until_asked(mut self) -> Result<(), ServeError> {
        tokio::select! {
            () = asked_to_end() => {
                tracing::info!("stopping");
                self.stop().await
            }
            ended = &mut self.server => {
                self.beside.iter().for_each(JoinHandle::abort);
                ended.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(ServeError::BrokeOff)
            }
        }
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    drop(tokio::signal::ctrl_c().await);
}

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, value_parser};
use ipnet::IpNet;
use server::http::{Certificate, SecondFactor, Settings, serve};
use server::register::lease::Lease;
use server::telemetry::{self, LevelFilter};
use tokio::runtime::Runtime;

use super::secret::not_for_all;
use super::{Database, Ended};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address to listen on.
    #[arg(long, env = "IHURIRO_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Another address for the operator: /metrics and /docs are then there, and not at the first.
    #[arg(long, env = "IHURIRO_OPERATOR_LISTEN", value_name = "ADDRESS")]
    operator_listen: Option<SocketAddr>,
    /// A certificate as PEM, with those that vouch for it: the service then does TLS itself at the first address. It is read again when it changes.
    #[arg(long, env = "IHURIRO_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The key of that certificate, as PEM.
    #[arg(long, env = "IHURIRO_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// A proxy before the service: its address, or a network with its prefix. What it says in X-Forwarded-For or Forwarded is then
    /// believed. May be given several times.
    #[arg(
        long = "trust-proxy",
        env = "IHURIRO_TRUST_PROXY",
        value_name = "ADDRESS/PREFIX",
        value_delimiter = ',',
        value_parser = network
    )]
    trust_proxy: Vec<IpNet>,
    /// Let managers, the secretariat, donors and administrators sign in with a password alone, for trying the service on this machine. It
    /// starts only on a loopback address and without a proxy.
    #[arg(long)]
    no_second_factor: bool,
    /// The same on any address. A password that somebody saw then opens the records to anybody in the world.
    #[arg(long, requires = "no_second_factor")]
    even_for_the_whole_world: bool,
    /// A list of who was erased, kept up to date as it happens: a restore applies it to an older backup. Keep it where backups are kept.
    #[arg(long, env = "IHURIRO_ERASURES", value_name = "FILE")]
    erasures: Option<PathBuf>,
    /// Let an organisation's identity provider be on this machine, by http: for trying and testing.
    #[arg(long)]
    loopback_providers: bool,
    /// For how many days after its last sync a tablet shows what it holds; it goes on recording after that.
    #[arg(long, env = "IHURIRO_TABLET_LEASE_DAYS", value_name = "DAYS", default_value_t = Lease::default().days, value_parser = value_parser!(u32).range(1..=3650))]
    tablet_lease_days: u32,
    /// Threads that answer; one per core if left out.
    #[arg(long)]
    workers: Option<usize>,
    #[command(flatten)]
    database: Database,
}

impl Serve {
    pub(super) fn run(self) -> Ended {
        telemetry::start_log(LevelFilter::INFO);
        self.tls_key.as_deref().map(not_for_all).transpose()?;
        let settings = Settings {
            workers: self.workers,
            erasures: self.erasures,
            operator_listen: self.operator_listen,
            certificate: self
                .tls_certificate
                .zip(self.tls_key)
                .map(|(chain, key)| Certificate::new(chain, key)),
            proxies: self.trust_proxy,
            loopback_providers: self.loopback_providers,
            second_factor: match (self.no_second_factor, self.even_for_the_whole_world) {
                (false, _) => SecondFactor::Demanded,
                (true, false) => SecondFactor::NotHere,
                (true, true) => SecondFactor::NotAnywhere,
            },
            lease: Lease { days: self.tablet_lease_days },
            ..Settings::new(self.listen, self.database.address()?)
        };
        Runtime::new()?.block_on(async {
            let running = serve(settings).await?;
            running.until_asked().await
        })?;
        Ok(())
    }
}

/// `10.0.0.0/8`, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "give an address as 192.0.2.7, or a network as 10.0.0.0/8 or 2001:db8::/32".to_owned())
}

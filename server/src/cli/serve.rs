use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use server::http::{Certificate, Settings, serve};
use server::telemetry::{self, LevelFilter};
use tokio::runtime::Runtime;

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
    /// Threads that answer; one per core if left out.
    #[arg(long)]
    workers: Option<usize>,
    #[command(flatten)]
    database: Database,
}

impl Serve {
    pub(super) fn run(self) -> Ended {
        telemetry::start_log(LevelFilter::INFO);
        let settings = Settings {
            workers: self.workers,
            operator_listen: self.operator_listen,
            certificate: self
                .tls_certificate
                .zip(self.tls_key)
                .map(|(chain, key)| Certificate::new(chain, key)),
            ..Settings::new(self.listen, self.database.url)
        };
        Runtime::new()?.block_on(async {
            let running = serve(settings).await?;
            running.until_asked().await
        })?;
        Ok(())
    }
}

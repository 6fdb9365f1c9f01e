use std::net::SocketAddr;

use clap::Args;
use server::http::{Settings, serve};
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
            ..Settings::new(self.listen, self.database.url)
        };
        Runtime::new()?.block_on(async {
            let running = serve(settings).await?;
            running.until_asked().await
        })?;
        Ok(())
    }
}

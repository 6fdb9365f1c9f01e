//! PostgreSQL in pure Rust: tokio-postgres under Diesel, with no libpq to build or ship.
//!
//! Use cases are blocking code, so one small runtime of its own drives the sockets, and a connection waits for it
//! from whichever blocking thread uses it. Never use one from an async worker: it would block the worker.

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{Error, R2D2Connection};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::StoreError;
use super::address::{PostgresAddress, with_causes};

/// A connection to PostgreSQL as blocking Diesel code uses it.
pub type Pg = AsyncConnectionWrapper<AsyncPgConnection, OnOwnRuntime>;

const CONNECTIONS: u32 = 16;
const PATIENCE: Duration = Duration::from_secs(10);

/// A lock is waited for as long as SQLite waits; a transaction that was forgotten half way lets go of its locks. Policies make plans look
/// dearer than they are: to compile them took longer than to run them.
const SETTINGS: &str = "
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    SET jit = off;
";

/// Where the connections' futures run: two threads, for the whole process.
#[derive(Debug)]
pub struct OnOwnRuntime(Handle);

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

impl BlockOn for OnOwnRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn get_runtime() -> Self {
        let runtime = RUNTIME.get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("postgres")
                .enable_all()
                .build()
                .expect("two threads can be started when the service starts")
        });
        Self(runtime.handle().clone())
    }
}

/// Makes connections to one server.
pub(super) struct Servers {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
}

pub(super) fn pool(address: &PostgresAddress) -> Result<r2d2::Pool<Servers>, StoreError> {
    let mut config = address.config.as_ref().clone();
    config.application_name("ihuriro");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    let tls = tls(address.root_certificates.as_deref()).map_err(|error| {
        let file = address.root_certificates.as_deref().unwrap_or(Path::new("")).display();
        StoreError::Address(format!("the root certificates in {file} can't be read: {error}"))
    })?;
    r2d2::Pool::builder()
        .max_size(CONNECTIONS)
        .min_idle(Some(1))
        .connection_timeout(PATIENCE)
        .build(Servers { config, tls })
        .map_err(|error| StoreError::Away(error.to_string()))
}

fn tls(root_certificates: Option<&Path>) -> io::Result<MakeRustlsConnect> {
    // Somebody else in the process may have chosen already; any provider will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(file) = root_certificates else {
        return Ok(match MakeRustlsConnect::with_native_certs() {
            Ok((tls, _unreadable)) => tls,
            Err(_none) => MakeRustlsConnect::with_webpki_roots(),
        });
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(io::Error::other)? {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

impl Servers {
    async fn dial(&self) -> Result<AsyncPgConnection, ConnectionError> {
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(|error| {
            let mut text = with_causes(&error);
            if text.contains("certificate") {
                text.push_str(
                    " (name the authority that signed it with sslrootcert=FILE, \
                     or write sslmode=disable where the network itself is trusted)",
                );
            }
            ConnectionError::BadConnection(text)
        })?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    }
}

impl r2d2::ManageConnection for Servers {
    type Connection = Pg;
    type Error = Error;

    fn connect(&self) -> Result<Pg, Error> {
        let connection = OnOwnRuntime::get_runtime().block_on(self.dial()).map_err(Error::ConnectionError)?;
        let mut connection = Pg::from(connection);
        connection.batch_execute(SETTINGS).map_err(Error::QueryError)?;
        // `StoreError` recognises a deadlock by its text. Only a superuser may choose the language, or a user
        // it was granted to; where we may not, a deadlock in another language is not run again.
        let _ = connection.batch_execute("SET lc_messages = 'C'");
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut Pg) -> Result<(), Error> {
        connection.ping().map_err(Error::QueryError)
    }

    /// A connection that a panic passed through may be inside a transaction still.
    fn has_broken(&self, connection: &mut Pg) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

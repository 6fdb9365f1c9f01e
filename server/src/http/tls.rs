//! TLS by the service itself, where no proxy does it: TLS 1.2 and 1.3 by rustls. The certificate is read again when its files change, so that
//! whoever renews it (an ACME client, each sixty days) need not start the service again.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Where a certificate and its key are, both as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate of the service, then those that vouch for it.
    pub chain: PathBuf,
    pub key: PathBuf,
    /// How soon after files have changed it is noticed.
    pub look_every: Duration,
}

impl Certificate {
    pub fn new(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { chain: chain.into(), key: key.into(), look_every: Duration::from_secs(30) }
    }

    /// What a listener needs.
    ///
    /// # Errors
    /// [`TlsError`] where the files can't be used as they are now.
    pub(super) fn config(self) -> Result<ServerConfig, TlsError> {
        let current = Current::of(self)?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Key)?;
        Ok(config.with_no_client_auth().with_cert_resolver(Arc::new(current)))
    }

    fn read(&self) -> Result<CertifiedKey, TlsError> {
        let unread = |file: &PathBuf| {
            let file = file.clone();
            move |error| TlsError::File { file, error }
        };
        let chain = CertificateDer::pem_file_iter(&self.chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unread(&self.chain))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unread(&self.key))?;
        CertifiedKey::from_der(chain, key, &default_provider()).map_err(TlsError::Key)
    }

    /// When each file was written last.
    fn written(&self) -> [Option<SystemTime>; 2] {
        [&self.chain, &self.key].map(|file| fs::metadata(file).and_then(|data| data.modified()).ok())
    }
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{} can't be read as PEM: {error}", .file.display())]
    File { file: PathBuf, error: rustls::pki_types::pem::Error },
    #[error("the certificate and its key can't be used: {0}")]
    Key(rustls::Error),
}

/// The certificate as it was read last.
struct Current {
    files: Certificate,
    read: Mutex<Read>,
}

struct Read {
    key: Arc<CertifiedKey>,
    written: [Option<SystemTime>; 2],
    looked: Instant,
}

impl Current {
    fn of(files: Certificate) -> Result<Self, TlsError> {
        let written = files.written();
        let key = Arc::new(files.read()?);
        Ok(Self { files, read: Mutex::new(Read { key, written, looked: Instant::now() }) })
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Current({:?})", self.files)
    }
}

impl ResolvesServerCert for Current {
    /// Looks at the files once in a while. Where what is there now can't be used (one file is written and the other is not yet), the certificate
    /// of before goes on, and the next connection tries again.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.looked.elapsed() >= self.files.look_every {
            read.looked = Instant::now();
            let written = self.files.written();
            if written != read.written {
                match self.files.read() {
                    Ok(key) => {
                        *read = Read { key: Arc::new(key), written, looked: read.looked };
                        tracing::info!("the certificate was read again");
                    }
                    Err(error) => tracing::warn!(%error, "the certificate of before goes on"),
                }
            }
        }
        Some(Arc::clone(&read.key))
    }
}

//! Where the database is, as `DATABASE_URL` says it.

use std::path::PathBuf;
use std::str::FromStr;

use super::StoreError;

/// A parsed `DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Sqlite(PathBuf),
    Postgres(PostgresAddress),
}

/// A PostgreSQL address, with what tokio-postgres does not know taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    /// What tokio-postgres reads: `sslmode` is one of disable, prefer, require.
    pub(super) config: Box<tokio_postgres::Config>,
    /// Certificates in PEM to trust instead of the system's.
    pub(super) root_certificates: Option<PathBuf>,
}

impl FromStr for Address {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return postgres(url).map(Self::Postgres);
        }
        let path = url.strip_prefix("sqlite:").or_else(|| url.strip_prefix("file:")).unwrap_or(url);
        // `sqlite:///srv/x.db` and `file:///srv/x.db` are the absolute path; `sqlite://x.db` is a relative one.
        let path = path.strip_prefix("//").unwrap_or(path);
        match path {
            "" => Err(StoreError::Address("it names no file; write sqlite:ihuriro.db".to_owned())),
            ":memory:" => Err(StoreError::Address(
                "a database in memory would be another one for each connection; write sqlite:ihuriro.db"
                    .to_owned(),
            )),
            path if path.contains("://") => {
                Err(StoreError::Address("it starts neither with sqlite: nor with postgres://".to_owned()))
            }
            path => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }
}

fn postgres(url: &str) -> Result<PostgresAddress, StoreError> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut root_certificates = None;
    let mut known = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslrootcert", file)) => root_certificates = Some(PathBuf::from(file)),
            // We always verify; these two ask for no more than that TLS is used.
            Some(("sslmode", "verify-ca" | "verify-full")) => known.push("sslmode=require"),
            _ => known.push(pair),
        }
    }
    let config = format!("{base}?{}", known.join("&"))
        .parse()
        .map_err(|error: tokio_postgres::Error| StoreError::Address(with_causes(&error)))?;
    Ok(PostgresAddress { config: Box::new(config), root_certificates })
}

impl Address {
    /// The password in it, if there is one.
    pub fn password(&self) -> Option<&[u8]> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(address) => address.config.get_password(),
        }
    }
}

/// An error and what lies under it, in one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        if !text.contains(&line) {
            text = format!("{text}: {line}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::SslMode;

    #[test]
    fn a_file_may_be_named_in_four_ways() {
        for url in ["/srv/x.db", "sqlite:/srv/x.db", "sqlite:///srv/x.db", "file:/srv/x.db"] {
            assert_eq!(url.parse::<Address>().expect("a file"), Address::Sqlite("/srv/x.db".into()), "{url}");
        }
        assert_eq!("sqlite:x.db".parse::<Address>().expect("a file"), Address::Sqlite("x.db".into()));
    }

    #[test]
    fn verify_full_is_require_since_we_always_verify() {
        let url =
            "postgres://ihuriro@db/ihuriro?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=3";
        let Ok(Address::Postgres(address)) = url.parse() else { panic!("a PostgreSQL address") };
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(address.root_certificates, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for url in ["", "sqlite:", ":memory:", "mysql://x", "postgres://x/y?sslmode=maybe"] {
            assert!(matches!(url.parse::<Address>(), Err(StoreError::Address(_))), "{url}");
        }
    }
}

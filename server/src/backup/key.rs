//! Keys of age: a backup is made for public keys, and restored with one of the keys that belong to them.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::{Identity, IdentityFile, x25519};

use super::Refused;

/// Whom a backup is made for: `age1…`.
#[derive(Debug, Clone)]
pub struct PublicKey(pub(super) x25519::Recipient);

impl FromStr for PublicKey {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        text.trim().parse().map(Self).map_err(|_| Refused::NotAPublicKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Writes a new key to a new file that only its owner may read, as age-keygen does.
///
/// # Errors
/// [`Refused::Exists`] and [`Refused::Write`].
pub fn make_key(to: &Path) -> Result<PublicKey, Refused> {
    let identity = x25519::Identity::generate();
    let public = identity.to_public();
    let key = identity.to_string();
    let text = format!("# public key: {public}\n{}\n", key.expose_secret());
    let mut file = create_private(to).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => Refused::Exists(to.to_owned()),
        _ => Refused::write(to)(cause),
    })?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(Refused::write(to))?;
    Ok(PublicKey(public))
}

/// The keys in a file.
pub(super) fn read_keys(from: &Path) -> Result<Vec<Box<dyn Identity + Send + Sync>>, Refused> {
    let file = File::open(from).map_err(|cause| Refused::Read { path: from.to_owned(), cause })?;
    let none = || Refused::NotAKeyFile(from.to_owned());
    let keys = IdentityFile::from_buffer(BufReader::new(file)).map_err(|_| none())?;
    let keys = keys.into_identities().map_err(|_| none())?;
    if keys.is_empty() { Err(none()) } else { Ok(keys) }
}

/// A new file that only its owner may read.
pub(crate) fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

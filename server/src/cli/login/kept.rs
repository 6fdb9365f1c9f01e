//! The login that a person keeps on this machine: one file, which nobody but they can read.
//!
//! A refresh token is for one use, and ends the login when it comes a second time. So whoever works with the file holds a lock until the
//! next token is on the disk; another command waits, and finds that one. The lock lies beside the file, which is replaced as a whole.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cli::secret::mode;

/// Seconds. A token is renewed so long before its end, for whoever is about to send it.
const MARGIN: i64 = 60;

/// Why there is no login to work with.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeptError {
    #[error("there is no home folder to keep a login in: set HOME or XDG_CONFIG_HOME")]
    NoHome,
    #[error("{} can't be read or written: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error(
        "others than you can read {0}, and may have copied the login in it: delete the file, sign in again, and end the login that was \
         in it (GET and DELETE /v1/me/logins)"
    )]
    Readable(String),
    #[error("{0} is not a login that this version kept: delete it and sign in again")]
    Damaged(String),
}

/// The file, held. What is changed in `login` is written by [`Kept::save`].
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) login: Option<KeptLogin>,
    path: PathBuf,
    _lock: File,
}

/// A login at one service. After signing out it is known still where that was, and as whom.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptLogin {
    pub(super) server: String,
    /// None where an identity provider said who that is.
    pub(super) login: Option<String>,
    /// Whose identity provider it was.
    pub(super) organisation: Option<String>,
    /// By which the account knows this machine.
    pub(super) device_token: Option<String>,
    pub(super) tokens: Option<Tokens>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) received_at: Timestamp,
    /// Seconds.
    pub(super) expires_in: i64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Whether the access token holds for another minute; where the clock went back that is not known.
    pub(super) fn hold(&self, now: Timestamp) -> bool {
        let age = now.as_second() - self.received_at.as_second();
        (0..self.expires_in - MARGIN).contains(&age)
    }
}

impl Kept {
    /// Waits until no other command has the file, and reads it.
    pub(super) fn open() -> Result<Self, KeptError> {
        Self::open_in(&folder()?)
    }

    fn open_in(folder: &Path) -> Result<Self, KeptError> {
        let path = folder.join("login.json");
        make(folder).map_err(failed(folder))?;
        let beside = folder.join("login.lock");
        let lock = private().create(true).append(true).open(&beside).map_err(failed(&beside))?;
        lock.lock().map_err(failed(&beside))?;
        let login = match File::open(&path) {
            Ok(file) => Some(read(file, &path)?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(&path)(error)),
        };
        Ok(Self { login, path, _lock: lock })
    }

    /// Writes the login: all of it is on the disk, or what was there before.
    pub(super) fn save(&self) -> Result<(), KeptError> {
        let fresh = self.path.with_extension("new");
        // What a command left that was killed.
        drop(fs::remove_file(&fresh));
        let written = || -> io::Result<()> {
            let mut file = private().write(true).create_new(true).open(&fresh)?;
            file.write_all(&serde_json::to_vec(&self.login)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)
        };
        written().map_err(failed(&self.path))
    }
}

/// `$XDG_CONFIG_HOME/ihuriro`, usually `~/.config/ihuriro`. The XDG specification has relative paths ignored.
fn folder() -> Result<PathBuf, KeptError> {
    let named = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let configuration = named.or_else(|| Some(env::home_dir()?.join(".config")));
    Ok(configuration.ok_or(KeptError::NoHome)?.join("ihuriro"))
}

/// The permissions are those of the open file, so that nobody puts another in its place after they were looked at.
fn read(mut file: File, path: &Path) -> Result<KeptLogin, KeptError> {
    let shown = || path.display().to_string();
    if mode(&file).map_err(failed(path))? & 0o077 != 0 {
        return Err(KeptError::Readable(shown()));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed(path))?;
    serde_json::from_str(&text).map_err(|_| KeptError::Damaged(shown()))
}

/// A file for nobody but its owner.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A folder for nobody but its owner.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> KeptError {
    let path = path.to_owned();
    move |cause| KeptError::Io { path: path.clone(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(now: Timestamp) -> Tokens {
        let (access_token, refresh_token) = ("access".to_owned(), "refresh".to_owned());
        Tokens { access_token, refresh_token, received_at: now, expires_in: 900 }
    }

    #[test]
    fn a_token_holds_until_a_minute_before_its_end_and_not_before_it_came() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |seconds: i64| Timestamp::from_second(seconds).expect("a time");
        for (seconds, holds) in [(-1, false), (0, true), (839, true), (840, false), (900, false)] {
            assert_eq!(tokens(now).hold(after(seconds)), holds, "{seconds}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_kept_is_read_again_and_only_where_nobody_else_could_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("ihuriro");
        let mut kept = Kept::open_in(&folder).expect("an empty place");
        assert!(kept.login.is_none());
        kept.login = Some(KeptLogin {
            server: "https://ihuriro.example.rw".into(),
            login: Some("uwase".into()),
            organisation: None,
            device_token: None,
            tokens: Some(tokens(Timestamp::UNIX_EPOCH)),
        });
        kept.save().expect("it is written");
        drop(kept);

        let mode =
            |name: &str| fs::metadata(folder.join(name)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(""), mode("login.json"), mode("login.lock")), (0o700, 0o600, 0o600));
        let again = Kept::open_in(&folder).expect("it is read").login.expect("a login");
        assert_eq!((again.login.as_deref(), again.tokens.is_some()), (Some("uwase"), true));

        for mode in [0o640, 0o604] {
            let seen = fs::Permissions::from_mode(mode);
            fs::set_permissions(folder.join("login.json"), seen).expect("it is changed");
            assert!(matches!(Kept::open_in(&folder), Err(KeptError::Readable(_))), "{mode:o}");
        }
    }
}

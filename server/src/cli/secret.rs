//! Secrets that this program is given: from a file, or in the address of the database. What everybody on the machine can read, or anybody
//! can guess, is none, and is refused.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use server::access::weakness_of_secret;
use server::store::Address;

/// Bytes.
const LONGEST: u64 = 4096;

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("{} can't be read: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error(
        "everybody on this machine can read {0}: take that from them (chmod 640), and make another secret, as somebody may have seen this one"
    )]
    Readable(String),
    #[error("{0} holds no secret: it is empty, or longer than four kilobytes")]
    Odd(String),
    #[error(
        "the password of the database can be guessed: {0}. Make a random one (openssl rand -hex 16), set it (ALTER ROLE … PASSWORD …) and \
         put it into the address; a database on this machine needs none (peer authentication by its socket)"
    )]
    Weak(&'static str),
}

/// What stands in the file, without the end of its last line. The permissions are those of the open file, so that nobody puts another in its
/// place after they were looked at.
///
/// # Errors
/// [`SecretError`], in words.
pub(crate) fn private_text(path: &Path) -> Result<String, SecretError> {
    let failed = |cause| SecretError::Io { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    if mode(&file).map_err(failed)? & 0o007 != 0 {
        return Err(SecretError::Readable(path.display().to_string()));
    }
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(failed)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    let odd = secret.is_empty() || text.len() as u64 > LONGEST;
    if odd { Err(SecretError::Odd(path.display().to_string())) } else { Ok(secret.to_owned()) }
}

/// Whether everybody may read a file that holds a secret.
///
/// # Errors
/// [`SecretError::Readable`], and [`SecretError::Io`] where it is not there.
pub(crate) fn not_for_all(path: &Path) -> Result<(), SecretError> {
    let failed = |cause| SecretError::Io { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    if mode(&file).map_err(failed)? & 0o007 == 0 {
        Ok(())
    } else {
        Err(SecretError::Readable(path.display().to_string()))
    }
}

/// The address of a database, if what it holds can't be guessed. What is no address is said to be when it is opened.
///
/// # Errors
/// [`SecretError::Weak`]
pub(crate) fn hard_to_guess(address: String) -> Result<String, SecretError> {
    let parsed = address.parse::<Address>().ok();
    let password = parsed.as_ref().and_then(Address::password);
    match password.and_then(|password| weakness_of_secret(&String::from_utf8_lossy(password))) {
        Some(why) => Err(SecretError::Weak(why)),
        None => Ok(address),
    }
}

/// Who may do what with an open file. Elsewhere than on Unix the folder of a user is theirs alone.
#[cfg(unix)]
pub(crate) fn mode(file: &File) -> io::Result<u32> {
    Ok(std::os::unix::fs::MetadataExt::mode(&file.metadata()?))
}

#[cfg(not(unix))]
pub(crate) fn mode(_: &File) -> io::Result<u32> {
    Ok(0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_of_a_database_is_random_or_there_is_none() {
        let refused = |address: &str| hard_to_guess(address.to_owned()).is_err();
        for sound in [
            "sqlite:ihuriro.db",
            "postgres://ihuriro@127.0.0.1/ihuriro",
            "postgres:///ihuriro?host=/run/postgresql",
            "postgres://ihuriro:q7Zc0T1mXe9Rk2VhL5sBnA@db.example.rw/ihuriro?sslmode=verify-full",
            "postgres://ihuriro:9f86d081884c7d659a2feaa0c55ad015@db/ihuriro",
        ] {
            assert!(!refused(sound), "{sound}");
        }
        for weak in [
            "postgres://postgres:postgres@db/ihuriro",
            "postgres://ihuriro:changeme@127.0.0.1/ihuriro",
            "postgres://ihuriro@db/ihuriro?password=secret",
            "postgres://ihuriro:changemechangemechangeme@db/ihuriro",
            "postgres://ihuriro:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@db/ihuriro",
            "postgres://ihuriro:q7Zc0T1mXe9Rk2VhL5sBn@db/ihuriro",
        ] {
            assert!(refused(weak), "{weak}");
        }
    }

    #[test]
    fn a_secret_is_read_where_nobody_else_could_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "a long secret\n").expect("it is written");
        for (mode, read) in [(0o600, true), (0o400, true), (0o640, true), (0o604, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is changed");
            let text = private_text(&path);
            assert_eq!(text.ok().as_deref(), read.then_some("a long secret"), "{mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is changed");
        for odd in [String::new(), "\n".into(), "a".repeat(5000)] {
            fs::write(&path, odd).expect("it is written");
            assert!(matches!(private_text(&path), Err(SecretError::Odd(_))));
        }
    }
}

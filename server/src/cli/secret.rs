//! A secret in a file that nobody but its owner reads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes.
const LONGEST: u64 = 4096;

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("{} can't be read: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error(
        "others than its owner can read {0}: take that from them (chmod 600), and make another secret, as somebody may have seen this one"
    )]
    Readable(String),
    #[error("{0} holds no secret: it is empty, or longer than four kilobytes")]
    Odd(String),
}

/// What stands in the file, without the end of its last line. The permissions are those of the open file, so that nobody puts another in its
/// place after they were looked at.
///
/// # Errors
/// [`SecretError`], in words.
pub(crate) fn private_text(path: &Path) -> Result<String, SecretError> {
    let failed = |cause| SecretError::Io { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    if !is_private(&file).map_err(failed)? {
        return Err(SecretError::Readable(path.display().to_string()));
    }
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(failed)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    let odd = secret.is_empty() || text.len() as u64 > LONGEST;
    if odd { Err(SecretError::Odd(path.display().to_string())) } else { Ok(secret.to_owned()) }
}

#[cfg(unix)]
pub(crate) fn is_private(file: &File) -> io::Result<bool> {
    let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata()?);
    Ok(mode & 0o077 == 0)
}

/// Elsewhere the folder of a user is theirs alone.
#[cfg(not(unix))]
pub(crate) fn is_private(_: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_read_where_nobody_else_could_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "a long secret\n").expect("it is written");
        for (mode, read) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
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

//! The demo's data folder: the service's database, the twelve tablets' folders, a password, and how far the demo got.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rand::RngExt;
use serde::{Deserialize, Serialize};
use sync_core::id::GroupId;

use super::Failed;
use super::cast::PAIRS;
use super::plan::Calendar;

/// Says that the demo made this folder. Locked while a demo runs in it.
const MARKER: &str = ".ihuriro-demo";
const PASSWORD: &str = "password";
const PROGRESS: &str = "progress.json";
/// Letters that can't be taken for one another.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";

pub(super) struct Data {
    folder: PathBuf,
    pub(super) password: String,
    progress: Mutex<Progress>,
    _locked: File,
}

/// How far the demo got.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// What was asked for with `--sessions`.
    pub(super) sessions: u32,
    /// Whether people, tablets and groups began to be put in.
    pub(super) begun: bool,
    /// The groups of the plan, in its order; empty until all of them are begun and all tablets enrolled.
    pub(super) groups: Vec<GroupId>,
    /// The days of the story; none before anything began.
    pub(super) calendar: Option<Calendar>,
    /// How many weeks each pair has recorded.
    pub(super) weeks: [u32; PAIRS.len()],
}

impl Data {
    /// Opens the folder, or makes it. `sessions` is what was asked for, if anything was.
    pub(super) fn open(folder: &Path, sessions: Option<u32>, usual: u32) -> Result<Self, Failed> {
        let shown = folder.display();
        let marker = folder.join(MARKER);
        if !marker.exists() && fs::read_dir(folder).is_ok_and(|mut there| there.next().is_some()) {
            return Err(format!(
                "{shown} is there already and was not made by the demo: choose another --data"
            )
            .into());
        }
        make(folder).map_err(failed("made", folder))?;
        let locked =
            OpenOptions::new().create(true).append(true).open(&marker).map_err(failed("written", &marker))?;
        locked
            .try_lock()
            .map_err(|_| format!("another demo runs in {shown}: end it first, or choose another --data"))?;
        let progress = match fs::read(folder.join(PROGRESS)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                format!("the data in {shown} are of another version of the demo: add --fresh to begin again")
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Progress { sessions: sessions.unwrap_or(usual), ..Progress::default() }
            }
            Err(error) => return Err(failed("read", &folder.join(PROGRESS))(error)),
        };
        if sessions.is_some_and(|asked| asked != progress.sessions) {
            let there = progress.sessions;
            return Err(
                format!("the data in {shown} are of --sessions {there}: add --fresh to begin again").into()
            );
        }
        let password = password(&folder.join(PASSWORD))?;
        Ok(Self { folder: folder.to_owned(), password, progress: Mutex::new(progress), _locked: locked })
    }

    /// Removes the folder, if the demo made it.
    pub(super) fn remove(folder: &Path) -> Result<(), Failed> {
        if !folder.exists() {
            return Ok(());
        }
        let shown = folder.display();
        let marker = File::open(folder.join(MARKER))
            .map_err(|_| format!("{shown} was not made by the demo: nothing is removed"))?;
        marker.try_lock().map_err(|_| format!("another demo runs in {shown}: nothing is removed"))?;
        fs::remove_dir_all(folder).map_err(failed("removed", folder))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("ihuriro.db")
    }

    /// The folder of one facilitator's tablet.
    pub(super) fn tablet(&self, facilitator: &str) -> PathBuf {
        self.folder.join("tablets").join(facilitator.to_lowercase())
    }

    /// The folder of the tablet that somebody got for one that was lost.
    pub(super) fn second_tablet(&self, facilitator: &str) -> PathBuf {
        self.folder.join("tablets").join(format!("{}-2", facilitator.to_lowercase()))
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes progress, on the disk too: all of it or none.
    pub(super) fn note(&self, change: impl FnOnce(&mut Progress)) -> Result<(), Failed> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut progress);
        let fresh = self.folder.join("progress.json.new");
        fs::write(&fresh, serde_json::to_vec(&*progress)?).map_err(failed("written", &fresh))?;
        fs::rename(&fresh, self.folder.join(PROGRESS)).map_err(failed("written", &fresh))
    }

    /// A demo that was ended before it had put everybody in can't be gone on with.
    pub(super) fn half_made(&self) -> bool {
        let progress = self.progress();
        progress.begun && progress.groups.is_empty()
    }
}

/// For nobody but their owner.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// What the machine refused, with the file or folder.
fn failed(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Failed {
    let shown = path.display().to_string();
    move |error| format!("{shown} can't be {what}: {error}").into()
}

/// The one password of everybody in the demo, made once.
fn password(file: &Path) -> Result<String, Failed> {
    match fs::read_to_string(file) {
        Ok(there) => return Ok(there.trim().to_owned()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("read", file)(error)),
        Err(_) => {}
    }
    let mut rng = rand::rng();
    let mut word =
        || -> String { (0..5).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect() };
    let password = [word(), word(), word()].join("-");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut new = options.open(file).map_err(failed("written", file))?;
    std::io::Write::write_all(&mut new, password.as_bytes()).map_err(failed("written", file))?;
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_demo_made_is_used_or_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("thesis.txt"), "years of work").expect("a file");
        assert!(Data::open(folder.path(), None, 120).is_err());
        assert!(Data::remove(folder.path()).is_err());
        assert!(folder.path().join("thesis.txt").exists());

        let mine = folder.path().join("demo-data");
        let data = Data::open(&mine, None, 120).expect("a new folder");
        assert!(Data::remove(&mine).is_err(), "while a demo runs in it");
        let password = data.password.clone();
        data.note(|progress| progress.weeks[0] = 3).expect("noted");
        drop(data);

        let again = Data::open(&mine, Some(120), 120).expect("the same folder");
        assert_eq!((again.password.as_str(), again.progress().weeks[0]), (password.as_str(), 3));
        drop(again);
        assert!(Data::open(&mine, Some(500), 120).is_err(), "another size needs --fresh");
        Data::remove(&mine).expect("removed");
        assert!(!mine.exists());
    }
}

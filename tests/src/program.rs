//! Programs that tests and the benchmark start: the service, a tablet at work, and the yardstick.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `ihuriro` of the same build as this program. Where cargo runs us, it is built first, so that it is never an older one.
///
/// # Errors
/// In words, if it is not there and can't be built.
pub fn ihuriro() -> Result<PathBuf, String> {
    built_in(&own_folder()?)
}

/// As [`ihuriro`], of a build with another profile than `dev`.
///
/// # Errors
/// As there.
pub fn ihuriro_of(profile: &str) -> Result<PathBuf, String> {
    built_in(&own_folder()?.with_file_name(profile))
}

fn own_folder() -> Result<PathBuf, String> {
    let this =
        env::current_exe().map_err(|error| format!("this program does not know where it is: {error}"))?;
    let folder = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    Ok(folder.unwrap_or(&this).to_owned())
}

fn built_in(folder: &Path) -> Result<PathBuf, String> {
    if let (Ok(cargo), Some(target)) = (env::var("CARGO"), folder.parent()) {
        let mut build = Command::new(cargo);
        build
            .args(["build", "--quiet", "--locked", "--workspace", "--bin", "ihuriro", "--target-dir"])
            .arg(target);
        // The folder of a profile is called as the profile is, but for that of `dev`.
        if folder.ends_with("debug") {
            // A test beside it, so that dependencies have the features that tests ask of them: `cargo test` built them with those.
            build.args(["--test", "journeys"]);
        } else if let Some(profile) = folder.file_name() {
            build.arg("--profile").arg(profile);
        }
        succeed(build)?;
    }
    let program = folder.join(format!("ihuriro{}", env::consts::EXE_SUFFIX));
    if program.exists() {
        Ok(program)
    } else {
        Err(format!(
            "there is no {}: build it first, with cargo build --release --workspace --bins",
            program.display()
        ))
    }
}

/// Another sync engine, beside which the service is measured. It is no part of the project's workspace, and built when somebody measures.
///
/// # Errors
/// In words, if it can't be built.
pub fn yardstick() -> Result<PathBuf, String> {
    let cargo = env::var("CARGO").map_err(|_| "the yardstick is built by cargo: run it with cargo run")?;
    let target = own_folder()?.with_file_name("yardstick");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("yardstick/Cargo.toml");
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked", "--release", "--manifest-path"]);
    build.arg(manifest).arg("--target-dir").arg(&target);
    succeed(build)?;
    Ok(target.join("release").join(format!("yardstick{}", env::consts::EXE_SUFFIX)))
}

/// Builds, without what cargo tells of the package that it runs: a dependency asks after it when it is built, and would be built again here,
/// with all that rests on it, and again at the next run.
fn succeed(mut build: Command) -> Result<(), String> {
    for (name, _) in env::vars_os().filter(|(name, _)| tells_of_a_package(name)) {
        build.env_remove(name);
    }
    match build.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{build:?} failed")),
    }
}

fn tells_of_a_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_BIN_")
}

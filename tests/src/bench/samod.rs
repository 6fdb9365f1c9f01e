//! Another yardstick: samod, the Rust port of automerge-repo, on documents of the same contents. It takes what it is given, without signatures,
//! authority, rows or a commit: it acknowledges a change before it is on the disk.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hostile_bytes::budget::process_cpu;
use serde_json::Value;
use sync_core::id::{DeviceId, GroupId, Id};

use super::figure::Figures;
use super::workload::Workload;
use crate::process::mebibytes;

/// Syncs with nothing new: CPU time is counted in hundredths of a second.
const QUIET: u32 = 5;

/// The service of samod, as a process.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// # Errors
/// In words, where one of its programs fails.
pub(super) fn measure(
    program: &Path,
    workload: Workload,
    sessions: usize,
    figures: &mut Figures,
) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (documents, ids) = (folder.path().join("documents"), folder.path().join("ids"));
    fs::write(&documents, saved(workload, sessions)).map_err(|error| error.to_string())?;
    let port = folder.path().join("port");
    let mut server = Command::new(program);
    server.arg("server").arg("--port-file").arg(&port).arg("--storage").arg(folder.path().join("server"));
    let server = Server(server.spawn().map_err(|error| error.to_string())?);
    let url = format!("ws://127.0.0.1:{}", appears(&port)?);

    let of = workload.name;
    let mut put = |what: &str, command: &mut Command| -> Result<(), String> {
        let before = process_cpu(server.0.id()).ok_or("samod is gone")?;
        let said = client(command.arg("--url").arg(&url))?;
        let cpu = process_cpu(server.0.id()).ok_or("samod is gone")?.saturating_sub(before);
        let kilobytes = |name: &str| said[name].as_f64().unwrap_or_default() / 1e3;
        figures.put(of, format!("samod: {sessions} sessions, {what}: up"), kilobytes("bytes_up"), "KB");
        figures.put(of, format!("samod: {sessions} sessions, {what}: down"), kilobytes("bytes_down"), "KB");
        figures.put(
            of,
            format!("samod: {sessions} sessions, {what}: CPU of its service"),
            cpu.as_secs_f64(),
            "s",
        );
        Ok(())
    };
    let kept = folder.path().join("client");
    let program = |command: &str| {
        let mut one = Command::new(program);
        one.arg(command).arg("--ids").arg(&ids);
        one
    };
    put("handed in", program("upload").arg("--docs").arg(&documents))?;
    put("fetched", program("download").arg("--storage").arg(&kept))?;
    let before = process_cpu(server.0.id()).ok_or("samod is gone")?;
    for _ in 1..QUIET {
        client(program("quiet").arg("--storage").arg(&kept).arg("--url").arg(&url))?;
    }
    put("nothing new", program("quiet").arg("--storage").arg(&kept))?;
    let quiet = process_cpu(server.0.id()).ok_or("samod is gone")?.saturating_sub(before) / QUIET;
    figures.put(
        of,
        format!("samod: {sessions} sessions, nothing new: CPU, the mean of {QUIET}"),
        quiet.as_secs_f64() * 1e3,
        "ms",
    );
    figures.put(
        of,
        "samod: memory of its service, at its peak",
        mebibytes(server.0.id(), "VmHWM") as f64,
        "MB",
    );
    Ok(())
}

/// Documents, each after its length.
fn saved(workload: Workload, sessions: usize) -> Vec<u8> {
    let group = GroupId::from_uuid(uuid::Uuid::from_u128(77));
    let mut all = Vec::new();
    for number in 0..sessions {
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(number as u128 + 1));
        let saved = workload.document(device, group, number % 50, number).save();
        all.extend((saved.len() as u32).to_le_bytes());
        all.extend(saved);
    }
    all
}

/// What stands in a file, once there is one.
fn appears(file: &Path) -> Result<String, String> {
    for _ in 0..500 {
        if let Ok(text) = fs::read_to_string(file) {
            return Ok(text);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("samod does not listen".to_owned())
}

/// What a client says of its sync.
fn client(command: &mut Command) -> Result<Value, String> {
    let ended = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !ended.status.success() {
        return Err(format!("{command:?} failed"));
    }
    serde_json::from_slice(&ended.stdout).map_err(|error| error.to_string())
}

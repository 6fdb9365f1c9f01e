//! One bash in a folder of its own, in which the program is on the path; and the service that the story starts in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// What the pages call the service's address.
const ADDRESS: &str = "127.0.0.1:8080";
/// Ends what a command printed, before its exit status.
const END: &str = "\u{1}end of the command";

/// The pages say `--json`, as readers do best; Ubuntu 22.04 has a curl from just before it had that.
const OLDER_CURL: &str = r#"
if ! curl --help all | grep -q -- ' --json '; then
    curl() {
        local said=()
        while [ $# -gt 0 ]; do
            case $1 in
                --json) said+=(--data "$2" -H "content-type: application/json" -H "accept: application/json"); shift ;;
                *) said+=("$1") ;;
            esac
            shift
        done
        command curl "${said[@]}"
    }
fi
"#;

pub(crate) struct Shell {
    folder: TempDir,
    path: String,
    database: String,
    address: String,
    bash: Child,
    commands: ChildStdin,
    printed: BufReader<ChildStdout>,
    service: Option<Child>,
}

impl Shell {
    /// With the program in `programs`, and a database for it.
    pub(crate) fn new(programs: &Path, database: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        let free = TcpListener::bind("127.0.0.1:0").and_then(|at| at.local_addr()).expect("a free port");
        let mut bash = clean("bash", folder.path(), &path, database)
            .args(["--noprofile", "--norc"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let commands = bash.stdin.take().expect("it is piped");
        let printed = BufReader::new(bash.stdout.take().expect("it is piped"));
        let mut shell = Self {
            folder,
            path,
            database: database.to_owned(),
            address: free.to_string(),
            bash,
            commands,
            printed,
            service: None,
        };
        writeln!(shell.commands, "exec 2>&1\n{OLDER_CURL}").expect("bash listens");
        shell
    }

    /// Runs a command; gives the lines that it printed.
    pub(crate) fn run(&mut self, command: &str) -> Result<Vec<String>, String> {
        let command = command.replace(ADDRESS, &self.address);
        if let Some(options) = command.strip_prefix("ihuriro serve") {
            return self.serve(options);
        }
        writeln!(self.commands, "{command}\nprintf '\\n%s %s\\n' '{END}' $?")
            .map_err(|error| error.to_string())?;
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            match self.printed.read_line(&mut line) {
                Ok(0) | Err(_) => return Err(format!("bash ended at {command}")),
                Ok(_) => {}
            }
            let line = line.trim_end_matches('\n');
            if let Some(status) = line.strip_prefix(END) {
                // What ends in a line's end has an empty line after it now.
                while lines.last().is_some_and(String::is_empty) {
                    lines.pop();
                }
                return if status.trim() == "0" {
                    Ok(lines)
                } else {
                    Err(format!("$ {command}\n{}\nended with status{status}", lines.join("\n")))
                };
            }
            lines.push(line.replace(&self.address, ADDRESS));
        }
    }

    /// Starts the service, and gives its log until it listens.
    fn serve(&mut self, options: &str) -> Result<Vec<String>, String> {
        let mut service = clean("ihuriro", self.folder.path(), &self.path, &self.database)
            .args(["serve", "--listen", &self.address])
            .args(options.split_whitespace())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut log = BufReader::new(service.stderr.take().ok_or("no log")?);
        self.service = Some(service);
        let mut lines = Vec::new();
        for line in log.by_ref().lines() {
            lines.push(line.map_err(|error| error.to_string())?.replace(&self.address, ADDRESS));
            if lines.last().is_some_and(|line| line.contains("listening")) {
                // Somebody has to read the log on, or the service would wait for that.
                std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
                return Ok(lines);
            }
        }
        Err(format!("the service did not start: {}", lines.join("\n")))
    }
}

/// A program with nothing of this machine's settings.
fn clean(program: &str, folder: &Path, path: &str, database: &str) -> Command {
    // The path of the child is not searched for the child itself.
    let mut command = match path.split(':').next() {
        Some(first) if program == "ihuriro" => Command::new(Path::new(first).join(program)),
        _ => Command::new(program),
    };
    command.env_clear().env("PATH", path).env("HOME", folder).env("LC_ALL", "C.UTF-8").current_dir(folder);
    if !database.is_empty() {
        command.env("DATABASE_URL", database);
    }
    command
}

impl Drop for Shell {
    fn drop(&mut self) {
        for child in [Some(&mut self.bash), self.service.as_mut()].into_iter().flatten() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::Args;

use super::Ended;

const FILE: &str = "api-spec/openapi.json";

#[derive(Debug, Args)]
pub(super) struct Openapi {
    /// Write it to api-spec/openapi.json instead.
    #[arg(long)]
    write: bool,
}

impl Openapi {
    pub(super) fn run(self) -> Ended {
        let document = server::http::openapi().to_pretty_json()?;
        if self.write {
            let file = Path::new(FILE);
            fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))
                .and_then(|()| fs::write(file, format!("{document}\n")))
                .map_err(|error| format!("{FILE} can't be written: {error}"))?;
        } else {
            writeln!(std::io::stdout(), "{document}")?;
        }
        Ok(())
    }
}

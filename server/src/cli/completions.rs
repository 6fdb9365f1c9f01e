use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Ended, Ihuriro};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// For bash: `ihuriro completions bash > ~/.local/share/bash-completion/completions/ihuriro`
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Ended {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Ihuriro::command(), "ihuriro", &mut script);
        io::stdout().write_all(&script)?;
        Ok(())
    }
}

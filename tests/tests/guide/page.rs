//! A page of Markdown, with the commands that it shows and what they print.

use std::fs;
use std::path::PathBuf;

/// A page, as lines.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    lines: Vec<String>,
}

/// A command, and the lines that are said to follow it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) printed: Vec<String>,
    /// Where the printed lines begin.
    at: usize,
}

impl Page {
    pub(crate) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, lines: text.lines().map(str::to_owned).collect() }
    }

    /// The headings (`## …`) below which there are commands.
    pub(crate) fn chapters(&self) -> Vec<String> {
        let headings = self.lines.iter().filter_map(|line| line.strip_prefix("## "));
        headings.map(str::to_owned).filter(|heading| !self.steps(heading).is_empty()).collect()
    }

    /// The commands below a heading, down to the next one of its kind.
    pub(crate) fn steps(&self, heading: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let (mut here, mut inside) = (false, false);
        for (at, line) in self.lines.iter().enumerate() {
            if !inside && line.starts_with("## ") {
                here = line.strip_prefix("## ") == Some(heading);
            }
            match line.as_str() {
                "```console" if here => inside = true,
                "```" => inside = false,
                line if inside => {
                    match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
                        (Some(command), ..) => {
                            steps.push(Step { command: command.to_owned(), printed: Vec::new(), at: at + 1 });
                        }
                        // A command that goes on.
                        (None, Some(more), Some(step)) if step.printed.is_empty() => {
                            step.command.push('\n');
                            step.command.push_str(more);
                            step.at = at + 1;
                        }
                        (_, _, Some(step)) => step.printed.push(line.to_owned()),
                        (_, _, None) => panic!("{}: {line:?} follows no command", self.path.display()),
                    }
                }
                _ => {}
            }
        }
        steps
    }

    /// Puts other lines in the place of those that a command printed.
    pub(crate) fn bless(&mut self, step: &Step, printed: Vec<String>) {
        self.lines.splice(step.at..step.at + step.printed.len(), printed);
    }

    pub(crate) fn write(&self) {
        fs::write(&self.path, self.lines.join("\n") + "\n").expect("the page is written");
    }
}

//! Colours, where a terminal shows them.

use std::io;

use server::telemetry::colours;

#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    /// For the standard output.
    pub(super) fn new() -> Self {
        Self(colours(&io::stdout()))
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(super) fn notable(self, text: &str) -> String {
        self.with("33", text)
    }

    fn with(self, colour: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A table in which the last words of lines that are verdicts have their colour. It is painted once it is set: a colour
    /// takes no room on the screen, but as many characters in a cell.
    pub(super) fn verdicts(self, table: &str) -> String {
        let line = |line: &str| {
            let text = line.trim_end();
            let at = |word: &str| text.strip_suffix(word).filter(|before| before.ends_with(' '));
            if let Some(before) = at("NOT EQUAL") {
                return format!("{before}{}", self.bad("NOT EQUAL"));
            }
            for (word, paint) in [
                ("equal", Self::good as fn(Self, &str) -> String),
                ("settled", Self::good),
                ("open", Self::notable),
            ] {
                if let Some(before) = at(word) {
                    return format!("{before}{}", paint(self, word));
                }
            }
            text.to_owned()
        };
        table.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verdicts_are_painted_and_only_for_a_terminal() {
        let table = " Aegis  45 │ 45  equal \n Nar  45 │ 44  NOT EQUAL \n open circle ";
        assert_eq!(
            Paint(false).verdicts(table),
            " Aegis  45 │ 45  equal\n Nar  45 │ 44  NOT EQUAL\n open circle"
        );
        let painted = Paint(true).verdicts(table);
        assert!(painted.contains("\x1b[32mequal\x1b[0m") && painted.contains("\x1b[31mNOT EQUAL\x1b[0m"));
        assert!(painted.ends_with("\n open circle"));
    }
}

//! Terminal output: coloured on a terminal, plain in a pipe or file.

use std::{
    io::{self, IsTerminal, Write, stderr, stdout},
    time::Duration,
};

/// How to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    colour: bool,
    /// How much of each pause is kept, in percent. Pauses make the demo readable. A pipe has no pauses.
    pauses: u64,
    /// Whether lines go to stderr, because stdout is for a program.
    on_stderr: bool,
}

impl Terminal {
    /// Plain where stdout is no terminal, where `NO_COLOR` is set, or where it is asked for.
    pub(crate) fn new(plain: bool) -> Self {
        let watched = stdout().is_terminal() && !plain;
        Self { colour: watched && colours(), pauses: if watched { 100 } else { 0 }, on_stderr: false }
    }

    /// For stderr, in colour if that is a terminal.
    pub(crate) fn on_stderr() -> Self {
        Self { colour: stderr().is_terminal() && colours(), pauses: 0, on_stderr: true }
    }

    /// One line. A reader that went away does not stop the program.
    pub(crate) fn line(self, text: &str) {
        if self.on_stderr {
            let _ = writeln!(stderr(), "{text}");
        } else {
            line(text);
        }
    }

    pub(crate) const fn with_pauses(self, percent: u64) -> Self {
        Self { pauses: percent, ..self }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Letters appear one by one, as they are typed.
    pub(crate) async fn typed(self, before: &str, letters: &str, after: &str) {
        let mut out = stdout();
        let _ = write!(out, "{before}");
        for letter in letters.chars() {
            let _ = out.flush();
            self.pause(220).await;
            let _ = write!(out, "{letter}");
        }
        let _ = out.flush();
        self.pause(300).await;
        line(after);
    }

    pub(crate) async fn pause(self, milliseconds: u64) {
        if self.pauses > 0 {
            tokio::time::sleep(Duration::from_millis(milliseconds * self.pauses / 100)).await;
        }
    }
}

/// One line. A reader that went away ends the program's talk, not the program.
pub(crate) fn line(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}

fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb") && understood()
}

/// Consoles of Windows have to be asked before they understand colours.
#[cfg(windows)]
fn understood() -> bool {
    anstyle_query::windows::enable_ansi_colors().unwrap_or(false)
}

#[cfg(not(windows))]
const fn understood() -> bool {
    true
}

/// Writes what was asked for to stdout. A reader that has enough and goes away is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// On one line and without anything that could steer a terminal: words from elsewhere may hold both.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect()
}

/// Characters that change the order of others, or end a line.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn words_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2J\r\nb\u{9b}c é"), "a [2J  b c é");
        assert_eq!(printable("a\u{202e}b\u{2028}c"), "a b c");
    }
}

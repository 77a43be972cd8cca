//! Words on a terminal: coloured where somebody looks, plain where something reads.

use std::{
    io::{IsTerminal, Write, stdout},
    time::Duration,
};

/// How to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    colour: bool,
    /// Pauses make a story readable. Nobody waits for them in a pipe.
    unhurried: bool,
}

impl Terminal {
    /// Plain where stdout is no terminal, where `NO_COLOR` is set, or where it is asked for.
    pub(crate) fn new(plain: bool) -> Self {
        let watched = stdout().is_terminal() && !plain;
        Self {
            colour: watched && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            unhurried: watched,
        }
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

    /// One line. A reader that went away ends the program's talk, not the program.
    #[allow(clippy::unused_self, reason = "whoever writes to the terminal asks it to")]
    pub(crate) fn line(self, text: &str) {
        let _ = writeln!(stdout(), "{text}");
    }

    pub(crate) async fn pause(self, milliseconds: u64) {
        if self.unhurried {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
    }
}

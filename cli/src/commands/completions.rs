//! `k2 completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Arguments, Failure, Outcome};
use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  k2 completions bash > /etc/bash_completion.d/k2
  k2 completions zsh > ~/.zfunc/_k2
  k2 completions fish > ~/.config/fish/completions/k2.fish";

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "k2", &mut script);
        terminal::print(String::from_utf8_lossy(&script).trim_end()).map_err(Failure::failed)
    }
}

//! The real program, as people and programs use it.

#![allow(clippy::unwrap_used)]

mod call;
mod callbacks;
mod demo;
mod exports;
mod journal;
mod readme;
mod sandbox;
mod state;
mod support;
mod webhook;

use support::{output, text};

#[test]
fn help_shows_examples_and_completions_are_there() {
    for command in ["demo", "sandbox", "trigger", "listen", "replay", "doctor", "call", "journal", "completions"] {
        let help = text(&output(&[command, "--help"], b"").stdout);
        assert!(help.contains("Example"), "{command}");
    }
    assert!(text(&output(&["--help"], b"").stdout).contains("Exit codes"));
    assert!(text(&output(&["completions", "bash"], b"").stdout).contains("sandbox"));
    assert_eq!(output(&["dance"], b"").status.code(), Some(2));
    assert!(text(&output(&["call", "--list"], b"").stdout).contains("sweep_all_funds"));
}

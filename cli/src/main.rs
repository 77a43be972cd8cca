//! `k2`: a demo payment, a sandbox, signed webhooks, and every operation of the Kopo Kopo API.

use std::process::ExitCode;

fn main() -> ExitCode {
    k2::commands::run()
}

//! Where a running sandbox is, for commands that use its controls.

use clap::Args;
use serde_json::Value;
use url::Url;

use super::{Failure, callback::url, sandbox::PORT};

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Where the sandbox is. Default: http://127.0.0.1:4254, the port of `k2 sandbox`.
    #[arg(long, env = "K2_BASE_URL", value_parser = url)]
    base_url: Option<Url>,
}

impl Place {
    pub(super) fn url(&self) -> Result<Url, Failure> {
        match &self.base_url {
            Some(url) => Ok(url.clone()),
            None => Url::parse(&format!("http://127.0.0.1:{PORT}")).map_err(Failure::failed),
        }
    }
}

/// Nothing responds there.
pub(super) fn no_sandbox(url: &Url, why: &str) -> Failure {
    Failure::Failed(format!(
        "no sandbox at {}: {why}. Start one with `k2 sandbox`, or say where it is with --base-url",
        url.origin().ascii_serialization()
    ))
}

/// Why a control was refused.
pub(super) fn refused(status: u16, answer: &Value) -> Failure {
    Failure::Failed(
        answer["error"].as_str().map_or_else(|| format!("status {status}: is it a sandbox?"), str::to_owned),
    )
}

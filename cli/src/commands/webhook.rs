//! `k2 webhook`: signatures by hand.

use std::io::{IsTerminal, Read, Write, stderr, stdin};

use clap::Subcommand;
use kopokopo::{
    ErrorKind,
    webhooks::{Webhooks, sign},
};
use kopokopo_ffi::value::Reflect as _;

use super::{Failure, Outcome};
use crate::{operations, terminal};

/// The largest input, in bytes: one more than a verifier accepts, so that the verifier reports the error.
const MOST: u64 = 10 * 1024 * 1024 + 1;

pub(super) const EXAMPLES: &str = "\
Examples:
  k2 webhook sign --api-key KEY < body.json
  k2 webhook verify --api-key KEY --signature SIG < body.json";

#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Print the signature of the body on stdin.
    #[command(after_help = "Example:\n  k2 webhook sign --api-key KEY < body.json")]
    Sign {
        /// The application's API key.
        #[arg(long, env = "K2_API_KEY", hide_env_values = true)]
        api_key: Option<String>,
    },
    /// Verify the body on stdin and print its event as JSON, with its payment_key and dedupe_key. The result of a payment has is_paid. Exit 1 if the signature is invalid.
    #[command(after_help = "\
Examples:
  k2 webhook verify --api-key KEY --signature SIG < body.json
  k2 webhook verify --api-key OLD --api-key NEW --signature SIG < body.json    while keys rotate

Where K2_CLIENT_SECRET is set, a refusal can tell that the signature was made with it.")]
    Verify {
        /// The application's API key. Give it again for each key in force.
        #[arg(long, env = "K2_API_KEY", hide_env_values = true)]
        api_key: Vec<String>,
        /// The X-KopoKopo-Signature header.
        #[arg(long)]
        signature: Option<String>,
    },
}

impl Webhook {
    pub(super) fn run(self) -> Outcome {
        let keys = match &self {
            Self::Sign { api_key } => api_key.as_slice(),
            Self::Verify { api_key, .. } => api_key,
        };
        let Some(first) = keys.first() else { return Err(super::no_api_key()) };
        super::check_api_keys(keys)?;
        let body = read()?;
        let text = match self {
            Self::Sign { .. } if body.len() as u64 >= MOST => {
                return Err(Failure::Failed("the body has more than 10 MiB, which no receiver accepts".into()));
            }
            Self::Sign { .. } => sign(first, &body),
            Self::Verify { api_key, signature } => verify(&api_key, signature.as_deref(), &body)?,
        };
        terminal::print(&text).map_err(Failure::failed)
    }
}

fn read() -> Result<Vec<u8>, Failure> {
    if stdin().is_terminal() {
        let _ = writeln!(stderr(), "The body is read from stdin. Ctrl-D ends it.");
    }
    let mut body = Vec::new();
    stdin().lock().take(MOST).read_to_end(&mut body).map_err(Failure::failed)?;
    Ok(body)
}

/// A verifier with these keys. Where `K2_CLIENT_SECRET` is set, a refusal can tell that the signature was made with it.
pub(super) fn verifier(keys: &[String]) -> Webhooks {
    let webhooks = Webhooks::new(keys.iter().map(String::as_str));
    match std::env::var("K2_CLIENT_SECRET") {
        Ok(secret) => webhooks.with_client_secret(secret),
        Err(_) => webhooks,
    }
}

fn verify(keys: &[String], signature: Option<&str>, body: &[u8]) -> Result<String, Failure> {
    let event = verifier(keys).verify(body, signature).map_err(|error| match error.kind() {
        ErrorKind::Configuration => Failure::Usage(error.to_string()),
        _ => Failure::Failed(error.to_string()),
    })?;
    Ok(format!("{:#}", operations::json(event.view())))
}

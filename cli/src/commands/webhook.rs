//! `k2 webhook`: signatures by hand.

use std::io::{Read, Write, stdin, stdout};

use clap::Subcommand;
use kopokopo::webhooks::{Webhooks, sign};
use serde_json::json;

use super::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Print the signature of the body on stdin.
    #[command(after_help = "Example:\n  k2 webhook sign --api-key KEY < body.json")]
    Sign {
        /// The application's API key.
        #[arg(long, env = "K2_API_KEY", hide_env_values = true)]
        api_key: String,
    },
    /// Verify the body on stdin and print the event that it tells of as JSON. Exit 1 where it proves nothing.
    #[command(after_help = "Example:\n  k2 webhook verify --api-key KEY --signature SIG < body.json")]
    Verify {
        /// The application's API key. Give it again for each key in force.
        #[arg(long, env = "K2_API_KEY", hide_env_values = true, required = true)]
        api_key: Vec<String>,
        /// The X-KopoKopo-Signature header.
        #[arg(long)]
        signature: Option<String>,
    },
}

impl Webhook {
    pub(super) fn run(self) -> Outcome {
        let mut body = Vec::new();
        stdin().read_to_end(&mut body).map_err(Failure::failed)?;
        match self {
            Self::Sign { api_key } => {
                if api_key.trim().is_empty() {
                    return Err(Failure::Usage("--api-key is empty".into()));
                }
                write(&sign(&api_key, &body))
            }
            Self::Verify { api_key, signature } => {
                let event = Webhooks::new(api_key).verify(&body, signature.as_deref()).map_err(Failure::failed)?;
                let mut shown = serde_json::to_value(&event).map_err(Failure::failed)?;
                shown["dedupe_key"] = json!(event.dedupe_key());
                write(&format!("{shown:#}"))
            }
        }
    }
}

fn write(text: &str) -> Outcome {
    writeln!(stdout(), "{text}").map_err(Failure::failed)
}

//! `k2 trigger`: a signed sample, sent to your own handler.

use std::time::Duration;

use clap::Args;
use http::{HeaderMap, HeaderValue, Method, header};
use kopokopo::{
    transport::{HttpRequest, HttpTransport, Transport},
    webhooks::sign,
};
use kopokopo_sandbox::samples;
use url::Url;

use super::{Failure, Outcome};
use crate::terminal::Terminal;

const EXAMPLES: &str = "\
Examples:
  k2 trigger --list
  k2 trigger buygoods_transaction_received --url http://127.0.0.1:8000/k2 --api-key KEY
  k2 trigger incoming_payment --url http://127.0.0.1:8000/k2 --api-key KEY --set data.attributes.event.resource.amount=250.0";

/// Send a signed sample of a topic, a result or a Daraja form to a URL.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Trigger {
    /// What to send. `--list` names everything.
    #[arg(required_unless_present = "list")]
    topic: Option<String>,
    /// Where to.
    #[arg(long, required_unless_present = "list")]
    url: Option<Url>,
    /// The key to sign with.
    #[arg(long, env = "K2_API_KEY", hide_env_values = true, required_unless_present = "list")]
    api_key: Option<String>,
    /// Change a value of the sample: `event.resource.amount=250.0`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    changes: Vec<String>,
    /// Name everything that can be sent.
    #[arg(long)]
    list: bool,
}

impl Trigger {
    pub(super) fn run(self) -> Outcome {
        let terminal = Terminal::new(false);
        let (Some(topic), Some(url), Some(api_key), false) = (self.topic, self.url, self.api_key, self.list) else {
            for name in samples::NAMES {
                terminal.line(name);
            }
            return Ok(());
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Usage("--url must begin with http:// or https://".into()));
        }
        if api_key.trim().is_empty() {
            return Err(Failure::Usage("--api-key is empty".into()));
        }
        let mut sample = samples::get(&topic)
            .ok_or_else(|| Failure::Usage(format!("there is no {topic:?}; there are {}", samples::NAMES.join(", "))))?;
        for change in &self.changes {
            let (path, value) =
                change.split_once('=').ok_or_else(|| Failure::Usage(format!("--set {change}: expected PATH=VALUE")))?;
            samples::set(&mut sample, path, value).map_err(Failure::Usage)?;
        }
        let status = super::runtime()?.block_on(post(url, &api_key, sample.to_string()))?;
        terminal.line(&format!("{topic}: {status}"));
        if (200..300).contains(&status) {
            Ok(())
        } else {
            Err(Failure::Failed(format!("the receiver answered {status} instead of 2xx")))
        }
    }
}

async fn post(url: Url, api_key: &str, body: String) -> Result<u16, Failure> {
    let signature = HeaderValue::from_str(&sign(api_key, body.as_bytes())).map_err(Failure::failed)?;
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::HeaderName::from_static("x-kopokopo-signature"), signature),
    ]);
    let patience = Duration::from_secs(30);
    let transport = HttpTransport::for_origin(&url).map_err(Failure::failed)?;
    let request = HttpRequest {
        method: Method::POST,
        url,
        headers,
        body: body.into(),
        connect_timeout: Duration::from_secs(5),
        stalled_timeout: patience,
        deadline: tokio::time::Instant::now() + patience,
    };
    transport.send(request).await.map(|answer| answer.status).map_err(|error| Failure::Failed(error.detail))
}

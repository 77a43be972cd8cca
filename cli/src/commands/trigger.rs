//! `k2 trigger`: a signed sample, sent to your own handler.

use clap::Args;
use kopokopo::webhooks::sign;
use kopokopo_sandbox::samples::{self, Changes};
use url::Url;

use super::{
    Failure, Outcome,
    callback::{Target, check_loopback, headers},
};
use crate::terminal;

const EXAMPLES: &str = "\
A VALUE is JSON, or text if it is not JSON. First all --set are applied, then all --add, then all --unset.

Examples:
  k2 trigger --list
  k2 trigger buygoods_transaction_received --url http://127.0.0.1:8000/k2 --api-key KEY
  k2 trigger customer_created --url http://127.0.0.1:8000/k2 --api-key KEY --unset event.resource.phone_number
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
    #[arg(long, env = "K2_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Change a value of the sample: `event.resource.status=Complete`.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Add a value that the sample does not have: `event.resource.new_field=1`, as Kopo Kopo may one day.
    #[arg(long, value_name = "PATH=VALUE")]
    add: Vec<String>,
    /// Leave a value of the sample out: `event.resource.sender_phone_number`, as production may.
    #[arg(long, value_name = "PATH")]
    unset: Vec<String>,
    /// Send to another machine. Default: loopback only
    #[arg(long)]
    allow_remote_callbacks: bool,
    /// Name everything that can be sent.
    #[arg(long)]
    list: bool,
}

impl Trigger {
    pub(super) fn run(self) -> Outcome {
        let (Some(topic), Some(url), false) = (self.topic, self.url, self.list) else {
            return terminal::print(&samples::NAMES.join("\n")).map_err(Failure::failed);
        };
        let Some(api_key) = self.api_key else { return Err(super::no_api_key()) };
        let target = Target::new(url, "--url")?;
        check_loopback(target.url(), self.allow_remote_callbacks, "--url")?;
        super::check_api_keys(std::slice::from_ref(&api_key))?;
        let mut sample = samples::get(&topic).ok_or_else(|| {
            Failure::Usage(format!("there is no {topic:?}; expected one of {}", samples::NAMES.join(", ")))
        })?;
        let changes = Changes { set: pairs("set", &self.set)?, add: pairs("add", &self.add)?, unset: self.unset };
        changes.apply(&mut sample).map_err(|error| Failure::Usage(format!("--{error}")))?;
        let body = sample.to_string();
        let signature = sign(&api_key, body.as_bytes());
        let status = super::runtime()?.block_on(post(&target, &signature, body))?;
        terminal::print(&format!("{topic} -> {status}")).map_err(Failure::failed)?;
        if (200..300).contains(&status) {
            Ok(())
        } else {
            Err(Failure::Failed(format!("the receiver returned {status} instead of 2xx")))
        }
    }
}

/// The paths and values of an option.
fn pairs(option: &str, given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pair = |given: &String| given.split_once('=').map(|(path, value)| (path.to_owned(), value.to_owned()));
    given
        .iter()
        .map(|text| pair(text).ok_or_else(|| Failure::Usage(format!("--{option} {text}: expected PATH=VALUE"))))
        .collect()
}

/// Sends a body with its signature, as Kopo Kopo does, and returns the receiver's status.
pub(super) async fn post(target: &Target, signature: &str, body: String) -> Result<u16, Failure> {
    let headers = headers(None, Some(signature)).map_err(Failure::failed)?;
    let delivered = target.send("/", headers, body.into_bytes()).await;
    delivered.map(|delivered| delivered.response.status).map_err(Failure::Failed)
}

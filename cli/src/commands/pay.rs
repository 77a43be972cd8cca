//! `k2 pay`: money that comes to a running sandbox without a request, and goes back.

use std::time::Duration;

use clap::{Args, ValueEnum};
use http::{HeaderMap, HeaderValue, Method, header};
use kopokopo::transport::{HttpTransport, Transport};
use serde_json::{Value, json};
use url::Url;

use super::{
    Failure, Outcome,
    callback::request,
    place::{Place, no_sandbox, refused},
};
use crate::terminal::{self, printable};

/// How long the sandbox may take.
const PATIENCE: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "\
Examples:
  k2 pay --till K000000 --amount 250 --phone 0712345678
  k2 pay --till 112233 --amount 1000 --kind b2b --sending-till 890642
  k2 pay --till 7600314301 --amount 99.50 --kind card
  k2 pay --reverse SJK3H5L8Q2
  k2 pay --void CARD-0123456789
  k2 pay --prompt 247b1bd8-f5a0-4b71-a898-f62f67b8ae1c --action cancel
  k2 pay --link 1a2b3c4d-0000-4000-8000-000000000000 --phone 0712345678

Every subscriber of the sandbox gets a webhook.";

/// Make money come to a running `k2 sandbox` without a request: at the till, from a business, by card.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Pay {
    /// The till that receives the money.
    #[arg(long, required_unless_present_any = ["reverse", "void", "prompt", "link"])]
    till: Option<String>,
    /// The amount in shillings.
    #[arg(long, required_unless_present_any = ["reverse", "void", "prompt", "link"])]
    amount: Option<String>,
    /// How the money comes.
    #[arg(long, value_enum, default_value = "buygoods")]
    kind: Kind,
    /// The customer's phone number, for buygoods. Default: 254996930902.
    #[arg(long)]
    phone: Option<String>,
    /// The customer's first name, for buygoods.
    #[arg(long)]
    first_name: Option<String>,
    /// The customer's last name, for buygoods.
    #[arg(long)]
    last_name: Option<String>,
    /// The till that pays, for b2b. Default: 890642.
    #[arg(long)]
    sending_till: Option<String>,
    /// Give a transaction back instead, by its reference.
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["till", "amount", "void"])]
    reverse: Option<String>,
    /// Void a card transaction instead, by its reference.
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["till", "amount"])]
    void: Option<String>,
    /// The customer who is asked to pay decides, by the id of the incoming payment.
    #[arg(long, value_name = "ID", conflicts_with_all = ["till", "amount", "reverse", "void"])]
    prompt: Option<String>,
    /// A customer pays a payment link, by its id. `--phone` says who.
    #[arg(long, value_name = "ID", conflicts_with_all = ["till", "amount", "reverse", "void", "prompt"])]
    link: Option<String>,
    /// What the customer does, with --prompt and --link.
    #[arg(long, value_enum, default_value = "enter_pin")]
    action: Action,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A customer pays at the till.
    Buygoods,
    /// Another business pays by till.
    B2b,
    /// A card is used.
    Card,
}

/// What a customer does.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Action {
    /// Enters the PIN.
    EnterPin,
    /// Cancels.
    Cancel,
    /// Has no money.
    InsufficientFunds,
    /// Does not respond.
    NoAnswer,
    /// Enters a wrong PIN.
    WrongPin,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::EnterPin => "enter_pin",
            Self::Cancel => "cancel",
            Self::InsufficientFunds => "insufficient_funds",
            Self::NoAnswer => "no_answer",
            Self::WrongPin => "wrong_pin",
        }
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Buygoods => "buygoods",
            Self::B2b => "b2b",
            Self::Card => "card",
        }
    }
}

impl Pay {
    pub(super) fn run(self) -> Outcome {
        let url = self.place.url()?;
        if url.host_str().is_some_and(|host| host == "kopokopo.com" || host.ends_with(".kopokopo.com")) {
            return Err(Failure::Usage(
                "--base-url: `k2 pay` is for `k2 sandbox` only: Kopo Kopo has no such call".into(),
            ));
        }
        if let Some(id) = &self.prompt {
            let body = json!({ "action": self.action.name() });
            control(url.clone(), Method::POST, &["_sandbox", "incoming_payments", id, "customer"], &body)?;
            let all = control(url, Method::GET, &["_sandbox", "resources", "incoming_payments"], &json!({}))?;
            let own = all.as_array().into_iter().flatten().find(|payment| payment["id"] == id.as_str());
            let attributes = own.map(|payment| payment["attributes"].clone()).unwrap_or_default();
            return self.decided(&attributes["status"], &attributes["event"]["errors"]);
        }
        if let Some(id) = &self.link {
            let mut body = json!({ "action": self.action.name() });
            if let Some(phone) = &self.phone {
                body["phone_number"] = json!(phone);
            }
            control(url.clone(), Method::POST, &["_sandbox", "payment_links", id, "customer"], &body)?;
            let link = control(url, Method::GET, &["_sandbox", "payment_links", id], &json!({}))?;
            return self.decided(&link["status"], &link["errors"]);
        }
        let taken_back = self.reverse.as_deref().map(|reference| (reference, "reverse"));
        let (path, body) = match taken_back.or(self.void.as_deref().map(|reference| (reference, "void"))) {
            Some((reference, how)) => (vec!["_sandbox", "transactions", reference, how], json!({})),
            None => (vec!["_sandbox", "pay"], self.payment()),
        };
        let output = control(url, Method::POST, &path, &body)?;
        let resource = &output["resource"];
        let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        let kind = output["type"].as_str().unwrap_or_default();
        let line = format!(
            "{kind} {}: KES {} at till {}, {}",
            text("reference"),
            text("amount"),
            text("till_number"),
            text("status")
        );
        terminal::print(&printable(&line)).map_err(Failure::failed)
    }

    /// Prints the result: a customer who has too little cannot pay.
    fn decided(&self, status: &Value, errors: &Value) -> Outcome {
        let reasons: Vec<_> = errors.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let because = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
        let line =
            format!("The customer decided: {}. {}{because}", self.action.name(), status.as_str().unwrap_or_default());
        terminal::print(&printable(&line)).map_err(Failure::failed)
    }

    fn payment(&self) -> Value {
        json!({
            "kind": self.kind.name(),
            "till_number": self.till,
            "amount": self.amount,
            "phone_number": self.phone,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "sending_till": self.sending_till,
        })
    }
}

/// A call of the sandbox's control API.
fn control(mut url: Url, method: Method, path: &[&str], body: &Value) -> Result<Value, Failure> {
    url.path_segments_mut()
        .map_err(|()| Failure::Usage("--base-url must begin with http://".into()))?
        .pop_if_empty()
        .extend(path);
    let (status, output) = super::runtime()?.block_on(send(url, method, body.to_string()))?;
    if status == 200 {
        return Ok(output);
    }
    Err(refused(status, &output))
}

async fn send(url: Url, method: Method, body: String) -> Result<(u16, Value), Failure> {
    let transport = HttpTransport::for_origin(&url).map_err(Failure::failed)?;
    let place = url.clone();
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let request = request(method, url, headers, body, PATIENCE);
    let output = transport.send(request).await.map_err(|error| no_sandbox(&place, &error.detail))?;
    let body = output.body.map_err(|error| Failure::Failed(error.detail))?;
    Ok((output.status, serde_json::from_slice(&body).unwrap_or_default()))
}
